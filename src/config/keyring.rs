//! Passwords in the system's keyring: Secret Service (GNOME, KDE and others) by its command-line tool, the keychain of
//! macOS, the Credential Manager of Windows.

#[cfg(any(target_os = "macos", windows))]
mod native;
#[cfg(not(any(target_os = "macos", windows)))]
mod secret_tool;

use secrecy::SecretString;

use super::ConfigError;
#[cfg(any(target_os = "macos", windows))]
use native as backend;
#[cfg(not(any(target_os = "macos", windows)))]
use secret_tool as backend;

/// Service name of all entries.
const SERVICE: &str = "vtask";

/// Keyring entry of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyringEntry {
    /// Account and server: `ops@vsphere.local on vc01.lab`.
    account: String,
}

impl KeyringEntry {
    /// Returns the entry of an account on a server.
    pub fn of(user: &str, server: &str) -> Self {
        Self {
            account: format!("{user} on {server}"),
        }
    }

    /// Returns the password; `None` if there is no such entry.
    ///
    /// # Errors
    /// Returns an error if no keyring is available.
    pub fn get(&self) -> Result<Option<SecretString>, ConfigError> {
        backend::get(SERVICE, &self.account).map_err(unusable)
    }

    /// Stores a password, replacing an existing one.
    ///
    /// # Errors
    /// Returns an error if no keyring is available or it rejects the password.
    pub fn set(&self, password: &SecretString) -> Result<(), ConfigError> {
        backend::set(SERVICE, &self.account, password).map_err(unusable)
    }

    /// Removes the password and returns true if there was one.
    ///
    /// # Errors
    /// Returns an error if no keyring is available.
    pub fn remove(&self) -> Result<bool, ConfigError> {
        backend::remove(SERVICE, &self.account).map_err(unusable)
    }
}

fn unusable(error: impl std::fmt::Display) -> ConfigError {
    let error = error.to_string();
    ConfigError(format!(
        "the system's keyring cannot be used: {}. Without one (over SSH, in a container), use password-command \
         or password-file.",
        error.trim().trim_end_matches('.')
    ))
}
