//! Values of environment variables for flags without a value.

/// Parses an on/off value. An empty value means off, like an unset variable.
///
/// # Errors
/// Returns an error listing the accepted words.
pub(crate) fn env_flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "t" | "y" => Ok(true),
        "" | "0" | "false" | "no" | "off" | "f" | "n" => Ok(false),
        _ => Err("expected 1, true, yes, on or 0, false, no, off".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boolean_words_are_parsed_and_others_rejected() {
        for word in ["1", "true", "TRUE", "Yes", "on", "t", "y"] {
            assert_eq!(env_flag(word), Ok(true), "{word}");
        }
        for word in ["", "0", "false", "No", "OFF", "f", "n"] {
            assert_eq!(env_flag(word), Ok(false), "{word}");
        }
        for word in ["2", "ture", " ", "yes!"] {
            assert!(env_flag(word).is_err(), "{word}");
        }
    }
}
