//! Values of `is:` and `state:`.

use jiff::Timestamp;

use super::context::{EvalTarget, MatchResult};
use crate::{Rule, Status, warnings};

/// Properties that a filter tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    Status(&'static [Status]),
    Cancelable,
    CancelRequested,
    Pinned,
    Child,
    Root,
    Parent,
    Gone,
    Blocked,
    Warning(Option<Rule>),
}

const ACTIVE_STATUSES: &[Status] = &[Status::Running, Status::Queued];
const FINISHED_STATUSES: &[Status] = &[
    Status::Success,
    Status::Failed,
    Status::Cancelled,
    Status::Lost,
];

/// Names of states with aliases.
pub(super) const STATES: [(&str, &[Status], &[&str]); 10] = [
    ("running", &[Status::Running], &[]),
    ("queued", &[Status::Queued], &[]),
    ("failed", &[Status::Failed], &["error"]),
    ("cancelled", &[Status::Cancelled], &["canceled"]),
    ("success", &[Status::Success], &["succeeded", "ok"]),
    ("lost", &[Status::Lost], &[]),
    ("unknown", &[Status::Unknown], &[]),
    ("ghost", &[Status::Placeholder], &[]),
    ("active", ACTIVE_STATUSES, &[]),
    ("finished", FINISHED_STATUSES, &["ended", "done"]),
];

/// Other names after `is:` with aliases.
pub(super) const FLAGS: [(&str, Flag, &[&str]); 14] = [
    ("stalled", Flag::Warning(Some(Rule::Stalled)), &["stuck"]),
    ("blocked", Flag::Blocked, &[]),
    ("cancelable", Flag::Cancelable, &["cancellable"]),
    (
        "cancel-requested",
        Flag::CancelRequested,
        &["cancelling", "canceling", "asked"],
    ),
    ("pinned", Flag::Pinned, &[]),
    ("child", Flag::Child, &[]),
    ("root", Flag::Root, &["top"]),
    ("parent", Flag::Parent, &[]),
    ("expired", Flag::Gone, &["gone", "vanished"]),
    ("flagged", Flag::Warning(None), &["marked"]),
    (
        "late",
        Flag::Warning(Some(Rule::LongerThanUsual)),
        &["long"],
    ),
    ("waiting", Flag::Warning(Some(Rule::QueuedLong)), &[]),
    ("orphan", Flag::Warning(Some(Rule::ParentFinished)), &[]),
    ("ignored", Flag::Warning(Some(Rule::CancelIgnored)), &[]),
];

impl Flag {
    pub(super) fn is_timed(self) -> bool {
        matches!(self, Self::Warning(_))
    }

    /// True if the flag depends on observation over time (changes of progress, the time of a
    /// cancellation request, typical durations, removal) or on the screen's pins.
    pub(super) fn needs_observation(self) -> bool {
        match self {
            Self::Pinned | Self::Gone | Self::Blocked => true,
            Self::Warning(rule) => !matches!(rule, Some(Rule::QueuedLong | Rule::ParentFinished)),
            _ => false,
        }
    }

    pub(super) fn depends_on_parent(self) -> bool {
        matches!(self, Self::Warning(None | Some(Rule::ParentFinished)))
    }

    pub(super) fn depends_on_family(self) -> bool {
        matches!(self, Self::Parent | Self::Blocked) || self.depends_on_parent()
    }

    pub(super) fn evaluate(self, target: &EvalTarget<'_>) -> MatchResult {
        let (store, record) = (target.context.store, target.record);
        let has_parent = || {
            record
                .info
                .as_ref()
                .is_some_and(|info| info.parent_key().is_some())
        };
        MatchResult::always(match self {
            Self::Status(statuses) => statuses.contains(&record.status()),
            Self::Cancelable => {
                record.status().is_active()
                    && record.info.as_ref().is_some_and(|info| info.cancelable)
            }
            Self::CancelRequested => record.is_cancel_requested(),
            Self::Pinned => record.pinned,
            Self::Child => has_parent(),
            Self::Root => !has_parent(),
            Self::Parent => !store.children(target.handle).is_empty(),
            Self::Gone => record.is_gone(),
            Self::Blocked => record.status().is_active() && store.blocker(target.handle).is_some(),
            Self::Warning(rule) => return warning(rule, target),
        })
    }
}

/// Evaluates a warning. Warnings change by time alone; one appears once its limit is exceeded, not
/// when it is reached.
fn warning(rule: Option<Rule>, target: &EvalTarget<'_>) -> MatchResult {
    let EvalTarget {
        context,
        handle,
        record,
    } = *target;
    if !record.status().is_active() {
        return MatchResult::always(false);
    }
    let now = target.now();
    let found = context.store.warnings(handle, context.typical, now);
    let holds = found
        .iter()
        .any(|warning| rule.is_none_or(|rule| warning.rule == rule));
    let next = warnings::next_change(context.store, handle, context.typical, now);
    let after = |at: Timestamp| at.checked_add(super::context::ONE_NANOSECOND).ok();
    MatchResult {
        holds,
        until: next.and_then(after),
    }
}
