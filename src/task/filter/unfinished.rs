//! Recognizes conditions that are still being typed.

use super::{
    completion::word_start,
    field::{FIELDS, Field},
};

/// A word at the end of a text that may become the name of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedField {
    /// Byte offset of the word.
    pub start: usize,
    /// An example of the complete condition.
    pub example: String,
}

/// Returns the name of a field, or the beginning of one, at the end of a text that has no operator yet.
pub fn unfinished_field(text: &str) -> Option<UnfinishedField> {
    const MIN_LETTERS: usize = 2;
    let text = text.trim_end();
    let start = word_start(text);
    let word = text.get(start..)?.trim_start_matches(['(', '-', '!']);
    if word.chars().count() < MIN_LETTERS {
        return None;
    }
    let word = word.to_lowercase();
    let names = FIELDS.iter().flat_map(|(name, field, others)| {
        let names = std::iter::once(name).chain(others.iter());
        names.map(move |name| (*name, *field))
    });
    let mut names: Vec<(&str, Field)> = names.filter(|(name, _)| name.starts_with(&word)).collect();
    names.sort_by_key(|(name, _)| name.len());
    let (name, field) = names.first()?;
    let example = match field {
        Field::Text(_) => format!("{name}:text"),
        Field::State => format!("{name}:failed"),
        Field::Is => format!("{name}:blocked"),
        Field::Number(_) => format!("{name}>50"),
        Field::Span(_) => format!("{name}>1h"),
    };
    Some(UnfinishedField { start, example })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_are_unfinished_until_the_operator() {
        for (text, expected) in [
            ("el", Some((0, "elapsed>1h"))),
            ("web elapsed ", Some((4, "elapsed>1h"))),
            ("web -clus", Some((4, "cluster:text"))),
            ("progr", Some((0, "progress>50"))),
            ("state", Some((0, "state:failed"))),
            ("elapsed>", None),
            ("elapsed > 1h", None),
            ("web", None),
            ("e", None),
            ("", None),
        ] {
            let found = unfinished_field(text);
            let found = found
                .as_ref()
                .map(|found| (found.start, found.example.as_str()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
