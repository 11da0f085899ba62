//! Reports changes made while the user was away.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    app::{last_seen_times::LastSeen, next_redraw, test_support::*},
    task::{ServerClock, Status, TaskChange},
    watch::Update,
};

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn event_at(state: &mut Screen, event: Event, seconds: i64) {
    update(state, event, after(seconds));
}

fn press_at(state: &mut Screen, code: KeyCode, seconds: i64) {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    event_at(state, Event::Key(key), seconds);
}

fn apply_at(state: &mut Screen, change: TaskChange, seconds: i64) {
    let update = Event::ServerUpdate(HERE, tasks(vec![change]));
    event_at(state, update, seconds);
}

/// Returns a task that ended `seconds` after now.
fn ended(mo_id: &str, outcome: &str, seconds: i64) -> TaskChange {
    let mut more = json!({"state": "success", "completeTime": after(seconds).to_string()});
    if outcome != "success" {
        more["state"] = json!("error");
        more["error"] = json!({"_typeName": "LocalizedMethodFault", "localizedMessage": outcome,
            "fault": {"_typeName": if outcome == "cancelled" { "RequestCanceled" } else { "SystemError" }}});
        more["cancelled"] = json!(outcome == "cancelled");
    }
    task(mo_id, &more)
}

/// Returns failed, cancelled, successful and stalled tasks of the report.
fn counts(state: &Screen) -> Option<[u32; 4]> {
    let period = state.away.report()?;
    let ended = period.ended;
    Some([
        ended[Status::Failed],
        ended[Status::Cancelled],
        ended[Status::Success],
        period.stalled,
    ])
}

/// Returns a state in which tasks ended while the terminal had no focus.
fn returned() -> Screen {
    let mut state = busy(120, 40);
    press(&mut state, "/db<enter>j");
    event_at(&mut state, Event::FocusLost, 10);
    apply_at(&mut state, ended("task-4711", "failed", 60), 61);
    apply_at(&mut state, ended("task-4712", "cancelled", 70), 71);
    apply_at(&mut state, ended("task-9", "success", 80), 81);
    event_at(&mut state, Event::FocusGained, 100);
    state
}

#[test]
fn tasks_that_end_without_focus_are_reported() {
    let state = returned();
    assert_eq!(counts(&state), Some([1, 1, 1, 0]));
    assert_eq!(state.away.report().unwrap().since, after(10));
    assert_eq!(state.layout().report.height, 1);
}

#[test]
fn report_does_not_move_the_selection_and_the_filter_returns() {
    for leave in [KeyCode::Esc, KeyCode::Char('N')] {
        let mut state = returned();
        let before = (selected(&state), rows(&state));
        press_at(&mut state, KeyCode::Char('N'), 110);
        assert!(state.away.is_showing());
        let mut shown = rows(&state);
        shown.sort();
        assert_eq!(shown, ["task-4711", "task-4712", "task-9"]);
        press_at(&mut state, KeyCode::Char('j'), 111);
        assert_ne!(selected(&state), before.0);
        press_at(&mut state, leave, 112);
        assert_eq!((selected(&state), rows(&state)), before);
        assert_eq!(state.view().row_model.view().filter.text(), "db");
        assert_eq!(counts(&state), None);
    }
}

#[test]
fn report_is_dismissed_with_one_key_before_the_filter_is_cleared() {
    let mut state = returned();
    let before = selected(&state);
    press_at(&mut state, KeyCode::Esc, 110);
    assert_eq!(counts(&state), None);
    assert_eq!(state.layout().report.height, 0);
    assert_eq!(state.view().row_model.view().filter.text(), "db");
    assert_eq!(selected(&state), before);
    press_at(&mut state, KeyCode::Esc, 111);
    assert!(state.view().row_model.view().filter.is_empty());
}

#[test]
fn click_shows_the_tasks_and_another_one_returns() {
    let mut state = returned();
    click(&mut state, ClickTarget::Action(Action::ShowChanges));
    assert!(state.away.is_showing());
    click(&mut state, ClickTarget::Action(Action::ShowChanges));
    assert_eq!((state.away.is_showing(), counts(&state)), (false, None));
}

#[test]
fn nothing_is_reported_without_changes() {
    let mut state = busy(80, 24);
    event_at(&mut state, Event::FocusLost, 10);
    apply_at(&mut state, task("task-4711", &json!({"progress": 80})), 20);
    event_at(&mut state, Event::FocusGained, 30);
    assert_eq!(counts(&state), None);
    // A task that ends while the user is present.
    apply_at(&mut state, ended("task-4711", "failed", 40), 41);
    assert_eq!(counts(&state), None);
    // One that ended during the absence is reported late.
    apply_at(&mut state, ended("task-9", "success", 25), 42);
    assert_eq!(counts(&state), Some([0, 0, 1, 0]));
}

#[test]
fn minutes_without_a_key_count_as_absence() {
    let mut state = busy(80, 24);
    press(&mut state, "j");
    apply_at(&mut state, ended("task-4711", "failed", 20), 21);
    apply_at(&mut state, ended("task-9", "success", -10), 22);
    event_at(&mut state, Event::Tick, 299);
    assert_eq!(counts(&state), None);
    event_at(&mut state, Event::Tick, 300);
    assert_eq!(counts(&state), Some([1, 0, 0, 0]));
    assert_eq!(state.away.report().unwrap().since, now());
    // Without any event in between, as after the machine slept.
    let mut state = empty(80, 24);
    press_at(&mut state, KeyCode::Char('k'), 4000);
    assert_eq!(counts(&state), None);
    apply_at(&mut state, ended("task-4711", "failed", 3000), 4001);
    assert_eq!(counts(&state), Some([1, 0, 0, 0]));
}

