//! The config file: `vtask/config.toml` in `$XDG_CONFIG_HOME` or `~/.config`, on Windows in `%APPDATA%`.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, de::Error};

use super::{
    ConfigError, Defaults, Environment, KeyOverrides, Password, RedactedUrl,
    list_settings::ListSettings,
};
use crate::{
    files::{directories::config_directory, text_file},
    task::{Filter, Saved},
    text::{did_you_mean, toml_line},
    vim::Fingerprint,
};

/// Parsed config file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ConfigFile {
    /// Path of the file; `None` if there is none.
    #[serde(skip)]
    pub path: Option<PathBuf>,
    pub default_profile: Option<String>,
    #[serde(default)]
    pub defaults: Defaults,
    /// Key bindings as written.
    #[serde(default)]
    keys: toml::Table,
    /// Parsed key bindings.
    #[serde(skip)]
    pub key_overrides: KeyOverrides,
    /// Columns as written: a list, or a list for each width class.
    columns: Option<toml::Value>,
    /// Parsed sort order and columns.
    #[serde(skip)]
    pub list: ListSettings,
    /// Saved filters by name, used as `@name` in a filter.
    #[serde(default)]
    pub filters: Saved,
    #[serde(default)]
    pub profiles: BTreeMap<String, Profile>,
}

/// A named connection.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    #[serde(skip)]
    pub name: String,
    pub url: Option<RedactedUrl>,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
    /// Command whose first line of output is the password.
    pub password_command: Option<String>,
    /// Plain-text password; only allowed in a file that others cannot read.
    pub password: Option<Password>,
    /// True if the password is in the system's keyring (`vtask config set-password`).
    #[serde(default)]
    pub password_keyring: bool,
    pub keep_session: Option<bool>,
    pub ca_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "fingerprint")]
    pub thumbprint: Option<Fingerprint>,
    #[serde(default)]
    pub insecure: bool,
    pub release: Option<String>,
    #[serde(default)]
    pub read_only: bool,
}

impl Profile {
    fn named(self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self
        }
    }

    /// Returns true if the profile has a password source other than its URL.
    pub(super) fn has_password(&self) -> bool {
        self.password_file.is_some()
            || self.password_command.is_some()
            || self.password_keyring
            || self.password.is_some()
    }
}

fn fingerprint<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Fingerprint>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

