use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::{
    ChangeSet,
    fixture::{HERE, at, full},
};

fn fields(mo_id: &str, fields: &[(&'static str, Value)], second: i64) -> TaskChange {
    TaskChange::Fields {
        mo_id: mo_id.into(),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).into(), value.clone()))
            .collect(),
        at: at(second),
    }
}

/// A store with its undo log.
#[derive(Default)]
struct Kept {
    store: TaskStore,
    log: UndoLog,
}

impl Kept {
    fn take(&mut self, change: TaskChange, second: i64) {
        self.log.note(&self.store, HERE, &change, at(second));
        let _ = self.store.apply(HERE, change, &mut ChangeSet::default());
    }
}

/// Returns the observable state of a store, sorted.
fn seen(store: &TaskStore) -> Vec<String> {
    let mut all: Vec<String> = store
        .iter()
        .map(|(handle, record)| {
            let parent = store.parent(handle).and_then(|parent| store.get(parent));
            format!(
                "{} {:?} {:?} {:?} under {:?} last_change {:?} {:?}",
                record.id.mo_id,
                record.status(),
                record.presence,
                store.progress(handle),
                parent.map(|parent| parent.id.mo_id.clone()),
                record.last_change(),
                record.info.as_ref().map(|info| info.to_json().to_string()),
            )
        })
        .collect();
    all.sort();
    all
}

fn day() -> Vec<TaskChange> {
    let phase = json!({"_typeName": "LocalizableMessage", "key": "p", "message": "Copying"});
    let fault = json!({"_typeName": "NoDiskSpace", "faultstring": "full"});
    vec![
        full("task-1", &json!({"progress": 5}), 0),
        full(
            "task-2",
            &json!({"parentTaskKey": "task-1", "queueTime": at(1).to_string()}),
            1,
        ),
        fields("task-1", &[("progress", json!(6))], 2),
        fields(
            "task-2",
            &[("progress", json!(50)), ("description", phase)],
            4,
        ),
        TaskChange::Gone {
            mo_id: "task-2".into(),
            at: at(5),
        },
        full(
            "task-2",
            &json!({"parentTaskKey": "task-1", "progress": 70}),
            6,
        ),
        TaskChange::Placeholder {
            key: "task-9".into(),
            reason: "no permission".into(),
        },
        full("task-9", &json!({"queueTime": at(8).to_string()}), 8),
        fields("task-9", &[("parentTaskKey", json!("task-2"))], 9),
        fields(
            "task-1",
            &[
                ("state", json!("error")),
                ("error", fault),
                ("progress", Value::Null),
            ],
            10,
        ),
        TaskChange::Unreadable {
            mo_id: "task-9".into(),
            reason: "refused".into(),
            is_transient: false,
        },
        TaskChange::Unwatched {
            mo_id: "task-2".into(),
        },
        full("task-2", &json!({"progress": 99}), 13),
    ]
}

#[test]
fn undone_changes_can_be_applied_again() {
    let mut kept = Kept::default();
    let mut states = Vec::new();
    for (second, change) in (0..).zip(day()) {
        kept.take(change, second);
        states.push((kept.log.entries.len(), seen(&kept.store)));
    }
    let mut log = kept.log.clone();
    let mut past = kept.store.clone();
    let mut undone = Vec::new();
    for (length, state) in states.iter().rev() {
        while log.entries.len() > *length {
            let (at, before) = log.pop().unwrap();
            let after = past.undo(before, &mut ChangeSet::default());
            undone.push(after.into_change(at));
        }
        assert_eq!(&seen(&past), state, "{length}, back");
    }
    assert!(
        log.is_empty(),
        "the first task was there before watching began"
    );
    for (length, state) in &states {
        while kept.log.entries.len() - undone.len() < *length {
            let (server, change) = undone.pop().unwrap();
            past.apply(server, change, &mut ChangeSet::default())
                .unwrap();
        }
        assert_eq!(&seen(&past), state, "{length}, forward");
    }
}

#[test]
fn change_without_effect_is_not_recorded() {
    let mut kept = Kept::default();
    kept.take(full("task-1", &json!({"progress": 5}), 0), 0);
    assert_eq!(kept.log.entries.len(), 0, "it was there before");
    let empty = kept.log.bytes();
    for second in 1..100 {
        kept.take(full("task-1", &json!({"progress": 5}), second), second);
        kept.take(fields("task-1", &[("progress", json!(5))], second), second);
        kept.take(
            fields("task-1", &[("state", json!("running"))], second),
            second,
        );
        let other_forms = [
            ("progress", json!({"_typeName": "int", "_value": 5})),
            ("locked", json!([])),
            (
                "progressDetails",
                json!({"_typeName": "ArrayOfKeyAnyValue", "KeyAnyValue": []}),
            ),
            ("description", Value::Null),
        ];
        kept.take(fields("task-1", &other_forms, second), second);
    }
    assert_eq!((kept.log.entries.len(), kept.log.bytes()), (0, empty));
}

#[test]
fn log_size_is_bounded() {
    let mut kept = Kept::default();
    kept.take(full("task-1", &json!({"progress": 0}), 0), 0);
    let text = "x".repeat(200);
    for second in 0..90_000 {
        let phase = json!({"_typeName": "LocalizableMessage", "key": "p", "message": text});
        let change = if second % 4 == 0 {
            fields(
                "task-1",
                &[
                    ("description", json!(phase)),
                    ("entityName", json!(second.to_string())),
                ],
                second,
            )
        } else {
            fields("task-1", &[("progress", json!(second % 100))], second)
        };
        kept.take(change, second);
        assert!(kept.log.bytes() <= MAX_BYTES);
    }
    let log = &kept.log;
    assert_eq!(log.times().next_back(), Some(at(89_999)));
    assert!(log.is_cut && log.since() == log.times().next());
    assert!(log.entries.len() > 5_000);
    assert!(size_of::<UndoEntry>() <= 96, "{}", size_of::<UndoEntry>());
}

#[test]
fn unchanged_task_takes_no_memory() {
    let mut kept = Kept::default();
    for number in 0..1_000 {
        let id: Arc<str> = format!("task-{number}").into();
        kept.take(full(&id, &json!({}), 0), 0);
    }
    assert_eq!(kept.log.bytes(), 0);
}
