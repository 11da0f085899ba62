//! Values of `is:` and `state:`.

use jiff::Timestamp;

use super::term::{EvalTarget, MatchResult};
use crate::task::{Rule, Status, rules};

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
    Finding(Option<Rule>),
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
    ("ghost", &[Status::Ghost], &[]),
    ("active", ACTIVE_STATUSES, &[]),
    ("finished", FINISHED_STATUSES, &["ended", "done"]),
];

/// Other names after `is:` with aliases.
pub(super) const FLAGS: [(&str, Flag, &[&str]); 13] = [
    ("stalled", Flag::Finding(Some(Rule::Stalled)), &["stuck"]),
    ("cancelable", Flag::Cancelable, &["cancellable"]),
    (
        "cancel-requested",
        Flag::CancelRequested,
        &["asked", "cancelling", "canceling"],
    ),
    ("pinned", Flag::Pinned, &[]),
    ("child", Flag::Child, &[]),
    ("root", Flag::Root, &["top"]),
    ("parent", Flag::Parent, &[]),
    ("gone", Flag::Gone, &["vanished"]),
    ("flagged", Flag::Finding(None), &["marked"]),
    (
        "late",
        Flag::Finding(Some(Rule::LongerThanUsual)),
        &["long"],
    ),
    ("waiting", Flag::Finding(Some(Rule::QueuedLong)), &[]),
    ("orphan", Flag::Finding(Some(Rule::ParentFinished)), &[]),
    ("ignored", Flag::Finding(Some(Rule::CancelIgnored)), &[]),
];

impl Flag {
    pub(super) fn is_timed(self) -> bool {
        matches!(self, Self::Finding(_))
    }

    /// True if the flag depends on observation over time (changes of progress, the time of a
    /// cancellation request, typical durations, removal) or on the screen's pins.
    pub(super) fn needs_observation(self) -> bool {
        match self {
            Self::Pinned | Self::Gone => true,
            Self::Finding(rule) => !matches!(rule, Some(Rule::QueuedLong | Rule::ParentFinished)),
            _ => false,
        }
    }

    pub(super) fn asks_for_parent(self) -> bool {
        matches!(self, Self::Finding(None | Some(Rule::ParentFinished)))
    }

    pub(super) fn asks_for_family(self) -> bool {
        self == Self::Parent || self.asks_for_parent()
    }

    pub(super) fn judge(self, subject: &EvalTarget<'_>) -> MatchResult {
        let (board, record) = (subject.scene.board, subject.record);
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
            Self::Parent => !board.children(subject.handle).is_empty(),
            Self::Gone => record.is_gone(),
            Self::Finding(rule) => return finding(rule, subject),
        })
    }
}

/// Evaluates a warning. Warnings change by time alone; one appears once its limit is exceeded, not
/// when it is reached.
fn finding(rule: Option<Rule>, subject: &EvalTarget<'_>) -> MatchResult {
    let EvalTarget {
        scene,
        handle,
        record,
    } = *subject;
    if !record.status().is_active() {
        return MatchResult::always(false);
    }
    let (around, now) = (scene.around(record), subject.now());
    let found = rules::findings(scene.board, handle, around, now);
    let holds = found
        .iter()
        .any(|finding| rule.is_none_or(|rule| finding.rule == rule));
    let next = rules::next_change(scene.board, handle, around, now);
    let after = |at: Timestamp| at.checked_add(super::term::ONE_NANOSECOND).ok();
    MatchResult {
        holds,
        until: next.and_then(after),
    }
}