impl ConfigFile {
    /// Returns the errors in saved filters; the other filters stay usable.
    pub fn filter_problems(&self) -> Vec<String> {
        let wrong = self.filters.iter().filter_map(|(name, text)| {
            let error = Filter::parse(text, &self.filters).err()?;
            let part = text.get(error.span.clone()).filter(|part| !part.is_empty());
            let location =
                part.map_or_else(|| "at its end".to_owned(), |part| format!("at “{part}”"));
            Some(format!("the saved filter “{name}”, {location}: {error}"))
        });
        let odd = self
            .filters
            .keys()
            .filter(|name| name.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')')));
        let odd = odd.map(|name| {
            format!("the saved filter “{name}”: its name must be one word to be used as @{name}")
        });
        wrong.chain(odd).collect()
    }

    /// Loads the given file, or the default file if it exists.
    ///
    /// # Errors
    /// Returns an error with path, line and column if a given file is missing, or a file cannot be read or parsed.
    pub fn load(named: Option<&Path>, environment: &dyn Environment) -> Result<Self, ConfigError> {
        let (path, is_named) = match named {
            Some(path) => (path.to_owned(), true),
            None => match default_path(environment) {
                Some(path) => (path, false),
                None => return Ok(Self::default()),
            },
        };
        match text_file::read(&path) {
            Ok(text) => Self::parse(&text)
                .map(|file| Self {
                    path: Some(path.clone()),
                    ..file
                })
                .map_err(|error| {
                    ConfigError(format!("the config file {}: {error}", path.display()))
                }),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_named => {
                Ok(Self::default())
            }
            Err(error) => Err(ConfigError(format!(
                "the config file {} cannot be read: {error}. Check --config and the file's permissions.",
                path.display()
            ))),
        }
    }

    /// Parses the text of a config file.
    ///
    /// # Errors
    /// Returns an error with line, column, cause and expected value.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut file: Self = toml::from_str(text).map_err(|error| {
            let location = error.span().map(|span| {
                let before = text.get(..span.start).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
                format!("line {line}, column {column}: ")
            });
            let message = with_suggestion(&error.message().trim().replace('\n', " "));
            ConfigError(format!("{}{message}", location.unwrap_or_default()))
        })?;
        file.parse_screen_settings(text);
        Ok(file)
    }

    /// Parses a config file without its invalid settings. Returns the errors, too, each with its line and setting.
    pub fn parse_valid(text: &str) -> (Self, Vec<String>) {
        let first = match Self::parse(text) {
            Ok(file) => return (file, Vec::new()),
            Err(error) => error,
        };
        let Ok(mut valid) = text.parse::<toml::Table>() else {
            return (Self::default(), vec![first.0]);
        };
        let mut errors = Vec::new();
        let mut is_valid = |path: &[&str], value: &toml::Value| {
            let (first, inner) = path.split_first().unwrap_or((&"", &[]));
            let value = inner.iter().rev().fold(value.clone(), |value, name| {
                toml::Table::from_iter([((*name).to_owned(), value)]).into()
            });
            let table = toml::Table::from_iter([((*first).to_owned(), value)]);
            let Err(error) = Self::deserialize(toml::Value::Table(table)) else {
                return true;
            };
            let line = toml_line(text, path);
            let location = line
                .map(|line| format!("line {line}: "))
                .unwrap_or_default();
            let message = error.message().trim().replace('\n', " ");
            let message = with_suggestion(&message);
            errors.push((line, format!("{location}{}: {message}", path.join("."))));
            false
        };
        valid.retain(|name, value| match (name, value) {
            ("defaults", toml::Value::Table(settings)) => {
                settings.retain(|key, value| is_valid(&[name, key], value));
                true
            }
            ("profiles", toml::Value::Table(profiles)) => {
                profiles.retain(|profile, value| match value {
                    toml::Value::Table(settings) => {
                        settings.retain(|key, value| is_valid(&[name, profile, key], value));
                        true
                    }
                    value => is_valid(&[name, profile], value),
                });
                true
            }
            (_, value) => is_valid(&[name], value),
        });
        errors.sort();
        let mut errors: Vec<String> = errors.into_iter().map(|(_, error)| error).collect();
        if errors.is_empty() {
            errors.push(first.0);
        }
        let mut file = Self::deserialize(toml::Value::Table(valid)).unwrap_or_default();
        file.parse_screen_settings(text);
        (file, errors)
    }

    /// Parses the settings whose values do not have a type of their own; `text` gives the lines of their errors.
    fn parse_screen_settings(&mut self, text: &str) {
        self.key_overrides = KeyOverrides::read(&self.keys, text);
        self.list = ListSettings::read(&self.defaults.sort.0, self.columns.as_ref(), text);
    }

    /// Returns the profile of that name; without a name, the default or only profile.
    ///
    /// # Errors
    /// Returns an error with the known names if there is no such profile.
    pub fn profile(&self, name: Option<&str>) -> Result<Profile, ConfigError> {
        let Some(name) = name.or(self.default_profile.as_deref()) else {
            let mut profiles = self.profiles.iter();
            return match (profiles.next(), profiles.next()) {
                (Some((name, only)), None) => Ok(only.clone().named(name)),
                _ => Ok(Profile::default()),
            };
        };
        let profile = self.profiles.get(name);
        profile
            .map(|profile| profile.clone().named(name))
            .ok_or_else(|| {
                let known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
                let hint = did_you_mean(name, &known);
                let known = match known.as_slice() {
                    [] => "none".to_owned(),
                    known => known.join(", "),
                };
                ConfigError(format!(
                    "the config file has no profile “{name}”{hint} It has {known}."
                ))
            })
    }
}

pub(super) fn default_path(environment: &dyn Environment) -> Option<PathBuf> {
    Some(config_directory(|name| environment.get(name))?.join("config.toml"))
}

