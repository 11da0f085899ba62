//! A connection that lacks at most a password.

use std::sync::Arc;

use secrecy::SecretString;

use super::super::{ConfigError, KeptSession, secret};
use crate::vim::{Address, ConnectOptions, Credentials, Trust};

/// A connection but for what may have to be asked for.
#[derive(Debug)]
pub struct Draft {
    /// Where the server is.
    pub address: Address,
    pub(super) trust: Trust,
    pub(super) release: Option<String>,
    pub(super) read_only: bool,
    pub(super) sign_in: SignIn,
}

/// How one signs in, as far as that is known.
#[derive(Debug)]
pub(super) enum SignIn {
    Ready(Credentials),
    Account {
        user: String,
        password: Option<SecretString>,
        /// What to add where the password cannot be asked for: which sources are for another server.
        hint: String,
        kept: Option<KeptSession>,
    },
}

impl Draft {
    /// The session of an earlier run, where it is wanted.
    pub fn kept(&self) -> Option<(&str, &KeptSession)> {
        match &self.sign_in {
            SignIn::Account { user, kept, .. } => kept.as_ref().map(|kept| (user.as_str(), kept)),
            SignIn::Ready(_) => None,
        }
    }

    /// Whether the password would have to be asked for.
    pub fn lacks_password(&self) -> bool {
        matches!(&self.sign_in, SignIn::Account { password: None, .. })
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
            SignIn::Ready(credentials) => credentials.clone(),
            SignIn::Account {
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
            patience: ConnectOptions::PATIENCE,
            traffic: Arc::default(),
        }
    }
}
