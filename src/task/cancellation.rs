//! Rules for cancelling tasks, and the messages about them.
//! All messages about cancellation are here, so that all views and commands agree.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use vtask_text::ago;
use vtask_vim::types::TaskInfo;

use super::{Handle, Presence, Status, TaskRecord, TaskStore};

/// The server's response to a cancellation request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelResponse {
    /// Accepted; the server cancels the task later.
    Accepted,
    /// `NotSupported`: the operation cannot be cancelled.
    NotSupported,
    /// `InvalidState`: already cancelled, or finished.
    InvalidState,
    /// `NoPermission`: the account lacks a privilege.
    NoPermission {
        /// Usually `Global.CancelTask`.
        privilege: String,
    },
    /// `ManagedObjectNotFound`: the task is no longer on the server.
    Gone,
    /// No response; the reason to display.
    Failed(Arc<str>),
}

/// Result of checking for `Global.CancelTask` on a task's entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Privilege {
    /// The account has it.
    Granted,
    /// The account lacks it.
    Denied,
    /// The check failed, with the reason to display.
    Unknown(Arc<str>),
}

/// The result of checking whether a task can be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelEligibility {
    /// The message to display.
    pub message: String,
    /// The message in a few words, for a single line.
    pub brief: String,
    /// True if a request makes sense.
    pub allowed: bool,
}

/// Cancellation state of a task, as displayed in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelState {
    /// Can be cancelled.
    Cancelable,
    /// The operation does not support it.
    NotCancelable,
    /// The server did not report a usable `cancelable`.
    Unknown,
    /// Requested; the task is still active.
    Requested,
    /// Nothing to cancel.
    NotApplicable,
}

impl CancelState {
    /// Returns the state of a task.
    pub fn of(record: &TaskRecord) -> Self {
        match (&record.info, record.status().is_active()) {
            (Some(info), true) if info.cancelled => Self::Requested,
            (Some(info), true) if info.cancelable => Self::Cancelable,
            (Some(info), true) if info.invalid().contains("cancelable") => Self::Unknown,
            (Some(_), true) => Self::NotCancelable,
            _ => Self::NotApplicable,
        }
    }

    /// Returns the text to display.
    pub fn label(self) -> &'static str {
        match self {
            Self::Cancelable => "yes",
            Self::NotCancelable => "no",
            Self::Requested => "cancelling",
            Self::Unknown | Self::NotApplicable => "–",
        }
    }
}

/// Formats a flag of a task: `yes`, `no`, or `unknown` if the server did not report a usable value.
pub fn flag_text(info: &TaskInfo, field: &str, value: bool) -> &'static str {
    match value {
        _ if info.invalid().contains(field) => "unknown",
        true => "yes",
        false => "no",
    }
}

/// A cancellation request sent by this program, with its response. Times are local.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    /// Time of the request.
    pub sent_at: Timestamp,
    /// The response and its time.
    pub response: Option<(CancelResponse, Timestamp)>,
}

impl CancelRequest {
    /// Creates a request without a response.
    pub fn new(sent_at: Timestamp) -> Self {
        Self {
            sent_at,
            response: None,
        }
    }

    /// True if there is no response yet.
    pub fn is_pending(&self) -> bool {
        self.response.is_none()
    }

    /// Describes the state of the request in a sentence.
    pub fn status_text(&self, now: Timestamp) -> String {
        let Some((response, at)) = &self.response else {
            return format!(
                "Request sent {}; no response yet.",
                ago_text(self.sent_at, now)
            );
        };
        format!("{} ({})", describe_response(response), ago_text(*at, now))
    }
}

/// Describes a server's response in a sentence.
pub fn describe_response(response: &CancelResponse) -> String {
    match response {
        CancelResponse::Accepted => "Request accepted; cancellation pending.".to_owned(),
        CancelResponse::NotSupported => {
            "Refused by the server (NotSupported): this operation cannot be cancelled.".to_owned()
        }
        CancelResponse::InvalidState => {
            "Refused by the server (InvalidState): already cancelled or finished.".to_owned()
        }
        CancelResponse::NoPermission { privilege } => {
            format!("Refused by the server (NoPermission): this account lacks {privilege}.")
        }
        CancelResponse::Gone => "Task not found on the server (ManagedObjectNotFound).".to_owned(),
        CancelResponse::Failed(reason) => {
            format!("No response to the request, which may have arrived: {reason}")
        }
    }
}

/// Describes whether the account may cancel the task.
pub fn privilege_text(privilege: Option<&Privilege>) -> String {
    match privilege {
        None => "not checked yet".to_owned(),
        Some(Privilege::Granted) => "yes, this account has Global.CancelTask".to_owned(),
        Some(Privilege::Denied) => "no, this account lacks Global.CancelTask".to_owned(),
        Some(Privilege::Unknown(reason)) => format!("unknown: {reason}"),
    }
}

