//! Configuration from flags, environment and config file, in this order of precedence.

mod check;
mod connection;
mod defaults;
mod file;
mod filters;
mod keyring;
mod keys;
mod known_hosts;
mod pane_split;
mod redacted_url;
mod secret;
mod session_store;
mod suggest;
mod switch;
mod theme;
mod trust;
mod view;

pub use check::{Report, check};
pub(crate) use connection::process_environment;
pub use connection::{
    ConnectionArgs, Environment, PartialConnection, defaults, draft, file, kept_session,
    keyring_entry, read_only, resolve, server_and_trust, server_conflict,
};
pub use defaults::{ClipboardChoice, Defaults, StringOrList};
pub use file::{ConfigFile, Profile};
pub use filters::{NamedFilters, named_filters};
pub use keyring::KeyringEntry;
pub use keys::KeyOverrides;
pub use known_hosts::KnownHosts;
pub use pane_split::arrangement;
pub use redacted_url::RedactedUrl;
pub use secret::{Password, ask_password};
pub use session_store::SessionFile;
pub(crate) use switch::switch;
pub use theme::{own_themes, theme};

/// A configuration error: one line with cause, place and advice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);
