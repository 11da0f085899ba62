//! Suggestions for misspelt words.

/// Returns the known word most similar to the given one, if any is similar enough.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().filter(|known| is_near(word, known));
    near.map(|known| (similarity(word, known), *known))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

/// True if one word is a slip of the other: one changed letter in three, or a word that was not finished.
fn is_near(word: &str, known: &str) -> bool {
    let length = word.chars().count().max(known.chars().count());
    let is_unfinished = word.chars().count() >= 3 && known.starts_with(word);
    is_unfinished || strsim::damerau_levenshtein(word, known) <= (length / 3).max(1)
}

/// Returns the end of an error sentence: a suggestion if a known word is similar, else a full stop.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("; did you mean “{near}”?"),
        None => ".".to_owned(),
    }
}

/// Returns the similarity of two words, tolerant of missing, extra and transposed letters.
fn similarity(a: &str, b: &str) -> f64 {
    strsim::jaro(a, b).max(strsim::normalized_damerau_levenshtein(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_words_are_suggested_and_others_are_not() {
        let known = ["url", "username", "password-file"];
        assert_eq!(nearest("usrname", &known), Some("username"));
        assert_eq!(nearest("pasword-file", &known), Some("password-file"));
        assert_eq!(nearest("user", &known), Some("username"));
        assert_eq!(nearest("zzz", &known), None);
        assert_eq!(nearest("foo", &["took", "folder"]), None);
        assert_eq!(did_you_mean("zzz", &known), ".");
        assert!(did_you_mean("ulr", &known).contains("“url”?"));
    }
}
