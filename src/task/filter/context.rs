//! What is known around the tasks that a filter is held against.

use jiff::Timestamp;

use crate::task::{EndpointId, Handle, Record, TaskStore, TypicalDurations, rules::RuleContext};

/// What is known of the endpoints.
pub trait EndpointInfo {
    /// The time there.
    fn time(&self, endpoint: EndpointId) -> Timestamp;
    /// What it is called.
    fn name(&self, endpoint: EndpointId) -> Option<&str>;
}

/// What is known around the tasks that a filter is held against. A board alone is one, too: then time has not begun.
#[derive(Clone, Copy)]
pub struct EvalContext<'a> {
    /// The tasks.
    pub board: &'a TaskStore,
    /// How long operations usually take.
    pub typical: Option<&'a TypicalDurations>,
    /// The servers.
    pub endpoints: Option<&'a dyn EndpointInfo>,
}

impl<'a> From<&'a TaskStore> for EvalContext<'a> {
    fn from(board: &'a TaskStore) -> Self {
        Self {
            board,
            typical: None,
            endpoints: None,
        }
    }
}

impl<'a> EvalContext<'a> {
    /// The time by a server's clock.
    pub fn time(&self, endpoint: EndpointId) -> Timestamp {
        self.endpoints
            .map_or(Timestamp::MIN, |endpoints| endpoints.time(endpoint))
    }

    /// What a server is called.
    pub fn endpoint(&self, endpoint: EndpointId) -> &'a str {
        self.endpoints
            .and_then(|endpoints| endpoints.name(endpoint))
            .unwrap_or_default()
    }

    /// What findings rest on.
    pub(super) fn around(&self, record: &Record) -> RuleContext<'a> {
        let typical = self
            .typical
            .zip(record.info.as_ref())
            .and_then(|(typical, info)| {
                let entity = info.entity.as_ref().map(|entity| &*entity.value);
                typical.get(record.id.endpoint, &info.description_id, entity)
            });
        RuleContext {
            typical,
            question: None,
        }
    }

    /// The handles of all tasks.
    pub(super) fn handles(&self) -> impl Iterator<Item = (Handle, &'a Record)> {
        self.board.iter()
    }
}
