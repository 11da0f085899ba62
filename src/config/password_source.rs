//! Passwords from files, commands, the keyring, the config file, or a prompt without echo. Never from a flag, because all
//! users can read the process list.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use secrecy::{SecretString, zeroize::Zeroize};
use tokio::{process::Command, task::spawn_blocking, time::timeout};

use super::{ConfigError, Environment, KeyringEntry, Password, Profile};
use crate::{
    files::{
        directories::state_directory,
        private_file::{self, Access},
        text_file,
    },
    shell_command,
    text::sanitize,
};

/// Time limit of a password-command and of the keyring. The user may have to unlock a key first.
const PASSWORD_TIMEOUT: Duration = Duration::from_secs(120);

/// Returns the password of a profile from its file, its command, the keyring, or the config file itself.
pub(super) async fn of_profile(
    profile: &Profile,
    config: Option<&Path>,
    (user, server): (&str, &str),
    environment: &dyn Environment,
) -> Result<Option<SecretString>, ConfigError> {
    if let Some(path) = &profile.password_file {
        return from_file("password-file", path).map(Some);
    }
    if let Some(command) = &profile.password_command {
        return from_command(command).await.map(Some);
    }
    if profile.password_keyring {
        return from_keyring(user, server).await.map(Some);
    }
    let Some(Password(password)) = &profile.password else {
        return Ok(None);
    };
    if let Some(path) = config {
        warn_plain_text_password(path, environment)?;
    }
    Ok(Some(password.clone()))
}

/// Checks that others cannot read a config file with a password, and prints a warning about the password, once per
/// file. Returns true if it was printed.
pub(super) fn warn_plain_text_password(
    path: &Path,
    environment: &dyn Environment,
) -> Result<bool, ConfigError> {
    check_private(path)?;
    let state = state_directory(|name| environment.get(name));
    let warned = state.map(|directory| directory.join("plain-text-warnings"));
    let before = warned
        .as_ref()
        .and_then(|file| std::fs::read_to_string(file).ok());
    let mut before = before.unwrap_or_default();
    let shown = path.display().to_string();
    if before.lines().any(|line| line == shown) {
        return Ok(false);
    }
    let _ = writeln!(io::stderr(), "vtask: warning: {}", plain_text_warning(path));
    // A home directory that does not exist is not created.
    let has_home = |file: &PathBuf| {
        let mut above = file.ancestors().skip(1);
        let existing = above.find(|directory| directory.exists());
        existing.is_some_and(|directory| directory.parent().is_some())
    };
    if let Some(file) = warned.filter(has_home) {
        before.push_str(&shown);
        before.push('\n');
        // Without the file, the warning is printed again next time.
        let _ = private_file::write(&file, before.as_bytes());
    }
    Ok(true)
}

/// Returns the warning about a plain-text password.
pub(super) fn plain_text_warning(path: &Path) -> String {
    format!(
        "{} contains a plain-text password; password-command or password-file are safer.",
        path.display()
    )
}

/// Returns an error if others can read a file that holds a password.
pub(super) fn check_private(path: &Path) -> Result<(), ConfigError> {
    match private_file::is_exposed(path, Access::Any) {
        Ok(false) => Ok(()),
        _ => Err(ConfigError(format!(
            "{} has a plain-text password and others can read it: {}, or use password-command instead.",
            path.display(),
            private_file::protection_advice(path)
        ))),
    }
}

/// Returns the password of an account from the system's keyring.
async fn from_keyring(user: &str, server: &str) -> Result<SecretString, ConfigError> {
    let entry = KeyringEntry::of(user, server);
    let reading = timeout(PASSWORD_TIMEOUT, spawn_blocking(move || entry.get()));
    let password = match reading.await {
        Ok(Ok(password)) => password?,
        Ok(Err(panic)) => return Err(ConfigError(panic.to_string())),
        Err(_) => {
            return Err(ConfigError(format!(
                "the system's keyring did not return the password for {user} on {server} within {} s. Unlock it first.",
                PASSWORD_TIMEOUT.as_secs()
            )));
        }
    };
    password.ok_or_else(|| {
        ConfigError(format!(
            "the system's keyring has no password for {user} on {server}. Run `vtask config set-password`."
        ))
    })
}

/// Returns the first line of a command's output. The command may use standard error and the terminal.
async fn from_command(command: &str) -> Result<SecretString, ConfigError> {
    let failed = |why: String| {
        ConfigError(format!(
            "the password-command `{command}` {why} Run it by itself to see its output."
        ))
    };
    let running = async {
        Command::from(shell_command::command(command))
            .stdin(Stdio::inherit())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()?
            .wait_with_output()
            .await
    };
    let Ok(output) = timeout(PASSWORD_TIMEOUT, running).await else {
        let limit = PASSWORD_TIMEOUT.as_secs();
        return Err(failed(format!("did not end within {limit} s.")));
    };
    let output = output.map_err(|error| failed(format!("cannot be run: {error}.")))?;
    let mut printed = output.stdout;
    let text = std::str::from_utf8(&printed).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default().to_owned();
    printed.zeroize();
    if !output.status.success() {
        return Err(failed(format!("failed ({}).", output.status)));
    }
    if line.is_empty() {
        return Err(failed("printed no password.".to_owned()));
    }
    Ok(SecretString::from(line))
}

