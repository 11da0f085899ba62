//! The state of one server that is waited on: clock, connection, loss. Pure.

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use crate::{
    command::{Outcome, selector::CompiledSelector},
    task::{ServerClock, ServerId},
    watch::ConnectionState,
};

/// A server that is waited on.
#[derive(Debug)]
pub(in crate::command) struct WaitServer {
    pub(in crate::command) id: ServerId,
    /// The address, as printed in JSON.
    pub(in crate::command) address: Arc<str>,
    /// The address with the profile, for messages.
    pub(in crate::command) label: Arc<str>,
    /// The profile name; `None` if there is only one server.
    pub(in crate::command) name: Option<Arc<str>>,
    pub(in crate::command) clock: ServerClock,
    pub(in crate::command) connection: ConnectionState,
    /// Set if the server was given up; its updates are ignored from then on.
    pub(in crate::command) given_up: Option<ServerLoss>,
    /// Selects tasks that start from now on.
    pub(super) new: Option<CompiledSelector>,
    /// The start of the wait by the server's clock, fixed at the first response because clocks can be set.
    since: Option<Timestamp>,
    /// Tasks that the server reported as missing, with the reason.
    pub(super) missing: HashMap<Arc<str>, Arc<str>>,
    /// Tasks that cannot be read, with the reason.
    pub(super) unreadable: HashMap<Arc<str>, Arc<str>>,
    /// Start and reason of an outage.
    down: Option<(Timestamp, Option<Arc<str>>)>,
}

/// The reason why a server was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::command) struct ServerLoss {
    /// `Refused`, `TimedOut` or `Unknown`.
    pub(in crate::command) outcome: Outcome,
    pub(in crate::command) reason: Arc<str>,
}

impl WaitServer {
    pub(super) fn new(
        id: ServerId,
        address: &str,
        name: Option<&str>,
        new: Option<CompiledSelector>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            address: address.into(),
            label: address.into(),
            name: name.map(Into::into),
            clock: ServerClock::default(),
            connection: ConnectionState::Connecting,
            given_up: None,
            new,
            since: None,
            missing: HashMap::new(),
            unreadable: HashMap::new(),
            down: Some((now, None)),
        }
    }

    /// True if the server responds.
    pub(super) fn is_up(&self) -> bool {
        self.down.is_none() && self.given_up.is_none()
    }

    /// Applies the connection state. Returns true if the server responds.
    pub(super) fn handle_connection(
        &mut self,
        connection: ConnectionState,
        began: Timestamp,
        now: Timestamp,
    ) -> bool {
        let is_back = connection.is_current();
        if is_back {
            self.since.get_or_insert(self.clock.at(began));
            self.down = None;
        } else {
            let since = self.down.take().map_or(now, |(since, _)| since);
            let reason = match &connection {
                ConnectionState::Retrying { reason, .. } => Some(reason.clone()),
                _ => None,
            };
            self.down = Some((since, reason));
        }
        self.connection = connection;
        is_back
    }

    /// True if a task queued at this time counts as new.
    pub(super) fn is_new(&self, queued: Timestamp) -> bool {
        self.since.is_some_and(|since| queued >= since)
    }

    /// Returns the reason if the server is to be given up by now: signed out, or unreachable for too long.
    pub(super) fn loss(&self, max_outage: SignedDuration, now: Timestamp) -> Option<ServerLoss> {
        if let ConnectionState::SignedOut { reason } = &self.connection {
            return Some(ServerLoss {
                outcome: Outcome::Refused,
                reason: reason.clone(),
            });
        }
        let (since, reason) = self.down.as_ref()?;
        if now.duration_since(*since) < max_outage {
            return None;
        }
        let reason = reason.as_deref().unwrap_or("the server does not answer.");
        Some(ServerLoss {
            outcome: Outcome::Unknown,
            reason: format!("unreachable for longer than --max-outage: {reason}").into(),
        })
    }

    /// Returns a message about an outage in progress.
    pub(super) fn away(&self) -> Option<String> {
        let (_, reason) = self.down.as_ref().filter(|_| self.given_up.is_none())?;
        let before = self.prefix();
        Some(match reason {
            Some(reason) => format!("{before}unreachable: {reason}"),
            None => format!("{before}still connecting to {}.", self.label),
        })
    }

    /// Returns the time at which an outage exceeds the limit.
    pub(super) fn given_up_at(&self, max_outage: SignedDuration) -> Option<Timestamp> {
        let (since, _) = self.down.as_ref().filter(|_| self.given_up.is_none())?;
        since.checked_add(max_outage).ok()
    }

    /// Returns the prefix of messages, such as `lab: `; empty if there is only one server.
    pub(in crate::command) fn prefix(&self) -> String {
        let name = self.name.as_deref();
        name.map(|name| format!("{name}: ")).unwrap_or_default()
    }
}
