//! Compiles the parts of a plan that do not refer to other parts of the scenario.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::file::{PhaseEntry, QuestionEntry};
use super::operations::OperationCatalogue;
use crate::value::message;
use crate::world::task_plan::{Phase, Question};

/// Converts a duration; negative ones become zero.
pub(super) fn unsigned(span: SignedDuration) -> Duration {
    Duration::try_from(span).unwrap_or_default()
}

pub(super) fn phase(entry: &PhaseEntry) -> Phase {
    let mut description = message(&entry.key, &entry.text);
    if let Some(fields) = description
        .as_object_mut()
        .filter(|_| !entry.arg.is_empty())
    {
        let arguments: Vec<Value> = entry
            .arg
            .iter()
            .map(|(key, value)| {
                json!({"_typeName": "KeyAnyValue", "key": key, "value": {"_typeName": "string", "_value": value}})
            })
            .collect();
        fields.insert("arg".to_owned(), Value::Array(arguments));
    }
    Phase {
        at: entry.at / 100.0,
        description,
    }
}

/// Returns the changes of `cancelable`, starting with the initial value.
pub(super) fn cancelable_changes(cancelable: bool, at: &[f64]) -> Vec<(f64, bool)> {
    let mut now = cancelable;
    let mut changes = vec![(0.0, now)];
    for percent in at {
        now = !now;
        changes.push((percent / 100.0, now));
    }
    changes
}

pub(super) fn question(entry: &QuestionEntry) -> Question {
    let choices: Vec<Value> = entry
        .choices
        .iter()
        .enumerate()
        .map(|(index, label)| {
            json!({"_typeName": "ElementDescription", "key": index.to_string(), "label": label, "summary": label})
        })
        .collect();
    let info = json!({
        "_typeName": "VirtualMachineQuestionInfo",
        "id": "2837",
        "text": &entry.text,
        "choice": {"_typeName": "ChoiceOption", "choiceInfo": choices, "defaultIndex": 0},
        "message": [{"_typeName": "VirtualMachineMessage", "id": "msg.uuid.altered", "text": &entry.text}],
    });
    Question {
        at: entry.at / 100.0,
        info,
    }
}

/// Returns the key and method name of an operation; operations missing in the catalogue have no method name.
pub(super) fn operation(key: &str) -> (Arc<str>, Option<Arc<str>>) {
    let listed = OperationCatalogue::built_in().find(key);
    listed.map_or_else(
        || (key.into(), None),
        |operation| (operation.key.clone(), operation.method.clone()),
    )
}
