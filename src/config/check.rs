//! `vtask config check`: validates a config file and all its profiles without contacting a server or running a
//! command.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use super::{
    ConfigError, ConfigFile, Environment, Profile,
    file::default_path,
    password_source::{check_private, plain_text_warning},
};
use crate::{
    app::Keymap,
    files::{private_file, text_file},
    vim::{Address, TrustPolicy},
};

/// Result of checking a config file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckResult {
    /// Human-readable summary without secrets.
    pub text: String,
    pub problems: Vec<String>,
    pub warnings: Vec<String>,
}

/// Checks the config file.
///
/// # Errors
/// Returns an error if it cannot be read or parsed.
pub fn check(
    named: Option<&Path>,
    environment: &dyn Environment,
) -> Result<CheckResult, ConfigError> {
    let (file, problems) = match ConfigFile::load(named, environment) {
        Ok(file) => (file, Vec::new()),
        Err(error) => {
            let path = named.map(Path::to_owned);
            let path = path.or_else(|| default_path(environment));
            let text = path.as_ref().and_then(|path| text_file::read(path).ok());
            let text = text.ok_or(error)?;
            let (mut file, problems) = ConfigFile::parse_valid(&text);
            file.path = path;
            (file, problems)
        }
    };
    let Some(path) = &file.path else {
        let path = default_path(environment)
            .unwrap_or_else(|| PathBuf::from("~/.config/vtask/config.toml"));
        return Ok(CheckResult {
            text: format!("No config file; the default path is {}.\n", path.display()),
            ..CheckResult::default()
        });
    };
    let mut result = CheckResult {
        text: format!("{}\n", path.display()),
        problems,
        ..CheckResult::default()
    };
    if let Some(name) = &file.default_profile
        && let Err(error) = file.profile(Some(name))
    {
        result.problems.push(format!("default-profile: {error}"));
    }
    result.problems.extend(screen_problems(&file, environment));
    result.problems.extend(file.filter_problems());
    result.problems.extend_from_slice(&file.list.problems);
    for (name, profile) in &file.profiles {
        let is_default = file.default_profile.as_deref() == Some(name) || file.profiles.len() == 1;
        let mark = if is_default { " (default)" } else { "" };
        let server = profile.url.as_deref().unwrap_or("no url");
        let server = Address::parse(server)
            // The error text contains no password.
            .map_or_else(|error| error.text, |(address, _)| address.name());
        let account = profile.username.as_deref().unwrap_or("no username");
        let _ = writeln!(
            result.text,
            "  {name}{mark}: {account} on {server}, password {}",
            source_of(profile)
        );
        check_profile(name, profile, path, &mut result);
    }
    Ok(result)
}

/// Returns the problems of theme, panels and keys.
fn screen_problems(file: &ConfigFile, environment: &dyn Environment) -> Vec<String> {
    let mut problems = match &file.defaults.theme {
        Some(name) => super::theme(name, file.path.as_deref(), environment).1,
        None => Vec::new(),
    };
    problems.extend(super::pane_layout(&file.defaults).1);
    problems.extend(file.key_overrides.keymap(&Keymap::standard()).1);
    problems
}

fn source_of(profile: &Profile) -> String {
    match profile {
        Profile {
            password_file: Some(path),
            ..
        } => format!("from the file {}", path.display()),
        Profile {
            password_command: Some(_),
            ..
        } => "from password-command".to_owned(),
        Profile {
            password_keyring: true,
            ..
        } => "from the system's keyring".to_owned(),
        Profile {
            password: Some(_), ..
        } => "in plain text".to_owned(),
        _ => "from VTASK_PASSWORD or a prompt".to_owned(),
    }
}

