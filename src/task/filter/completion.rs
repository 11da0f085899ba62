//! Completion of filters while typing.

use std::collections::BTreeSet;

use super::{
    EvalContext, Saved,
    context::EvalTarget,
    field::{self, FIELDS, Field},
    flag::{FLAGS, STATES},
    pattern::folded,
    term::TextField,
};

/// Maximum number of candidates.
const MAX_COMPLETIONS: usize = 200;

/// Candidates for the word at the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// Byte offset of the word.
    pub start: usize,
    /// Candidates, best first.
    pub candidates: Vec<String>,
}

/// Completes the end of a text. Scans every task to complete the value of a text field.
pub fn complete(before: &str, saved: &Saved, context: EvalContext<'_>) -> Completion {
    let word = word_start(before);
    let typed = &before[word..];
    // Skip operators before the term.
    let lead = typed.len() - typed.trim_start_matches(['(', '-', '!']).len();
    let (start, typed) = (word + lead, &typed[lead..]);
    let operator = typed.find([':', '=', '<', '>']);
    let field = operator.and_then(|at| {
        let name = typed[..at].trim_end_matches(['!', ' ']).to_lowercase();
        Some((at, field::find(&name)?))
    });
    let Some((at, field)) = field else {
        let candidates = names(typed, saved);
        return Completion { start, candidates };
    };
    // Only the last of several values is completed.
    let values = at + typed[at..].len()
        - typed[at..]
            .trim_start_matches([':', '=', '<', '>', ' '])
            .len();
    let last = typed[values..]
        .rfind(',')
        .map_or(values, |comma| values + comma + 1);
    let last = typed.len() - typed[last..].trim_start().len();
    let candidates = values_of(field, typed[last..].trim_start_matches('"'), context);
    Completion {
        start: start + last,
        candidates,
    }
}

/// Returns the start of the last word: after the last white space outside of quotes that is not
/// around an operator.
pub(super) fn word_start(text: &str) -> usize {
    let is_operator = |letter: char| matches!(letter, ':' | '=' | '<' | '>');
    let mut quoted = false;
    let mut start = 0;
    for (offset, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            letter if letter.is_whitespace() && !quoted => {
                let before = text[..offset].trim_end();
                let after = text[offset..].trim_start();
                let is_apart = before.ends_with(is_operator)
                    || before.ends_with(',')
                        && before[start.min(before.len())..].contains(is_operator)
                    || after.starts_with(is_operator)
                    || after.starts_with("!=");
                if !is_apart {
                    start = offset + letter.len_utf8();
                }
            }
            _ => {}
        }
    }
    start
}

/// Returns matching field names and saved filters.
fn names(typed: &str, saved: &Saved) -> Vec<String> {
    if let Some(name) = typed.strip_prefix('@') {
        let found = saved.keys().filter(|known| known.starts_with(name));
        return found.map(|known| format!("@{known}")).collect();
    }
    let typed = typed.to_lowercase();
    let fields = FIELDS.iter().filter(|(name, ..)| name.starts_with(&typed));
    let mut found: Vec<String> = fields
        .map(|(name, field, _)| match field {
            Field::Number(_) | Field::Span(_) => format!("{name}>"),
            _ => format!("{name}:"),
        })
        .collect();
    if typed.is_empty() {
        found.extend(saved.keys().map(|name| format!("@{name}")));
    }
    found
}

fn values_of(field: Field, typed: &str, context: EvalContext<'_>) -> Vec<String> {
    let typed = folded(typed);
    let words = |words: &mut dyn Iterator<Item = &'static str>| -> Vec<String> {
        let fitting = words.filter(|word| word.starts_with(&typed));
        fitting.map(str::to_owned).collect()
    };
    match field {
        Field::State => words(&mut STATES.iter().map(|(name, ..)| *name)),
        Field::Is => {
            let states = STATES.iter().map(|(name, ..)| *name);
            words(&mut FLAGS.iter().map(|(name, ..)| *name).chain(states))
        }
        Field::Span(_) => words(&mut ["5m", "15m", "1h", "4h", "1d"].into_iter()),
        Field::Number(_) => words(&mut ["10", "50", "90"].into_iter()),
        Field::Text(field) => values_in_store(field, &typed, context),
    }
}

/// Returns a field's values in the store: those that start with the typed text, then those that
/// contain it.
fn values_in_store(field: TextField, typed: &str, context: EvalContext<'_>) -> Vec<String> {
    let mut begin = BTreeSet::new();
    let mut hold = BTreeSet::new();
    for (handle, record) in context.handles() {
        let target = EvalTarget {
            context,
            handle,
            record,
        };
        // The first text of a field is the displayed one.
        field.visit(&target, |text| {
            let known = folded(text);
            if known.starts_with(typed) {
                begin.insert(text.to_owned());
            } else if known.contains(typed) {
                hold.insert(text.to_owned());
            }
            !text.is_empty()
        });
    }
    let all = begin
        .into_iter()
        .chain(hold)
        .filter(|text| !text.is_empty());
    all.take(MAX_COMPLETIONS)
        .map(|text| quoted(&text))
        .collect()
}

/// Returns a filter for the tasks with exactly this text in a field.
pub fn exactly(field: &str, text: &str) -> String {
    format!("{field}={}", quoted(text))
}

/// Quotes a value if necessary.
fn quoted(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    let needs = clean.starts_with(['/', '\'', '"'])
        || clean.contains(|c: char| {
            c.is_whitespace() || matches!(c, ',' | '*' | '?' | '(' | ')' | '"')
        });
    if !needs {
        return clean;
    }
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}
