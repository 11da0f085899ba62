//! Which tasks are shown: those in whose texts all words occur.

use super::texts;
use crate::task::{Board, Record};

/// A filter by words. A task matches when every word occurs, in either case, in one of the texts that its row and
/// details show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    words: Vec<String>,
}

impl Filter {
    /// The filter that a person typed; words are set apart by white space.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            words: text.split_whitespace().map(folded).collect(),
        }
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether every task matches.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether all words occur in the task's texts: operation, phase, target, who started it, moId, status, error.
    pub fn matches(&self, board: &Board, record: &Record) -> bool {
        if self.is_empty() {
            return true;
        }
        let mut missing: Vec<&str> = self.words.iter().map(String::as_str).collect();
        texts::visit(board, record, |text| {
            missing.retain(|word| !occurs(word, text));
            missing.is_empty()
        })
    }
}

/// Whether a folded word occurs in a text as it is.
fn occurs(word: &str, text: &str) -> bool {
    if text.is_ascii() {
        let word = word.as_bytes();
        text.as_bytes()
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    } else {
        folded(text).contains(word)
    }
}

/// A text in lower case, letter by letter: what a letter becomes must not depend on where the word ends, or a part
/// of a word would not be found in it. For the same reason the final sigma is as any other.
pub(super) fn folded(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .collect()
}
