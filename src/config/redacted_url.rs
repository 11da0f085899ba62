//! A URL as entered, which may contain a password.

use std::{fmt, ops::Deref};

use serde::Deserialize;

use crate::text::without_user_info;

/// A URL as entered. `Debug` omits user name and password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct RedactedUrl(String);

impl From<String> for RedactedUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for RedactedUrl {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Deref for RedactedUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl RedactedUrl {
    /// Returns the URL without user name and password.
    pub fn shown(&self) -> String {
        without_user_info(&self.0).into_owned()
    }
}

impl fmt::Debug for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        let url = RedactedUrl::from("https://ops:s3cret@vc01.lab");
        assert_eq!(format!("{url:?}"), "\"https://…@vc01.lab\"");
    }
}
