//! One endpoint as the screen knows it.

use jiff::{SignedDuration, Timestamp};

use crate::{
    task::{EndpointId, ServerClock},
    watch::{Link, ServerFacts, Update},
};

/// One endpoint as the screen knows it.
#[derive(Debug)]
pub struct ServerState {
    /// Which one.
    pub id: EndpointId,
    /// What to call it until it says who it is.
    pub name: String,
    /// Where it is: scheme, host, port and path; empty where nobody said.
    pub base: String,
    /// Refuses every request that changes something on the server.
    pub read_only: bool,
    /// The state of the connection.
    pub link: Link,
    /// What it is and who is signed in, once known.
    pub facts: Option<ServerFacts>,
    /// Its clock.
    clock: ServerClock,
    /// Since when what is shown is no longer kept up to date, by this machine's clock.
    stale_since: Option<Timestamp>,
}

impl ServerState {
    /// An endpoint that is being connected to.
    pub fn new(id: EndpointId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            base: String::new(),
            read_only: false,
            link: Link::Connecting,
            facts: None,
            clock: ServerClock::default(),
            stale_since: None,
        }
    }

    /// What to call it.
    pub fn host(&self) -> &str {
        match &self.facts {
            Some(facts) if !facts.host.is_empty() => &facts.host,
            _ => &self.name,
        }
    }

    /// Takes what is about the endpoint itself; tasks and the rest are others' business.
    pub fn take(&mut self, update: Update, now: Timestamp) {
        match update {
            Update::Link(link) => {
                let was_current = self.link.is_current();
                match (was_current, link.is_current()) {
                    (true, false) => self.stale_since = Some(now),
                    (_, true) => self.stale_since = None,
                    (false, false) => {}
                }
                self.link = link;
            }
            Update::Server(facts) => self.facts = Some(*facts),
            Update::Clock(clock) => self.clock = clock,
            _ => {}
        }
    }

    /// The server's time at a moment of this machine; it stands still while what is shown is stale, for nothing is
    /// known of what happened since.
    pub fn time(&self, now: Timestamp) -> Timestamp {
        let known = self.stale_since.map_or(now, |since| since.min(now));
        self.clock.at(known)
    }

    /// How old what is shown is, when it is older than it should be.
    pub fn stale_for(&self, now: Timestamp) -> Option<SignedDuration> {
        let since = self.stale_since?;
        Some(now.duration_since(since).max(SignedDuration::ZERO))
    }

    /// Whether what is shown is older than it should be.
    pub fn is_stale(&self) -> bool {
        self.stale_since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::at;

    fn retrying() -> Update {
        Update::Link(Link::Retrying {
            attempt: 1,
            next: at(12),
            reason: "refused".into(),
        })
    }

    #[test]
    fn time_stands_still_while_nothing_is_heard() {
        let mut server = ServerState::new(EndpointId(0), "vc01");
        server.take(
            Update::Clock(ServerClock {
                offset: SignedDuration::from_secs(100),
            }),
            at(0),
        );
        server.take(Update::Link(Link::Live), at(0));
        assert_eq!(server.time(at(5)), at(105));
        server.take(retrying(), at(10));
        assert_eq!(server.time(at(30)), at(110));
        server.take(retrying(), at(20));
        assert_eq!(
            server.stale_for(at(30)),
            Some(SignedDuration::from_secs(20))
        );
        server.take(Update::Link(Link::Live), at(40));
        assert_eq!(server.stale_for(at(41)), None);
        assert_eq!(server.time(at(41)), at(141));
    }

    #[test]
    fn nothing_shown_yet_is_not_stale() {
        let mut server = ServerState::new(EndpointId(0), "vc01");
        server.take(retrying(), at(10));
        assert!(!server.is_stale());
    }
}
