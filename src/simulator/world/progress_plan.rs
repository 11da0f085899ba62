//! The shapes of the progress that tasks report while they run.

use std::time::Duration;

use fastrand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};

/// Minimum interval between two progress reports of a task, as observed on real operations.
const REPORT_INTERVAL: Duration = Duration::from_millis(900);

/// Progress (0–100) as a function of the elapsed fraction of the duration.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum ProgressPlan {
    /// No progress reported.
    #[default]
    #[serde(rename = "none")]
    Absent,
    Linear,
    /// Fast at first, then slower and slower.
    Slowing,
    /// Linear on average, with monotonic noise.
    Noisy,
    /// Corner points (fraction of the duration 0–1, percent), interpolated linearly. Files have percent of the duration.
    Points(Vec<(f64, u8)>),
    /// Jumps (fraction of the duration 0–1, percent). Files have percent of the duration.
    Steps(Vec<(f64, u8)>),
    /// Finished children divided by all children.
    Children,
}

impl ProgressPlan {
    /// Returns progress reports (fraction of the duration, percent). The first is at 0; only changes are reported.
    pub(super) fn reports(&self, duration: Duration, rng: &mut Rng) -> Vec<(f64, u8)> {
        match self {
            Self::Absent => Vec::new(),
            Self::Children => vec![(0.0, 0)],
            Self::Steps(points) => {
                let mut steps = points.clone();
                if steps.first().is_none_or(|(share, _)| *share > 0.0) {
                    steps.insert(0, (0.0, 0));
                }
                steps
            }
            Self::Linear => sample(duration, |share| share * 100.0),
            Self::Slowing => sample(duration, |share| 100.0 * (1.0 - (1.0 - share).powf(2.6))),
            Self::Noisy => {
                let (pace, phase) = (
                    rng.f64().mul_add(9.0, 6.0),
                    rng.f64() * std::f64::consts::TAU,
                );
                // The slope of the noise stays below that of the line, so the sum never falls.
                let wobble = |share: f64| {
                    (pace * std::f64::consts::TAU).recip()
                        * 60.0
                        * (pace.mul_add(share * std::f64::consts::TAU, phase).sin() - phase.sin())
                };
                sample(duration, |share| share.mul_add(100.0, wobble(share)))
            }
            Self::Points(points) => sample(duration, |share| interpolate(points, share)),
        }
    }
}

/// Interpolates linearly through `points` at `share`.
fn interpolate(points: &[(f64, u8)], share: f64) -> f64 {
    let mut before = (0.0, 0.0);
    for (at, percent) in points
        .iter()
        .map(|(at, percent)| (*at, f64::from(*percent)))
    {
        if share <= at {
            let width = at - before.0;
            let part = if width > 0.0 {
                (share - before.0) / width
            } else {
                1.0
            };
            return part.mul_add(percent - before.1, before.1);
        }
        before = (at, percent);
    }
    before.1
}

/// Samples a curve at the report interval and keeps the values that differ from the preceding one.
fn sample(duration: Duration, percent_at: impl Fn(f64) -> f64) -> Vec<(f64, u8)> {
    let reports = (duration.as_secs_f64() / REPORT_INTERVAL.as_secs_f64())
        .clamp(1.0, 400.0)
        .floor();
    let mut kept: Vec<(f64, u8)> = vec![(0.0, 0)];
    let mut index = 1.0;
    while index < reports {
        let share = index / reports;
        let percent = whole_percent(percent_at(share));
        if kept.last().is_none_or(|(_, last)| *last != percent) {
            kept.push((share, percent));
        }
        index += 1.0;
    }
    kept
}

/// Limits a running task to 99 %; 100 % means finished.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0–99 before"
)]
fn whole_percent(percent: f64) -> u8 {
    percent.clamp(0.0, 99.0) as u8
}

/// Returns `progressDetails` for a percentage: transferred and total bytes.
pub(super) fn details(percent: u8, duration: Duration) -> Vec<Value> {
    let total = duration.as_secs().max(1) * 180 * 1024 * 1024;
    let done = total / 100 * u64::from(percent);
    let detail = |key: &str, bytes: u64| json!({"_typeName": "KeyAnyValue", "key": key, "value": {"_typeName": "long", "_value": bytes}});
    vec![
        detail("bytesTransferred", done),
        detail("bytesTotal", total),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percents(curve: &ProgressPlan, seconds: u64) -> Vec<u8> {
        let mut rng = Rng::with_seed(7);
        curve
            .reports(Duration::from_secs(seconds), &mut rng)
            .into_iter()
            .map(|(_, percent)| percent)
            .collect()
    }

    #[test]
    fn a_line_rises_by_one_and_ends_below_a_hundred() {
        let values = percents(&ProgressPlan::Linear, 600);
        assert_eq!(values, (0..=99).collect::<Vec<u8>>());
    }

    #[test]
    fn noise_never_falls() {
        for seconds in [30, 300, 3000] {
            assert!(
                percents(&ProgressPlan::Noisy, seconds).is_sorted(),
                "{seconds} s"
            );
        }
    }

    #[test]
    fn points_may_fall_and_pause() {
        let values = percents(
            &ProgressPlan::Points(vec![(0.3, 60), (0.5, 60), (0.6, 20), (1.0, 100)]),
            400,
        );
        assert!(
            values.contains(&60) && values.windows(2).any(|pair| pair[1] < pair[0]),
            "{values:?}"
        );
    }

    #[test]
    fn steps_jump() {
        assert_eq!(
            percents(
                &ProgressPlan::Steps(vec![(0.1, 2), (0.2, 19), (0.4, 95)]),
                60
            ),
            [0, 2, 19, 95]
        );
    }

    #[test]
    fn reports_are_at_least_900_ms_apart() {
        assert!(percents(&ProgressPlan::Linear, 10).len() <= 12);
    }
}
