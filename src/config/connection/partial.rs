//! A connection that lacks at most a password.

use std::sync::Arc;

use secrecy::SecretString;

use super::super::{ConfigError, SessionFile, secret};
use crate::vim::{Address, ConnectOptions, Credentials, TrustPolicy};

/// A connection but for what may have to be asked for.
#[derive(Debug)]
pub struct PartialConnection {
    /// Where the server is.
    pub address: Address,
    pub(super) trust: TrustPolicy,
    pub(super) release: Option<String>,
    pub(super) read_only: bool,
    pub(super) sign_in: AuthMethod,
}

/// How one signs in, as far as that is known.
#[derive(Debug)]
pub(super) enum AuthMethod {
    Ready(Credentials),
    Account {
        user: String,
        password: Option<SecretString>,
        /// What to add where the password cannot be asked for: which sources are for another server.
        hint: String,
        kept: Option<SessionFile>,
    },
}

impl PartialConnection {
    /// The session of an earlier run, where it is wanted.
    pub fn kept(&self) -> Option<(&str, &SessionFile)> {
        match &self.sign_in {
            AuthMethod::Account { user, kept, .. } => {
                kept.as_ref().map(|kept| (user.as_str(), kept))
            }
            AuthMethod::Ready(_) => None,
        }
    }

    /// Whether the password would have to be asked for.
    pub fn lacks_password(&self) -> bool {
        matches!(&self.sign_in, AuthMethod::Account { password: None, .. })
    }

    /// With a session that is open already.
    #[must_use]
    pub fn with_session(&self, session: SecretString) -> ConnectOptions {
        self.with(Credentials::Session(session))
    }

    /// Asks for the password on the terminal where nothing else gave it.
    ///
    /// # Errors
    /// When there is no terminal.
    pub fn finish(self) -> Result<ConnectOptions, ConfigError> {
        let credentials = match &self.sign_in {
            AuthMethod::Ready(credentials) => credentials.clone(),
            AuthMethod::Account {
                user,
                password,
                hint,
                kept,
            } => {
                let password = match password {
                    Some(password) => password.clone(),
                    None => secret::prompt(user, &self.address.name(), hint)?,
                };
                let user = user.clone();
                match kept {
                    None => Credentials::Password { user, password },
                    Some(kept) => Credentials::Kept {
                        user,
                        password,
                        shelf: Arc::new(kept.clone()),
                    },
                }
            }
        };
        Ok(self.with(credentials))
    }

    fn with(&self, credentials: Credentials) -> ConnectOptions {
        ConnectOptions {
            address: self.address.clone(),
            trust: self.trust.clone(),
            credentials,
            release: self.release.clone(),
            read_only: self.read_only,
            patience: ConnectOptions::REQUEST_TIMEOUT,
            traffic: Arc::default(),
        }
    }
}
