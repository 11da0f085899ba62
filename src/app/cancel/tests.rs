use serde_json::{Value, json};

use super::*;
use crate::task::{
    ChangeSet, EndpointId, TaskChange, TaskId,
    fixture::{at, info},
};

const HERE: EndpointId = EndpointId(0);

fn board(tasks: &[(&str, Value)]) -> TaskStore {
    let mut board = TaskStore::new();
    for (mo_id, more) in tasks {
        let change = TaskChange::Whole {
            info: info(mo_id, more),
            at: at(10),
        };
        board
            .apply(HERE, change, &mut ChangeSet::default())
            .unwrap();
    }
    board
}

fn apply(board: &mut TaskStore, change: TaskChange) {
    board
        .apply(HERE, change, &mut ChangeSet::default())
        .unwrap();
}

fn ask(board: &TaskStore, mo_id: &str) -> (String, bool) {
    let handle = board.find(&TaskId::new(HERE, mo_id)).unwrap();
    let verdict = verdict(board, handle, None, at(190));
    (verdict.sentence, verdict.may_ask)
}

fn one(more: Value) -> (String, bool) {
    ask(&board(&[("task-1", more)]), "task-1")
}

#[test]
fn running_cancelable_task_can_be_cancelled() {
    let (sentence, may_ask) = one(json!({}));
    assert_eq!(sentence, "This operation can be cancelled.");
    assert!(may_ask);
}

#[test]
fn pending_cancellation_is_not_repeated() {
    let (sentence, may_ask) = one(json!({"cancelled": true}));
    assert_eq!(
        sentence,
        "Cancellation was requested at least 3 min ago; the server has not acted on it yet."
    );
    assert!(!may_ask);
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
    let board = board(&family);
    for (mo_id, sentence) in [
        (
            "middle",
            "This operation cannot be cancelled; its parent root can.",
        ),
        (
            "leaf",
            "This operation cannot be cancelled; its grandparent root can.",
        ),
    ] {
        assert_eq!(ask(&board, mo_id), (sentence.to_owned(), false));
    }
}

#[test]
fn message_names_or_counts_cancelable_children() {
    let mut family = vec![
        ("root", json!({"cancelable": false})),
        ("one", json!({"parentTaskKey": "root"})),
    ];
    assert_eq!(
        ask(&board(&family), "root").0,
        "This operation cannot be cancelled; its child one can."
    );
    family.push(("two", json!({"parentTaskKey": "root"})));
    assert_eq!(
        ask(&board(&family), "root").0,
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
        let expected = format!("This operation {word} 2 min ago; there is nothing to cancel.");
        assert_eq!(one(more), (expected, false));
    }
}

#[test]
fn lost_and_placeholder_tasks_have_different_messages() {
    let mut board = board(&[("task-1", json!({}))]);
    apply(
        &mut board,
        TaskChange::Gone {
            mo_id: "task-1".into(),
            at: at(20),
        },
    );
    assert!(ask(&board, "task-1").0.contains("vanished"));
    apply(
        &mut board,
        TaskChange::Ghost {
            key: "task-2".into(),
            reason: "no permission".into(),
        },
    );
    assert_eq!(
        ask(&board, "task-2"),
        (
            "Nothing is known of this task but its key: no permission.".to_owned(),
            false
        )
    );
    apply(
        &mut board,
        TaskChange::Gone {
            mo_id: "task-3".into(),
            at: at(20),
        },
    );
    assert!(ask(&board, "task-3").0.contains("does not know this task"));
}

#[test]
fn missing_privilege_is_reported() {
    let board = board(&[("task-1", json!({}))]);
    let handle = board.find(&TaskId::new(HERE, "task-1")).unwrap();
    let verdict = verdict(&board, handle, Some(&Privilege::Denied), at(190));
    assert!(verdict.sentence.contains("not by this account"));
}

#[test]
fn request_status_names_fault() {
    let mut request = CancelRequest::new(at(0));
    assert!(request.story(at(2)).contains("has not answered yet"));
    for (answer, word) in [
        (CancelResponse::Accepted, "took the request"),
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
        request.answer = Some((answer, at(3)));
        let story = request.story(at(60));
        assert!(story.contains(word) && story.contains("57s ago"), "{story}");
    }
}

#[test]
fn every_state_has_short_label() {
    for (more, word) in [
        (json!({}), "can"),
        (json!({"cancelable": false}), "no"),
        (json!({"cancelled": true}), "asked"),
        (json!({"state": "success"}), "–"),
    ] {
        let board = board(&[("task-1", more)]);
        let (_, record) = board.iter().next().unwrap();
        assert_eq!(CancelState::of(record).word(), word);
    }
}
