//! Several vCenters on one screen.

use insta::assert_snapshot;

use super::draw_text;
use crate::{
    app::{
        Effect,
        test_support::{HERE, THERE, apply_change, now, task, tasks, twins},
    },
    task::{TaskChange, TaskId},
    watch::{Command, ConnectionState},
};

#[test]
fn rows_show_their_vcenter_and_the_header_each_connection() {
    assert_snapshot!("several_80x24", draw_text(&twins(80, 24)));
    assert_snapshot!("several_160x45", draw_text(&twins(160, 45)));
    assert_snapshot!("several_50x12", draw_text(&twins(50, 12)));
}

#[test]
fn equal_mo_ids_of_different_servers_are_distinct() {
    let mut state = twins(120, 24);
    assert_eq!(state.view().store.iter().count(), 6);
    let gone = TaskChange::Gone {
        mo_id: "task-1".into(),
        at: now(),
    };
    apply_change(&mut state, THERE, tasks(vec![gone]));
    let ended = serde_json::json!({"state": "error", "entityName": "web-lab"});
    apply_change(&mut state, HERE, tasks(vec![task("task-2", &ended)]));
    let status = |server, mo_id| {
        let handle = state
            .view()
            .store
            .find(&TaskId::new(server, mo_id))
            .unwrap();
        state.view().store.get(handle).unwrap().status().word()
    };
    assert_eq!(status(HERE, "task-1"), "running");
    assert_eq!(status(THERE, "task-2"), "running");
    assert_eq!(status(HERE, "task-2"), "failed");
    let parents = [HERE, THERE].map(|server| {
        let child = state
            .view()
            .store
            .find(&TaskId::new(server, "task-3"))
            .unwrap();
        let parent = state.view().store.parent(child).unwrap();
        state.view().store.get(parent).unwrap().id.server
    });
    assert_eq!(parents, [HERE, THERE]);
    assert_eq!(state.view().store.server_name(THERE), Some("branch"));
}

#[test]
fn signed_out_server_does_not_affect_the_other() {
    let mut state = twins(80, 24);
    let out = ConnectionState::SignedOut {
        reason: "signing in as ops (vc02.lab): InvalidLogin.".into(),
    };
    apply_change(&mut state, THERE, crate::watch::Update::Connection(out));
    let text = draw_text(&state);
    assert!(
        text.contains("branch signed out") && text.contains("● lab"),
        "{text}"
    );
    let handle = state
        .view()
        .store
        .find(&TaskId::new(HERE, "task-1"))
        .unwrap();
    let record = state.view().store.get(handle).unwrap();
    assert!(!state.is_stale(record));
    state.view_mut().selection.select(handle);
    state.sync_selection();
    let effects = crate::app::update(
        &mut state,
        crate::app::Event::Key(crossterm::event::KeyEvent::from(
            crossterm::event::KeyCode::Char('*'),
        )),
        now(),
    );
    let is_pinned_there = effects.iter().any(
        |effect| matches!(effect, Effect::Send(HERE, Command::Pin(tasks, true)) if &*tasks[0] == "task-1"),
    );
    assert!(is_pinned_there, "{effects:?}");
}
