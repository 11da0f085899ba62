//! What the course of a task's own progress says about the time left, read in several ways.

use jiff::Timestamp;

use super::progress_series::ProgressSeries;
use crate::task::progress_history::ProgressHistory;

/// How the time of a climb grows towards the end, and how likely that is before anything was seen: the time for the
/// next percent is in proportion to (percent left) ^ −slowing. None is even; at one half, twice as slow when a
/// quarter is left.
const SLOWINGS: [(f64, f64); 8] = [
    (-0.5, 0.004),
    (0.0, 0.96),
    (0.2, 0.006),
    (0.3, 0.006),
    (0.4, 0.006),
    (0.5, 0.006),
    (0.6, 0.006),
    (0.7, 0.006),
];

/// Climbs are gathered until they are this high, so that neither the rounding to whole percent nor the grain of
/// the sampling counts as unevenness.
const MIN_SEGMENT_FRACTION: f64 = 0.05;

/// A climb this many times slower than both of its neighbours was a pause, not the pace.
const PAUSE_FACTOR: f64 = 5.0;

/// The figures of a task that leaps this high, in the mean, are no pace.
const MIN_LEAP_FRACTION: f64 = 0.08;

/// The figures of such a task are worth a guess, within wide bounds.
const LEAP_REMAINING_FRACTION: f64 = 0.7;
const LEAP_LOG_SPREAD: f64 = 0.8;

/// How likely it is at the start that the course will be broken by something not seen so far.
const RATE_CHANGE_PRIOR: f64 = 0.25;

/// How much the pace of a climb has of the one before.
const SIMILAR_RATE_LOG_DISTANCE: f64 = 0.5;

/// Variance of the logarithms of the pace that is assumed before anything was seen, as if from one climb …
const MODEL_FLOOR_WEIGHT: f64 = 0.02;

/// … and what rounding and sampling bring into them.
const REPORT_GRANULARITY: f64 = 0.003;

/// What is new in all climbs together has to be more than this for the last to say something about the next.
const EVEN_SPREAD: f64 = 0.3;

/// One stretch on which progress rose, as shares of the whole, and the seconds that it took.
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

/// One reading of the course.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RateEstimate {
    /// How far it is believed; all together make 1.
    pub weight: f64,
    /// Seconds left.
    pub left: f64,
    /// Standard deviation of the logarithm of the seconds left.
    pub spread: f64,
}

/// All readings of a history. None without a figure, and before anything rose.
pub(super) fn readings(history: &ProgressHistory, now: Timestamp) -> Option<Vec<RateEstimate>> {
    history.percent().filter(|percent| *percent > 0)?;
    let course = ProgressSeries::of(history);
    let newest = *course.moments.last()?;
    let done = newest.done;
    let mut climbs = climbs(&course);
    cut_pause(&mut climbs);
    let last = climbs.last()?;
    let elapsed = history.elapsed(now).as_secs_f64();
    let pause = (elapsed - newest.at).max(0.0);
    // The next percent was due after this long; a sampled figure may be late by as much again.
    let due = if course.shakes {
        last.took
    } else {
        (last.per_share() * 0.01).max(last.took.min(mean_step(history)))
    };
    // Continuous in time, so that an estimate without news does not jump.
    let overdue = (pause - (PAUSE_FACTOR * due).max(0.02 * elapsed)).max(0.0);
    let leaping = (step_size(&course) / MIN_LEAP_FRACTION).min(1.0);
    let mut readings = shapes(&gathered(&climbs), done, pause.min(due));
    let steady = 1.0 - RATE_CHANGE_PRIOR * (1.0 - done);
    let mut even = 0.0;
    for shape in &mut readings {
        even += shape.weight * shape.left;
        // A pause that goes on will go on for about half as long again: that much is known of any.
        shape.left += 0.5 * overdue;
        shape.spread = shape
            .spread
            .hypot(0.6 * overdue / shape.left.max(1e-3))
            .min(1.5);
        shape.weight *= (1.0 - leaping) * steady;
    }
    readings.push(RateEstimate {
        weight: (1.0 - leaping) * (1.0 - steady),
        left: (even + 0.5 * overdue) * 1.5 + 0.02 * elapsed,
        spread: 0.35,
    });
    // The odds that a leaping figure stands for are taken at their root: 95 % is no 19 to 1.
    readings.push(RateEstimate {
        weight: leaping,
        left: LEAP_REMAINING_FRACTION * elapsed * ((1.0 - done) / done).sqrt(),
        spread: LEAP_LOG_SPREAD,
    });
    readings.retain(|reading| reading.weight > 1e-4);
    Some(readings)
}

/// Seconds between two changes, on average.
fn mean_step(history: &ProgressHistory) -> f64 {
    let first = history
        .points()
        .first()
        .map_or(0.0, |point| point.since_start().as_secs_f64());
    (history.last_move().as_secs_f64() - first) / f64::from(history.moves().max(1))
}

