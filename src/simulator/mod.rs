//! An embedded vCenter that speaks the Virtual Infrastructure JSON API, for `vtask demo`, for `vtask simulate`, and
//! for tests.
//!
//! It is written from the API's documentation and shares nothing with vtask's own client, so that a mistake in one
//! shows against the other. In its middle a pure model ([`world`]) lives through a [`scenario`]; around it the
//! managed objects (`service`), and at the edge HTTP (`http`). [`behavior`] has the ways in which live servers
//! differ, as switches.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use vtask::simulator::{Options, Simulator, scenario::Scenario};
//!
//! let simulator = Simulator::start(Options::new(Scenario::load("demo")?)).await?;
//! println!("{}", simulator.url());
//! simulator.stop().await;
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

pub mod behavior;
mod clock;
mod control;
mod fault;
pub mod faults;
mod http;
mod options;
pub mod scenario;
mod server;
mod service;
mod value;
mod world;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use clock::ClockMode;
pub use control::{Control, OpenObjects};
pub use http::log::RequestRecord;
pub use http::tls::{CertificateValidity, TlsError, TlsOptions};
pub use options::Options;

use http::listener::{ControlledListener, ListenerControl};
use http::stream::Connection;
use http::tls::ServerCertificate;
use scenario::ScenarioError;
use server::ServerCore;

/// How long a stopping server waits for its connections to end by themselves.
const GRACE: Duration = Duration::from_millis(500);

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The scenario is not right.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// There is no certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The speed is not a positive number.
    #[error("the speed must be a number above 0, not {0}")]
    Speed(f64),
}

/// A running embedded vCenter. It stops when dropped; [`Simulator::stop`] also waits until it has.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    identity: Option<ServerCertificate>,
    running: Arc<ServerCore>,
    serving: JoinHandle<()>,
}

impl Simulator {
    /// Starts a server. Must be called within a Tokio runtime.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if let ClockMode::Real { speed } = options.clock
            && !(speed.is_finite() && speed > 0.0)
        {
            return Err(StartError::Speed(speed));
        }
        let setting = options.scenario.setting(&options.load)?;
        let identity = options
            .tls
            .then(|| {
                ServerCertificate::make(&options.certificate, &options.listen.ip().to_string())
            })
            .transpose()?;
        let listen_error = |source| StartError::Listen {
            address: options.listen,
            source,
        };
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;

        let origin = options
            .starts_at
            .unwrap_or_else(|| clock::origin(options.clock_offset));
        let world = world::World::new(setting, options.seed);
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
        );
        let running = Arc::new(ServerCore::new(
            core,
            clock::Clock::new(options.clock),
            ListenerControl::new(identity.clone()),
        ));

        tokio::spawn(running.clone().drive());
        running.take_up(&options.faults);
        let service =
            http::router(running.clone()).into_make_service_with_connect_info::<Connection>();
        let stop = running.stop.clone();
        let door = ControlledListener::open(listener, running.clone()).map_err(listen_error)?;
        let serving = tokio::spawn(async move {
            // Accepting never fails for good, so serving ends only by the signal.
            let _always_ok = axum::serve(door, service)
                .with_graceful_shutdown(stop.cancelled_owned())
                .await;
        });
        Ok(Self {
            address,
            identity,
            running,
            serving,
        })
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> String {
        let scheme = if self.identity.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// SHA-256 of the certificate's DER form, colon-separated upper-case hex; without TLS there is none.
    pub fn fingerprint(&self) -> Option<&str> {
        self.identity
            .as_ref()
            .map(|identity| identity.fingerprint.as_str())
    }

    /// The certificate as PEM, or that of the authority that signed it; without TLS there is none.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.identity.as_ref().map(|identity| identity.pem.as_str())
    }

    /// The handle for tests.
    pub fn control(&self) -> Control {
        Control::new(self.running.clone())
    }

    /// Stops the server: running waits end, connections are closed.
    pub async fn stop(mut self) {
        self.running.stop.cancel();
        if tokio::time::timeout(GRACE, &mut self.serving)
            .await
            .is_err()
        {
            self.serving.abort();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.running.stop.cancel();
    }
}
