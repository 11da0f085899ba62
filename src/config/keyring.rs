//! Passwords in the system's keyring, through its command-line tool: `secret-tool` (Secret Service of GNOME, KDE and
//! others) or `security` (macOS keychain).
//!
//! The password is passed on standard input, never on a command line.

use std::{
    io::{self, Write},
    process::{Command, Output, Stdio},
};

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use super::ConfigError;

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
        let output = if cfg!(target_os = "macos") {
            run(
                "security",
                &[
                    "find-generic-password",
                    "-w",
                    "-s",
                    SERVICE,
                    "-a",
                    &self.account,
                ],
                "",
            )
        } else {
            run("secret-tool", &self.words("lookup"), "")
        };
        let mut output = output.map_err(|error| cannot_run(&error))?;
        let text = std::str::from_utf8(&output.stdout).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default().to_owned();
        output.stdout.zeroize();
        if !output.status.success() {
            return absent_or_wrong(&output).map(|()| None);
        }
        Ok((!line.is_empty()).then(|| SecretString::from(line)))
    }

    /// Stores a password, replacing an existing one.
    ///
    /// # Errors
    /// Returns an error if no keyring is available or it rejects the password.
    pub fn set(&self, password: &SecretString) -> Result<(), ConfigError> {
        let password = password.expose_secret();
        let output = if cfg!(target_os = "macos") {
            // The tool's prompt reads the password twice.
            run(
                "security",
                &[
                    "add-generic-password",
                    "-U",
                    "-s",
                    SERVICE,
                    "-a",
                    &self.account,
                    "-w",
                ],
                &format!("{password}\n{password}\n"),
            )
        } else {
            let mut words = vec!["store", "--label", "vtask"];
            words.extend(self.words("store").into_iter().skip(1));
            run("secret-tool", &words, password)
        };
        let output = output.map_err(|error| cannot_run(&error))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(refused(&output))
        }
    }

    /// Removes the password and returns true if there was one.
    ///
    /// # Errors
    /// Returns an error if no keyring is available.
    pub fn remove(&self) -> Result<bool, ConfigError> {
        if self.get()?.is_none() {
            return Ok(false);
        }
        let output = if cfg!(target_os = "macos") {
            run(
                "security",
                &[
                    "delete-generic-password",
                    "-s",
                    SERVICE,
                    "-a",
                    &self.account,
                ],
                "",
            )
        } else {
            run("secret-tool", &self.words("clear"), "")
        };
        let output = output.map_err(|error| cannot_run(&error))?;
        absent_or_wrong(&output).map(|()| true)
    }

    fn words<'a>(&'a self, verb: &'a str) -> Vec<&'a str> {
        vec![verb, "service", SERVICE, "account", &self.account]
    }
}

fn run(tool: &str, words: &[&str], input: &str) -> io::Result<Output> {
    let mut child = Command::new(tool)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A tool that stops reading reports the cause by its exit code.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output()
}

/// Classifies a failure: no output means no such entry, an error message means no keyring.
fn absent_or_wrong(output: &Output) -> Result<(), ConfigError> {
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() || said.trim().is_empty() || said.contains("could not be found") {
        Ok(())
    } else {
        Err(refused(output))
    }
}

fn refused(output: &Output) -> ConfigError {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().find(|line| !line.trim().is_empty());
    let said = said.map_or_else(
        || format!("it ended with {}.", output.status),
        |line| format!("{}.", line.trim().trim_end_matches('.')),
    );
    ConfigError(format!(
        "the system's keyring cannot be used: {said} Where none runs (over SSH, in a container), password-command or \
         password-file serve as well."
    ))
}

fn cannot_run(error: &io::Error) -> ConfigError {
    let tool = if cfg!(target_os = "macos") {
        "`security`"
    } else {
        "`secret-tool` (of the package libsecret-tools or libsecret)"
    };
    ConfigError(format!(
        "the system's keyring is asked by {tool}, which cannot be run: {error}. password-command or password-file serve \
         as well."
    ))
}
