use serde_json::{Value, json};

use super::*;
use crate::{
    ChangeSet, TaskChange, TaskId,
    fixture::{HERE, at, info, put},
};

fn store(tasks: &[(&str, Value)]) -> TaskStore {
    let mut store = TaskStore::new();
    for (mo_id, more) in tasks {
        put(&mut store, mo_id, more, 10);
    }
    store
}

fn apply(store: &mut TaskStore, change: TaskChange) {
    store
        .apply(HERE, change, &mut ChangeSet::default())
        .unwrap();
}

fn ask(store: &TaskStore, mo_id: &str) -> (String, bool) {
    let handle = store.find(&TaskId::new(HERE, mo_id)).unwrap();
    let checked = eligibility(store, handle, None, at(190));
    (checked.message, checked.allowed)
}

fn one(more: Value) -> (String, bool) {
    ask(&store(&[("task-1", more)]), "task-1")
}

#[test]
fn running_cancelable_task_can_be_cancelled() {
    let (message, allowed) = one(json!({}));
    assert_eq!(message, "This operation can be cancelled.");
    assert!(allowed);
}

#[test]
fn pending_cancellation_is_not_repeated() {
    let (message, allowed) = one(json!({"cancelled": true}));
    assert_eq!(
        message,
        "Cancellation requested at least 3m ago, still running."
    );
    assert!(!allowed);
}

#[test]
fn message_names_cancelable_ancestor() {
    let family = [
        ("root", json!({})),
        (
            "middle",
            json!({"cancelable": false, "parentTaskKey": "root"}),
        ),
        (
            "leaf",
            json!({"cancelable": false, "parentTaskKey": "middle"}),
        ),
    ];
    let store = store(&family);
    for (mo_id, message) in [
        (
            "middle",
            "This operation cannot be cancelled; its parent root can.",
        ),
        (
            "leaf",
            "This operation cannot be cancelled; its grandparent root can.",
        ),
    ] {
        assert_eq!(ask(&store, mo_id), (message.to_owned(), false));
    }
}

#[test]
fn message_names_or_counts_cancelable_children() {
    let mut family = vec![
        ("root", json!({"cancelable": false})),
        ("one", json!({"parentTaskKey": "root"})),
    ];
    assert_eq!(
        ask(&store(&family), "root").0,
        "This operation cannot be cancelled; its child one can."
    );
    family.push(("two", json!({"parentTaskKey": "root"})));
    assert_eq!(
        ask(&store(&family), "root").0,
        "This operation cannot be cancelled; 2 of its children can."
    );
    assert_eq!(
        one(json!({"cancelable": false})).0,
        "This operation cannot be cancelled now; that may change while it runs."
    );
}

#[test]
fn finished_task_has_nothing_to_cancel() {
    let done = at(70).to_string();
    let canceled = json!({"_typeName": "RequestCanceled"});
    for (more, word) in [
        (
            json!({"state": "success", "completeTime": done}),
            "finished",
        ),
        (json!({"state": "error", "completeTime": done}), "failed"),
        (
            json!({"state": "error", "completeTime": done, "error": canceled}),
            "was cancelled",
        ),
    ] {
        let expected = format!("This operation {word} 2m ago; nothing to cancel.");
        assert_eq!(one(more), (expected, false));
    }
}

#[test]
fn lost_and_placeholder_tasks_have_different_messages() {
    let mut store = store(&[("task-1", json!({}))]);
    apply(
        &mut store,
        TaskChange::Gone {
            mo_id: "task-1".into(),
            at: at(20),
        },
    );
    assert!(ask(&store, "task-1").0.contains("removed from the server"));
    apply(
        &mut store,
        TaskChange::Placeholder {
            key: "task-2".into(),
            reason: "no permission".into(),
        },
    );
    assert_eq!(
        ask(&store, "task-2"),
        (
            "Only the key of this task is known: no permission.".to_owned(),
            false
        )
    );
    apply(
        &mut store,
        TaskChange::Gone {
            mo_id: "task-3".into(),
            at: at(20),
        },
    );
    assert!(ask(&store, "task-3").0.contains("does not know this task"));
}

#[test]
fn missing_privilege_is_reported() {
    let store = store(&[("task-1", json!({}))]);
    let handle = store.find(&TaskId::new(HERE, "task-1")).unwrap();
    let checked = eligibility(&store, handle, Some(&Privilege::Denied), at(190));
    assert!(checked.message.contains("this account lacks"));
}

#[test]
fn request_status_names_fault() {
    let mut request = CancelRequest::new(at(0));
    assert!(request.status_text(at(2)).contains("no response yet"));
    for (response, word) in [
        (CancelResponse::Accepted, "Request accepted"),
        (CancelResponse::NotSupported, "NotSupported"),
        (CancelResponse::InvalidState, "InvalidState"),
        (
            CancelResponse::NoPermission {
                privilege: "Global.CancelTask".into(),
            },
            "lacks Global.CancelTask",
        ),
        (CancelResponse::Gone, "ManagedObjectNotFound"),
        (CancelResponse::Failed("timed out".into()), "timed out"),
    ] {
        request.response = Some((response, at(3)));
        let text = request.status_text(at(60));
        assert!(text.contains(word) && text.contains("57s ago"), "{text}");
    }
}

#[test]
fn every_state_has_short_label() {
    for (more, word) in [
        (json!({}), "yes"),
        (json!({"cancelable": false}), "no"),
        (json!({"cancelable": {}}), "–"),
        (json!({"cancelled": true}), "cancelling"),
        (json!({"state": "success"}), "–"),
    ] {
        let store = store(&[("task-1", more)]);
        let (_, record) = store.iter().next().unwrap();
        assert_eq!(CancelState::of(record).label(), word);
    }
}

#[test]
fn unknown_cancelable_does_not_prevent_cancellation() {
    let (sentence, may_ask) = one(json!({"cancelable": {}}));
    assert!(sentence.contains("did not report whether"), "{sentence}");
    assert!(may_ask);
    let task = info("task-1", &json!({"cancelable": {}}));
    assert_eq!(flag_text(&task, "cancelable", task.cancelable), "unknown");
    assert_eq!(flag_text(&task, "cancelled", task.cancelled), "no");
}
