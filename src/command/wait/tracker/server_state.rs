//! One server on which tasks are waited for: its clock, its connection, and whether it was given up. Pure.

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use crate::{
    command::{Outcome, selector::CompiledSelector},
    task::{EndpointId, ServerClock},
    watch::Link,
};

/// A server.
#[derive(Debug)]
pub(in crate::command) struct WaitServer {
    pub(in crate::command) id: EndpointId,
    /// Its address, as machine-readable output has it.
    pub(in crate::command) endpoint: Arc<str>,
    /// What people call it; `None` where it is the only one.
    pub(in crate::command) name: Option<Arc<str>>,
    pub(in crate::command) clock: ServerClock,
    pub(in crate::command) link: Link,
    /// Given up: nothing that it says counts any more.
    pub(in crate::command) lost: Option<LostReason>,
    /// Wait for those among these that start from now on.
    pub(super) new: Option<CompiledSelector>,
    /// When that is by this server's clock, as it was when the server first answered: clocks are set.
    since: Option<Timestamp>,
    /// The tasks of which the server said that there is no such task.
    pub(super) ghosts: HashMap<Arc<str>, Arc<str>>,
    /// The tasks that are not to be read, and why.
    pub(super) unreadable: HashMap<Arc<str>, Arc<str>>,
    /// Since when the server is out of reach, and why.
    down: Option<(Timestamp, Option<Arc<str>>)>,
}

/// Why a server was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::command) struct LostReason {
    /// What that means for the outcome: refused, or unknown.
    pub(in crate::command) outcome: Outcome,
    /// For people.
    pub(in crate::command) reason: Arc<str>,
}

impl WaitServer {
    pub(super) fn new(
        id: EndpointId,
        endpoint: &str,
        name: Option<&str>,
        new: Option<CompiledSelector>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            endpoint: endpoint.into(),
            name: name.map(Into::into),
            clock: ServerClock::default(),
            link: Link::Connecting,
            lost: None,
            new,
            since: None,
            ghosts: HashMap::new(),
            unreadable: HashMap::new(),
            down: Some((now, None)),
        }
    }

    /// Whether the server answers.
    pub(super) fn is_up(&self) -> bool {
        self.down.is_none() && self.lost.is_none()
    }

    /// Takes the state of the connection in. Answers whether the server answers again.
    pub(super) fn take_link(&mut self, link: Link, began: Timestamp, now: Timestamp) -> bool {
        let is_back = link.is_current();
        if is_back {
            self.since.get_or_insert(self.clock.at(began));
            self.down = None;
        } else {
            let since = self.down.take().map_or(now, |(since, _)| since);
            let reason = match &link {
                Link::Retrying { reason, .. } => Some(reason.clone()),
                _ => None,
            };
            self.down = Some((since, reason));
        }
        self.link = link;
        is_back
    }

    /// Whether what was queued then counts as new.
    pub(super) fn is_new(&self, queued: Timestamp) -> bool {
        self.since.is_some_and(|since| queued >= since)
    }

    /// Why the server is to be given up now, if it is: it refuses, or is away for too long.
    pub(super) fn loss(&self, max_outage: SignedDuration, now: Timestamp) -> Option<LostReason> {
        if let Link::SignedOut { reason } = &self.link {
            return Some(LostReason {
                outcome: Outcome::Refused,
                reason: reason.clone(),
            });
        }
        let (since, reason) = self.down.as_ref()?;
        if now.duration_since(*since) < max_outage {
            return None;
        }
        let reason = reason.as_deref().unwrap_or("the server does not answer.");
        Some(LostReason {
            outcome: Outcome::Unknown,
            reason: format!("out of reach for longer than --max-outage allows: {reason}").into(),
        })
    }

    /// Returns what is being done about a server that does not answer and was not given up.
    pub(super) fn away(&self) -> Option<String> {
        let (_, reason) = self.down.as_ref().filter(|_| self.lost.is_none())?;
        let before = self.before();
        Some(match reason {
            Some(reason) => format!("{before}out of reach: {reason}"),
            None => format!("{before}still connecting to {}.", self.endpoint),
        })
    }

    /// When the server will have been away for too long.
    pub(super) fn given_up_at(&self, max_outage: SignedDuration) -> Option<Timestamp> {
        let (since, _) = self.down.as_ref().filter(|_| self.lost.is_none())?;
        since.checked_add(max_outage).ok()
    }

    /// `lab: `; nothing where there is one server.
    pub(in crate::command) fn before(&self) -> String {
        let name = self.name.as_deref();
        name.map(|name| format!("{name}: ")).unwrap_or_default()
    }
}
