use serde_json::json;

use crate::{
    app::{
        Gravity,
        fixture::{HERE, busy, empty, find, now, tasks, tell},
    },
    task::{Labels, TaskChange},
    vim::types::OperationLabel,
    watch::{Link, Update},
};

#[test]
fn a_value_that_does_not_fit_is_told_and_the_rest_is_taken() {
    let mut state = busy(80, 24);
    let fields = vec![
        ("progress".into(), json!("half")),
        ("cancelable".into(), json!(false)),
    ];
    let change = TaskChange::Fields {
        mo_id: "task-4711".into(),
        fields,
        at: now(),
    };
    tell(&mut state, tasks(vec![change]));
    let notice = state.notices.shown(now()).unwrap();
    assert_eq!(notice.gravity, Gravity::Warning);
    assert!(notice.text.contains("vc01.lab") && notice.text.contains("progress"));
    let info = state.board.get(find(&state, "task-4711")).unwrap();
    assert!(!info.info.as_ref().unwrap().cancelable);
}

#[test]
fn labels_rename_what_is_shown() {
    let mut state = busy(80, 24);
    let row = OperationLabel {
        description_id: "VirtualMachine.relocate".into(),
        label: "Relocate virtual machine".into(),
    };
    tell(&mut state, Update::Labels(Labels::new(vec![row])));
    let record = state.board.get(find(&state, "task-4711")).unwrap();
    assert_eq!(state.board.operation(record), "Relocate virtual machine");
    assert_eq!(state.board.labels(HERE).len(), 1);
}

#[test]
fn a_lost_connection_makes_stale_what_was_current() {
    let mut state = busy(80, 24);
    assert!(!state.is_stale(state.selected_record().unwrap()));
    let retrying = Link::Retrying {
        attempt: 1,
        next: now(),
        reason: "timed out".into(),
    };
    tell(&mut state, Update::Link(retrying));
    assert!(state.is_stale(state.selected_record().unwrap()));
}

#[test]
fn notices_of_the_loop_are_shown() {
    let mut state = empty(80, 24);
    tell(&mut state, Update::Notice("the session was renewed".into()));
    assert!(state.notices.shown(now()).is_some());
}
