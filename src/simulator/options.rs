//! What a simulator is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::behavior::ServerBehavior;
use super::clock::ClockMode;
use super::faults::Plan;
use super::http::tls::TlsOptions;
use super::scenario::{LoadOptions, Scenario};

/// What a simulator is started with. [`Options::new`] gives a plain server for a scenario.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// What happens.
    pub scenario: Scenario,
    /// Changes to the scenario's load.
    pub load: LoadOptions,
    /// Where chance comes from: the same seed gives the same day.
    pub seed: u64,
    /// How time passes.
    pub clock: ClockMode,
    /// The server's calendar at its start; `None`: this machine's.
    pub starts_at: Option<Timestamp>,
    /// How far the server's calendar is ahead of this machine's (behind, if negative).
    pub clock_offset: SignedDuration,
    /// The one user and password that are accepted; `None`: any that are not empty.
    pub credentials: Option<(String, String)>,
    /// A value of the `Authorization` header that is accepted instead of a session.
    pub authorization: Option<String>,
    /// Sessions that exist from the start, by the value of their header.
    pub ready_sessions: Vec<String>,
    /// How long a session may be idle, in unscaled time.
    pub session_timeout: Duration,
    /// Whether to serve HTTPS, with a certificate made at the start.
    pub tls: bool,
    /// What kind of certificate that is.
    pub certificate: TlsOptions,
    /// The server's behavior.
    pub behavior: ServerBehavior,
    /// What is to go wrong.
    pub faults: Plan,
}

impl Options {
    /// A server on any free loopback port that runs `scenario` in real time.
    pub fn new(scenario: Scenario) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            scenario,
            load: LoadOptions::default(),
            seed: 1,
            clock: ClockMode::Real { speed: 1.0 },
            starts_at: None,
            clock_offset: SignedDuration::ZERO,
            credentials: None,
            authorization: None,
            ready_sessions: Vec::new(),
            session_timeout: Duration::from_secs(30 * 60),
            tls: false,
            certificate: TlsOptions::default(),
            behavior: ServerBehavior::default(),
            faults: Plan::default(),
        }
    }

    /// The same with a clock that stands still until it is advanced by hand.
    #[must_use]
    pub fn manual(self) -> Self {
        Self {
            clock: ClockMode::Manual,
            ..self
        }
    }
}
