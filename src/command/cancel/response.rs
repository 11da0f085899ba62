//! Responses to cancellation requests, and their output.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    command::{CommandError, Outcome, io_context::CommandIo, json_output, server_tasks::full},
    task::{Status, TaskRecord, fault_chain},
    vim::{ConnectOptions, Error, types::Fault},
};

/// The result of one cancellation request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum CancelResult {
    Accepted,
    NotSupported,
    InvalidState,
    NoPermission,
    Gone,
    Failed,
    /// Not requested, because it was requested before and the task still runs.
    AlreadyCancelling,
    /// Not requested, because the task has ended cancelled.
    AlreadyCancelled,
    /// Not requested, because the task has ended otherwise.
    #[serde(rename = "notAsked")]
    NotRequested,
}

impl CancelResult {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Accepted | Self::AlreadyCancelling | Self::AlreadyCancelled => Outcome::Success,
            Self::Gone | Self::Failed => Outcome::Unknown,
            Self::NotSupported | Self::InvalidState | Self::NoPermission | Self::NotRequested => {
                Outcome::Failed
            }
        }
    }

    /// Returns the result of a task that needs no request; `None` if it needs one.
    pub(super) fn without_request(record: &TaskRecord) -> Option<Self> {
        match record.status() {
            Status::Cancelled => Some(Self::AlreadyCancelled),
            status if status.is_finished() => Some(Self::NotRequested),
            _ => record
                .is_cancel_requested()
                .then_some(Self::AlreadyCancelling),
        }
    }

    pub(super) fn of(error: &Error) -> Self {
        match error.fault().map(Fault::type_name) {
            Some("NotSupported") => Self::NotSupported,
            Some("InvalidState") => Self::InvalidState,
            Some("NoPermission") => Self::NoPermission,
            Some("ManagedObjectNotFound") => Self::Gone,
            _ => Self::Failed,
        }
    }
}

/// The output format and the combined outcome of all requests.
pub(super) struct CancelReporter {
    pub(super) as_json: bool,
    pub(super) outcome: Outcome,
}

impl CancelReporter {
    /// Prints the result for one task.
    pub(super) fn report(
        &mut self,
        io: &mut CommandIo<'_>,
        (name, connect): (Option<&str>, &ConnectOptions),
        task: &Arc<str>,
        answer: CancelResult,
        text: &str,
        fault: Option<&Fault>,
    ) -> Result<(), CommandError> {
        self.outcome = self.outcome.and(answer.outcome());
        if !self.as_json {
            let task = full(name, task);
            if text.contains(&task) {
                io.eprint(text);
            } else {
                io.eprint(&format!("{task}: {text}"));
            }
            if let Some(fault) = fault {
                for cause in fault_chain::caused_by(fault) {
                    io.eprint(&format!("  {cause}"));
                }
            }
            return Ok(());
        }
        let server = connect.address.name();
        let mut line = json_output::envelope("cancel", &server, jiff::Timestamp::now());
        line.insert("moId".to_owned(), json!(task));
        line.insert("answer".to_owned(), json!(answer));
        line.insert("message".to_owned(), Value::from(text));
        let error = fault.map_or(Value::Null, fault_chain::to_json);
        line.insert("error".to_owned(), error);
        io.print(&json_output::to_line(line))
    }

    /// Prints the error of a server that cannot be reached, for each of its tasks.
    pub(super) fn report_unreachable(
        &mut self,
        io: &mut CommandIo<'_>,
        server: (Option<&str>, &ConnectOptions),
        tasks: &[Arc<str>],
        error: &CommandError,
        outcome: Outcome,
    ) -> Result<(), CommandError> {
        for task in tasks {
            let text = error.to_string();
            self.report(io, server, task, CancelResult::Failed, &text, error.fault())?;
        }
        self.outcome = self.outcome.and(outcome);
        Ok(())
    }
}
