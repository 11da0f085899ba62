//! Rate models: estimates of the time left from a task's own progress.

use jiff::Timestamp;

use super::progress_series::ProgressSeries;
use crate::task::progress_history::ProgressHistory;

/// Slowdown exponents with their prior probabilities: the time for the next percent is proportional
/// to (percent left) ^ −slowdown. 0 is a constant rate; at 0.5, progress is twice as slow when a
/// quarter is left.
const SLOWDOWN_PRIORS: [(f64, f64); 8] = [
    (-0.5, 0.004),
    (0.0, 0.96),
    (0.2, 0.006),
    (0.3, 0.006),
    (0.4, 0.006),
    (0.5, 0.006),
    (0.6, 0.006),
    (0.7, 0.006),
];

/// Minimum height of a segment as a fraction of the whole. Smaller ones are merged, so that
/// rounding to whole percent and sampling do not look like a varying rate.
const MIN_SEGMENT_FRACTION: f64 = 0.05;

/// Ratio to both neighbours' time per percent beyond which a segment contains a pause.
const PAUSE_FACTOR: f64 = 5.0;

/// Mean step, as a fraction of the whole, from which progress is in leaps and has no rate.
const MIN_LEAP_FRACTION: f64 = 0.08;

/// Time left of a task with leaps as a fraction of the elapsed time, and the standard deviation of
/// its logarithm: a guess with wide bounds.
const LEAP_REMAINING_FRACTION: f64 = 0.7;
const LEAP_LOG_SPREAD: f64 = 0.8;

/// Prior probability at the start of a later interruption.
const RATE_CHANGE_PRIOR: f64 = 0.25;

/// Correlation between the rates of consecutive segments.
const RATE_CORRELATION: f64 = 0.5;

/// Prior variance of the logarithm of the rate, weighted as one segment.
const PRIOR_LOG_RATE_VARIANCE: f64 = 0.02;

/// Variance of the logarithm of the rate that rounding and sampling cause.
const ROUNDING_LOG_RATE_VARIANCE: f64 = 0.003;

/// Variation over all segments that is needed before the last segment influences the forecast.
const EVEN_LOG_RATE_VARIATION: f64 = 0.3;

/// A stretch of rising progress in fractions of the whole, and its duration in seconds.
#[derive(Clone, Copy)]
struct Segment {
    from: f64,
    to: f64,
    took: f64,
}

impl Segment {
    fn per_share(self) -> f64 {
        self.took / (self.to - self.from)
    }
}

/// The result of one rate model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RateEstimate {
    /// Weight; the weights of all models sum to 1.
    pub weight: f64,
    /// Seconds left.
    pub left: f64,
    /// Standard deviation of the logarithm of the seconds left.
    pub spread: f64,
}

/// Evaluates all rate models. `None` without a percentage and before progress rose.
pub(super) fn rates(history: &ProgressHistory, now: Timestamp) -> Option<Vec<RateEstimate>> {
    history.percent().filter(|percent| *percent > 0)?;
    let course = ProgressSeries::of(history);
    let newest = *course.points.last()?;
    let done = newest.done;
    let mut segments = segments(&course);
    cut_pause(&mut segments);
    let last = segments.last()?;
    let elapsed = history.elapsed(now).as_secs_f64();
    let pause = (elapsed - newest.at).max(0.0);
    // Time until the next percent is due; a sampled value may be late by as much again.
    let due = if course.is_noisy {
        last.took
    } else {
        (last.per_share() * 0.01).max(last.took.min(mean_step(history)))
    };
    // Continuous in time, so that an estimate without new data does not jump.
    let overdue = (pause - (PAUSE_FACTOR * due).max(0.02 * elapsed)).max(0.0);
    let leap_weight = (step_size(&course) / MIN_LEAP_FRACTION).min(1.0);
    let mut rates = shapes(&merged(&segments), done, pause.min(due));
    let steady = 1.0 - RATE_CHANGE_PRIOR * (1.0 - done);
    let mut even = 0.0;
    for shape in &mut rates {
        even += shape.weight * shape.left;
        // A pause is expected to continue for about half its length so far.
        shape.left += 0.5 * overdue;
        shape.spread = shape
            .spread
            .hypot(0.6 * overdue / shape.left.max(1e-3))
            .min(1.5);
        shape.weight *= (1.0 - leap_weight) * steady;
    }
    rates.push(RateEstimate {
        weight: (1.0 - leap_weight) * (1.0 - steady),
        left: (even + 0.5 * overdue) * 1.5 + 0.02 * elapsed,
        spread: 0.35,
    });
    // The odds of a leaping value are damped by the square root: at 95 %, the remaining time is not
    // a nineteenth of the elapsed time.
    rates.push(RateEstimate {
        weight: leap_weight,
        left: LEAP_REMAINING_FRACTION * elapsed * ((1.0 - done) / done).sqrt(),
        spread: LEAP_LOG_SPREAD,
    });
    rates.retain(|rate| rate.weight > 1e-4);
    Some(rates)
}

/// Returns the mean number of seconds between two changes.
fn mean_step(history: &ProgressHistory) -> f64 {
    let first = history
        .points()
        .first()
        .map_or(0.0, |point| point.since_start().as_secs_f64());
    (history.last_move().as_secs_f64() - first) / f64::from(history.moves().max(1))
}

