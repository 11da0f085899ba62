//! What a misspelt word may have been meant to be.

/// How alike two words have to be.
const MIN_SIMILARITY: f64 = 0.65;

/// The known word that is most like the given one, if any is.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = known
        .iter()
        .map(|known| (likeness(word, known), *known))
        .filter(|(likeness, _)| *likeness >= MIN_SIMILARITY);
    likeness
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// The question whether a near word was meant, as the end of a sentence; else the full stop.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("; did you mean “{near}”?"),
        None => ".".to_owned(),
    }
}

/// Letters left out or too many, and letters that changed places.
fn likeness(one: &str, other: &str) -> f64 {
    strsim::jaro(one, other).max(strsim::normalized_damerau_levenshtein(one, other))
}

/// `PageUp` as a key map or a theme writes it: `page-up`.
pub fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(character.to_lowercase());
    }
    kebab
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
        assert_eq!(did_you_mean("zzz", &known), ".");
        assert!(did_you_mean("ulr", &known).contains("“url”?"));
    }

    #[test]
    fn names_are_written_with_hyphens() {
        assert_eq!(kebab("PageUp"), "page-up");
        assert_eq!(kebab("Up"), "up");
    }
}
