//! Time travel.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{app::test_support::*, task::Progress, watch::Update};

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn tell(state: &mut Screen, update: Update, seconds: i64) {
    crate::app::update(state, Event::ServerUpdate(HERE, update), after(seconds));
}

fn press_at(state: &mut Screen, key: char, seconds: i64) -> Vec<Effect> {
    let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
    let mut effects = update(state, Event::Key(key), after(seconds));
    effects.retain(|effect| *effect != Effect::Draw);
    effects
}

fn percent(state: &Screen) -> Option<u8> {
    match state.view().store.progress(find(state, "task-1")) {
        Progress::Reported(percent) => Some(percent),
        _ => None,
    }
}

/// Returns a state with a task at 10, 20, 30 … percent after 0, 100, 200 … seconds.
fn climbing() -> Screen {
    let mut state = empty(80, 24);
    for step in 1..=5 {
        let info = task("task-1", &json!({"progress": 10 * step}));
        tell(&mut state, tasks(vec![info]), 100 * (step - 1));
    }
    state
}

#[test]
fn steps_by_changes() {
    let mut state = climbing();
    assert_eq!(percent(&state), Some(50));
    for wanted in [40, 30, 20] {
        press_at(&mut state, '<', 450);
        assert_eq!(percent(&state), Some(wanted));
        assert_eq!(
            state.displayed_time(after(450)),
            after(i64::from(wanted) * 10 - 100)
        );
    }
    press_at(&mut state, '>', 450);
    assert_eq!(percent(&state), Some(30));
    press_at(&mut state, '0', 450);
    assert!(state.views.time_travel().is_none());
    assert_eq!(percent(&state), Some(50));
}

#[test]
fn steps_by_minutes_within_the_recorded_time() {
    let mut state = climbing();
    press_at(&mut state, '[', 450);
    assert_eq!(state.displayed_time(after(450)), after(390));
    assert_eq!(percent(&state), Some(40));
    for _ in 0..20 {
        press_at(&mut state, '[', 450);
    }
    assert_eq!(
        (percent(&state), state.displayed_time(after(450))),
        (Some(10), after(0))
    );
    assert!(
        state
            .notifications
            .iter()
            .any(|n| n.text.contains("No older changes"))
    );
    for _ in 0..8 {
        press_at(&mut state, ']', 450);
    }
    assert!(
        state.views.time_travel().is_none(),
        "a minute past now is now"
    );
}

#[test]
fn live_updates_continue_in_the_background() {
    let mut state = climbing();
    press_at(&mut state, '<', 450);
    tell(
        &mut state,
        tasks(vec![task("task-1", &json!({"progress": 60}))]),
        500,
    );
    let queued = json!({"queueTime": after(500).to_string()});
    tell(&mut state, tasks(vec![task("task-2", &queued)]), 501);
    assert_eq!(percent(&state), Some(40), "what is seen stays");
    assert_eq!(state.view().row_model.len(), 1);
    press_at(&mut state, '>', 510);
    assert_eq!(percent(&state), Some(50));
    press_at(&mut state, '>', 510);
    assert_eq!(
        (percent(&state), state.view().row_model.len()),
        (Some(60), 1)
    );
    press_at(&mut state, '>', 510);
    assert_eq!(state.view().row_model.len(), 2);
    assert!(state.views.time_travel().is_some(), "as of the last change");
    press_at(&mut state, '>', 510);
    assert!(state.views.time_travel().is_none());
    assert_eq!(
        (percent(&state), state.view().row_model.len()),
        (Some(60), 2)
    );
}

#[test]
fn sends_no_commands_and_escape_returns() {
    let mut state = climbing();
    press_at(&mut state, '<', 450);
    for key in ['c', 'a', 'x', '*', 'r'] {
        assert_eq!(press_at(&mut state, key, 451), [], "{key}");
        assert!(state.popup.is_none(), "{key}");
    }
    press_at(&mut state, 'p', 451);
    assert!(state.paused, "reading can be paused meanwhile");
    press(&mut state, "<esc>");
    assert!(state.views.time_travel().is_none());
}

#[test]
fn view_changes_are_kept_on_return() {
    let mut state = busy(80, 24);
    press(&mut state, "[");
    press(&mut state, "/db<enter>t");
    press(&mut state, "0");
    assert_eq!(state.view().row_model.view().filter.text(), "db");
    let mut state = empty(80, 24);
    press(&mut state, ",[].0");
    assert!(state.views.time_travel().is_none());
}
