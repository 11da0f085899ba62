//! Rules for cancelling tasks, and the messages about them.
//! All messages about cancellation are here, so that all views and commands agree.

use jiff::{SignedDuration, Timestamp};

use crate::{
    task::{Handle, Presence, Record, Status, TaskStore},
    text::ago,
    watch::{CancelResponse, Privilege},
};

/// The result of checking whether a task can be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelEligibility {
    /// The message to display.
    pub sentence: String,
    /// True if a request makes sense.
    pub may_ask: bool,
}

/// Cancellation state of a task, as displayed in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelState {
    /// Can be cancelled.
    Can,
    /// The operation does not support it.
    Cannot,
    /// Requested; the task is still active.
    Asked,
    /// Nothing to cancel.
    Nothing,
}

impl CancelState {
    /// Returns the state of a task.
    pub fn of(record: &Record) -> Self {
        match (&record.info, record.status().is_active()) {
            (Some(info), true) if info.cancelled => Self::Asked,
            (Some(info), true) if info.cancelable => Self::Can,
            (Some(_), true) => Self::Cannot,
            _ => Self::Nothing,
        }
    }

    /// Returns the text to display.
    pub fn word(self) -> &'static str {
        match self {
            Self::Can => "can",
            Self::Cannot => "no",
            Self::Asked => "asked",
            Self::Nothing => "–",
        }
    }
}

/// A cancellation request sent by this program, with its response. Times are local.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    /// Time of the request.
    pub sent: Timestamp,
    /// The response and its time.
    pub answer: Option<(CancelResponse, Timestamp)>,
}

impl CancelRequest {
    /// Creates a request without a response.
    pub fn new(sent: Timestamp) -> Self {
        Self { sent, answer: None }
    }

    /// True if there is no response yet.
    pub fn is_pending(&self) -> bool {
        self.answer.is_none()
    }

    /// Describes the state of the request in a sentence.
    pub fn story(&self, now: Timestamp) -> String {
        let Some((answer, at)) = &self.answer else {
            return format!(
                "Request sent {}; the server has not answered yet.",
                ago_text(self.sent, now)
            );
        };
        format!("{} ({})", describe_response(answer), ago_text(*at, now))
    }
}

/// Describes a server's response in a sentence.
pub fn describe_response(answer: &CancelResponse) -> String {
    match answer {
        CancelResponse::Accepted => {
            "The server took the request; the task ends when it gets to it.".to_owned()
        }
        CancelResponse::NotSupported => {
            "The server refused (NotSupported): this operation cannot be cancelled.".to_owned()
        }
        CancelResponse::InvalidState => {
            "The server refused (InvalidState): it was cancelled already, or is finished."
                .to_owned()
        }
        CancelResponse::NoPermission { privilege } => {
            format!("The server refused (NoPermission): this account lacks {privilege}.")
        }
        CancelResponse::Gone => {
            "The server no longer knows this task (ManagedObjectNotFound).".to_owned()
        }
        CancelResponse::Failed(reason) => {
            format!("The request got no answer, and may or may not have arrived: {reason}")
        }
    }
}

/// Describes whether the account may cancel the task.
pub fn privilege(privilege: Option<&Privilege>) -> String {
    match privilege {
        None => "not known yet".to_owned(),
        Some(Privilege::Granted) => "yes, this account holds Global.CancelTask".to_owned(),
        Some(Privilege::Denied) => "no, this account lacks Global.CancelTask".to_owned(),
        Some(Privilege::Unknown(reason)) => format!("unknown: {reason}"),
    }
}

/// Checks whether a task can be cancelled. `now` is by the server's clock.
pub fn verdict(
    board: &TaskStore,
    handle: Handle,
    privilege: Option<&Privilege>,
    now: Timestamp,
) -> CancelEligibility {
    let no = |sentence: &str| CancelEligibility {
        sentence: sentence.to_owned(),
        may_ask: false,
    };
    let Some(record) = board.get(handle) else {
        return no("This task is no longer on the list.");
    };
    let Some(info) = &record.info else {
        return no(&no_data_message(record));
    };
    match record.status() {
        Status::Lost => no(
            "This task vanished from the server before its outcome was seen; there is nothing left to cancel.",
        ),
        Status::Success => no(&finished("finished", info.complete_time, now)),
        Status::Failed => no(&finished("failed", info.complete_time, now)),
        Status::Cancelled => no(&finished("was cancelled", info.complete_time, now)),
        Status::Ghost => no(&no_data_message(record)),
        _ if info.cancelled => CancelEligibility {
            sentence: requested(record, now),
            may_ask: false,
        },
        Status::Unknown => CancelEligibility {
            sentence: format!(
                "The server calls its state “{}”, which this program does not know.",
                info.state
            ),
            may_ask: info.cancelable,
        },
        _ if info.cancelable => CancelEligibility {
            sentence: match privilege {
                Some(Privilege::Denied) => {
                    "This operation can be cancelled, but not by this account: it lacks Global.CancelTask.".to_owned()
                }
                _ => "This operation can be cancelled.".to_owned(),
            },
            may_ask: true,
        },
        _ => no(&not_cancelable_message(board, handle)),
    }
}

fn finished(how: &str, at: Option<Timestamp>, now: Timestamp) -> String {
    match at {
        Some(at) => format!(
            "This operation {how} {}; there is nothing to cancel.",
            ago_text(at, now)
        ),
        None => format!("This operation {how}; there is nothing to cancel."),
    }
}

fn no_data_message(record: &Record) -> String {
    match &record.presence {
        Presence::Present | Presence::Past => {
            "Nothing is known of this task yet but its id.".to_owned()
        }
        Presence::Gone(_) => {
            "The server does not know this task; it finished long ago, or never was.".to_owned()
        }
        Presence::Unreadable(reason) => {
            format!("Nothing is known of this task but its key: {reason}.")
        }
    }
}

fn requested(record: &Record, now: Timestamp) -> String {
    match record.cancel_seen {
        Some(seen) => format!(
            "Cancellation was requested {}{}; the server has not acted on it yet.",
            seen.at_least(),
            ago_text(seen.at, now)
        ),
        None => "Cancellation was requested; the server has not acted on it yet.".to_owned(),
    }
}

/// Returns the message for a task that cannot be cancelled, with the nearest cancelable ancestor,
/// else the children.
fn not_cancelable_message(board: &TaskStore, handle: Handle) -> String {
    const START: &str = "This operation cannot be cancelled";
    let can = |handle: &Handle| {
        board
            .get(*handle)
            .is_some_and(|record| CancelState::of(record) == CancelState::Can)
    };
    let name = |handle: Handle| board.get(handle).map(|record| record.id.mo_id.clone());
    let above = board.path(handle).enumerate().skip(1);
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
    let children: Vec<Handle> = board
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
