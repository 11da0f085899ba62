//! Text patterns.

use regex::{Regex, RegexBuilder};

/// Maximum size of a compiled regular expression in bytes.
const REGEX_SIZE_LIMIT: usize = 256 * 1024;
/// Maximum size of its DFA cache in bytes.
const REGEX_DFA_SIZE_LIMIT: usize = 1024 * 1024;
const REGEX_NEST_LIMIT: u32 = 50;

/// A case-insensitive text pattern.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// Case-folded substring.
    Contains(String),
    /// The whole text.
    Equals {
        /// Case-folded.
        folded: String,
        /// As typed.
        typed: Box<str>,
    },
    /// A regular expression.
    Regex(Regex),
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Contains(one), Self::Contains(other))
            | (Self::Equals { folded: one, .. }, Self::Equals { folded: other, .. }) => {
                one == other
            }
            (Self::Regex(one), Self::Regex(other)) => one.as_str() == other.as_str(),
            _ => false,
        }
    }
}

impl Pattern {
    pub(super) fn contains(text: &str) -> Self {
        Self::Contains(folded(text))
    }

    pub(super) fn equals(text: &str) -> Self {
        Self::Equals {
            folded: folded(text),
            typed: text.into(),
        }
    }

    /// Creates a pattern with the wildcards `*` (any text) and `?` (one character).
    pub(super) fn glob(text: &str) -> Result<Self, String> {
        let mut pattern = "^".to_owned();
        for letter in text.chars() {
            match letter {
                '*' => pattern.push_str(".*"),
                '?' => pattern.push('.'),
                letter => pattern.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
            }
        }
        pattern.push('$');
        Self::regex(&pattern)
    }

    /// Compiles a regular expression.
    pub(super) fn regex(text: &str) -> Result<Self, String> {
        RegexBuilder::new(text)
            .case_insensitive(true)
            .dot_matches_new_line(true)
            .size_limit(REGEX_SIZE_LIMIT)
            .dfa_size_limit(REGEX_DFA_SIZE_LIMIT)
            .nest_limit(REGEX_NEST_LIMIT)
            .build()
            .map(Self::Regex)
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "pattern too large".to_owned(),
                regex::Error::Syntax(text) => reason(&text),
                other => other.to_string(),
            })
    }

    /// True if a text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Contains(part) => contains_ignore_case(part, text),
            Self::Equals { folded, .. } if text.is_ascii() => folded.eq_ignore_ascii_case(text),
            Self::Equals { folded: whole, .. } => *whole == folded(text),
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    /// True if the pattern may match type and moId of an entity, such as `VirtualMachine:vm-42`.
    pub(super) fn may_be_reference(&self) -> bool {
        match self {
            Self::Contains(text) | Self::Equals { folded: text, .. } => text.contains(':'),
            Self::Regex(_) => false,
        }
    }

    /// True if every match of this pattern certainly matches the other one.
    pub(super) fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Contains(one) | Self::Equals { folded: one, .. }, Self::Contains(other)) => {
                one.contains(&**other)
            }
            _ => self == other,
        }
    }
}

/// Returns the last line of a regex error, without the drawing above it.
fn reason(text: &str) -> String {
    let last = text.lines().last().unwrap_or(text);
    let last = last.strip_prefix("error: ").unwrap_or(last);
    format!("invalid pattern: {last}")
}

/// True if the text contains a case-folded word.
fn contains_ignore_case(word: &str, text: &str) -> bool {
    if !text.is_ascii() {
        return folded(text).contains(word);
    }
    let (word, text) = (word.as_bytes(), text.as_bytes());
    let Some((first, rest)) = word.split_first() else {
        return true;
    };
    let upper = first.to_ascii_uppercase();
    let Some(last) = text.len().checked_sub(word.len()) else {
        return false;
    };
    // The first letter rules out most positions.
    (0..=last).any(|at| {
        (text[at] == *first || text[at] == upper)
            && text[at + 1..=at + rest.len()].eq_ignore_ascii_case(rest)
    })
}

/// Converts a text to lower case letter by letter. The result of a letter must not depend on its
/// position, or a part of a word would not be found in it; the final sigma becomes a regular one
/// for the same reason.
pub(crate) fn folded(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .collect()
}
