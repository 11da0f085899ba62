//! Removes user names and passwords from URLs before they are shown.

use std::borrow::Cow;

/// Returns a URL, or a text that may be one, without user name and password.
pub fn without_user_info(text: &str) -> Cow<'_, str> {
    // Everything before the last @ may be secret: a slash or question mark in a password ends the authority early.
    let Some((before, host)) = text.rsplit_once('@') else {
        return Cow::Borrowed(text);
    };
    Cow::Owned(match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://…@{host}"),
        None => format!("…@{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_info_is_removed() {
        for (url, shown) in [
            ("https://vc01.lab/sdk", "https://vc01.lab/sdk"),
            ("https://ops:s3cret@vc01.lab", "https://…@vc01.lab"),
            ("ops@lab:s3cret@vc01.lab", "…@vc01.lab"),
            ("https://ops:s3/c?r@et@vc01.lab", "https://…@vc01.lab"),
        ] {
            assert_eq!(without_user_info(url), shown);
        }
    }
}
