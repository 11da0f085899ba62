use serde_json::json;

use super::press;
use crate::{
    app::{
        AppState, Effect, Popup,
        test_support::{HERE, apply_update, busy, choose, find, now, task, tasks},
    },
    task::{TaskChange, cancellation::CancelRequest},
    vim::types::TaskLocator,
    watch::{CancelResponse, Command, Privilege, Update},
};

fn cancel(mo_id: &str) -> Effect {
    Effect::Send(HERE, Command::Cancel(mo_id.into()))
}

fn check(state: &AppState, mo_id: &str) -> Effect {
    let record = state.store.get(find(state, mo_id)).unwrap();
    let trace = TaskLocator::of(record.info.as_deref().unwrap());
    Effect::Send(HERE, Command::CheckPrivilege(trace))
}

fn story(state: &AppState, mo_id: &str) -> String {
    state.cancel_requests[&find(state, mo_id)].status_text(now())
}

#[test]
fn opening_has_the_server_asked_and_sends_no_request() {
    let mut state = busy(80, 24);
    let asked = press(&mut state, "c");
    assert_eq!(
        asked,
        [
            Effect::Send(HERE, Command::Refresh(vec!["task-4711".into()])),
            check(&state, "task-4711"),
        ]
    );
}

#[test]
fn a_request_needs_a_second_key_and_no_is_the_default() {
    let mut state = busy(80, 24);
    press(&mut state, "c");
    assert_eq!(press(&mut state, "<enter><enter>"), []);
    assert_eq!(press(&mut state, "<enter>n"), []);
    assert_eq!(press(&mut state, "<enter><esc>"), []);
    assert_eq!(
        press(&mut state, "<enter><tab><enter>"),
        [cancel("task-4711")]
    );
    assert!(story(&state, "task-4711").contains("no response yet"));
}

#[test]
fn yes_asks_and_a_pending_request_is_not_repeated() {
    let mut state = busy(80, 24);
    press(&mut state, "c");
    assert_eq!(press(&mut state, "<enter>y"), [cancel("task-4711")]);
    assert_eq!(press(&mut state, "<enter>y"), []);
}

#[test]
fn the_answer_stays_with_the_task() {
    let mut state = busy(80, 24);
    press(&mut state, "c<enter>y");
    let news = Update::Cancel {
        mo_id: "task-4711".into(),
        answer: CancelResponse::NotSupported,
    };
    apply_update(&mut state, news);
    assert!(
        state.notifications.shown(now()).is_none(),
        "it is seen already"
    );
    press(&mut state, "<esc>");
    assert!(story(&state, "task-4711").contains("NotSupported"));
    let news = Update::Cancel {
        mo_id: "task-4721".into(),
        answer: CancelResponse::InvalidState,
    };
    apply_update(&mut state, news);
    let notification = state.notifications.shown(now()).unwrap();
    assert!(notification.text.contains("task-4721") && notification.text.contains("InvalidState"));
}

#[test]
fn another_member_of_the_family_can_be_cancelled_from_here() {
    let mut state = busy(80, 24);
    choose(&mut state, "task-4712");
    press(&mut state, "c");
    assert_eq!(press(&mut state, "<enter>"), [], "it is not cancelable");
    let looked_up = press(&mut state, "<up>");
    assert!(looked_up.contains(&check(&state, "task-4711")));
    assert_eq!(press(&mut state, "<enter>y"), [cancel("task-4711")]);
}

#[test]
fn read_only_keeps_the_inspector_and_removes_the_request() {
    let mut state = busy(80, 24);
    state.options.read_only = true;
    press(&mut state, "c");
    assert!(matches!(state.popup, Some(Popup::CancelDialog(_))));
    assert_eq!(press(&mut state, "<enter>y"), []);
    // A single endpoint may be read-only.
    let mut state = busy(80, 24);
    state.servers[0].read_only = true;
    press(&mut state, "c");
    assert_eq!(press(&mut state, "<enter>y"), []);
}

#[test]
fn nothing_is_sent_for_a_task_that_ended_while_the_question_stood() {
    let mut state = busy(80, 24);
    press(&mut state, "c<enter>");
    let done = json!({"state": "success"});
    apply_update(&mut state, tasks(vec![task("task-4711", &done)]));
    assert_eq!(press(&mut state, "y"), []);
    assert!(
        state
            .notifications
            .shown(now())
            .unwrap()
            .text
            .contains("Nothing was sent")
    );
}

#[test]
fn a_task_that_leaves_takes_its_inspector_along() {
    let mut state = busy(80, 24);
    press(&mut state, "c<enter>y");
    let handle = find(&state, "task-4711");
    let news = Update::Privilege {
        mo_id: "task-4711".into(),
        privilege: Privilege::Granted,
    };
    apply_update(&mut state, news);
    let dropped = TaskChange::Dropped {
        mo_id: "task-4711".into(),
    };
    apply_update(&mut state, tasks(vec![dropped]));
    assert!(state.popup.is_none());
    assert!(
        !state.cancel_requests.contains_key(&handle) && !state.privileges.contains_key(&handle)
    );
}

#[test]
fn an_answer_to_a_request_from_elsewhere_is_kept_too() {
    let mut state = busy(80, 24);
    let news = Update::Cancel {
        mo_id: "task-4711".into(),
        answer: CancelResponse::Accepted,
    };
    apply_update(&mut state, news);
    let request: &CancelRequest = &state.cancel_requests[&find(&state, "task-4711")];
    assert!(!request.is_pending());
}
