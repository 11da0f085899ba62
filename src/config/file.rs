//! The config file: `vtask/config.toml` in `$XDG_CONFIG_HOME`, or in `~/.config`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, de::Error};

use crate::task::{Filter, Saved};

use super::{
    ConfigError, Defaults, Environment, KeyOverrides, Password, RedactedUrl, suggest,
    view::SourceLines,
};
use crate::vim::Fingerprint;

/// What stands in the config file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ConfigFile {
    /// Where it was read; `None` where there is none.
    #[serde(skip)]
    pub path: Option<PathBuf>,
    /// The profile to use when none is named.
    pub default_profile: Option<String>,
    /// For flags that are not given.
    #[serde(default)]
    pub defaults: Defaults,
    /// Keys of one's own, as they stand there.
    #[serde(default)]
    keys: toml::Table,
    /// Keys of one's own, understood.
    #[serde(skip)]
    pub wishes: KeyOverrides,
    /// The columns of the list, as they stand there: a list, or lists by the list's breadth.
    pub(super) columns: Option<toml::Value>,
    #[serde(skip)]
    pub(super) lines: SourceLines,
    /// Filters by name: `@name` in a filter.
    #[serde(default)]
    pub filters: Saved,
    /// Connections by name.
    #[serde(default)]
    pub profiles: BTreeMap<String, Profile>,
}

/// A named connection.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// As `--url`.
    pub url: Option<RedactedUrl>,
    /// As `--username`.
    pub username: Option<String>,
    /// As `--password-file`.
    pub password_file: Option<PathBuf>,
    /// A command whose first line of output is the password.
    pub password_command: Option<String>,
    /// The password in the clear; only in a file that nobody else can read.
    pub password: Option<Password>,
    /// Whether the password is in the system's keyring, where `vtask config set-password` puts it.
    #[serde(default)]
    pub password_keyring: bool,
    /// As `--keep-session`.
    pub keep_session: Option<bool>,
    /// As `--ca-file`.
    pub ca_file: Option<PathBuf>,
    /// As `--thumbprint`.
    #[serde(default, deserialize_with = "fingerprint")]
    pub thumbprint: Option<Fingerprint>,
    /// As `--insecure`.
    #[serde(default)]
    pub insecure: bool,
    /// As `--release`.
    pub release: Option<String>,
    /// As `--read-only`.
    #[serde(default)]
    pub read_only: bool,
}

impl Profile {
    /// Whether the profile leads to a password, apart from one in its URL.
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
    /// What is wrong with the saved filters; the others count.
    pub fn filter_problems(&self) -> Vec<String> {
        let wrong = self.filters.iter().filter_map(|(name, text)| {
            let error = Filter::parse(text, &self.filters).err()?;
            let part = text
                .get(error.place.clone())
                .filter(|part| !part.is_empty());
            let place = part.map_or_else(|| "at its end".to_owned(), |part| format!("at “{part}”"));
            Some(format!("the saved filter “{name}”, {place}: {error}"))
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

    /// Reads the file that was named, or the one at the usual place if there is one.
    ///
    /// # Errors
    /// When a named file is missing, or a file cannot be read or understood: with its path, line and column.
    pub fn load(named: Option<&Path>, environment: &dyn Environment) -> Result<Self, ConfigError> {
        let (path, is_named) = match named {
            Some(path) => (path.to_owned(), true),
            None => match usual_place(environment) {
                Some(path) => (path, false),
                None => return Ok(Self::default()),
            },
        };
        match fs::read_to_string(&path) {
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

    /// Understands the text of a config file.
    ///
    /// # Errors
    /// With line and column, what is wrong, and what was expected.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut file: Self = toml::from_str(text).map_err(|error| {
            let place = error.span().map(|span| {
                let before = text.get(..span.start).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
                format!("line {line}, column {column}: ")
            });
            let message = suggest::with_suggestion(&error.message().trim().replace('\n', " "));
            ConfigError(format!("{}{message}", place.unwrap_or_default()))
        })?;
        file.wishes = KeyOverrides::read(&file.keys, text);
        file.lines = SourceLines::of(text, file.columns.as_ref());
        Ok(file)
    }

    /// The profile of that name; without a name the default one, or the only one.
    ///
    /// # Errors
    /// When there is none of that name, with the names that there are.
    pub fn profile(&self, name: Option<&str>) -> Result<Profile, ConfigError> {
        let Some(name) = name.or(self.default_profile.as_deref()) else {
            let mut profiles = self.profiles.values();
            return match (profiles.next(), profiles.next()) {
                (Some(only), None) => Ok(only.clone()),
                _ => Ok(Profile::default()),
            };
        };
        self.profiles.get(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
            let hint = match suggest::nearest(name, &known) {
                Some(near) => format!(" Did you mean “{near}”?"),
                None => String::new(),
            };
            let known = match known.as_slice() {
                [] => "it has none".to_owned(),
                known => format!("it has {}", known.join(", ")),
            };
            ConfigError(format!(
                "the config file has no profile “{name}”; {known}.{hint}"
            ))
        })
    }
}

pub(super) fn usual_place(environment: &dyn Environment) -> Option<PathBuf> {
    let folder = match environment.get("XDG_CONFIG_HOME") {
        Some(folder) if Path::new(&folder).is_absolute() => PathBuf::from(folder),
        _ => Path::new(&environment.get("HOME")?).join(".config"),
    };
    Some(folder.join("vtask").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../assets/config.sample.toml");

    #[test]
    fn the_sample_is_understood() {
        let config = ConfigFile::parse(SAMPLE).unwrap();
        let profile = config.profile(None).unwrap();
        assert_eq!(profile.url.as_deref(), Some("vc01.lab.example"));
        assert!(config.profile(Some("branch")).unwrap().ca_file.is_some());
        let (_, problems) = config
            .wishes
            .keymap(&crate::app::Keymap::standard().unwrap());
        assert_eq!(problems, [""; 0]);
        assert_eq!(config.wishes.bindings.len(), 4);
        let (columns, problems) = config.columns();
        assert_eq!(problems, [""; 0]);
        assert_ne!(columns, crate::app::Columns::default());
        for column in crate::app::Column::ALL {
            assert!(SAMPLE.contains(column.name()), "{}", column.name());
        }
        assert_eq!(config.sort(), (None, Vec::new()));
        assert_eq!(config.defaults.theme.as_deref(), Some("auto"));
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_place() {
        let error = ConfigFile::parse("[profiles.lab]\nurll = \"x\"\n").unwrap_err();
        assert!(error.0.starts_with("line 2, column 1: "), "{error}");
        assert!(error.0.contains("“urll”; did you mean “url”?"), "{error}");
    }

    #[test]
    fn an_unknown_profile_is_told_with_the_known_ones() {
        let config = ConfigFile::parse(SAMPLE).unwrap();
        let error = config.profile(Some("lba")).unwrap_err();
        assert!(
            error.0.contains("branch, lab. Did you mean “lab”?"),
            "{error}"
        );
    }

    #[test]
    fn a_named_file_must_be_there_the_usual_one_need_not() {
        let nowhere = |_: &str| Some("/nonexistent".to_owned());
        assert!(ConfigFile::load(None, &nowhere).unwrap().path.is_none());
        let error = ConfigFile::load(Some(Path::new("/nonexistent/x")), &nowhere).unwrap_err();
        assert!(error.0.contains("/nonexistent/x"), "{error}");
    }
}
