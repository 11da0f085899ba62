//! Where to connect and how: from flags, then the environment, then a profile of the config file.

mod connection;
mod file;
mod secret;

pub(crate) use connection::process_environment;
pub use connection::{ConnectionArgs, Environment, resolve};
pub use file::{ConfigFile, Profile};

/// A configuration that cannot be used; one line that says what and where, and what to try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);