#[test]
fn mouse_move_over_an_unfocused_terminal_does_not_end_the_absence() {
    let mut state = busy(80, 24);
    event_at(&mut state, Event::FocusLost, 0);
    let moved = MouseEvent {
        kind: MouseEventKind::Moved,
        column: 1,
        row: 1,
        modifiers: KeyModifiers::NONE,
    };
    event_at(&mut state, Event::Mouse(moved), 10);
    apply_at(&mut state, ended("task-4711", "failed", 20), 21);
    assert_eq!(counts(&state), Some([1, 0, 0, 0]));
}

#[test]
fn stalled_tasks_count_until_they_move_on() {
    let mut state = climbed(40, 10);
    event_at(&mut state, Event::FocusLost, 5);
    event_at(&mut state, Event::Tick, 6);
    assert_eq!(counts(&state), None);
    let check = next_redraw(&state, after(6)).unwrap();
    assert!(check <= after(65), "checked every minute");
    event_at(&mut state, Event::Tick, 3600);
    assert_eq!(counts(&state), Some([0, 0, 0, 1]));
    press_at(&mut state, KeyCode::Char('N'), 3601);
    assert_eq!(rows(&state), ["task-1"]);
    let moved = task("task-1", &json!({"progress": 50}));
    let moved = match moved {
        TaskChange::Full { info, .. } => TaskChange::Full {
            info,
            at: after(3602),
        },
        other => other,
    };
    apply_at(&mut state, moved, 3602);
    assert_eq!((counts(&state), state.away.is_showing()), (None, false));
}

#[test]
fn second_absence_adds_to_a_report_that_was_not_dismissed() {
    let mut state = returned();
    press_at(&mut state, KeyCode::Char('N'), 110);
    event_at(&mut state, Event::FocusLost, 120);
    apply_at(&mut state, ended("task-10", "failed", 130), 131);
    assert_eq!(counts(&state), Some([2, 1, 1, 0]));
    assert!(rows(&state).contains(&"task-10".to_owned()), "it is shown");
    assert_eq!(state.away.report().unwrap().since, after(10));
}

#[test]
fn removed_tasks_are_not_counted() {
    let mut state = returned();
    let removed = TaskChange::Unwatched {
        mo_id: "task-9".into(),
    };
    apply_at(&mut state, removed, 110);
    assert_eq!(counts(&state), Some([1, 1, 0, 0]));
}

#[test]
fn key_shows_changes_since_the_last_report() {
    let mut state = returned();
    press_at(&mut state, KeyCode::Esc, 110);
    press_at(&mut state, KeyCode::Char('N'), 111);
    assert!(!state.away.is_showing());
    let notice = state.notifications.shown(after(111)).unwrap();
    assert!(
        notice.text.starts_with("No task ended or stalled since "),
        "{}",
        notice.text
    );
    apply_at(&mut state, ended("task-11", "failed", 120), 121);
    assert_eq!(counts(&state), None);
    press_at(&mut state, KeyCode::Char('N'), 130);
    assert_eq!(rows(&state), ["task-11"]);
    assert_eq!(counts(&state), Some([1, 0, 0, 0]));
}

#[test]
fn changes_are_shown_in_the_live_view_only() {
    let mut state = returned();
    press(&mut state, "HN");
    assert!(!state.away.is_showing());
    press(&mut state, "HN");
    assert!(state.away.is_showing());
}

fn restarted(left: i64) -> Screen {
    let mut state = connecting(80, 24);
    state.servers[0].base_url = "https://vc01.lab".to_owned();
    state.options.last_seen = vec![LastSeen {
        server: "https://vc01.lab".to_owned(),
        local_time: after(left),
        server_time: after(left + 1000),
    }];
    state.begin_with_last_seen(now());
    let clock = ServerClock {
        offset: SignedDuration::from_secs(1000),
    };
    apply_update(&mut state, Update::Clock(clock));
    state
}

#[test]
fn tasks_that_ended_since_the_last_run_are_reported_by_the_clock_of_the_server() {
    let mut state = restarted(-600);
    event_at(&mut state, Event::FocusLost, 1);
    apply_at(&mut state, ended("task-1", "failed", 399), 2);
    apply_at(&mut state, ended("task-2", "success", 401), 2);
    apply_at(&mut state, ended("task-3", "cancelled", 999), 2);
    event_at(&mut state, Event::FocusGained, 3);
    assert_eq!(counts(&state), Some([0, 1, 1, 0]));
    assert_eq!(state.away.report().unwrap().since, after(-600));
    let mut changed_clock = restarted(600);
    apply_at(&mut changed_clock, ended("task-2", "success", 401), 2);
    assert_eq!(counts(&changed_clock), None);
}

#[test]
fn time_of_leaving_is_that_of_the_last_look() {
    let mut state = busy(80, 24);
    state.servers[0].base_url = "https://vc01.lab".to_owned();
    press_at(&mut state, KeyCode::Char('j'), 0);
    let left = |state: &Screen, seconds| state.last_seen(after(seconds))[0].local_time;
    assert_eq!(left(&state, 10), after(10));
    assert_eq!(left(&state, 400), now(), "idle");
    event_at(&mut state, Event::FocusLost, 20);
    assert_eq!(left(&state, 60), after(20));
    state.servers[0].facts = None;
    assert_eq!(state.last_seen(after(60)), [], "never connected");
}
