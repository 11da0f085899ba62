//! Secret Service, through `secret-tool`. The password is passed on standard input, never on a command line.

use std::{
    io::{self, Write},
    process::{Command, Output, Stdio},
};

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

pub(super) fn get(service: &str, account: &str) -> Result<Option<SecretString>, String> {
    let mut output = run("lookup", &[], [service, account], "")?;
    let text = std::str::from_utf8(&output.stdout).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default().to_owned();
    output.stdout.zeroize();
    if !output.status.success() {
        return absent_or_failed(&output).map(|()| None);
    }
    Ok((!line.is_empty()).then(|| SecretString::from(line)))
}

pub(super) fn set(service: &str, account: &str, password: &SecretString) -> Result<(), String> {
    let output = run(
        "store",
        &["--label", service],
        [service, account],
        password.expose_secret(),
    )?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(&output))
    }
}

pub(super) fn remove(service: &str, account: &str) -> Result<bool, String> {
    if get(service, account)?.is_none() {
        return Ok(false);
    }
    let output = run("clear", &[], [service, account], "")?;
    absent_or_failed(&output).map(|()| true)
}

fn run(
    verb: &str,
    options: &[&str],
    [service, account]: [&str; 2],
    input: &str,
) -> Result<Output, String> {
    let child = Command::new("secret-tool")
        .arg(verb)
        .args(options)
        .args(["service", service, "account", account])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| cannot_run(&error))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A tool that stops reading reports the cause by its exit code.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output().map_err(|error| cannot_run(&error))
}

/// Classifies a failure: no output means no such entry, an error message means no keyring.
fn absent_or_failed(output: &Output) -> Result<(), String> {
    if output.status.success() || output.stderr.trim_ascii().is_empty() {
        Ok(())
    } else {
        Err(failed(output))
    }
}

fn failed(output: &Output) -> String {
    let message = String::from_utf8_lossy(&output.stderr);
    match message.lines().find(|line| !line.trim().is_empty()) {
        Some(line) => line.to_owned(),
        None => format!("secret-tool ended with {}", output.status),
    }
}

fn cannot_run(error: &io::Error) -> String {
    format!("secret-tool (of the package libsecret-tools or libsecret) cannot be run: {error}")
}
