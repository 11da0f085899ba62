//! Warnings about active tasks, from small named rules.
//! Each rule checks one record with its context and returns a message or nothing. Rules never
//! search the store (it keeps an index of the tasks ahead in a queue), so that the displayed rows
//! can be checked for every frame.

mod messages;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    estimate::{StallThreshold, stall_threshold},
    record::Record,
    status::Status,
    store::{Handle, TaskStore},
    typical::DurationStats,
};

/// Queue time after which a task gets a warning.
const LONG_QUEUE_TIME: SignedDuration = SignedDuration::from_mins(1);

/// Time after which a cancellation without effect gets a warning.
const LONG_CANCEL_TIME: SignedDuration = SignedDuration::from_mins(1);

/// Tolerated delay between the reports of a parent's end and its child's end.
const FINISHED_PARENT_GRACE: SignedDuration = SignedDuration::from_secs(10);

/// Warning rules, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The virtual machine has a pending question.
    Question,
    /// No progress for longer than the task's previous pauses and the operation's typical duration
    /// suggest.
    Stalled,
    /// Cancellation was requested without effect so far.
    CancelIgnored,
    /// The parent is finished, but the task is active.
    ParentFinished,
    /// Queued for a long time.
    QueuedLong,
    /// Runs longer than 90 % of the runs of the operation.
    LongerThanUsual,
}

impl Rule {
    /// Returns the label shown in a row.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Stalled => "stalled",
            Self::CancelIgnored => "not cancelled yet",
            Self::ParentFinished => "parent finished",
            Self::QueuedLong => "queued long",
            Self::LongerThanUsual => "longer than usual",
        }
    }
}

/// A warning about a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The rule.
    pub rule: Rule,
    /// The message, one sentence; text from the server in it is not sanitized.
    pub sentence: String,
}

/// A pending question of a virtual machine, from `runtime.question`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingQuestion {
    /// The question.
    pub text: String,
    /// The allowed answers.
    pub choices: Vec<String>,
}

/// Context of a record that the rules need.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleContext<'a> {
    /// Typical duration of the operation.
    pub typical: Option<&'a DurationStats>,
    /// Pending question of the virtual machine that the task operates on.
    pub question: Option<&'a PendingQuestion>,
}

/// Returns all warnings for a record, most urgent first.
pub fn findings(
    board: &TaskStore,
    handle: Handle,
    around: RuleContext<'_>,
    now: Timestamp,
) -> Vec<Warning> {
    let Some(record) = board.get(handle) else {
        return Vec::new();
    };
    if !record.status().is_active() {
        return Vec::new();
    }
    let found = [
        (Rule::Question, around.question.map(messages::question)),
        (Rule::Stalled, stalled(record, around, now)),
        (Rule::CancelIgnored, cancel_ignored(record, now)),
        (Rule::ParentFinished, parent_finished(board, handle, now)),
        (Rule::QueuedLong, queued_long(board, handle, record, now)),
        (
            Rule::LongerThanUsual,
            longer_than_usual(record, around, now),
        ),
    ];
    found
        .into_iter()
        .filter_map(|(rule, sentence)| {
            Some(Warning {
                rule,
                sentence: sentence?,
            })
        })
        .collect()
}

/// Returns the next time after `now` at which a record's warnings change without new data, ignoring
/// ages in messages. `None` if only new data can change them.
pub fn next_change(
    board: &TaskStore,
    handle: Handle,
    around: RuleContext<'_>,
    now: Timestamp,
) -> Option<Timestamp> {
    let record = board
        .get(handle)
        .filter(|record| record.status().is_active())?;
    let patience = stall_threshold_of(record, around)
        .and_then(|(since, patience)| later(since, patience.allowed));
    let cancel = record.cancel_seen.filter(|_| record.is_cancel_requested());
    let parent = finished_parent(board, handle).and_then(Record::finished_at);
    let queued = record.queued_since();
    let long = record.running_since().zip(around.typical);
    [
        patience,
        cancel.and_then(|seen| seen.at.checked_add(LONG_CANCEL_TIME).ok()),
        parent.and_then(|at| at.checked_add(FINISHED_PARENT_GRACE).ok()),
        queued.and_then(|at| at.checked_add(LONG_QUEUE_TIME).ok()),
        long.and_then(|(start, typical)| later(start, typical.long())),
    ]
    .into_iter()
    .flatten()
    .filter(|at| *at > now)
    .min()
}

fn later(from: Timestamp, by: Duration) -> Option<Timestamp> {
    from.checked_add(SignedDuration::try_from(by).ok()?).ok()
}

/// Returns the time of the last change and the pause allowed after it.
fn stall_threshold_of(
    record: &Record,
    around: RuleContext<'_>,
) -> Option<(Timestamp, StallThreshold)> {
    let start = record.running_since()?;
    let history = record.history.as_deref()?;
    // Pauses are meaningless for a task that reports neither percentage nor phase.
    if history.percent().is_none() && history.moves() == 0 {
        return None;
    }
    let since = later(history.start(), history.last_move())?;
    Some((since, stall_threshold(start, history, around.typical)))
}

fn stalled(record: &Record, around: RuleContext<'_>, now: Timestamp) -> Option<String> {
    let (since, patience) = stall_threshold_of(record, around)?;
    let still = now.duration_since(since);
    let allowed = SignedDuration::try_from(patience.allowed).ok()?;
    (still > allowed)
        .then(|| messages::stalled(still, record.progress().percent(), patience, around.typical))
}

fn cancel_ignored(record: &Record, now: Timestamp) -> Option<String> {
    let asked = record
        .cancel_seen
        .filter(|_| record.is_cancel_requested())?;
    let ago = now.duration_since(asked.at);
    (ago > LONG_CANCEL_TIME).then(|| messages::cancel_ignored(asked, ago))
}

/// Returns the parent, if it is finished.
fn finished_parent(board: &TaskStore, handle: Handle) -> Option<&Record> {
    let parent = board.get(board.parent(handle)?)?;
    // A lost parent has not necessarily ended.
    parent
        .status()
        .is_finished()
        .then_some(parent)
        .filter(|parent| parent.status() != Status::Lost)
}

fn parent_finished(board: &TaskStore, handle: Handle, now: Timestamp) -> Option<String> {
    let parent = finished_parent(board, handle)?;
    let ago = now.duration_since(parent.finished_at()?);
    (ago > FINISHED_PARENT_GRACE)
        .then(|| messages::parent_finished(&board.operation(parent), parent, ago))
}

fn queued_long(
    board: &TaskStore,
    handle: Handle,
    record: &Record,
    now: Timestamp,
) -> Option<String> {
    let waited = now.duration_since(record.queued_since()?);
    if waited <= LONG_QUEUE_TIME {
        return None;
    }
    let ahead: Vec<String> = board
        .ahead_in_queue(handle)
        .filter_map(|handle| board.get(handle))
        .map(|other| messages::named(&board.operation(other), other))
        .collect();
    Some(messages::queued_long(waited, &ahead))
}

fn longer_than_usual(record: &Record, around: RuleContext<'_>, now: Timestamp) -> Option<String> {
    let typical = around.typical?;
    let ran = now.duration_since(record.running_since()?);
    (ran > SignedDuration::try_from(typical.long()).ok()?)
        .then(|| messages::longer_than_usual(ran, typical))
}

#[cfg(test)]
mod tests;
