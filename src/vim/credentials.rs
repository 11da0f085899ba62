//! How one signs in.

use secrecy::SecretString;

/// What is shown to the server to be let in. Secrets are wiped from memory when dropped, and never printed.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// An account; a session is made at the start and ended at the end.
    Password {
        /// The account's name.
        user: String,
        /// Its password.
        password: SecretString,
    },
    /// A ready `vmware-api-session-id`. It is neither renewed nor ended.
    Session(SecretString),
    /// A ready `Authorization` header value, sent with every request.
    Authorization(SecretString),
}

impl Credentials {
    /// The account's name, where it is known beforehand.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Password { user, .. } => Some(user),
            Self::Session(_) | Self::Authorization(_) => None,
        }
    }

    /// Whether a dead session can be replaced by a new one.
    pub fn can_renew(&self) -> bool {
        matches!(self, Self::Password { .. })
    }
}