fn check_profile(name: &str, profile: &Profile, config: &Path, result: &mut CheckResult) {
    let mut problem = |text: String| result.problems.push(format!("profile {name}: {text}"));
    match profile.url.as_deref().map(Address::parse) {
        Some(Err(error)) => problem(error.to_string()),
        Some(Ok((address, user_info))) => {
            if user_info.is_some_and(|(_, password)| password.is_some())
                && let Err(error) = check_private(config)
            {
                problem(format!("the url contains a password: {error}"));
            }
            if address.is_exposed() {
                problem("credentials would be sent over plain http; use https.".to_owned());
            }
        }
        None => {}
    }
    for (key, file) in [
        ("password-file", &profile.password_file),
        ("ca-file", &profile.ca_file),
    ] {
        if let Some(file) = file
            && let Err(error) = fs::File::open(file)
        {
            problem(format!(
                "{key}, {}, cannot be read: {error}.",
                file.display()
            ));
        }
    }
    if let Some(pem) = profile
        .ca_file
        .as_ref()
        .and_then(|file| fs::read(file).ok())
        && let Err(why) = TrustPolicy::of_authorities(pem)
    {
        problem(format!("ca-file: {why}."));
    }
    if profile.password.is_some()
        && let Err(error) = check_private(config)
    {
        problem(error.0);
    }
    let sources = [
        profile.password_file.is_some(),
        profile.password_command.is_some(),
        profile.password_keyring,
        profile.password.is_some(),
    ];
    let mut warning = |text: String| result.warnings.push(format!("profile {name}: {text}"));
    if sources.into_iter().filter(|is_there| *is_there).count() > 1 {
        warning("several password sources; the order is password-file, password-command, password-keyring, password.".to_owned());
    }
    if profile.password.is_some() {
        warning(plain_text_warning(config));
    }
    if let Some(file) = &profile.password_file
        && file.exists()
        && check_private(file).is_err()
    {
        warning(format!(
            "others can read {}: {}.",
            file.display(),
            private_file::protection_advice(file)
        ));
    }
    if profile.insecure {
        warning(
            "insecure = true: the server's certificate is not checked; ca-file or thumbprint are safer."
                .to_owned(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str, mode: u32) -> CheckResult {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        check(Some(&path), &|_: &str| None).unwrap()
    }

    #[test]
    fn valid_file_is_summarised_without_secrets() {
        let text = "default-profile = \"lab\"\n[profiles.lab]\nurl = \"https://vc01.lab\"\nusername = \"ops\"\n\
                    password-command = \"pass show vc01\"\n";
        let result = checked(text, 0o644);
        assert_eq!(result.problems, [""; 0]);
        assert!(
            result
                .text
                .contains("lab (default): ops on vc01.lab, password from password-command"),
            "{}",
            result.text
        );
    }

    #[cfg(unix)]
    #[test]
    fn unusable_settings_are_problems() {
        let text = "default-profile = \"lba\"\n[profiles.lab]\nurl = \"http://vc01.lab\"\npassword = \"hunter2\"\n\
                    password-file = \"/nonexistent/p\"\n";
        let result = checked(text, 0o644);
        let all = result.problems.join("\n");
        for word in ["lba", "plain http", "/nonexistent/p", "chmod 600"] {
            assert!(all.contains(word), "{word}: {all}");
        }
        assert!(!format!("{result:?}").contains("hunter2"));
    }

    #[test]
    fn invalid_settings_do_not_hide_other_problems() {
        let text = "[defaults]\nbell = 3\n[filters]\nbad = \"state:\"\n[profiles.lab]\nurl = \"ftp://x\"\n";
        let problems = checked(text, 0o600).problems;
        let starts = [
            "line 2: defaults.bell: ",
            "the saved filter “bad”",
            "profile lab: ",
        ];
        assert_eq!(problems.len(), starts.len(), "{problems:#?}");
        for (problem, start) in problems.iter().zip(starts) {
            assert!(problem.starts_with(start), "{problem}");
        }
    }

    #[test]
    fn no_file_is_no_problem() {
        let nowhere = |name: &str| (name == "HOME").then(|| "/nonexistent".to_owned());
        let result = check(None, &nowhere).unwrap();
        assert!(
            result
                .text
                .contains("/nonexistent/.config/vtask/config.toml")
        );
    }
}
