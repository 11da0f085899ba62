//! Checks of values sent by the server. Inconsistent values count as unknown, with a reason to
//! display.

use jiff::Timestamp;
use vtask_text::duration;

use super::{clock::span, task_record::TaskRecord};

/// Returns the length of a negative span beyond the tolerance.
fn backwards(from: Timestamp, to: Timestamp) -> Option<String> {
    let missing = span(from, to).is_none();
    missing.then(|| duration(from.duration_since(to)))
}

impl TaskRecord {
    /// Explains why the run time of a started task is unknown, to be appended to a sentence.
    pub fn run_time_problem(&self, now: Timestamp) -> Option<String> {
        let info = self.info.as_ref()?;
        let start = info.start_time()?;
        if let Some(complete) = info.complete_time() {
            let by = backwards(start, complete)?;
            return Some(format!("it ended {by} before it started"));
        }
        let by = backwards(start, now).filter(|_| self.status().is_active())?;
        Some(format!("its start is {by} ahead of the server's clock"))
    }

    /// Explains why the queue time is unknown.
    pub fn queue_time_problem(&self, now: Timestamp) -> Option<String> {
        let info = self.info.as_ref()?;
        if let Some(end) = info.start_time().or(info.complete_time()) {
            let by = backwards(info.queue_time()?, end)?;
            return Some(format!("it started {by} before it was queued"));
        }
        let by = backwards(info.queue_time()?, now)?;
        Some(format!(
            "its queue time is {by} ahead of the server's clock"
        ))
    }

    /// Explains why a reported progress value is ignored.
    pub fn percent_problem(&self) -> Option<String> {
        let figure = self.info.as_ref()?.progress?;
        let is_percent = (0..=100).contains(&figure);
        (!is_percent).then(|| format!("the server reported {figure}%"))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        Presence, Progress, ServerId, TaskId,
        fixture::{at, info},
    };

    fn record(more: &Value) -> TaskRecord {
        let id = TaskId::new(ServerId(0), "task-1");
        let mut record = TaskRecord::placeholder(id, Presence::Present);
        record.info = Some(info("task-1", more));
        record
    }

    fn moment(second: i64) -> String {
        at(second).to_string()
    }

    #[test]
    fn negative_spans_are_unknown_with_reason() {
        let future = record(&json!({"startTime": moment(10_000)}));
        assert_eq!(future.run_time(at(400)), None);
        assert_eq!(future.elapsed(at(400)), None);
        assert_eq!(
            future.run_time_problem(at(400)).unwrap(),
            "its start is 2h40m ahead of the server's clock"
        );
        assert_eq!(
            future.elapsed(at(10_060)).unwrap().as_secs(),
            60,
            "later it is known"
        );
        let backwards =
            json!({"state": "success", "startTime": moment(900), "completeTime": moment(600)});
        let backwards = record(&backwards);
        assert_eq!(
            (backwards.run_time(at(999)), backwards.elapsed(at(999))),
            (None, None)
        );
        assert_eq!(
            backwards.run_time_problem(at(999)).unwrap(),
            "it ended 5m00s before it started"
        );
        let queued = json!({"state": "queued", "startTime": null, "queueTime": moment(500)});
        let queued = record(&queued);
        assert_eq!(queued.queued_for(at(100)), None);
        assert!(
            queued
                .queue_time_problem(at(100))
                .unwrap()
                .contains("6m40s ahead")
        );
        let early = record(&json!({"queueTime": moment(500), "startTime": moment(100)}));
        assert_eq!(early.queued_for(at(600)), None);
        assert!(
            early
                .queue_time_problem(at(600))
                .unwrap()
                .contains("before it was queued")
        );
        assert_eq!(
            early.run_time(at(600)).unwrap().as_secs(),
            500,
            "the rest does not suffer"
        );
    }

    #[test]
    fn small_clock_skew_is_tolerated() {
        let just = record(&json!({"startTime": moment(103), "queueTime": moment(104)}));
        assert_eq!(just.elapsed(at(100)), Some(SignedDuration::ZERO));
        assert_eq!(just.queued_for(at(100)), Some(SignedDuration::ZERO));
        assert_eq!(
            (
                just.run_time_problem(at(100)),
                just.queue_time_problem(at(100))
            ),
            (None, None)
        );
    }

    #[test]
    fn invalid_percentage_is_none() {
        for figure in [-1, 101, i32::MAX, i32::MIN] {
            let odd = record(&json!({"progress": figure}));
            assert_eq!(odd.progress(), Progress::None);
            assert!(odd.percent_problem().unwrap().contains(&figure.to_string()));
        }
        for figure in [0, 100] {
            assert_eq!(record(&json!({"progress": figure})).percent_problem(), None);
        }
    }
}
