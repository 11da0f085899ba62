//! A connection whose password may still be missing.

use std::sync::Arc;

use secrecy::SecretString;

use super::super::{ConfigError, SessionFile, password_source};
use crate::vim::{Address, ConnectOptions, Credentials, TrustPolicy};

/// Connection settings whose password may have to be prompted for.
#[derive(Debug)]
pub struct PartialConnection {
    pub address: Address,
    pub(super) trust: TrustPolicy,
    pub(super) release: Option<String>,
    pub(super) read_only: bool,
    pub(super) sign_in: AuthMethod,
}

/// Authentication method, as far as it is known.
#[derive(Debug)]
pub(super) enum AuthMethod {
    Ready(Credentials),
    Account {
        user: String,
        password: Option<SecretString>,
        /// Addition to the error message if no password is found: names sources for other servers.
        hint: String,
        kept: Option<SessionFile>,
    },
}

impl PartialConnection {
    /// Returns the session file if `--keep-session` is in effect.
    pub fn session_file(&self) -> Option<&SessionFile> {
        match &self.sign_in {
            AuthMethod::Account { kept, .. } => kept.as_ref(),
            AuthMethod::Ready(_) => None,
        }
    }

    /// Returns true if the password has to be prompted for.
    pub fn lacks_password(&self) -> bool {
        matches!(&self.sign_in, AuthMethod::Account { password: None, .. })
    }

    /// Completes the connection with an existing session.
    #[must_use]
    pub fn with_session(&self, session: SecretString) -> ConnectOptions {
        self.with(Credentials::Session(session))
    }

    /// Completes the connection, prompting for the password if no source has one.
    ///
    /// # Errors
    /// Returns an error if a prompt is needed and there is no terminal.
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
                    None => password_source::prompt(user, &self.address.label(), hint)?,
                };
                let store = kept.clone().map(|kept| Arc::new(kept) as Arc<_>);
                Credentials::Password {
                    user: user.clone(),
                    password,
                    store,
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
            timeout: ConnectOptions::REQUEST_TIMEOUT,
            traffic: Arc::default(),
        }
    }
}
