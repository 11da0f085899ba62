use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::task::{
    ChangeSet,
    fixture::{at, info},
};

const HERE: EndpointId = EndpointId(0);

fn whole(mo_id: &str, more: &Value, second: i64) -> TaskChange {
    TaskChange::Full {
        info: info(mo_id, more),
        at: at(second),
    }
}

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
    journal: UndoLog,
}

impl Kept {
    fn take(&mut self, change: TaskChange, second: i64) {
        self.journal.note(&self.store, HERE, &change, at(second));
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
                record.last_change,
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
        whole("task-1", &json!({"progress": 5}), 0),
        whole(
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
        whole(
            "task-2",
            &json!({"parentTaskKey": "task-1", "progress": 70}),
            6,
        ),
        TaskChange::Placeholder {
            key: "task-9".into(),
            reason: "no permission".into(),
        },
        whole("task-9", &json!({"queueTime": at(8).to_string()}), 8),
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
            may_pass: false,
        },
        TaskChange::Unwatched {
            mo_id: "task-2".into(),
        },
        whole("task-2", &json!({"progress": 99}), 13),
    ]
}

#[test]
fn undo_and_redo_restore_every_state() {
    let mut kept = Kept::default();
    let mut states = Vec::new();
    for (second, change) in (0..).zip(day()) {
        kept.take(change, second);
        states.push((kept.journal.end(), seen(&kept.store)));
    }
    let mut past = kept.store.clone();
    let mut redo = Vec::new();
    let mut place = kept.journal.end();
    for (end, state) in states.iter().rev() {
        while place > *end {
            place -= 1;
            let before = kept.journal.was(place).unwrap();
            redo.push(past.rewind(before, &mut ChangeSet::default()));
        }
        assert_eq!(&seen(&past), state, "at {end}, back");
    }
    assert_eq!(place, 0, "the first task was there before watching began");
    for (end, state) in &states {
        while place < *end {
            past.rewind(redo.pop().unwrap(), &mut ChangeSet::default());
            place += 1;
        }
        assert_eq!(&seen(&past), state, "at {end}, forward");
    }
}

#[test]
fn change_without_effect_is_not_recorded() {
    let mut kept = Kept::default();
    kept.take(whole("task-1", &json!({"progress": 5}), 0), 0);
    assert_eq!(kept.journal.end(), 0, "it was there before");
    let empty = kept.journal.bytes();
    for second in 1..100 {
        kept.take(whole("task-1", &json!({"progress": 5}), second), second);
        kept.take(fields("task-1", &[("progress", json!(5))], second), second);
        kept.take(
            fields("task-1", &[("state", json!("running"))], second),
            second,
        );
    }
    assert_eq!((kept.journal.end(), kept.journal.bytes()), (0, empty));
}

#[test]
fn log_size_is_bounded() {
    let mut kept = Kept::default();
    kept.take(whole("task-1", &json!({"progress": 0}), 0), 0);
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
        assert!(kept.journal.bytes() <= MAX_BYTES);
    }
    let journal = &kept.journal;
    assert_eq!(journal.at(journal.end() - 1), Some(at(89_999)));
    assert!(journal.first() > 0 && journal.since() == journal.at(journal.first()));
    assert!(journal.end() - journal.first() > 5_000);
    assert_eq!(journal.after(at(89_998)), journal.end() - 1);
    assert!(size_of::<UndoEntry>() <= 96, "{}", size_of::<UndoEntry>());
}

#[test]
fn unchanged_task_takes_no_memory() {
    let mut kept = Kept::default();
    for number in 0..1_000 {
        let id: Arc<str> = format!("task-{number}").into();
        kept.take(whole(&id, &json!({}), 0), 0);
    }
    assert_eq!(kept.journal.bytes(), 0);
}
