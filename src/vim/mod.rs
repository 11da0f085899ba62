//! The wire: a thin typed client of the Virtual Infrastructure JSON API.
//!
//! [`types`] holds what travels and is free of IO; everything else here knows HTTP and JSON and no terminal.

mod address;
mod answer;
mod around;
mod certificate;
mod client;
mod collector;
mod credentials;
mod distrust;
mod error;
mod fingerprint;
mod history;
mod look;
mod method;
mod release;
mod repair;
mod session;
mod tls;
mod traffic;
mod transport;
pub mod types;

pub use address::{Address, InvalidAddress};
pub use answer::Digest;
pub use certificate::{Certificate, Details};
pub use client::{Client, ConnectOptions};
pub use collector::TaskCollector;
pub use credentials::{Credentials, Shelf};
pub use distrust::{Distrust, PinnedBy, Why};
pub use error::{Error, ErrorKind, MAX_RETRY_AFTER};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use history::{AtOnce, ByUser, Pace, Pick, Recursion, TaskQuery, TaskTime, Trace};
pub use look::look;
pub use release::{FALLBACK_RELEASE, KNOWN_RELEASES};
pub use tls::{Look, Pin, Trust};
pub use traffic::{Traffic, TrafficFigures};
