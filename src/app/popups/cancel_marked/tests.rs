use serde_json::json;

use super::*;
use crate::watch::Update;
use crate::{
    app::{popups::Popup, test_support::*},
    task::TaskChange,
    watch::ConnectionState,
};

fn marked(state: &mut Screen, ids: &[&str]) {
    for id in ids {
        choose(state, id);
        press(state, "m");
    }
}

fn dialog(state: &Screen) -> &CancelMarked {
    match &state.popup {
        Some(Popup::CancelMarked(dialog)) => dialog,
        other => panic!("{other:?}"),
    }
}

fn sent(effects: &[Effect]) -> Vec<String> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send(_, Command::Cancel(mo_id)) => Some(mo_id.to_string()),
        _ => None,
    });
    sent.collect()
}

#[test]
fn one_confirmation_cancels_what_can_be_cancelled() {
    let mut state = busy(80, 24);
    marked(
        &mut state,
        &["task-4711", "task-4720", "task-4740", "task-4730"],
    );
    let looked_up = press(&mut state, "c");
    let refresh = Command::Refresh(vec!["task-4711".into(), "task-4730".into()]);
    assert!(looked_up.contains(&Effect::Send(HERE, refresh)));
    let tasks = dialog(&state).tasks(&state, now());
    let refusals: Vec<_> = tasks.iter().map(|task| task.refusal.as_deref()).collect();
    assert_eq!(refusals[..2], [None, None]);
    assert!(refusals[2].unwrap().contains("cannot be cancelled now"));
    assert!(refusals[3].unwrap().contains("nothing to cancel"));
    // Neither Enter nor closing sends anything.
    for keys in ["<enter>", "<esc>", "c", "n", "c", "q", "c"] {
        assert_eq!(sent(&press(&mut state, keys)), [""; 0], "{keys}");
    }
    let effects = press(&mut state, "y");
    assert_eq!(sent(&effects), ["task-4711", "task-4730"]);
    assert!(state.popup.is_none());
    let pending = find(&state, "task-4711");
    assert!(state.view().cancel_requests[&pending].is_pending());
    assert_eq!(state.view().marked_count(), 0);
    // Requests without an answer are not sent again.
    marked(&mut state, &["task-4711", "task-4730"]);
    press(&mut state, "c");
    assert!(!dialog(&state).can_cancel(&state, now()));
    assert_eq!(sent(&press(&mut state, "y")), [""; 0]);
    assert!(state.popup.is_some());
}

#[test]
fn read_only_sends_nothing() {
    let mut state = busy(80, 24);
    state.options.read_only = true;
    marked(&mut state, &["task-4711"]);
    press(&mut state, "c");
    let tasks = dialog(&state).tasks(&state, now());
    let refusal = tasks[0].refusal.as_deref().unwrap();
    assert!(refusal.starts_with("Read-only"), "{refusal}");
    assert_eq!(sent(&press(&mut state, "y")), [""; 0]);
}

#[test]
fn without_marks_and_in_the_details_the_selected_task_is_cancelled() {
    let mut state = busy(80, 24);
    press(&mut state, "c");
    assert!(matches!(state.popup, Some(Popup::CancelDialog(_))));
    press(&mut state, "<esc>");
    marked(&mut state, &["task-4711"]);
    press(&mut state, "<enter>c");
    assert!(matches!(state.popup, Some(Popup::CancelDialog(_))));
    press(&mut state, "<esc><esc>c");
    assert!(matches!(state.popup, Some(Popup::CancelMarked(_))));
}

#[test]
fn requests_go_to_the_vcenter_of_each_task() {
    let mut state = twins(120, 24);
    apply_change(&mut state, THERE, Update::Connection(ConnectionState::Live));
    press(&mut state, "Mc");
    let effects = press(&mut state, "y");
    let mut sent: Vec<(ServerId, String)> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(server, Command::Cancel(mo_id)) => Some((*server, mo_id.to_string())),
            _ => None,
        })
        .collect();
    sent.sort();
    let expected = [
        (HERE, "task-1"),
        (HERE, "task-2"),
        (THERE, "task-1"),
        (THERE, "task-2"),
    ];
    assert_eq!(sent, expected.map(|(id, task)| (id, task.to_owned())));
}

#[test]
fn removed_tasks_leave_the_dialog() {
    let mut state = busy(80, 24);
    marked(&mut state, &["task-4711", "task-4730"]);
    press(&mut state, "c");
    let removed = |mo_id: &str| {
        tasks(vec![TaskChange::Unwatched {
            mo_id: mo_id.into(),
        }])
    };
    apply_update(&mut state, removed("task-4730"));
    assert_eq!(dialog(&state).tasks(&state, now()).len(), 1);
    let finished = json!({"state": "success"});
    apply_update(&mut state, tasks(vec![task("task-4711", &finished)]));
    assert_eq!(sent(&press(&mut state, "y")), [""; 0]);
    apply_update(&mut state, removed("task-4711"));
    assert!(state.popup.is_none());
    assert_eq!(state.view().marked_count(), 0);
}
