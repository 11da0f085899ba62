//! Credentials and session storage.

use std::{fmt::Debug, sync::Arc};

use secrecy::{ExposeSecret as _, SecretString};

/// Credentials of a client. Secrets are wiped from memory when dropped and never printed.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// User name and password; the session is created at the start and ended at the end.
    Password {
        /// User name.
        user: String,
        /// Password.
        password: SecretString,
        /// Store of a session that stays open and is reused by the next run. The password is used if there is no
        /// session or it has expired.
        store: Option<Arc<dyn SessionStore>>,
    },
    /// An existing `vmware-api-session-id`. It is neither renewed nor ended.
    Session(SecretString),
    /// An `Authorization` header value, sent with every request.
    Authorization(SecretString),
}

impl Credentials {
    /// Returns the user name, if known before the login.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Password { user, .. } => Some(user),
            Self::Session(_) | Self::Authorization(_) => None,
        }
    }

    /// Returns the error of storing the session, once.
    pub fn last_error(&self) -> Option<String> {
        match self {
            Self::Password {
                store: Some(store), ..
            } => store.last_error(),
            _ => None,
        }
    }

    /// True if both sign in to the same account with the same secret.
    pub fn is_same(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
            && self.user() == other.user()
            && self.secret() == other.secret()
    }

    fn secret(&self) -> &str {
        match self {
            Self::Password {
                password: secret, ..
            }
            | Self::Session(secret)
            | Self::Authorization(secret) => secret.expose_secret(),
        }
    }

    /// True if an expired session can be replaced by a new one.
    pub fn can_renew(&self) -> bool {
        matches!(self, Self::Password { .. })
    }
}

/// Stores a session between runs. Calls are rare and must not block for long.
pub trait SessionStore: Debug + Send + Sync {
    /// Returns the stored session id, unless there is none or the store is not trustworthy.
    fn load(&self) -> Option<SecretString>;
    /// Stores a session id, replacing an earlier one. Returns true on success.
    fn save(&self, session: &SecretString) -> bool;
    /// Removes the stored session id.
    fn clear(&self);
    /// Returns the last error of storing a session, once.
    fn last_error(&self) -> Option<String>;
}
