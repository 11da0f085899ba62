//! An address as somebody wrote it down, which may have a password in it.

use std::{fmt, ops::Deref};

use serde::Deserialize;

/// An address as it was given. Shown for debugging without user and password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct GivenUrl(String);

impl From<String> for GivenUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for GivenUrl {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Deref for GivenUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl GivenUrl {
    /// The address without user and password.
    pub fn shown(&self) -> String {
        // Whatever stands before the last @ may be a secret, wherever a slash or a question mark got into it.
        let Some((before, host)) = self.0.rsplit_once('@') else {
            return self.0.clone();
        };
        match before.split_once("://") {
            Some((scheme, _)) => format!("{scheme}://…@{host}"),
            None => format!("…@{host}"),
        }
    }
}

impl fmt::Debug for GivenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            ("https://vc01.lab/sdk", "\"https://vc01.lab/sdk\""),
            ("https://ops:s3cret@vc01.lab", "\"https://…@vc01.lab\""),
            ("ops@lab:s3cret@vc01.lab", "\"…@vc01.lab\""),
            ("https://ops:s3/c?r@et@vc01.lab", "\"https://…@vc01.lab\""),
        ] {
            assert_eq!(format!("{:?}", GivenUrl::from(url)), shown);
        }
    }
}
