//! Suggestions for misspelt words.

/// Minimum similarity for a suggestion, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.65;

/// Returns the known word most similar to the given one, if any is similar enough.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = known
        .iter()
        .map(|known| (likeness(word, known), *known))
        .filter(|(likeness, _)| *likeness >= MIN_SIMILARITY);
    likeness
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// Returns the end of an error sentence: a suggestion if a known word is similar, else a full stop.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("; did you mean “{near}”?"),
        None => ".".to_owned(),
    }
}

/// Returns the similarity of two words, tolerant of missing, extra and transposed letters.
fn likeness(one: &str, other: &str) -> f64 {
    strsim::jaro(one, other).max(strsim::normalized_damerau_levenshtein(one, other))
}

/// Converts a variant name to the form of key maps and themes: `PageUp` to `page-up`.
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
