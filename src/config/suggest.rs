//! What a misspelt word may have been meant to be.

/// How alike two words have to be.
const ALIKE: f64 = 0.65;

/// The known word that is most like the given one, if any is.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = known
        .iter()
        .map(|known| (likeness(word, known), *known))
        .filter(|(likeness, _)| *likeness >= ALIKE);
    likeness
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// Letters left out or too many, and letters that changed places.
fn likeness(one: &str, other: &str) -> f64 {
    strsim::jaro(one, other).max(strsim::normalized_damerau_levenshtein(one, other))
}

/// The parser's word about a key that is not known, with a suggestion; any other message as it is.
pub(super) fn clearer(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (true, Some(given)) = (message.starts_with("unknown field"), quoted.next()) else {
        return message.to_owned();
    };
    let known: Vec<&str> = quoted.collect();
    let suggestion = match nearest(given, &known) {
        Some(near) => format!("; did you mean “{near}”?"),
        None => ".".to_owned(),
    };
    format!(
        "there is no key “{given}”{suggestion} The keys here are {}.",
        known.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_recognised_and_a_far_one_is_not() {
        let known = ["url", "username", "password-file"];
        assert_eq!(nearest("usrname", &known), Some("username"));
        assert_eq!(nearest("pasword-file", &known), Some("password-file"));
        assert_eq!(nearest("zzz", &known), None);
    }

    #[test]
    fn other_messages_stay() {
        assert_eq!(clearer("invalid type: string"), "invalid type: string");
        assert_eq!(
            clearer("unknown field `xyz`, expected `url` or `release`"),
            "there is no key “xyz”. The keys here are url, release."
        );
    }
}
