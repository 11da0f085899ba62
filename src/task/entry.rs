//! A task as plain data, for tickets and reports.

use jiff::{SignedDuration, Timestamp};
use vtask_vim::types::{TaskEvent, TaskInfo};

use super::{
    Handle, Status, TaskStore, display_name,
    fault_chain::{self, FaultEntry},
    json_output,
    task_record::TaskSpan,
};

/// A task as plain data, at one time. All texts are as the server sent them; an output escapes them.
#[derive(Debug, Clone)]
pub struct TaskEntry {
    /// The moId.
    pub id: String,
    /// Name of the vCenter.
    pub server: String,
    /// The status.
    pub status: Status,
    /// Label of the operation; `None` if nothing is known of the task.
    pub operation: Option<String>,
    /// Name of the entity.
    pub target: Option<String>,
    /// User, alarm or schedule that started it.
    pub started_by: Option<String>,
    /// The last phase.
    pub phase: Option<String>,
    /// Percent done, reported or derived from the children.
    pub progress: Option<u8>,
    /// Creation time, by the server's clock, as are all times.
    pub queued: Option<Timestamp>,
    /// Start time.
    pub started: Option<Timestamp>,
    /// Completion time.
    pub completed: Option<Timestamp>,
    /// The times in their order, even if those of the server are not.
    pub span: Option<TaskSpan>,
    /// Time in the queue.
    pub waited: Option<SignedDuration>,
    /// Time since the start, or between start and end.
    pub ran: Option<SignedDuration>,
    /// True if cancellation was requested and the task is still active.
    pub cancel_requested: bool,
    /// Fault of a failed or cancelled task and its causes, outermost first.
    pub faults: Vec<FaultEntry>,
    /// The reason why nothing is known of the task.
    pub unreadable: Option<String>,
    /// Events of the task, oldest first, if they were read.
    pub events: Vec<TaskEvent>,
}

impl TaskEntry {
    /// Reads a task of the store. `now` is the server's time.
    pub fn of(
        store: &TaskStore,
        handle: Handle,
        server: &str,
        events: &[TaskEvent],
        now: Timestamp,
    ) -> Option<Self> {
        let record = store.get(handle)?;
        let info = record.info.as_deref();
        let error = info.and_then(|info| info.error.as_deref());
        let unreadable = match info {
            Some(_) => None,
            None => json_output::why(record),
        };
        Some(Self {
            id: record.id.mo_id.to_string(),
            server: server.to_owned(),
            status: record.status(),
            operation: info.map(|_| store.operation(record).into_owned()),
            target: info.and_then(display_name::target).map(str::to_owned),
            started_by: info
                .and_then(|info| display_name::started_by(&info.reason))
                .map(str::to_owned),
            phase: info
                .and_then(|info| info.description.as_ref())
                .map(|phase| phase.text().to_owned()),
            progress: store.progress(handle).percent(),
            queued: info.and_then(TaskInfo::queue_time),
            started: info.and_then(TaskInfo::start_time),
            completed: info.and_then(TaskInfo::complete_time),
            span: record.span(now),
            waited: record.queued_for(now),
            ran: record.run_time(now),
            cancel_requested: record.is_cancel_requested(),
            faults: error.map(fault_chain::entries).unwrap_or_default(),
            unreadable,
            events: events.to_vec(),
        })
    }

    /// Returns the operation for display.
    pub fn operation(&self) -> &str {
        self.operation.as_deref().unwrap_or("Unknown task")
    }
}
