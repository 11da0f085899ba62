//! State of one server.

use jiff::{SignedDuration, Timestamp};

use crate::{
    task::{ServerClock, ServerId, filter::ServerContext},
    watch::{ConnectionState, ServerFacts, Update},
};

/// State of one server.
#[derive(Debug, Clone)]
pub struct ServerState {
    pub id: ServerId,
    /// Display name until the server's host name is known.
    pub name: String,
    /// Base URL: scheme, host, port and path; empty if unknown.
    pub base_url: String,
    /// True if requests that change the server are refused.
    pub read_only: bool,
    pub connection: ConnectionState,
    /// Server and user information, once known.
    pub facts: Option<ServerFacts>,
    /// The difference between the clocks of the server and of this machine.
    pub clock: ServerClock,
    /// Since when the data is stale, by the local clock.
    stale_since: Option<Timestamp>,
}

impl ServerState {
    pub fn new(id: ServerId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            base_url: String::new(),
            read_only: false,
            connection: ConnectionState::Connecting,
            facts: None,
            clock: ServerClock::default(),
            stale_since: None,
        }
    }

    /// Returns the host name, or the configured name if it is not known yet.
    pub fn host(&self) -> &str {
        match &self.facts {
            Some(facts) if !facts.host.is_empty() => &facts.host,
            _ => &self.name,
        }
    }

    /// Applies updates about the server itself; others are ignored.
    pub fn apply(&mut self, update: Update, now: Timestamp) {
        match update {
            Update::Connection(connection) => {
                let was_current = self.connection.is_current();
                match (was_current, connection.is_current()) {
                    (true, false) => self.stale_since = Some(now),
                    (_, true) => self.stale_since = None,
                    (false, false) => {}
                }
                self.connection = connection;
            }
            Update::Server(facts) => self.facts = Some(*facts),
            Update::Clock(clock) => self.clock = clock,
            _ => {}
        }
    }

    /// Returns the server's time; it stops while the data is stale.
    pub fn time(&self, now: Timestamp) -> Timestamp {
        let known = self.stale_since.map_or(now, |since| since.min(now));
        self.clock.at(known)
    }

    /// Converts a time of the server to local time.
    pub fn local_time(&self, at: Timestamp) -> Timestamp {
        at.checked_sub(self.clock.offset).unwrap_or(at)
    }

    /// Converts a local time to the server's time, also while the data is stale.
    pub fn clock_time(&self, local: Timestamp) -> Timestamp {
        self.clock.at(local)
    }

    /// Returns for how long the data has been stale.
    pub fn stale_for(&self, now: Timestamp) -> Option<SignedDuration> {
        let since = self.stale_since?;
        Some(now.duration_since(since).max(SignedDuration::ZERO))
    }

    /// Returns the cause of a lost connection, without the action and the server that precede it in the text of the error,
    /// as in `signing in (vc01.lab): cause`.
    pub fn failure(&self) -> Option<&str> {
        match &self.connection {
            ConnectionState::Retrying { reason, .. } | ConnectionState::SignedOut { reason } => {
                let cause = reason.split_once("): ").map(|(_, cause)| cause);
                Some(cause.unwrap_or(reason))
            }
            _ => None,
        }
    }

    pub fn is_stale(&self) -> bool {
        self.stale_since.is_some()
    }
}

/// Server names and clocks at a point in time.
#[derive(Debug, Clone, Copy)]
pub struct ServerClocks<'a> {
    servers: &'a [ServerState],
    now: Timestamp,
}

impl<'a> ServerClocks<'a> {
    pub fn of(servers: &'a [ServerState], now: Timestamp) -> Self {
        Self { servers, now }
    }

    /// Converts a local time to the server's time.
    pub(super) fn convert(&self, server: ServerId, local: Timestamp) -> Timestamp {
        let server = self.server(server);
        server.map_or(local, |server| server.clock_time(local))
    }

    fn server(&self, server: ServerId) -> Option<&'a ServerState> {
        self.servers.iter().find(|state| state.id == server)
    }
}

impl ServerContext for ServerClocks<'_> {
    fn time(&self, server: ServerId) -> Timestamp {
        let server = self.server(server);
        server.map_or(self.now, |server| server.time(self.now))
    }

    fn name(&self, server: ServerId) -> Option<&str> {
        self.server(server).map(ServerState::host)
    }

    fn configured_name(&self, server: ServerId) -> Option<&str> {
        Some(&self.server(server)?.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::at;

    fn retrying() -> Update {
        Update::Connection(ConnectionState::Retrying {
            attempt: 1,
            next: at(12),
            reason: "refused".into(),
        })
    }

    #[test]
    fn failure_is_the_cause_without_the_action_and_the_server() {
        let mut server = ServerState::new(ServerId(0), "vc01");
        server.apply(retrying(), at(10));
        assert_eq!(server.failure(), Some("refused"));
        let reason = "signing in (vc01): the password (or the name) is wrong.".into();
        server.apply(
            Update::Connection(ConnectionState::SignedOut { reason }),
            at(11),
        );
        assert_eq!(
            server.failure(),
            Some("the password (or the name) is wrong.")
        );
        server.apply(Update::Connection(ConnectionState::Live), at(12));
        assert_eq!(server.failure(), None);
    }

    #[test]
    fn server_time_stops_while_stale() {
        let mut server = ServerState::new(ServerId(0), "vc01");
        server.apply(
            Update::Clock(ServerClock {
                offset: SignedDuration::from_secs(100),
            }),
            at(0),
        );
        server.apply(Update::Connection(ConnectionState::Live), at(0));
        assert_eq!(server.time(at(5)), at(105));
        server.apply(retrying(), at(10));
        assert_eq!(server.time(at(30)), at(110));
        server.apply(retrying(), at(20));
        assert_eq!(
            server.stale_for(at(30)),
            Some(SignedDuration::from_secs(20))
        );
        server.apply(Update::Connection(ConnectionState::Live), at(40));
        assert_eq!(server.stale_for(at(41)), None);
        assert_eq!(server.time(at(41)), at(141));
    }

    #[test]
    fn not_stale_before_the_first_data() {
        let mut server = ServerState::new(ServerId(0), "vc01");
        server.apply(retrying(), at(10));
        assert!(!server.is_stale());
    }
}
