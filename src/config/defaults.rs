//! Defaults for flags, from the config file.

use std::path::PathBuf;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    text::{parse_positive_duration, parse_seconds},
    watch::FetchMode,
};

/// Maximum of `record-max-mb`.
pub(super) const MAX_RECORD_MB: u64 = 1_000_000;

/// The section `[defaults]`: values for flags that are not given.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags")]
pub struct Defaults {
    pub fetch: Option<FetchMode>,
    #[serde(deserialize_with = "interval")]
    pub interval: Option<f64>,
    /// Default for `--timeout`.
    #[serde(deserialize_with = "span")]
    pub timeout: Option<SignedDuration>,
    /// Default for `--max-outage` of `wait`.
    #[serde(deserialize_with = "span")]
    pub max_outage: Option<SignedDuration>,
    /// Directory of records of every run.
    pub record: Option<PathBuf>,
    /// Maximum size of all records in it, in MiB.
    #[serde(deserialize_with = "size")]
    pub record_max_mb: Option<u64>,
    /// Maximum age of the records in it.
    #[serde(deserialize_with = "span")]
    pub record_max_age: Option<SignedDuration>,
    pub keep_session: bool,
    pub bell: bool,
    pub notify: bool,
    pub title: bool,
    pub exec: Option<String>,
    pub read_only: bool,
    pub clipboard: Option<ClipboardChoice>,
    /// Command that receives copied text on standard input; requires `clipboard = "local"` or no `clipboard`.
    pub clipboard_command: Option<String>,
    pub theme: Option<String>,
    pub light: bool,
    pub ascii: bool,
    /// Position of the details: `auto`, `below` or `beside`.
    pub layout: Option<String>,
    /// Share of the screen for the details, in percent.
    pub details_size: Option<i64>,
    /// Default for `--sort`, as column names.
    pub sort: StringOrList,
}

/// A string or a list of strings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "OneOrMany")]
pub struct StringOrList(pub Vec<String>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a string or a list of strings")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for StringOrList {
    fn from(words: OneOrMany) -> Self {
        Self(match words {
            OneOrMany::One(words) => words.split(',').map(str::to_owned).collect(),
            OneOrMany::Many(words) => words,
        })
    }
}

/// Destination of copied text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClipboardChoice {
    /// The terminal, by an OSC 52 sequence.
    Osc52,
    /// The clipboard of this machine.
    Local,
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SignedDuration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_positive_duration(&text)
        .map(Some)
        .map_err(Error::custom)
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let size = u64::deserialize(deserializer)?;
    if (1..=MAX_RECORD_MB).contains(&size) {
        Ok(Some(size))
    } else {
        Err(Error::custom(format!(
            "expected a number from 1 to {MAX_RECORD_MB}"
        )))
    }
}

fn interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    parse_seconds(&seconds.to_string())
        .map(Some)
        .map_err(Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_checked_as_the_flags_are() {
        let read = |text: &str| toml::from_str::<Defaults>(text);
        let defaults =
            read("max-outage = \"30m\"\ninterval = 5\nfetch = \"poll\"\nbell = true").unwrap();
        assert_eq!(defaults.max_outage, Some(SignedDuration::from_mins(30)));
        assert_eq!(defaults.interval, Some(5.0));
        assert_eq!(defaults.fetch, Some(FetchMode::Poll));
        assert!(defaults.bell && !defaults.notify);
        for wrong in [
            "timeout = \"soon\"",
            "interval = 0",
            "fetch = \"pull\"",
            "bel = true",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
