//! Where secrets come from: files, the environment, a prompt without echo. Never from a flag, for the process list
//! shows flags to everybody.

use std::{
    fs,
    io::{self, IsTerminal},
    path::Path,
};

use secrecy::{SecretString, zeroize::Zeroize};

use super::ConfigError;

/// The first line of a file, without its line break.
pub(super) fn from_file(flag: &str, path: &Path) -> Result<SecretString, ConfigError> {
    let mut text = fs::read_to_string(path).map_err(|error| {
        ConfigError(format!(
            "the file of {flag}, {}, cannot be read: {error}. Check the path and its permissions.",
            path.display()
        ))
    })?;
    let line = text.lines().next().unwrap_or_default().to_owned();
    text.zeroize();
    if line.is_empty() {
        return Err(ConfigError(format!(
            "the file of {flag}, {}, has an empty first line.",
            path.display()
        )));
    }
    Ok(SecretString::from(line))
}

/// Asks for a password on the terminal, without echo.
pub(super) fn prompt(user: &str, server: &str) -> Result<SecretString, ConfigError> {
    if !io::stdin().is_terminal() {
        return Err(ConfigError(format!(
            "no password for {user} on {server}, and no terminal to ask on. \
             Set VTASK_PASSWORD or give --password-file."
        )));
    }
    let typed = rpassword::prompt_password(format!("Password for {user} on {server}: "));
    typed.map(SecretString::from).map_err(|error| {
        ConfigError(format!(
            "the password could not be read from the terminal: {error}."
        ))
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_first_line_of_the_file_is_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "hunter 2\r\nnot this\n").unwrap();
        let secret = from_file("--password-file", &path).unwrap();
        assert_eq!(secret.expose_secret(), "hunter 2");
        fs::write(&path, "\n").unwrap();
        assert!(from_file("--password-file", &path).is_err());
    }
}
