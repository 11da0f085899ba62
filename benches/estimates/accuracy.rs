//! Measures the accuracy of estimates and of stall detection on generated runs.

use fastrand::Rng;
use vtask::task::{
    DurationStats, Estimate, PastRuns, ProgressCurve, ProgressHistory, estimate, stall_threshold,
};

use super::{
    classes::Class,
    reference,
    runs::{Run, at, history, longest_ordinary_pause, run, start, uniform},
};

/// Fractions of the true duration at which estimates are evaluated.
pub(crate) const MOMENTS: [f64; 5] = [0.3, 0.5, 0.7, 0.8, 0.9];

/// Maximum distance of the evaluated moment from each of [`MOMENTS`]. Exactly at such a fraction, "elapsed ÷ progress" of
/// whole percentages has few different errors, 1 % of the duration apart, so that a median is one of them.
const MAX_OFFSET: f64 = 0.01;

/// Past runs of the operation that an estimate may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knowledge {
    Nothing,
    Durations,
    /// Durations, and the progress curves of this many runs.
    Curves(usize),
    /// The progress curves of this many runs, without other durations.
    OnlyCurves(usize),
}

/// Past runs of one operation as known at the start of a run.
struct Past {
    durations: Option<DurationStats>,
    curves: Vec<ProgressCurve>,
}

impl Past {
    fn of(run: &Run, known: Knowledge, rng: &mut Rng) -> Self {
        let knows_durations = matches!(known, Knowledge::Durations | Knowledge::Curves(_));
        let curves = match known {
            Knowledge::Curves(count) | Knowledge::OnlyCurves(count) => run.curves(count, rng),
            _ => Vec::new(),
        };
        Self {
            durations: run.durations().filter(|_| knows_durations),
            curves,
        }
    }

    fn runs(&self) -> PastRuns<'_> {
        PastRuns {
            durations: self.durations.as_ref(),
            curves: &self.curves,
        }
    }

    fn estimate(&self, history: &ProgressHistory, time: f64) -> Option<Estimate> {
        estimate(start(), Some(history), self.runs(), at(time))
    }
}

/// Accuracy of estimates for one class at one fraction. Errors are fractions of the whole duration.
#[derive(Debug)]
pub(crate) struct Score {
    /// Median error of "elapsed ÷ progress".
    pub naive: f64,
    /// Median error of the estimate over the runs that have one.
    pub error: f64,
    /// Median naive error over the same runs.
    pub comparable_naive: f64,
    /// Fraction of intervals that contain the true value.
    pub covered: f64,
    /// Fraction of runs with an estimate.
    pub estimated: f64,
    /// Median ratio of the upper to the lower bound of the interval.
    pub width: f64,
}