/// Returns the first line of a file, without line break.
pub(super) fn from_file(flag: &str, path: &Path) -> Result<SecretString, ConfigError> {
    let mut text = text_file::read(path).map_err(|error| {
        ConfigError(format!(
            "{flag}: {} cannot be read: {error}. Check the path and its permissions.",
            path.display()
        ))
    })?;
    let line = text.lines().next().unwrap_or_default().to_owned();
    text.zeroize();
    if line.is_empty() {
        return Err(ConfigError(format!(
            "{flag}: {} has an empty first line.",
            path.display()
        )));
    }
    Ok(SecretString::from(line))
}

/// Prompts for a password on the terminal, without echo.
///
/// # Errors
/// Returns an error if the terminal cannot be read.
pub fn ask_password(whose: &str) -> Result<SecretString, ConfigError> {
    let typed = rpassword::prompt_password(format!("Password for {}: ", sanitize(whose)));
    typed.map(SecretString::from).map_err(|error| {
        ConfigError(format!(
            "the password could not be read from the terminal: {error}."
        ))
    })
}

/// Prompts for a password, or returns an error if there is no terminal.
pub(super) fn prompt(user: &str, server: &str, hint: &str) -> Result<SecretString, ConfigError> {
    if !io::stdin().is_terminal() {
        return Err(ConfigError(format!(
            "no password for {user} on {server}, and no terminal to ask on. \
             Set VTASK_PASSWORD or give --password-file.{hint}"
        )));
    }
    ask_password(&format!("{user} on {server}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::ExposeSecret;

    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn password_command_prints_password_or_error() {
        let secret = from_command("printf 'hunter 2\\nmore\\n'").await.unwrap();
        assert_eq!(secret.expose_secret(), "hunter 2");
        let error = from_command("echo no >/dev/null; exit 3")
            .await
            .unwrap_err();
        assert!(
            error.0.contains("exit 3") || error.0.contains('3'),
            "{error}"
        );
        let error = from_command("true").await.unwrap_err();
        assert!(error.0.contains("no password"), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn a_hanging_password_command_is_stopped() {
        let error = from_command("exec sleep 600").await.unwrap_err();
        let expected = "the password-command `exec sleep 600` did not end within 120 s.";
        assert!(error.0.starts_with(expected), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn plain_password_requires_a_private_file_and_is_hidden() {
        use std::os::unix::fs::PermissionsExt;

        let nowhere = |_: &str| None;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        fs::write(&path, "").unwrap();
        let profile: Profile = toml::from_str("password = \"hunter2\"").unwrap();
        assert!(!format!("{profile:?}").contains("hunter2"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let read = async || of_profile(&profile, Some(&path), ("ops", "vc01"), &nowhere).await;
        let error = read().await.unwrap_err();
        assert!(
            error.0.contains("chmod 600") && !error.0.contains("hunter2"),
            "{error}"
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read().await.unwrap().is_some());
    }

    #[test]
    fn the_warning_is_printed_once_per_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| {
            let path = directory.path().join(name);
            private_file::write(&path, b"").unwrap();
            path
        };
        let state = directory.path().display().to_string();
        let environment = |name: &str| (name == "XDG_STATE_HOME").then(|| state.clone());
        let warn = |path: &Path| warn_plain_text_password(path, &environment).unwrap();
        let (one, other) = (path("one.toml"), path("other.toml"));
        assert!(warn(&one) && !warn(&one) && warn(&other) && !warn(&one));
    }

    #[test]
    fn unquoted_password_is_not_shown_in_the_error() {
        for value in ["12345678", "[\"12345678\"]", "2026-11-25"] {
            let error = toml::from_str::<Profile>(&format!("password = {value}")).unwrap_err();
            let message = error.message();
            assert!(message.contains("in quotes"), "{message}");
            assert!(
                !message.contains("1234") && !message.contains("2026"),
                "{message}"
            );
        }
    }

    #[test]
    fn the_first_line_of_the_file_is_the_secret() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        fs::write(&path, "hunter 2\r\nnot this\n").unwrap();
        let secret = from_file("--password-file", &path).unwrap();
        assert_eq!(secret.expose_secret(), "hunter 2");
        // Windows PowerShell writes UTF-16 with `>`.
        let utf16 = "\u{feff}hunter 2\r\n".encode_utf16();
        fs::write(&path, utf16.flat_map(u16::to_le_bytes).collect::<Vec<_>>()).unwrap();
        let secret = from_file("--password-file", &path).unwrap();
        assert_eq!(secret.expose_secret(), "hunter 2");
        fs::write(&path, "\n").unwrap();
        assert!(from_file("--password-file", &path).is_err());
    }
}
