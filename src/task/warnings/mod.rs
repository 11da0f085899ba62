//! Warnings about active tasks, from small named rules.
//! Each rule checks one record and returns a message or nothing. Rules never
//! search the store (it keeps an index of the tasks ahead in a queue), so that the displayed rows
//! can be checked for every frame.

mod messages;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    estimate::{StallThreshold, stall_threshold},
    status::Status,
    store::{Handle, TaskStore},
    task_record::TaskRecord,
    typical::{DurationStats, PastRuns, TypicalDurations},
};

/// Minimum time of every warning about time: in the queue, without progress, since a cancellation
/// request, and since the parent's end. For run times see [`DurationStats::unusual`].
const MIN_WARNING_TIME: SignedDuration = SignedDuration::from_mins(1);

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
    /// The parent is finished, but the task is active and does not progress.
    ParentFinished,
    /// Queued for a long time.
    QueuedLong,
    /// Runs longer than nearly all past runs of the operation; see [`DurationStats::unusual`].
    LongerThanUsual,
}

impl Rule {
    /// Returns the label shown in a row.
    pub fn label(self) -> &'static str {
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
    pub message: String,
}

/// Returns the next time after `now` at which a record's warnings change without new data, ignoring
/// ages in messages. `None` if only new data can change them.
pub fn next_change(
    store: &TaskStore,
    handle: Handle,
    typical: Option<&TypicalDurations>,
    now: Timestamp,
) -> Option<Timestamp> {
    let record = store
        .get(handle)
        .filter(|record| record.status().is_active())?;
    let past = typical.map(|typical| typical.past_runs(record));
    let past = past.unwrap_or_default();
    let threshold = stall_threshold_of(record, past)
        .and_then(|(since, threshold)| later(since, threshold.allowed));
    let cancel = record
        .cancel_observation()
        .filter(|_| record.is_cancel_requested());
    let parent =
        finished_parent(store, handle).and_then(|parent| quiet_without_parent(record, parent));
    let queued = record.queued_since();
    let long = record.running_since().zip(past.durations);
    [
        threshold,
        cancel.and_then(|seen| seen.at.checked_add(MIN_WARNING_TIME).ok()),
        parent.and_then(|at| at.checked_add(MIN_WARNING_TIME).ok()),
        queued.and_then(|at| at.checked_add(MIN_WARNING_TIME).ok()),
        long.and_then(|(start, typical)| later(start, typical.unusual()?)),
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
    record: &TaskRecord,
    past: PastRuns<'_>,
) -> Option<(Timestamp, StallThreshold)> {
    let start = record.running_since()?;
    let history = record.history.as_deref()?;
    // Pauses are meaningless for a task that reports neither percentage nor phase.
    if history.percent().is_none() && history.moves() == 0 {
        return None;
    }
    let since = later(history.start(), history.last_move())?;
    Some((since, stall_threshold(start, history, past)))
}

/// True if a running task has made no progress for unusually long.
pub(super) fn is_stalled(record: &TaskRecord, past: PastRuns<'_>, now: Timestamp) -> bool {
    stall(record, past, now).is_some()
}

/// Returns the current pause of a stalled task, and the limit that it exceeds.
fn stall(
    record: &TaskRecord,
    past: PastRuns<'_>,
    now: Timestamp,
) -> Option<(SignedDuration, StallThreshold)> {
    let (since, threshold) = stall_threshold_of(record, past)?;
    let pause = now.duration_since(since);
    let allowed = SignedDuration::try_from(threshold.allowed).ok()?;
    (pause > allowed).then_some((pause, threshold))
}

fn stalled(record: &TaskRecord, past: PastRuns<'_>, now: Timestamp) -> Option<String> {
    let (pause, threshold) = stall(record, past, now)?;
    let percent = record.progress().percent();
    Some(messages::stalled(pause, percent, threshold, past.durations))
}

fn cancel_ignored(record: &TaskRecord, now: Timestamp) -> Option<String> {
    let requested = record
        .cancel_observation()
        .filter(|_| record.is_cancel_requested())?;
    let age = now.duration_since(requested.at);
    (age > MIN_WARNING_TIME).then(|| messages::cancel_ignored(requested, now))
}

/// Returns the parent, if it is finished.
fn finished_parent(store: &TaskStore, handle: Handle) -> Option<&TaskRecord> {
    let parent = store.get(store.parent(handle)?)?;
    // A lost parent has not necessarily ended.
    parent
        .status()
        .is_finished()
        .then_some(parent)
        .filter(|parent| parent.status() != Status::Lost)
}

fn parent_finished(store: &TaskStore, handle: Handle, now: Timestamp) -> Option<String> {
    let parent = finished_parent(store, handle)?;
    let since = quiet_without_parent(store.get(handle)?, parent)?;
    (now.duration_since(since) > MIN_WARNING_TIME).then(|| {
        let ago = now.duration_since(parent.completed_at().unwrap_or(since));
        messages::parent_finished(&store.operation(parent), parent, ago)
    })
}

/// Returns the time since when the parent is finished and the child does not progress. Some parents
/// end before their children as a matter of course.
fn quiet_without_parent(child: &TaskRecord, parent: &TaskRecord) -> Option<Timestamp> {
    Some(parent.completed_at()?.max(child.last_change()?))
}

fn queued_long(
    store: &TaskStore,
    handle: Handle,
    record: &TaskRecord,
    now: Timestamp,
) -> Option<String> {
    let waited = now.duration_since(record.queued_since()?);
    if waited <= MIN_WARNING_TIME {
        return None;
    }
    let ahead: Vec<String> = store
        .ahead_in_queue(handle)
        .filter_map(|handle| store.get(handle))
        .map(|other| messages::named(&store.operation(other), other))
        .collect();
    Some(messages::queued_long(waited, &ahead))
}

fn longer_than_usual(
    record: &TaskRecord,
    typical: Option<&DurationStats>,
    now: Timestamp,
) -> Option<String> {
    let typical = typical?;
    let ran = now.duration_since(record.running_since()?);
    (ran > SignedDuration::try_from(typical.unusual()?).ok()?)
        .then(|| messages::longer_than_usual(ran, typical))
}

impl TaskStore {
    /// Returns all warnings about a task, most urgent first.
    pub fn warnings(
        &self,
        handle: Handle,
        typical: Option<&TypicalDurations>,
        now: Timestamp,
    ) -> Vec<Warning> {
        let Some(record) = self.get(handle) else {
            return Vec::new();
        };
        if !record.status().is_active() {
            return Vec::new();
        }
        let past = typical.map(|typical| typical.past_runs(record));
        let past = past.unwrap_or_default();
        let found = [
            (
                Rule::Question,
                self.question(handle).map(messages::question),
            ),
            (Rule::Stalled, stalled(record, past, now)),
            (Rule::CancelIgnored, cancel_ignored(record, now)),
            (Rule::ParentFinished, parent_finished(self, handle, now)),
            (Rule::QueuedLong, queued_long(self, handle, record, now)),
            (
                Rule::LongerThanUsual,
                longer_than_usual(record, past.durations, now),
            ),
        ];
        found
            .into_iter()
            .filter_map(|(rule, message)| {
                Some(Warning {
                    rule,
                    message: message?,
                })
            })
            .collect()
    }

    /// True if a task has the warning [`Rule::Stalled`].
    pub fn is_stalled(
        &self,
        handle: Handle,
        typical: Option<&TypicalDurations>,
        now: Timestamp,
    ) -> bool {
        self.get(handle).is_some_and(|record| {
            let past = typical.map(|typical| typical.past_runs(record));
            is_stalled(record, past.unwrap_or_default(), now)
        })
    }

    /// Returns the time after which a task has the warning [`Rule::Stalled`] if it does not progress, without regard to
    /// past runs; `None` for a task that is not running or reports no progress.
    pub fn stalls_after(&self, handle: Handle) -> Option<Timestamp> {
        let (since, threshold) = stall_threshold_of(self.get(handle)?, PastRuns::default())?;
        later(since, threshold.allowed)
    }
}

#[cfg(test)]
mod tests;