/// Checks whether a task can be cancelled. `now` is by the server's clock.
pub fn eligibility(
    store: &TaskStore,
    handle: Handle,
    privilege: Option<&Privilege>,
    now: Timestamp,
) -> CancelEligibility {
    let no = |message: String, brief: &str| CancelEligibility {
        message,
        brief: brief.to_owned(),
        allowed: false,
    };
    let yes = |message: &str| CancelEligibility {
        message: message.to_owned(),
        brief: "Cancelable.".to_owned(),
        allowed: true,
    };
    let Some(record) = store.get(handle) else {
        let text = "This task is no longer listed.";
        return no(text.to_owned(), "No longer listed.");
    };
    let Some(info) = &record.info else {
        return no(no_data_message(record), "Nothing to cancel.");
    };
    let finished =
        |how: &str, brief: &str| no(finished_message(how, info.complete_time(), now), brief);
    match record.status() {
        Status::Lost => no(
            "This task was removed from the server before its outcome was seen; nothing to cancel."
                .to_owned(),
            "No longer on the server.",
        ),
        Status::Success => finished("finished", "Already finished."),
        Status::Failed => finished("failed", "Already failed."),
        Status::Cancelled => finished("was cancelled", "Already cancelled."),
        Status::Placeholder => no(no_data_message(record), "Nothing to cancel."),
        _ if info.cancelled => {
            let requested = requested_text(record, now);
            no(
                format!("{requested}, still {}.", record.status().word()),
                &format!("{requested}."),
            )
        }
        Status::Unknown => CancelEligibility {
            message: format!("Unknown task state “{}”.", info.state),
            brief: format!("Unknown task state “{}”.", info.state),
            allowed: info.cancelable,
        },
        _ if info.cancelable => match privilege {
            Some(Privilege::Denied) => {
                yes("This operation can be cancelled, but this account lacks Global.CancelTask.")
            }
            _ => yes("This operation can be cancelled."),
        },
        _ if info.invalid().contains("cancelable") => {
            yes("The server did not report whether this operation can be cancelled; it may refuse.")
        }
        _ => no(not_cancelable_message(store, handle), "Not cancelable."),
    }
}

fn finished_message(how: &str, at: Option<Timestamp>, now: Timestamp) -> String {
    match at {
        Some(at) => format!(
            "This operation {how} {}; nothing to cancel.",
            ago_text(at, now)
        ),
        None => format!("This operation {how}; nothing to cancel."),
    }
}

fn no_data_message(record: &TaskRecord) -> String {
    match &record.presence {
        Presence::Present | Presence::HistoryOnly => {
            "Only the ID of this task is known so far.".to_owned()
        }
        Presence::Gone(_) => {
            "The server does not know this task; it finished long ago or never existed.".to_owned()
        }
        Presence::Unreadable(reason) => {
            format!("Only the key of this task is known: {reason}.")
        }
    }
}

/// Returns that cancellation was requested, and when if known.
fn requested_text(record: &TaskRecord, now: Timestamp) -> String {
    match record.cancel_observation() {
        Some(seen) => format!("Cancellation requested {}", seen.ago(now)),
        None => "Cancellation requested".to_owned(),
    }
}

/// Returns the message for a task that cannot be cancelled, with the nearest cancelable ancestor,
/// else the children.
fn not_cancelable_message(store: &TaskStore, handle: Handle) -> String {
    const START: &str = "This operation cannot be cancelled";
    let can = |handle: &Handle| {
        store
            .get(*handle)
            .is_some_and(|record| CancelState::of(record) == CancelState::Cancelable)
    };
    let name = |handle: Handle| store.get(handle).map(|record| record.id.mo_id.clone());
    let above = store.path(handle).enumerate().skip(1);
    if let Some((distance, ancestor)) = above.into_iter().find(|(_, ancestor)| can(ancestor))
        && let Some(mo_id) = name(ancestor)
    {
        let kin = match distance {
            1 => "parent",
            2 => "grandparent",
            _ => "ancestor",
        };
        return format!("{START}; its {kin} {mo_id} can.");
    }
    let children: Vec<Handle> = store
        .children(handle)
        .iter()
        .copied()
        .filter(|child| can(child))
        .collect();
    match children[..] {
        [] => format!("{START} now; that may change while it runs."),
        [only] => match name(only) {
            Some(mo_id) => format!("{START}; its child {mo_id} can."),
            None => format!("{START}."),
        },
        _ => format!("{START}; {} of its children can.", children.len()),
    }
}

fn ago_text(then: Timestamp, now: Timestamp) -> String {
    ago(now.duration_since(then).max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests;
