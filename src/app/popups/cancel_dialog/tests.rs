use serde_json::json;

use crate::{
    app::{Action, CancelDialog, refusal, test_support::*},
    task::{
        ChangeSet, Handle, ServerId, TaskChange, TaskId, TaskStore,
        cancellation::{CancelRequest, CancelState},
        fixture::{at, info},
    },
    vim::types::TaskLocator,
    watch::{CancelResponse, Privilege, Update},
};

fn dialog_of(subject: Handle) -> CancelDialog {
    CancelDialog {
        subject,
        highlighted: subject,
        confirmation: None,
    }
}

fn cancel(mo_id: &str) -> Effect {
    Effect::Send(HERE, Command::Cancel(mo_id.into()))
}

fn check(state: &Screen, mo_id: &str) -> Effect {
    let record = state.view().store.get(find(state, mo_id)).unwrap();
    let trace = TaskLocator::of(record.info.as_deref().unwrap());
    Effect::Send(HERE, Command::CheckPrivilege(trace))
}

fn story(state: &Screen, mo_id: &str) -> String {
    state.view().cancel_requests[&find(state, mo_id)].status_text(now())
}

#[test]
fn opening_refreshes_the_task_and_sends_no_cancel_request() {
    let mut state = busy(80, 24);
    let effects = press(&mut state, "c");
    assert_eq!(
        effects,
        [
            Effect::Send(HERE, Command::Refresh(vec!["task-4711".into()])),
            check(&state, "task-4711"),
        ]
    );
}

#[test]
fn confirmation_defaults_to_no() {
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
fn pending_request_is_not_repeated() {
    let mut state = busy(80, 24);
    press(&mut state, "c");
    assert_eq!(press(&mut state, "<enter>y"), [cancel("task-4711")]);
    assert_eq!(press(&mut state, "<enter>y"), []);
}

#[test]
fn response_is_stored_with_the_task() {
    let mut state = busy(80, 24);
    press(&mut state, "c<enter>y");
    let update = Update::Cancel {
        mo_id: "task-4711".into(),
        answer: CancelResponse::NotSupported,
    };
    apply_update(&mut state, update);
    assert!(
        state.notifications.shown(now()).is_none(),
        "it is seen already"
    );
    press(&mut state, "<esc>");
    assert!(story(&state, "task-4711").contains("NotSupported"));
    let update = Update::Cancel {
        mo_id: "task-4721".into(),
        answer: CancelResponse::InvalidState,
    };
    apply_update(&mut state, update);
    let notification = state.notifications.shown(now()).unwrap();
    assert!(notification.text.contains("task-4721") && notification.text.contains("InvalidState"));
}

#[test]
fn another_family_member_can_be_cancelled() {
    let mut state = busy(80, 24);
    choose(&mut state, "task-4712");
    press(&mut state, "c");
    assert_eq!(press(&mut state, "<enter>"), [], "it is not cancelable");
    let looked_up = press(&mut state, "<up>");
    assert!(looked_up.contains(&check(&state, "task-4711")));
    assert_eq!(press(&mut state, "<enter>y"), [cancel("task-4711")]);
}

#[test]
fn read_only_shows_the_dialog_but_sends_nothing() {
    let mut state = busy(80, 24);
    state.options.read_only = true;
    press(&mut state, "c");
    assert!(matches!(state.popup, Some(Popup::CancelDialog(_))));
    assert_eq!(press(&mut state, "<enter>y"), []);
    // A single server may be read-only.
    let mut state = busy(80, 24);
    state.servers[0].read_only = true;
    press(&mut state, "c");
    assert_eq!(press(&mut state, "<enter>y"), []);
}

#[test]
fn no_request_for_a_task_that_finished_meanwhile() {
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
            .contains("Nothing sent")
    );
}

#[test]
fn confirmation_closes_when_the_task_has_ended() {
    let mut state = busy(80, 24);
    press(&mut state, "c<enter>");
    state.refresh_insights(now());
    assert_eq!(state.context(), Context::Confirm);
    let done = json!({"state": "success"});
    apply_update(&mut state, tasks(vec![task("task-4711", &done)]));
    state.refresh_insights(now());
    assert_eq!(state.context(), Context::Cancel);
}

