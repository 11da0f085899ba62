//! Going back, quitting, undoing, and the cursor of the Lineage tab.

use serde_json::json;

use crate::{
    app::{Effect, ExitReason, Focus, LineageEntry, PaneMode, Tab, test_support::*},
    task::{TaskChange, cancellation::CancelRequest},
    watch::Command,
};

fn quits(effects: &[Effect]) -> bool {
    effects.contains(&Effect::Quit(ExitReason::Quit))
}

#[test]
fn q_and_esc_leave_views_and_only_then_quit() {
    for key in ["q", "<esc>"] {
        for open in ["H", "z", "jz"] {
            let mut state = busy(120, 40);
            press(&mut state, open);
            let effects = press(&mut state, key);
            assert!(!quits(&effects), "{open}");
            assert!(state.views.is_live(), "{open}");
            assert_eq!(state.pane_mode, PaneMode::Both(Focus::List), "{open}");
        }
    }
    let mut state = busy(120, 40);
    assert!(quits(&press(&mut state, "q")));
}

#[test]
fn esc_on_the_plain_list_changes_nothing() {
    let mut state = busy(120, 40);
    press(&mut state, "/db<enter>m");
    for _ in 0..4 {
        press(&mut state, "<esc>");
        assert_eq!(state.pane_mode, PaneMode::Both(Focus::List));
    }
    assert!(state.view().row_model.view().filter.is_empty());
    assert_eq!(state.view().marked_count(), 0);
}

#[test]
fn leaving_zoom_restores_the_focus() {
    let mut state = busy(120, 40);
    for (before, leave) in [
        ("", "z"),
        ("", "q"),
        ("<enter>", "z"),
        ("<enter>", "<esc>"),
        ("d", "z"),
    ] {
        state.pane_mode = PaneMode::Both(Focus::List);
        choose(&mut state, "task-4720");
        press(&mut state, before);
        let panes = state.pane_mode;
        press(&mut state, "z");
        assert_eq!(state.pane_mode, PaneMode::Details);
        press(&mut state, leave);
        assert_eq!(state.pane_mode, panes, "{before:?} {leave:?}");
    }
}

#[test]
fn quitting_needs_confirmation_while_a_request_is_pending() {
    let mut state = busy(120, 40);
    let task = find(&state, "task-4711");
    let request = CancelRequest::new(now());
    state.views.live.cancel_requests.insert(task, request);
    assert!(!quits(&press(&mut state, "q")));
    let text = state.notifications.shown(now()).unwrap().text.clone();
    assert!(
        text.ends_with("no response yet. Press q again to quit."),
        "{text}"
    );
    assert!(quits(&press(&mut state, "q")));
}

#[test]
fn removal_can_be_undone() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4720");
    let sent = |effects: Vec<Effect>, command: Command| {
        assert!(
            effects.contains(&Effect::Send(HERE, command)),
            "{effects:?}"
        );
    };
    sent(
        press(&mut state, "x"),
        Command::Unwatch(vec!["task-4720".into()]),
    );
    choose(&mut state, "task-4711");
    sent(
        press(&mut state, "x"),
        Command::Unwatch(vec!["task-4711".into()]),
    );
    sent(
        press(&mut state, "u"),
        Command::Watch(vec!["task-4711".into()]),
    );
    sent(
        press(&mut state, "u"),
        Command::Watch(vec!["task-4720".into()]),
    );
    let effects = press(&mut state, "u");
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Send(..)))
    );
}

#[test]
fn undone_removal_restores_selection_pin_and_mark() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4720");
    press(&mut state, "*mx");
    let effects = press(&mut state, "u");
    let mo_id = || vec!["task-4720".into()];
    for command in [Command::Watch(mo_id()), Command::Pin(mo_id(), true)] {
        assert!(effects.contains(&Effect::Send(HERE, command)));
    }
    let removed = TaskChange::Unwatched {
        mo_id: "task-4720".into(),
    };
    apply_update(&mut state, tasks(vec![removed]));
    assert_ne!(selected(&state), "task-4720");
    apply_update(&mut state, tasks(vec![task("task-4720", &json!({}))]));
    assert_eq!(selected(&state), "task-4720");
    assert!(state.selected_record().unwrap().pinned);
    assert_eq!(state.view().marked(), [find(&state, "task-4720")]);
}

#[test]
fn enter_on_a_failed_task_opens_its_error() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4740");
    press(&mut state, "<enter>");
    assert_eq!(
        (state.tab, state.context()),
        (Tab::Error, crate::app::Context::Details)
    );
    press(&mut state, "<esc>");
    choose(&mut state, "task-4711");
    press(&mut state, "<enter>");
    assert_eq!(state.tab, Tab::Overview);
}

#[test]
fn lineage_cursor_selects_the_member_for_actions() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4711");
    press(&mut state, "2<enter>");
    let cursor = |state: &Screen| state.lineage_cursor(state.selected().unwrap());
    let [root, copy] = ["task-4711", "task-4712"].map(|name| find(&state, name));
    assert_eq!(cursor(&state), Some(LineageEntry::Task(root)));
    press(&mut state, "j");
    assert_eq!(cursor(&state), Some(LineageEntry::Task(copy)));
    assert_eq!(selected(&state), "task-4711", "the list does not move");
    assert!(press(&mut state, "Y").contains(&Effect::Copy("task-4712".into())));
    press(&mut state, "c");
    let Some(crate::app::Popup::CancelDialog(dialog)) = &state.popup else {
        panic!("{:?}", state.popup);
    };
    assert_eq!(dialog.highlighted, copy);
    press(&mut state, "<esc><enter>");
    assert_eq!(selected(&state), "task-4712");
    assert_eq!(state.pane_mode, PaneMode::Both(Focus::List));
}

#[test]
fn lineage_cursor_selects_the_member_to_pin_mark_and_remove() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4711");
    press(&mut state, "2<enter>j");
    let mo_id = || vec!["task-4712".into()];
    let sent = |command| Effect::Send(HERE, command);
    assert!(press(&mut state, "*").contains(&sent(Command::Pin(mo_id(), true))));
    press(&mut state, "m");
    assert_eq!(state.view().marked(), [find(&state, "task-4712")]);
    assert!(press(&mut state, "x").contains(&sent(Command::Unwatch(mo_id()))));
    assert_eq!(selected(&state), "task-4711", "the list does not move");
}

#[test]
fn several_vcenters_are_named_in_messages_and_copies() {
    let mut state = twins(120, 40);
    choose(&mut state, "task-1");
    assert!(press(&mut state, "Y").contains(&Effect::Copy("lab/task-1".into())));
    press(&mut state, "x");
    let text = state.notifications.shown(now()).unwrap().text.clone();
    assert!(text.starts_with("Removed lab/task-1"), "{text}");
}