/// All stretches on which progress rose.
fn climbs(course: &ProgressSeries) -> Vec<Segment> {
    let mut climbs = Vec::with_capacity(course.moments.len());
    let (mut before, mut since) = (0.0, 0.0);
    for moment in &course.moments {
        if moment.done > before {
            climbs.push(Segment {
                from: before,
                to: moment.done,
                took: (moment.at - since).max(1e-3),
            });
        }
        if (moment.done - before).abs() > 1e-9 {
            (before, since) = (moment.done, moment.at);
        }
    }
    climbs
}

/// Shortens the one climb that contains a pause to the pace of its neighbours. Several pauses are no exception but
/// the rule, and stay.
fn cut_pause(climbs: &mut [Segment]) {
    let total: f64 = climbs.iter().map(|climb| climb.took).sum();
    let mut found = None;
    // Two points make no pace; from five on an exception can be told from the rule.
    if climbs.len() < 5 {
        return;
    }
    for index in 1..climbs.len() {
        let before = climbs[index - 1].per_share();
        let after = climbs
            .get(index + 1)
            .map_or(before, |next| next.per_share());
        let usual = before.max(after);
        let climb = climbs[index];
        if climb.per_share() > PAUSE_FACTOR * usual && climb.took > 0.05 * total {
            if found.is_some() {
                return;
            }
            found = Some((index, usual * (climb.to - climb.from)));
        }
    }
    if let Some((index, took)) = found {
        climbs[index].took = took;
    }
}

/// How high progress leaps at once, in the mean over what it climbed: hardly anything for a task that counts
/// through, much for one that knows only 2 %, 19 % and 95 %. What thinning may have joined is no leap.
pub(super) fn step_size(course: &ProgressSeries) -> f64 {
    if course.shakes {
        return 0.0;
    }
    let climbs = climbs(course);
    // What had been done before the task was first seen was no leap.
    let first = course.moments.first();
    let unseen = first.is_some_and(|first| first.done > 0.0);
    let seen = climbs.get(usize::from(unseen)..).unwrap_or_default();
    let (squares, climbed) = seen.iter().fold((0.0, 0.0), |(squares, climbed), climb| {
        let height = climb.to - climb.from;
        (squares + height * height, climbed + height)
    });
    if climbed > 0.0 {
        (squares / climbed - MIN_SEGMENT_FRACTION).max(0.0)
    } else {
        0.0
    }
}

fn gathered(climbs: &[Segment]) -> Vec<Segment> {
    let mut gathered: Vec<Segment> = Vec::with_capacity(climbs.len());
    for climb in climbs {
        match gathered.last_mut() {
            Some(last)
                if last.to - last.from < MIN_SEGMENT_FRACTION && last.to <= climb.from + 1e-9 =>
            {
                last.to = climb.to;
                last.took += climb.took;
            }
            _ => gathered.push(*climb),
        }
    }
    gathered
}

/// Reads the climbs in every shape. `counted`: seconds since the last change that belong to the next percent.
fn shapes(climbs: &[Segment], done: f64, counted: f64) -> Vec<RateEstimate> {
    let count = f64::from(u32::try_from(climbs.len()).unwrap_or(u32::MAX));
    let fits = SLOWINGS.map(|(slowing, prior)| {
        // In the coordinate `work` the pace of this shape is even.
        let work = |share: f64| 1.0 - (1.0 - share).max(0.0).powf(1.0 - slowing);
        let length = |climb: &Segment| (work(climb.to) - work(climb.from)).max(1e-6);
        let (took, worked) = climbs.iter().fold((0.0, 0.0), |(took, worked), climb| {
            (took + climb.took, worked + length(climb))
        });
        let whole = took / worked;
        // What is new in the pace of each climb, given the one before.
        let (mut before, mut news) = (0.0, 0.0);
        for climb in climbs {
            let pace = (climb.took / whole / length(climb)).ln();
            news += (pace - SIMILAR_RATE_LOG_DISTANCE * before).powi(2);
            before = pace;
        }
        let fit = -0.5 * count * (news / count + REPORT_GRANULARITY).ln();
        let variance = ((news + MODEL_FLOOR_WEIGHT) / (count + 1.0))
            / (1.0 - SIMILAR_RATE_LOG_DISTANCE * SIMILAR_RATE_LOG_DISTANCE);
        let ahead = 1.0 - work(done);
        // The next climbs will be like the last one, and each less so; as far as climbs differ at all.
        let next = (ahead / (worked / count)).max(1e-3);
        let lasting = SIMILAR_RATE_LOG_DISTANCE * (1.0 - SIMILAR_RATE_LOG_DISTANCE.powf(next))
            / ((1.0 - SIMILAR_RATE_LOG_DISTANCE) * next);
        let lately = (before * lasting * news / (news + EVEN_SPREAD))
            .clamp(-0.7, 0.7)
            .exp();
        // A stretch this long has one pace, the next another.
        let stretch = MIN_SEGMENT_FRACTION * (1.0 + SIMILAR_RATE_LOG_DISTANCE)
            / (1.0 - SIMILAR_RATE_LOG_DISTANCE);
        let spread = variance * (stretch / (worked + stretch) + stretch / (ahead + stretch));
        // The figure was rounded down.
        let rounded = 0.003 / (1.01 - done);
        RateEstimate {
            weight: prior.ln() + fit,
            left: (ahead * whole * lately - counted).max(1e-3),
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
