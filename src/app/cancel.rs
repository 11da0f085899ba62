//! What cancelling a task would do, in one plain sentence; and the story of a request for it.
//!
//! Every sentence about cancellation stands here, so that the inspector, the overview and the prints agree.

use jiff::{SignedDuration, Timestamp};

use crate::{
    task::{Handle, Presence, Record, Status, TaskStore},
    text::ago,
    watch::{CancelResponse, Privilege},
};

/// What can be done about a task's cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelEligibility {
    /// The plain sentence.
    pub sentence: String,
    /// Whether asking the server makes sense.
    pub may_ask: bool,
}

/// What the list says of a task's cancellation in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelState {
    /// Can be asked for.
    Can,
    /// The operation does not allow it.
    Cannot,
    /// Was asked for; the task still runs.
    Asked,
    /// There is nothing to cancel (any more).
    Nothing,
}

impl CancelState {
    /// How a task stands.
    pub fn of(record: &Record) -> Self {
        match (&record.info, record.status().is_active()) {
            (Some(info), true) if info.cancelled => Self::Asked,
            (Some(info), true) if info.cancelable => Self::Can,
            (Some(_), true) => Self::Cannot,
            _ => Self::Nothing,
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Can => "can",
            Self::Cannot => "no",
            Self::Asked => "asked",
            Self::Nothing => "–",
        }
    }
}

/// A request that was sent from here, with the server's answer once there is one. Times are this machine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    /// When it was sent.
    pub sent: Timestamp,
    /// What came back, and when.
    pub answer: Option<(CancelResponse, Timestamp)>,
}

impl CancelRequest {
    /// A request that is on its way.
    pub fn new(sent: Timestamp) -> Self {
        Self { sent, answer: None }
    }

    /// Whether its answer is still awaited.
    pub fn is_pending(&self) -> bool {
        self.answer.is_none()
    }

    /// What became of it, in a sentence.
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

/// A server's answer to a request, in a sentence.
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

/// Whether the account may cancel the task, in words.
pub fn privilege(privilege: Option<&Privilege>) -> String {
    match privilege {
        None => "not known yet".to_owned(),
        Some(Privilege::Granted) => "yes, this account holds Global.CancelTask".to_owned(),
        Some(Privilege::Denied) => "no, this account lacks Global.CancelTask".to_owned(),
        Some(Privilege::Unknown(reason)) => format!("unknown: {reason}"),
    }
}

/// What cancelling the task would do. `now` is by the server's clock.
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

/// Who else of the family could be cancelled instead: the nearest ancestor, else the children.
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