/// Returns all segments of rising progress.
fn segments(course: &ProgressSeries) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(course.points.len());
    let (mut before, mut since) = (0.0, 0.0);
    for moment in &course.points {
        if moment.done > before {
            segments.push(Segment {
                from: before,
                to: moment.done,
                took: (moment.at - since).max(1e-3),
            });
        }
        if (moment.done - before).abs() > 1e-9 {
            (before, since) = (moment.done, moment.at);
        }
    }
    segments
}

/// Shortens a single segment that contains a pause to its neighbours' rate. Several pauses are
/// typical of the task and stay.
fn cut_pause(segments: &mut [Segment]) {
    let total: f64 = segments.iter().map(|segment| segment.took).sum();
    let mut found = None;
    // With fewer than five segments a pause cannot be recognized as an exception.
    if segments.len() < 5 {
        return;
    }
    for index in 1..segments.len() {
        let before = segments[index - 1].per_share();
        let after = segments
            .get(index + 1)
            .map_or(before, |next| next.per_share());
        let typical_model = before.max(after);
        let segment = segments[index];
        if segment.per_share() > PAUSE_FACTOR * typical_model && segment.took > 0.05 * total {
            if found.is_some() {
                return;
            }
            found = Some((index, typical_model * (segment.to - segment.from)));
        }
    }
    if let Some((index, took)) = found {
        segments[index].took = took;
    }
}

/// Returns the mean step height, weighted by height: near 0 for a task that counts through, high
/// for one that reports only 2 %, 19 % and 95 %. Steps up to the minimum segment height do not
/// count, because downsampling may have joined them.
pub(super) fn step_size(course: &ProgressSeries) -> f64 {
    if course.is_noisy {
        return 0.0;
    }
    let segments = segments(course);
    // Progress before the first observation is not a leap.
    let first = course.points.first();
    let unseen = first.is_some_and(|first| first.done > 0.0);
    let seen = segments.get(usize::from(unseen)..).unwrap_or_default();
    let (squares, total) = seen.iter().fold((0.0, 0.0), |(squares, total), segment| {
        let height = segment.to - segment.from;
        (squares + height * height, total + height)
    });
    if total > 0.0 {
        (squares / total - MIN_SEGMENT_FRACTION).max(0.0)
    } else {
        0.0
    }
}

fn merged(segments: &[Segment]) -> Vec<Segment> {
    let mut merged: Vec<Segment> = Vec::with_capacity(segments.len());
    for segment in segments {
        match merged.last_mut() {
            Some(last)
                if last.to - last.from < MIN_SEGMENT_FRACTION && last.to <= segment.from + 1e-9 =>
            {
                last.to = segment.to;
                last.took += segment.took;
            }
            _ => merged.push(*segment),
        }
    }
    merged
}

/// Evaluates the segments with every slowdown. `counted`: seconds since the last change that belong
/// to the next percent.
fn shapes(segments: &[Segment], done: f64, counted: f64) -> Vec<RateEstimate> {
    let count = f64::from(u32::try_from(segments.len()).unwrap_or(u32::MAX));
    let fits = SLOWDOWN_PRIORS.map(|(slowdown, prior)| {
        // In the coordinate `work` this model's rate is constant.
        let work = |share: f64| 1.0 - (1.0 - share).max(0.0).powf(1.0 - slowdown);
        let length = |segment: &Segment| (work(segment.to) - work(segment.from)).max(1e-6);
        let (took, worked) = segments.iter().fold((0.0, 0.0), |(took, worked), segment| {
            (took + segment.took, worked + length(segment))
        });
        let whole = took / worked;
        // Deviation of each segment's rate from the one predicted by the previous segment.
        let (mut before, mut innovation) = (0.0, 0.0);
        for segment in segments {
            let pace = (segment.took / whole / length(segment)).ln();
            innovation += (pace - RATE_CORRELATION * before).powi(2);
            before = pace;
        }
        let fit = -0.5 * count * (innovation / count + ROUNDING_LOG_RATE_VARIANCE).ln();
        let variance = ((innovation + PRIOR_LOG_RATE_VARIANCE) / (count + 1.0))
            / (1.0 - RATE_CORRELATION * RATE_CORRELATION);
        let ahead = 1.0 - work(done);
        // The last segment's deviation continues with decreasing weight, as far as segments differ
        // at all.
        let next = (ahead / (worked / count)).max(1e-3);
        let lasting = RATE_CORRELATION * (1.0 - RATE_CORRELATION.powf(next))
            / ((1.0 - RATE_CORRELATION) * next);
        let recent = (before * lasting * innovation / (innovation + EVEN_LOG_RATE_VARIATION))
            .clamp(-0.7, 0.7)
            .exp();
        // Correlation length of the rate.
        let stretch = MIN_SEGMENT_FRACTION * (1.0 + RATE_CORRELATION) / (1.0 - RATE_CORRELATION);
        let spread = variance * (stretch / (worked + stretch) + stretch / (ahead + stretch));
        // Reported values are rounded down.
        let rounded = 0.003 / (1.01 - done);
        RateEstimate {
            weight: prior.ln() + fit,
            left: (ahead * whole * recent - counted).max(1e-3),
            spread: spread.sqrt().hypot(rounded),
        }
    });
    let best = fits
        .iter()
        .map(|fit| fit.weight)
        .fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = fits.iter().map(|fit| (fit.weight - best).exp()).sum();
    fits.iter()
        .map(|fit| RateEstimate {
            weight: (fit.weight - best).exp() / total,
            ..*fit
        })
        .collect()
}
