//! What the config file may set for flags that are not given.

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de::Error};

use crate::watch::FetchMode;

/// For flags that are not given: the section `[defaults]`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for an independent flag"
)]
pub struct Defaults {
    /// As `--fetch`.
    pub fetch: Option<FetchMode>,
    /// As `--interval`.
    #[serde(deserialize_with = "interval")]
    pub interval: Option<f64>,
    /// As `--timeout` of `wait`.
    #[serde(deserialize_with = "span")]
    pub timeout: Option<SignedDuration>,
    /// As `--max-outage` of `wait`.
    #[serde(deserialize_with = "span")]
    pub max_outage: Option<SignedDuration>,
    /// As `--keep-session`.
    pub keep_session: bool,
    /// As `--bell`.
    pub bell: bool,
    /// As `--notify`.
    pub notify: bool,
    /// As `--title`.
    pub title: bool,
    /// As `--exec`.
    pub exec: Option<String>,
    /// As `--read-only`.
    pub read_only: bool,
    /// Where what is copied goes.
    pub clipboard: Option<ClipboardChoice>,
    /// The command that takes what is copied on its standard input; where it is given, `clipboard` is `local`.
    pub clipboard_command: Option<String>,
    /// As `--theme`.
    pub theme: Option<String>,
    /// As `--light`.
    pub light: bool,
    /// As `--ascii`.
    pub ascii: bool,
    /// Where the details are: `auto`, `below` or `beside`.
    pub layout: Option<String>,
    /// The details' part of the screen, in percent.
    pub details_size: Option<i64>,
    /// As `--sort`: the names of columns.
    pub sort: StringOrList,
}

/// One word, or several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "OneOrMany")]
pub struct StringOrList(pub Vec<String>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
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

/// Where what is copied goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClipboardChoice {
    /// To the terminal.
    Osc52,
    /// To this machine's clipboard.
    Local,
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SignedDuration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    crate::command::positive_span(&text)
        .map(Some)
        .map_err(Error::custom)
}

fn interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    crate::cli::seconds(&seconds.to_string())
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
