//! The wire: a thin typed client of the Virtual Infrastructure JSON API.
//!
//! [`types`] holds what travels and is free of IO; everything else here knows HTTP and JSON and no terminal.

mod around;
mod client;
mod collector;
mod credentials;
mod error;
mod history;
mod release;
mod tls;
mod traffic;
mod transport;
pub mod types;

pub use client::{Client, ConnectOptions};
pub use collector::TaskCollector;
pub use credentials::Credentials;
pub use error::{Error, ErrorKind};
pub use history::{ByUser, Recursion, TaskQuery, TaskTime, Trace};
pub use release::{FALLBACK_RELEASE, KNOWN_RELEASES};
pub use tls::Trust;
pub use traffic::{Traffic, TrafficFigures};
pub use transport::{Address, Digest, InvalidAddress};