#[test]
fn removing_the_task_closes_its_dialog() {
    let mut state = busy(80, 24);
    press(&mut state, "c<enter>y");
    let handle = find(&state, "task-4711");
    let update = Update::Privilege {
        mo_id: "task-4711".into(),
        privilege: Privilege::Granted,
    };
    apply_update(&mut state, update);
    let dropped = TaskChange::Unwatched {
        mo_id: "task-4711".into(),
    };
    apply_update(&mut state, tasks(vec![dropped]));
    assert!(state.popup.is_none());
    assert!(
        !state.view().cancel_requests.contains_key(&handle)
            && !state.view().privileges.contains_key(&handle)
    );
}

#[test]
fn responses_to_other_requests_are_stored() {
    let mut state = busy(80, 24);
    let update = Update::Cancel {
        mo_id: "task-4711".into(),
        answer: CancelResponse::Accepted,
    };
    apply_update(&mut state, update);
    let request: &CancelRequest = &state.view().cancel_requests[&find(&state, "task-4711")];
    assert!(!request.is_pending());
}

#[test]
fn family_lists_all_members_as_a_tree() {
    let mut store = TaskStore::new();
    for (mo_id, parent) in [("a", ""), ("b", "a"), ("c", "b"), ("d", "b"), ("e", "a")] {
        let change = TaskChange::Full {
            info: info(mo_id, &json!({"parentTaskKey": parent})),
            at: at(0),
        };
        store
            .apply(ServerId(0), change, &mut ChangeSet::default())
            .unwrap();
    }
    let find = |mo_id| store.find(&TaskId::new(ServerId(0), mo_id)).unwrap();
    let whole = [("a", 0), ("b", 1), ("c", 2), ("d", 2), ("e", 1)];
    let whole = whole.map(|(mo_id, depth)| (find(mo_id), depth));
    for subject in ["a", "b", "d", "e"] {
        let dialog = dialog_of(find(subject));
        assert_eq!(dialog.family(&store), whole, "{subject}");
    }
    let mut dialog = dialog_of(find("b"));
    for (action, mo_id) in [
        (Action::Last, "e"),
        (Action::PageUp, "c"),
        (Action::PageDown, "e"),
        (Action::First, "a"),
        (Action::Down, "b"),
        (Action::Up, "a"),
    ] {
        dialog.move_highlight(&store, action, 2);
        assert_eq!(dialog.highlighted, find(mo_id), "{action:?}");
    }
}

#[test]
fn subtrees_that_can_be_cancelled_come_first() {
    let mut state = empty(80, 24);
    let mut all = vec![task("root", &json!({}))];
    for number in 0..40 {
        let more = match number % 3 {
            0 => json!({"parentTaskKey": "root", "state": "success", "cancelable": true}),
            1 => json!({"parentTaskKey": "root", "cancelable": false}),
            _ => json!({"parentTaskKey": "root", "cancelable": true}),
        };
        all.push(task(&format!("child-{number}"), &more));
    }
    apply_update(&mut state, tasks(all));
    let dialog = dialog_of(find(&state, "root"));
    let store = &state.view().store;
    let states = dialog.family(store).into_iter().skip(1);
    let states: Vec<&str> = states
        .map(|(child, _)| CancelState::of(store.get(child).unwrap()).label())
        .collect();
    let expected = [vec!["yes"; 13], vec!["no"; 13], vec!["–"; 14]].concat();
    assert_eq!(states, expected);
}

#[test]
fn requested_cancellation_is_stated_with_its_time() {
    let mut state = empty(80, 24);
    let requested = json!({"cancelled": true, "cancelable": true});
    apply_update(&mut state, tasks(vec![task("task-1", &json!({}))]));
    apply_update(&mut state, tasks(vec![task("task-1", &requested)]));
    let handle = find(&state, "task-1");
    let later = at(3700 + 12);
    let refusal = refusal(&state, handle, later).unwrap();
    assert_eq!(refusal, "Cancellation requested 12s ago.");
    let done = json!({"cancelled": true, "cancelable": true, "state": "success"});
    apply_update(&mut state, tasks(vec![task("task-1", &done)]));
    let refusal = self::refusal(&state, handle, later).unwrap();
    assert_eq!(refusal, "Already finished.");
}
