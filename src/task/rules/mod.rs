//! What deserves a second look: small named rules, each with its plain sentence.
//!
//! Every rule looks at one record with what is known around it, and answers with a sentence or nothing. They read
//! and never search the board (who is ahead in a queue is kept by it), so that the rows of a screen can be judged
//! for every frame.

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

/// A task that waits longer than this has waited long.
const LONG_QUEUE_TIME: SignedDuration = SignedDuration::from_mins(1);

/// A cancellation that is not acted on for this long is worth a word.
const LONG_CANCEL_TIME: SignedDuration = SignedDuration::from_mins(1);

/// A child may outlive its parent by the time that two reports lie apart.
const FINISHED_PARENT_GRACE: SignedDuration = SignedDuration::from_secs(10);

/// What a finding is about, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A question of the virtual machine waits for an answer.
    Question,
    /// Nothing moves for longer than the task's rhythm and the operation's history allow.
    Stalled,
    /// Cancellation was requested and nothing came of it yet.
    CancelIgnored,
    /// The parent is finished while this task still runs.
    ParentFinished,
    /// Waits in the queue for long.
    QueuedLong,
    /// Runs longer than nine in ten runs of the operation.
    LongerThanUsual,
}

impl Rule {
    /// The words that stand as the mark in a row.
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

/// Something about a task that deserves a second look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Which rule found it.
    pub rule: Rule,
    /// What is the matter, in one plain sentence; text of the server in it is as sent.
    pub sentence: String,
}

/// A question that a virtual machine asks, as `runtime.question` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingQuestion {
    /// The question.
    pub text: String,
    /// The answers that it takes.
    pub choices: Vec<String>,
}

/// What is known around a record.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleContext<'a> {
    /// How long the operation usually takes.
    pub typical: Option<&'a DurationStats>,
    /// A pending question of the virtual machine that the task works on.
    pub question: Option<&'a PendingQuestion>,
}

/// All findings for a record, the most urgent first.
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

/// When a record's findings may next change by time alone, after `now`: what a sentence says of ages does not
/// count. `None`: only news can change them.
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

/// Since when the task stands still, and for how long it may.
fn stall_threshold_of(
    record: &Record,
    around: RuleContext<'_>,
) -> Option<(Timestamp, StallThreshold)> {
    let start = record.running_since()?;
    let history = record.history.as_deref()?;
    // Without a single figure or phase there is no rhythm to break.
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

/// The parent's record, if it is finished.
fn finished_parent(board: &TaskStore, handle: Handle) -> Option<&Record> {
    let parent = board.get(board.parent(handle)?)?;
    // That a parent's end was not seen does not say that it has ended.
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
