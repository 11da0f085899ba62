//! Where to connect and how: from flags, then the environment, then a profile of the config file.

mod check;
mod connection;
mod defaults;
mod file;
mod secret;
mod suggest;

pub use check::{Report, check};
pub(crate) use connection::process_environment;
pub use connection::{ConnectionArgs, Environment, defaults, resolve};
pub use defaults::Defaults;
pub use file::{ConfigFile, Profile};
pub use secret::Password;

/// A configuration that cannot be used; one line that says what and where, and what to try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);
