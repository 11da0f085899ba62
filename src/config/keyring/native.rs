//! Keychain of macOS and Credential Manager of Windows, through their APIs.

use std::sync::Arc;

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
use keyring_core::{CredentialStore, Entry, Error};
use secrecy::{ExposeSecret, SecretString};
#[cfg(windows)]
use windows_native_keyring_store::Store;

pub(super) fn get(service: &str, account: &str) -> Result<Option<SecretString>, Error> {
    match entry(service, account)?.get_password() {
        Ok(password) => Ok(Some(SecretString::from(password))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn set(service: &str, account: &str, password: &SecretString) -> Result<(), Error> {
    entry(service, account)?.set_password(password.expose_secret())
}

pub(super) fn remove(service: &str, account: &str) -> Result<bool, Error> {
    match entry(service, account)?.delete_credential() {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(error),
    }
}

fn entry(service: &str, account: &str) -> Result<Entry, Error> {
    let store: Arc<CredentialStore> = Store::new()?;
    Entry::new_in_store(&store, service, account)
}
