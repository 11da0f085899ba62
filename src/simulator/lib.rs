//! Embedded vCenter with the Virtual Infrastructure JSON API, for `vtask demo`, `vtask simulate` and tests.
//!
//! It is written from the API documentation and shares no code with vtask's client, so that a mistake in one is
//! detected by the other. A pure model ([`world`]) executes a [`scenario`]; `service` implements the managed objects
//! on top of it and `http` the transport. [`server_behavior`] has switches for the differences between live servers, and
//! [`fault_injection`] injects failures.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use vtask_simulator::{Options, Simulator, scenario::Scenario};
//!
//! let simulator = Simulator::start(Options::new(Scenario::load("demo")?)).await?;
//! println!("{}", simulator.url());
//! simulator.stop().await;
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

mod clock;
mod control;
mod duration_range;
pub mod fault_injection;
mod http;
mod method_fault;
mod open_objects;
mod options;
mod recording;
pub mod scenario;
mod server;
pub mod server_behavior;
mod server_events;
mod service;
mod value;
mod world;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use clock::ClockMode;
pub use control::Control;
pub use http::log::RequestRecord;
pub use http::tls::{CertificateValidity, TlsError, TlsOptions};
pub use open_objects::OpenObjects;
pub use options::Options;
pub use recording::Recording;

use http::listener::ControlledListener;
use http::listener_control::ListenerControl;
use http::stream::Connection;
use http::tls::ServerCertificate;
use scenario::ScenarioError;
use server::ServerCore;

/// Time that open connections get to end when the server stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// Error while starting a simulator.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// Invalid scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The listen address is not available.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Requested address.
        address: SocketAddr,
        /// Underlying error.
        source: std::io::Error,
    },
    /// The certificate cannot be generated.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The record cannot be read.
    #[error(transparent)]
    Record(#[from] vtask_recording::ReadError),
    /// The speed is not a positive number.
    #[error("speed must be greater than 0, not {0}")]
    Speed(f64),
}

/// Running simulated vCenter. Dropping it stops the server; [`Simulator::stop`] also waits for the shutdown.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    certificate: Option<ServerCertificate>,
    server: Arc<ServerCore>,
    serving: JoinHandle<()>,
}

impl Simulator {
    /// Starts a server. Must be called within a Tokio runtime.
    pub async fn start(options: Options) -> Result<Self, SimulatorError> {
        if let ClockMode::Real { speed } = options.clock
            && !(speed.is_finite() && speed > 0.0)
        {
            return Err(SimulatorError::Speed(speed));
        }
        let config = options.scenario.world_config(&options.load)?;
        let certificate = options
            .tls
            .then(|| {
                ServerCertificate::create(&options.certificate, &options.listen.ip().to_string())
            })
            .transpose()?;
        let listen_error = |source| SimulatorError::Listen {
            address: options.listen,
            source,
        };
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;

        let recording = options.recording.as_ref();
        let origin = recording
            .map(Recording::origin)
            .or(options.starts_at)
            .unwrap_or_else(|| clock::origin(options.clock_offset));
        let mut world = world::World::new(config, options.seed);
        if let Some(playback) = recording.map(Recording::open).transpose()? {
            world.play(playback);
        }
        let mut sessions = service::Sessions::new(options.session_timeout, options.seed);
        for token in options.ready_sessions {
            sessions.open_with(token, "VSPHERE.LOCAL\\ready", world.now(), Duration::ZERO);
        }
        let access = service::AccessPolicy {
            credentials: options.credentials,
            authorization: options.authorization,
        };
        let core = service::Core::new(
            world,
            sessions,
            options.behavior,
            access,
            origin,
            options.seed,
            address.port(),
        );
        let server = Arc::new(ServerCore::new(
            core,
            clock::SimulatorClock::new(options.clock),
            ListenerControl::new(certificate.clone()),
        ));

        tokio::spawn(server.clone().run_clock());
        server.activate_faults(&options.faults);
        let service =
            http::router(server.clone()).into_make_service_with_connect_info::<Connection>();
        let stop = server.stop.clone();
        let controlled =
            ControlledListener::open(listener, server.clone()).map_err(listen_error)?;
        let serving = tokio::spawn(async move {
            // `axum::serve` retries failed accepts, so it ends only by the signal.
            let _always_ok = axum::serve(controlled, service)
                .with_graceful_shutdown(stop.cancelled_owned())
                .await;
        });
        Ok(Self {
            address,
            certificate,
            server,
            serving,
        })
    }

    /// Returns the base URL without a trailing slash.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// Returns the listen address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the SHA-256 fingerprint of the certificate as colon-separated upper-case hex, or `None` without TLS.
    pub fn fingerprint(&self) -> Option<&str> {
        self.certificate
            .as_ref()
            .map(|certificate| certificate.fingerprint.as_str())
    }

    /// Returns the certificate, or that of the authority that signed it, as PEM; `None` without TLS.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate
            .as_ref()
            .map(|certificate| certificate.pem.as_str())
    }

    /// Returns the control handle for tests.
    pub fn control(&self) -> Control {
        Control::new(self.server.clone())
    }

    /// Stops the server: pending waits end and connections are closed.
    pub async fn stop(mut self) {
        self.server.stop.cancel();
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, &mut self.serving)
            .await
            .is_err()
        {
            self.serving.abort();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.stop.cancel();
    }
}
