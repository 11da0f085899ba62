//! A finished task as notifications and `--exec` describe it.

use jiff::{SignedDuration, Timestamp};

use super::{TaskRecord, TaskStore, display_name, json_output};

/// A finished task as notifications and `--exec` describe it. Fields that are not known are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FinishedTask {
    /// The task's moId.
    pub mo_id: String,
    /// The display name of the operation.
    pub operation: String,
    /// The name of the entity that the task was run on.
    pub target: String,
    /// `success`, `failed`, `cancelled` or `unknown`.
    pub outcome: &'static str,
    /// The run time.
    pub duration: Option<SignedDuration>,
    /// The fault message, or the reason why the outcome is unknown.
    pub error: String,
    /// The user, alarm or schedule that started the task.
    pub started_by: String,
    /// The name of the server.
    pub server: String,
}

impl FinishedTask {
    /// Describes a record. `now` is the server's time. Returns `None` if the record has no `TaskInfo`.
    pub fn new(
        store: &TaskStore,
        record: &TaskRecord,
        server: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let info = record.info.as_deref()?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Some(Self {
            mo_id: record.id.mo_id.to_string(),
            operation: store.operation(record).into_owned(),
            target: text(display_name::target(info)),
            outcome: json_output::outcome(record.status()).unwrap_or("unknown"),
            duration: record.run_time(now),
            error: info
                .error
                .as_ref()
                .map(|error| error.text())
                .unwrap_or_default(),
            started_by: text(display_name::started_by(&info.reason)),
            server: server.to_owned(),
        })
    }
}
