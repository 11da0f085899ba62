//! Plain-text passwords in the config file.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error};

/// A plain-text password of a config file, hidden in `Debug` output.
#[derive(Debug, Clone)]
pub struct Password(pub(super) SecretString);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The parser's message about a wrong type would quote the value.
        let wrong = "expected a password in quotes";
        match toml::Value::deserialize(deserializer) {
            Ok(toml::Value::String(text)) => Ok(Self(SecretString::from(text))),
            Ok(_) | Err(_) => Err(D::Error::custom(wrong)),
        }
    }
}
