//! Start options of a simulator.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::clock::ClockMode;
use super::fault_injection::FaultPlan;
use super::http::tls::TlsOptions;
use super::recording::Recording;
use super::scenario::{LoadOptions, Scenario};
use super::server_behavior::ServerBehavior;

/// Start options. [`Options::new`] returns the defaults for a scenario.
#[derive(Clone, Debug)]
pub struct Options {
    /// Listen address; port 0 selects a free port.
    pub listen: SocketAddr,
    /// Simulated scenario.
    pub scenario: Scenario,
    /// Record to serve; the scenario should be `empty`.
    pub recording: Option<Recording>,
    /// Overrides for the scenario's load generator.
    pub load: LoadOptions,
    /// Random seed; the same seed produces the same tasks.
    pub seed: u64,
    /// Clock mode.
    pub clock: ClockMode,
    /// Calendar time of the server at its start; `None`: the system time.
    pub starts_at: Option<Timestamp>,
    /// Offset of the server's calendar time (negative: behind).
    pub clock_offset: SignedDuration,
    /// Accepted user and password; `None`: any non-empty ones.
    pub credentials: Option<(String, String)>,
    /// Value of the `Authorization` header that is accepted instead of a session.
    pub authorization: Option<String>,
    /// Ids of sessions that exist from the start.
    pub ready_sessions: Vec<String>,
    /// Idle timeout of sessions, in unscaled time.
    pub session_timeout: Duration,
    /// Serve HTTPS with a certificate generated at the start.
    pub tls: bool,
    /// Kind of the generated certificate.
    pub certificate: TlsOptions,
    /// Server behavior.
    pub behavior: ServerBehavior,
    /// Faults to inject.
    pub faults: FaultPlan,
}

impl Options {
    /// Returns the options of a server on a free loopback port that runs `scenario` in real time.
    pub fn new(scenario: Scenario) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            scenario,
            recording: None,
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
            faults: FaultPlan::default(),
        }
    }

    /// Switches to a clock that is advanced manually.
    #[must_use]
    pub fn manual(self) -> Self {
        Self {
            clock: ClockMode::Manual,
            ..self
        }
    }
}
