//! How one signs in.

use std::{fmt::Debug, sync::Arc};

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
    /// An account whose session is left open at the end and used again by the next run.
    Kept {
        /// The account's name.
        user: String,
        /// Its password, for when there is no session or it is dead.
        password: SecretString,
        /// Where the session is between the runs.
        shelf: Arc<dyn SessionStore>,
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
            Self::Password { user, .. } | Self::Kept { user, .. } => Some(user),
            Self::Session(_) | Self::Authorization(_) => None,
        }
    }

    /// Why the session could not be kept for the next run, for people; told once.
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Kept { shelf, .. } => shelf.trouble(),
            _ => None,
        }
    }

    /// Whether a dead session can be replaced by a new one.
    pub fn can_renew(&self) -> bool {
        matches!(self, Self::Password { .. } | Self::Kept { .. })
    }
}

/// Where a session is kept between runs. It is asked rarely and answers at once.
pub trait SessionStore: Debug + Send + Sync {
    /// The id of the session that was put there; `None` where there is none, or it cannot be trusted.
    fn look(&self) -> Option<SecretString>;
    /// Puts the id of a session there, in place of another. Answers whether it could be kept.
    fn put(&self, session: &SecretString) -> bool;
    /// Takes away what is there.
    fn clear(&self);
    /// Why a session could not be put there, for people; told once.
    fn trouble(&self) -> Option<String>;
}
