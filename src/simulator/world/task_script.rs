//! Computes the steps of a running task from its plan: the exact times of all its changes.

use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

use super::task_plan::{ProgressPlan, TaskPlan};

/// Change of a running task.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ScriptAction {
    Progress(u8),
    /// New phase with this description.
    Describe(Value),
    Cancelable(bool),
    /// The virtual machine asks a question.
    Ask(Value),
    /// The host stops responding, or responds again.
    LoseHost(bool),
    /// Cancellation is requested, as if by a user.
    RequestCancel,
}

/// Change at a time relative to the start of the task.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ScriptStep {
    pub at: Duration,
    pub action: ScriptAction,
}

/// Minimum interval between two progress reports of a task, as observed on real operations.
const REPORT_INTERVAL: Duration = Duration::from_millis(900);

/// Returns the steps of a task that runs for `duration`, ordered by time.
pub(super) fn steps_for(plan: &TaskPlan, duration: Duration, rng: &mut Rng) -> Vec<ScriptStep> {
    let mut steps = Vec::new();
    let mut add = |share: f64, action: ScriptAction| {
        steps.push(ScriptStep {
            at: duration.mul_f64(share.clamp(0.0, 1.0)),
            action,
        });
    };
    for (share, cancelable) in &plan.cancelable {
        add(*share, ScriptAction::Cancelable(*cancelable));
    }
    for phase in &plan.phases {
        add(phase.at, ScriptAction::Describe(phase.description.clone()));
    }
    if let Some(question) = &plan.question {
        add(question.at, ScriptAction::Ask(question.info.clone()));
    }
    if let Some((from, until)) = plan.loses_host {
        add(from, ScriptAction::LoseHost(true));
        add(until, ScriptAction::LoseHost(false));
    }
    if let Some(share) = plan.cancel_requested {
        add(share, ScriptAction::RequestCancel);
    }
    for (share, percent) in progress_reports(&plan.progress, duration, rng) {
        add(share, ScriptAction::Progress(percent));
    }
    // Stable sort: steps at the same time keep the order in which they were added.
    steps.sort_by_key(|step| step.at);
    steps
}

/// Returns progress reports (fraction of the duration, percent). The first is at 0; only changes are reported.
fn progress_reports(curve: &ProgressPlan, duration: Duration, rng: &mut Rng) -> Vec<(f64, u8)> {
    match curve {
        ProgressPlan::Absent => Vec::new(),
        ProgressPlan::Children => vec![(0.0, 0)],
        ProgressPlan::Steps(points) => {
            let mut steps = points.clone();
            if steps.first().is_none_or(|(share, _)| *share > 0.0) {
                steps.insert(0, (0.0, 0));
            }
            steps
        }
        ProgressPlan::Linear => sample(duration, |share| share * 100.0),
        ProgressPlan::Slowing => sample(duration, |share| 100.0 * (1.0 - (1.0 - share).powf(2.6))),
        ProgressPlan::Noisy => {
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
        ProgressPlan::Points(points) => sample(duration, |share| interpolate(points, share)),
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
        progress_reports(curve, Duration::from_secs(seconds), &mut rng)
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