fn naive(run: &Run, time: f64) -> f64 {
    let percent = run
        .observations
        .iter()
        .take_while(|(seen, _)| *seen <= time)
        .last()
        .map_or(0, |(_, p)| *p);
    // At 0 % there is no information; assume that the same time remains.
    if percent == 0 {
        time
    } else {
        time * (100.0 / f64::from(percent) - 1.0)
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn share(count: usize, of: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of runs are small")]
    let share = count as f64 / of.max(1) as f64;
    share
}

/// Evaluates `count` runs of a class at each of the [`MOMENTS`].
pub(crate) fn scores(class: Class, known: Knowledge, count: usize, seed: u64) -> Vec<Score> {
    let mut rng = Rng::with_seed(seed);
    let mut past_rng = Rng::with_seed(seed + 1);
    let runs: Vec<(Run, Past)> = (0..count)
        .map(|_| {
            let run = run(class, &mut rng);
            let past = Past::of(&run, known, &mut past_rng);
            (run, past)
        })
        .collect();
    MOMENTS
        .map(|moment| score(&runs, moment, &mut past_rng))
        .into()
}

fn score(runs: &[(Run, Past)], moment: f64, rng: &mut Rng) -> Score {
    let (mut naives, mut comparable_naives, mut errors, mut widths) =
        (vec![], vec![], vec![], vec![]);
    let mut covered = 0;
    for (run, past) in runs {
        let time = run.duration * uniform(rng, moment - MAX_OFFSET, moment + MAX_OFFSET);
        let remaining = run.duration - time;
        let naive = (naive(run, time) - remaining).abs() / run.duration;
        naives.push(naive);
        let Some(estimate) = past.estimate(&history(&run.observations, time), time) else {
            continue;
        };
        let [low, best, high] =
            [estimate.low, estimate.best, estimate.high].map(|d| d.as_secs_f64());
        errors.push((best - remaining).abs() / run.duration);
        comparable_naives.push(naive);
        widths.push(high / low.max(0.01));
        covered += usize::from((low..=high).contains(&remaining));
    }
    let estimated = errors.len();
    Score {
        naive: median(&mut naives),
        error: median(&mut errors),
        comparable_naive: median(&mut comparable_naives),
        covered: share(covered, estimated),
        estimated: share(estimated, runs.len()),
        width: median(&mut widths),
    }
}

/// Returns the median errors of the reference estimator and of "elapsed ÷ progress" on noisy runs.
pub(crate) fn reference_errors(
    moment: f64,
    with_history: bool,
    count: usize,
    seed: u64,
) -> (f64, f64) {
    let mut rng = Rng::with_seed(seed);
    let mut continuation_rng = Rng::with_seed(seed + 1);
    let (mut naives, mut errors) = (vec![], vec![]);
    for _ in 0..count {
        let run = run(Class::Noisy, &mut rng);
        let time = run.duration * moment;
        let remaining = run.duration - time;
        naives.push((naive(&run, time) - remaining).abs() / run.duration);
        let estimate = reference::remaining(&run, time, with_history, &mut continuation_rng);
        errors.push((estimate - remaining).abs() / run.duration);
    }
    (median(&mut errors), median(&mut naives))
}

/// Change of the displayed estimate between two refreshes, beyond the elapsed time, as a fraction of the estimate.
#[derive(Debug)]
pub(crate) struct Steadiness {
    pub median: f64,
    pub p90: f64,
    pub p99: f64,
}

/// Seconds between two refreshes.
const REFRESH: f64 = 5.0;

/// Observes `count` runs of a class from 20 % to 95 % of their duration.
pub(crate) fn steadiness(class: Class, known: Knowledge, count: usize, seed: u64) -> Steadiness {
    let mut rng = Rng::with_seed(seed);
    let mut past_rng = Rng::with_seed(seed + 1);
    let mut changes = vec![];
    for _ in 0..count {
        let run = run(class, &mut rng);
        let past = Past::of(&run, known, &mut past_rng);
        let mut history = ProgressHistory::begin(Some(start()), start(), Some(0));
        let mut upcoming = run.observations.iter().peekable();
        let mut time = 0.2 * run.duration;
        let mut before: Option<f64> = None;
        while time < 0.95 * run.duration {
            while let Some((at_time, percent)) = upcoming.next_if(|(seen, _)| *seen <= time) {
                history.observe(at(*at_time), Some(*percent), false);
            }
            let best = past.estimate(&history, time);
            let best = best.map(|estimate| estimate.best.as_secs_f64());
            if let Some((before, best)) = before.zip(best) {
                let expected = (before - REFRESH).max(0.0);
                changes.push((best - expected).abs() / before.max(REFRESH));
            }
            before = best;
            time += REFRESH;
        }
    }
    changes.sort_by(f64::total_cmp);
    let at_share = |thousandths: usize| {
        let index = changes.len().saturating_sub(1) * thousandths / 1000;
        changes.get(index).copied().unwrap_or(f64::NAN)
    };
    Steadiness {
        median: at_share(500),
        p90: at_share(900),
        p99: at_share(990),
    }
}

/// Accuracy of stall detection for one class.
#[derive(Debug)]
pub(crate) struct Stalls {
    /// Fraction of ordinary runs reported as stalled at least once.
    pub false_alarms: f64,
    /// Fraction of stalls detected within twice the longest ordinary pause of the run (or the minimum threshold).
    pub in_time: f64,
    /// Fraction of stalls detected within twice the longest pause of past runs of the operation.
    pub in_time_for_operation: f64,
    /// Median detection time in units of the longest ordinary pause.
    pub delay: f64,
}

/// Simulates `count` runs that stall for good between 25 % and 90 % of their duration.
pub(crate) fn stalls(class: Class, known: Knowledge, count: usize, seed: u64) -> Stalls {
    let mut rng = Rng::with_seed(seed);
    let mut past_rng = Rng::with_seed(seed + 1);
    let (mut alarms, mut in_time, mut in_time_for_operation) = (0, 0, 0);
    let mut delays = vec![];
    for _ in 0..count {
        let run = run(class, &mut rng);
        let past = Past::of(&run, known, &mut past_rng);
        let mut history = ProgressHistory::begin(Some(start()), start(), Some(0));
        let stall_start = run.duration * (0.25 + 0.65 * rng.f64());
        let (mut is_alarmed, mut longest, mut threshold) = (false, 0.0_f64, None);
        let ends = run
            .observations
            .iter()
            .map(|(time, _)| *time)
            .skip(1)
            .chain([run.duration]);
        for ((time, percent), next) in run.observations.iter().zip(ends) {
            history.observe(at(*time), Some(*percent), false);
            let allowed = stall_threshold(start(), &history, past.runs())
                .allowed
                .as_secs_f64();
            is_alarmed |= next - time > allowed;
            longest = longest.max(next - time);
            if *time <= stall_start && stall_start < next {
                threshold = Some(allowed);
            }
        }
        alarms += usize::from(is_alarmed);
        if let Some(threshold) = threshold {
            let delay = threshold / longest;
            in_time += usize::from(delay <= 2.0 || threshold <= 60.0);
            let ordinary = longest_ordinary_pause(&run, &mut past_rng);
            in_time_for_operation += usize::from(threshold <= 2.0 * ordinary || threshold <= 60.0);
            delays.push(delay);
        }
    }
    Stalls {
        false_alarms: share(alarms, count),
        in_time: share(in_time, delays.len()),
        in_time_for_operation: share(in_time_for_operation, delays.len()),
        delay: median(&mut delays),
    }
}
