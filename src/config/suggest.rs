//! Suggestions for misspelt config keys.

use crate::text::did_you_mean;

/// Adds a suggestion to a parser error about an unknown key; returns other errors unchanged.
pub(super) fn with_suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (true, Some(given)) = (message.starts_with("unknown field"), quoted.next()) else {
        return message.to_owned();
    };
    let known: Vec<&str> = quoted.collect();
    format!(
        "there is no key “{given}”{} The keys here are {}.",
        did_you_mean(given, &known),
        known.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_messages_stay() {
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
