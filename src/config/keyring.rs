//! Passwords in the system's keyring, by the tool that the system has for it: `secret-tool` (the Secret Service of
//! GNOME, KDE and others), `security` (the keychain of macOS).
//!
//! The password goes to the tool by its standard input and never stands on a command line.

use std::{
    io::{self, Write},
    process::{Command, Output, Stdio},
};

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use super::ConfigError;

/// What the entries belong to.
const SERVICE: &str = "vtask";

/// An account's entry in the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyringEntry {
    /// `ops@vsphere.local on vc01.lab`.
    account: String,
}

impl KeyringEntry {
    /// The entry of an account on a server.
    pub fn of(user: &str, server: &str) -> Self {
        Self {
            account: format!("{user} on {server}"),
        }
    }

    /// The password; `None` where there is no such entry.
    ///
    /// # Errors
    /// When there is no keyring to ask.
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

    /// Puts a password there, in place of another.
    ///
    /// # Errors
    /// When there is no keyring, or it does not take it.
    pub fn set(&self, password: &SecretString) -> Result<(), ConfigError> {
        let password = password.expose_secret();
        let output = if cfg!(target_os = "macos") {
            // Its prompt reads the password twice.
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

    /// Takes the password away. Answers whether there was one.
    ///
    /// # Errors
    /// When there is no keyring to ask.
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
        // A tool that does not want it says why by its exit code.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output()
}

/// A tool that fails without a word found nothing; one that complains has no keyring to ask.
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
