use serde_json::json;

use crate::{
    app::{Severity, test_support::*},
    task::{Labels, TaskChange},
    vim::types::OperationLabel,
    watch::{Link, ServerFacts, Update},
};

#[test]
fn invalid_values_are_reported_and_the_rest_is_applied() {
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
    apply_update(&mut state, tasks(vec![change]));
    let notification = state.notifications.shown(now()).unwrap();
    assert_eq!(notification.severity, Severity::Warning);
    assert!(notification.text.contains("vc01.lab") && notification.text.contains("progress"));
    let info = state.view().store.get(find(&state, "task-4711")).unwrap();
    assert!(!info.info.as_ref().unwrap().cancelable);
}

#[test]
fn endpoint_filters_are_reevaluated_once_the_host_name_is_known() {
    let mut state = connecting(80, 24);
    apply_update(&mut state, tasks(vec![task("task-1", &json!({}))]));
    for (filter, before, after) in [("endpoint:vc9", 0, 1), ("not endpoint=vc9.lab", 1, 0)] {
        state.servers[0].facts = None;
        press(&mut state, "/");
        update(&mut state, Event::Paste(filter.into()), now());
        press(&mut state, "<enter>");
        assert_eq!(state.view().row_model.matching(), before, "{filter}");
        let facts = ServerFacts {
            host: "vc9.lab".to_owned(),
            ..ServerFacts::default()
        };
        apply_update(&mut state, Update::Server(Box::new(facts)));
        assert_eq!(state.view().row_model.matching(), after, "{filter}");
        press(&mut state, "<esc>");
    }
}

#[test]
fn operation_labels_update_the_rows() {
    let mut state = busy(80, 24);
    let row = OperationLabel {
        description_id: "VirtualMachine.relocate".into(),
        label: "Relocate virtual machine".into(),
    };
    apply_update(&mut state, Update::Labels(Labels::new(vec![row])));
    let record = state.view().store.get(find(&state, "task-4711")).unwrap();
    assert_eq!(
        state.view().store.operation(record),
        "Relocate virtual machine"
    );
    assert_eq!(state.view().store.labels(HERE).len(), 1);
}

#[test]
fn a_lost_connection_marks_tasks_stale() {
    let mut state = busy(80, 24);
    assert!(!state.is_stale(state.selected_record().unwrap()));
    let retrying = Link::Retrying {
        attempt: 1,
        next: now(),
        reason: "timed out".into(),
    };
    apply_update(&mut state, Update::Link(retrying));
    assert!(state.is_stale(state.selected_record().unwrap()));
}

#[test]
fn notices_of_the_fetch_loop_are_shown() {
    let mut state = empty(80, 24);
    apply_update(&mut state, Update::Notice("the session was renewed".into()));
    assert!(state.notifications.shown(now()).is_some());
}
