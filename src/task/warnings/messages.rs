//! Messages of the warning rules.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vtask_text::{ago, duration};

use crate::{
    entity_state::PendingQuestion,
    estimate::StallThreshold,
    task_record::{CancelObservation, TaskRecord},
    typical::DurationStats,
};

fn span(span: Duration) -> String {
    duration(SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX))
}

pub(super) fn question(question: &PendingQuestion) -> String {
    let text = question.text.trim();
    if question.choices.is_empty() {
        return format!("The virtual machine waits for an answer: {text}");
    }
    let choices = question.choices.join(" · ");
    format!("The virtual machine waits for an answer: {text} ({choices})")
}

pub(super) fn stalled(
    pause: SignedDuration,
    percent: Option<u8>,
    threshold: StallThreshold,
    typical: Option<&DurationStats>,
) -> String {
    let pause = duration(pause);
    let at_percent = percent.map_or(String::new(), |percent| format!(" at {percent}%"));
    let reason = match (threshold.longest_before, typical) {
        (Some(longest), _) => format!("longest pause before: {}.", span(longest)),
        (None, Some(typical)) => format!("typical duration: {}.", span(typical.median())),
        (None, None) => format!("a change was expected within {}.", span(threshold.allowed)),
    };
    format!("No progress or phase change for {pause}{at_percent}; {reason}")
}

pub(super) fn cancel_ignored(seen: CancelObservation, now: Timestamp) -> String {
    format!("Cancellation requested {}, still running.", seen.ago(now))
}

/// Returns the name of a task in a message: `Relocate virtual machine (task-4711)`.
pub(super) fn named(operation: &str, record: &TaskRecord) -> String {
    format!("{operation} ({})", record.id.mo_id)
}

pub(super) fn parent_finished(
    operation: &str,
    parent: &TaskRecord,
    since: SignedDuration,
) -> String {
    format!(
        "Still active without progress, although its parent {} finished {}.",
        named(operation, parent),
        ago(since)
    )
}

/// `ahead`: the tasks that it waits for, as far as known.
pub(super) fn queued_long(waited: SignedDuration, ahead: &[String]) -> String {
    let waited = duration(waited);
    match ahead {
        [] => format!("Queued for {waited}; no visible task ahead."),
        [one] => format!("Queued for {waited} behind {one}."),
        [one, two] => format!("Queued for {waited} behind {one} and {two}."),
        [one, two, more @ ..] => {
            format!(
                "Queued for {waited} behind {one}, {two} and {} more.",
                more.len()
            )
        }
    }
}

pub(super) fn longer_than_usual(ran: SignedDuration, typical: &DurationStats) -> String {
    format!(
        "Running for {}; typically {}, {}% of {} runs took at most {}.",
        duration(ran),
        span(typical.median()),
        DurationStats::UNUSUAL_PERCENTILE,
        typical.count(),
        span(typical.percentile(DurationStats::UNUSUAL_PERCENTILE))
    )
}