/// Adds a suggestion to a parser error about an unknown key; returns other errors unchanged.
fn with_suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (true, Some(key)) = (message.starts_with("unknown field"), quoted.next()) else {
        return message.to_owned();
    };
    let known: Vec<&str> = quoted.collect();
    format!(
        "there is no key “{key}”{} The keys here are {}.",
        did_you_mean(key, &known),
        known.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../assets/config.sample.toml");

    #[test]
    fn sample_file_is_valid() {
        let config = ConfigFile::parse(SAMPLE).unwrap();
        let profile = config.profile(None).unwrap();
        assert_eq!(profile.url.as_deref(), Some("vc01.lab.example"));
        assert!(config.profile(Some("branch")).unwrap().ca_file.is_some());
        let (_, problems) = config.key_overrides.keymap(&crate::app::Keymap::standard());
        assert_eq!(problems, [""; 0]);
        assert_eq!(config.key_overrides.bindings.len(), 4);
        assert_eq!(config.list.problems, [""; 0]);
        assert_ne!(config.list.columns, crate::app::Columns::default());
        for column in crate::app::Column::ALL {
            assert!(SAMPLE.contains(column.name()), "{}", column.name());
        }
        assert_eq!(config.list.sort, None);
        assert_eq!(config.defaults.theme.as_deref(), Some("auto"));
    }

    #[test]
    fn unknown_key_is_reported_with_its_line() {
        let error = ConfigFile::parse("[profiles.lab]\nurll = \"x\"\n").unwrap_err();
        assert!(error.0.starts_with("line 2, column 1: "), "{error}");
        assert!(error.0.contains("“urll”; did you mean “url”?"), "{error}");
    }

    #[test]
    fn utf16_file_is_read_and_unknown_encoding_rejected() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        let nowhere = |_: &str| None;
        let text = "\u{feff}[profiles.lab]\r\nusername = \"jürgen\"\r\n";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [text.as_bytes(), &utf16] {
            std::fs::write(&path, bytes).unwrap();
            let file = ConfigFile::load(Some(&path), &nowhere).unwrap();
            let lab = file.profile(Some("lab")).unwrap();
            assert_eq!(lab.username.as_deref(), Some("jürgen"));
        }
        std::fs::write(&path, b"[profiles.lab]\nusername = \"j\xfcrgen\"\n").unwrap();
        let error = ConfigFile::load(Some(&path), &nowhere).unwrap_err();
        assert!(error.0.contains("save it as UTF-8"), "{error}");
    }

    #[test]
    fn all_errors_are_found_at_once() {
        let text = "default-profil = \"lab\"\n[defaults]\ntimeout = \"soon\"\nbell = 3\n\
                    [profiles.lab]\nuser = \"ops\"\npassword = 12345\n";
        let (_, errors) = ConfigFile::parse_valid(text);
        let starts = [
            "line 1: default-profil: there is no key “default-profil”; did you mean “default-profile”?",
            "line 3: defaults.timeout: expected a duration",
            "line 4: defaults.bell: invalid type",
            "line 6: profiles.lab.user: there is no key “user”",
            "line 7: profiles.lab.password: expected a password in quotes",
        ];
        assert_eq!(errors.len(), starts.len(), "{errors:#?}");
        for (error, start) in errors.iter().zip(starts) {
            assert!(error.starts_with(start), "{start}: {errors:#?}");
        }
        assert!(!errors.concat().contains("12345"));
        assert_eq!(ConfigFile::parse_valid("a = \n").1.len(), 1);
        let valid = "[defaults]\nbell = true\n";
        assert_eq!(ConfigFile::parse_valid(valid).1, [""; 0]);
    }

    #[test]
    fn unknown_profile_is_reported_with_known_ones() {
        let config = ConfigFile::parse(SAMPLE).unwrap();
        let error = config.profile(Some("lba")).unwrap_err();
        assert!(
            error.0.contains("did you mean “lab”? It has branch, lab."),
            "{error}"
        );
    }

    #[test]
    fn explicit_file_must_exist_and_default_file_may_be_missing() {
        let nowhere = |_: &str| Some("/nonexistent".to_owned());
        assert!(ConfigFile::load(None, &nowhere).unwrap().path.is_none());
        let error = ConfigFile::load(Some(Path::new("/nonexistent/x")), &nowhere).unwrap_err();
        assert!(error.0.contains("/nonexistent/x"), "{error}");
    }

    #[test]
    fn only_unknown_keys_have_suggestions() {
        assert_eq!(
            with_suggestion("invalid type: string"),
            "invalid type: string"
        );
        assert_eq!(
            with_suggestion("unknown field `xyz`, expected `url` or `release`"),
            "there is no key “xyz”. The keys here are url, release."
        );
    }
}
