//! A thin typed client of the Virtual Infrastructure JSON API.
//!
//! [`types`] holds plain data without IO; the other modules know HTTP and JSON and nothing of a terminal.

#![warn(missing_docs)]

mod address;
mod certificate;
mod client;
mod collector;
mod credentials;
mod error;
mod events;
mod fingerprint;
mod history;
mod inventory;
mod lossy_json;
mod method;
mod probe;
mod proxy;
mod release;
mod request_trace;
mod response;
mod retrieve_properties;
mod retry;
mod retry_after;
mod session;
mod tls;
mod transport;
pub mod types;
mod untrusted_certificate;

pub use address::{Address, InvalidAddress};
pub use certificate::{Certificate, CertificateFields};
pub use client::{Client, ConnectOptions};
pub use collector::{ReportedFields, TaskCollector};
pub use credentials::{Credentials, SessionStore};
pub use error::{Error, ErrorKind};
pub use fingerprint::{Fingerprint, InvalidFingerprint, Pin, PinSource};
pub use history::{NoThrottle, PastTaskSearch, PastTasks, RecordAction, Throttle};
pub use history::{identity, queue_time};
pub use inventory::{InventoryCache, MAX_LOCATED_AT_ONCE};
pub use probe::probe_certificate;
pub use proxy::proxy_of;
pub use release::{FALLBACK_RELEASE, KNOWN_RELEASES};
pub use response::{Digest, parse as parse_body};
pub use retry::with_retries;
pub use retry_after::MAX_RETRY_AFTER;
pub use retry_after::retry_after;
pub use tls::{CertificateProbe, TrustPolicy};
pub use transport::verifying_client;
pub use untrusted_certificate::{RejectionReason, UntrustedCertificate};
