//! Computes the steps of a running task from its plan: the exact times of all its changes.

use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use super::task_plan::TaskPlan;

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
    for (share, percent) in plan.progress.reports(duration, rng) {
        add(share, ScriptAction::Progress(percent));
    }
    // Stable sort: steps at the same time keep the order in which they were added.
    steps.sort_by_key(|step| step.at);
    steps
}
