//! Error of the configuration.

/// A configuration error: one line with cause, place and advice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);
