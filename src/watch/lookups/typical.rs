//! Learns typical durations of operations from the server's history in the background.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::DropGuard;
use vtask_task::FinishedRun;
use vtask_vim::{
    Client, Error, RecordAction,
    types::{TaskInfo, TaskQuery, TaskState, TaskTime},
};

use super::scheduler::{Permit, Priority, Scheduler};

/// Interval of reading new records…
const REFRESH_INTERVAL: Duration = Duration::from_secs(30 * 60);
/// …and after an outage.
const RETRY_INTERVAL: Duration = Duration::from_secs(60);
/// Maximum number of records scanned: the history of a busy server holds a million.
const MAX_HISTORY_TASKS: usize = 3_000;

/// Runs read from the history.
#[derive(Debug)]
pub(crate) struct Runs {
    /// The runs, oldest first.
    runs: Vec<FinishedRun>,
    /// Completion time of the newest.
    newest: Option<Timestamp>,
}

/// Schedule and state of learning.
#[derive(Debug, Default)]
pub(super) struct TypicalRuns {
    /// Time of the next read; at once if there was none.
    due: Option<Instant>,
    in_flight_guard: Option<DropGuard>,
    /// Completion time of the newest run that was sent.
    newest: Option<Timestamp>,
    /// True if the session was found dead by the last attempt.
    has_renewed: bool,
}

impl TypicalRuns {
    /// Returns the time of the next read.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let is_idle = self.in_flight_guard.is_none();
        is_idle.then(|| self.due.unwrap_or(now))
    }

    /// Starts reading the runs completed after the last known one.
    pub(super) fn begin(&mut self, scheduler: &Scheduler) -> (Option<Timestamp>, Permit) {
        let (permit, guard) = scheduler.guarded_permit(Priority::Background);
        self.in_flight_guard = Some(guard);
        (self.newest, permit)
    }

    /// Returns the new ones of the runs read.
    pub(super) fn take_new(&mut self, found: Runs, now: Instant) -> Vec<FinishedRun> {
        self.in_flight_guard = None;
        self.has_renewed = false;
        self.due = Some(now + REFRESH_INTERVAL);
        self.newest = self.newest.max(found.newest);
        found.runs
    }

    /// Records a failure. Returns true if the session is to be renewed for another attempt.
    pub(super) fn failed(&mut self, error: &Error, can_renew: bool, now: Instant) -> bool {
        self.in_flight_guard = None;
        let renews = can_renew && !std::mem::replace(&mut self.has_renewed, can_renew);
        let recheck_interval = if error.is_transient() {
            RETRY_INTERVAL
        } else {
            REFRESH_INTERVAL
        };
        self.due = Some(if renews { now } else { now + recheck_interval });
        renews
    }

    /// Forgets the read in flight.
    pub(super) fn interrupted(&mut self, now: Instant) {
        if self.in_flight_guard.take().is_some() {
            self.due = Some(now);
        }
    }
}

/// Reads the newest successful runs completed after a time.
pub(super) async fn runs(
    client: &Client,
    permit: &Permit,
    after: Option<Timestamp>,
) -> Result<Runs, Error> {
    let query = TaskQuery {
        states: vec![TaskState::Success],
        time: TaskTime::Completed,
        since: after,
        ..TaskQuery::default()
    };
    let (mut runs, mut newest, mut scanned) = (Vec::new(), after, 0);
    let pick = |record: &Value| {
        scanned += 1;
        if let Some((run, completed)) = run(record) {
            // The server includes both ends of a period; the newest known run is skipped.
            if after.is_none_or(|after| after < completed) {
                runs.push(run);
                newest = newest.max(Some(completed));
            }
        }
        if scanned < MAX_HISTORY_TASKS {
            RecordAction::Leave
        } else {
            RecordAction::Stop
        }
    };
    client
        .past_tasks_paced(permit, &query, MAX_HISTORY_TASKS, pick)
        .await?;
    runs.reverse();
    Ok(Runs { runs, newest })
}

/// Returns the run and completion time of a record; `None` if its times are implausible.
fn run(record: &Value) -> Option<(FinishedRun, Timestamp)> {
    let info = TaskInfo::from_json(record.clone()).ok()?;
    let completed = info.complete_time()?;
    let took = completed.duration_since(info.start_time()?);
    let run = FinishedRun {
        operation: (&*info.description_id).into(),
        entity: info.entity.map(|entity| entity.value),
        duration: Duration::try_from(took).ok()?,
    };
    Some((run, completed))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vtask_task::fixture::{at, info};

    use super::*;

    fn finished_run(start: i64, complete: i64) -> Option<FinishedRun> {
        let more = json!({"startTime": at(start).to_string(), "completeTime": at(complete).to_string(),
            "state": "success", "entity": {"type": "VirtualMachine", "value": "vm-7"}});
        run(&info("task-1", &more).to_json()).map(|(run, _)| run)
    }

    #[test]
    fn runs_with_implausible_times_are_skipped() {
        let run_of = finished_run(10, 70).unwrap();
        assert_eq!(
            (run_of.duration, run_of.entity.as_deref()),
            (Duration::from_secs(60), Some("vm-7"))
        );
        assert_eq!(finished_run(70, 10), None);
        assert_eq!(run(&json!({"key": "task-1"})).map(|(run, _)| run), None);
        assert_eq!(run(&json!(7)).map(|(run, _)| run), None);
    }
}
