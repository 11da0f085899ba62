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
        // Most places are ruled out by their first letter.
        text.as_bytes()
            .windows(word.len())
            .any(|part| part[0].to_ascii_lowercase() == word[0] && part.eq_ignore_ascii_case(word))
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::task::{
        EndpointId, TaskChange, TaskId, Touched,
        fixture::{at, info},
    };

    fn matches(filter: &str, more: &Value) -> bool {
        let mut board = Board::new();
        let change = TaskChange::Whole {
            info: info("task-4711", more),
            at: at(0),
        };
        let here = EndpointId(0);
        board.apply(here, change, &mut Touched::default()).unwrap();
        let handle = board.find(&TaskId::new(here, "task-4711")).unwrap();
        Filter::new(filter).matches(&board, board.get(handle).unwrap())
    }

    #[test]
    fn every_text_of_the_task_is_looked_at() {
        let more = json!({
            "entityName": "db-prod-01", "entity": {"type": "VirtualMachine", "value": "vm-77"},
            "description": {"key": "phase.copy", "message": "Copying disk 2 of 3"},
            "reason": {"_typeName": "TaskReasonAlarm", "alarmName": "Restart on failure"},
            "state": "error", "error": {"_typeName": "NoDiskSpace", "localizedMessage": "Datastore is full"}
        });
        for word in [
            "",
            " ",
            "relocate",
            "PROD",
            "vm-77",
            "disk 2",
            "on failure",
            "4711",
            "fail",
            "full",
        ] {
            assert!(matches(word, &more), "{word}");
        }
        for word in ["consolidate", "vm-78", "db-prod-01x", "running"] {
            assert!(!matches(word, &more), "{word}");
        }
    }

    #[test]
    fn all_words_must_occur_wherever_they_do() {
        let more = json!({"entityName": "db-prod-01"});
        assert!(matches("  prod\tRelocate  running ", &more));
        assert!(!matches("prod relocate failed", &more));
    }

    #[test]
    fn letters_beyond_ascii_have_case_too() {
        for (word, name) in [
            ("ära", "ÄRA-1"),
            ("ÄRA", "ära-1"),
            ("ΟΔΟΣ", "οδοσα"),
            ("οδός", "ΟΔΌΣ-7"),
            ("k", "\u{212a}elvin"),
            ("web", "Größe-WEB"),
        ] {
            let more = json!({"entityName": name, "descriptionId": "x.y"});
            assert!(matches(word, &more), "{word} in {name}");
        }
        assert!(!matches("é", &json!({"entityName": "cafe"})));
    }

    #[test]
    fn a_ghost_is_found_by_what_its_row_says() {
        let mut board = Board::new();
        let here = EndpointId(0);
        let ghost = TaskChange::Ghost {
            key: "key-9".into(),
            reason: "expired".into(),
        };
        board.apply(here, ghost, &mut Touched::default()).unwrap();
        let (_, record) = board.iter().next().unwrap();
        for word in ["KEY-9", "not visible", "unknown task"] {
            assert!(Filter::new(word).matches(&board, record), "{word}");
        }
        assert!(!Filter::new("relocate").matches(&board, record));
    }
}
