use serde_json::json;

use super::*;
use crate::{
    app::{
        Action, Severity, TaskInsight,
        test_support::{Screen, apply_update, busy, climbed, empty, find, now, task, tasks},
    },
    task::{fixture::at, warnings},
    watch::Update,
};

fn one(more: &serde_json::Value) -> Screen {
    let mut state = empty(80, 24);
    apply_update(&mut state, tasks(vec![task("task-1", more)]));
    state
}

#[test]
fn ages_of_finished_tasks_change_by_the_minute_then_by_the_hour() {
    let done = json!({"state": "success", "completeTime": at(3600).to_string()});
    let done = one(&done);
    let minute = Timestamp::from_second(now().as_second() / 60 * 60 + 60).unwrap();
    assert_eq!(next_redraw(&done, now()), Some(minute));
    let hour = Timestamp::from_second(at(12_000).as_second() / 3600 * 3600 + 3600).unwrap();
    assert_eq!(next_redraw(&done, at(12_000)), Some(hour));
    assert_eq!(next_redraw(&empty(80, 24), now()), None);
}

#[test]
fn elapsed_times_change_by_the_second_then_by_the_minute() {
    let young = json!({"progress": 5, "startTime": at(3700).to_string()});
    assert_eq!(next_redraw(&one(&young), now()), Some(at(3721)));
    // Running for 62 minutes and 10 seconds.
    let old = json!({"progress": 5, "startTime": at(-10).to_string()});
    assert_eq!(next_redraw(&one(&old), now()), Some(at(3770)));
}

#[test]
fn indeterminate_bar_moves_every_second() {
    assert_eq!(next_redraw(&one(&json!({})), now()), Some(at(3721)));
}

#[test]
fn redraws_fall_on_whole_seconds() {
    let part = now() + SignedDuration::from_millis(400);
    assert_eq!(next_redraw(&one(&json!({})), part), Some(at(3722)));
    assert!(next_redraw(&busy(80, 24), part).unwrap() > part);
}

#[test]
fn expiring_notification_needs_a_redraw() {
    let mut state = empty(80, 24);
    state.notifications.push(Severity::Info, "copied", now());
    assert_eq!(next_redraw(&state, now()), Some(at(3724)));
    assert_eq!(next_redraw(&state, at(3724)), None);
}

#[test]
fn countdown_ticks_and_stale_clocks_are_frozen() {
    let mut state = one(&json!({}));
    let retrying = |next| {
        Update::Connection(ConnectionState::Retrying {
            attempt: 2,
            next,
            reason: "refused".into(),
        })
    };
    apply_update(&mut state, retrying(at(3725)));
    assert_eq!(next_redraw(&state, now()), Some(at(3721)));
    let minutes_later = at(3720 + 660);
    let next = next_redraw(&state, minutes_later).unwrap();
    assert_eq!(next, at(3720 + 720), "only the age of the data, in minutes");
}

#[test]
fn invisible_rows_need_no_redraw() {
    let mut state = empty(80, 24);
    let all = (0..200)
        .map(|number| {
            let done = json!({"state": "success", "completeTime": at(number).to_string()});
            task(&format!("task-{number}"), &done)
        })
        .collect();
    apply_update(&mut state, tasks(all));
    apply_update(&mut state, tasks(vec![task("runs", &json!({}))]));
    let next = |state: &Screen| next_redraw(state, now()).unwrap();
    assert_eq!(next(&state), now() + SignedDuration::from_secs(1));
    let view = state.view_mut();
    view.selection.scroll(&view.row_model, Action::Last, 1);
    state.sync_selection();
    assert!(next(&state) > now() + SignedDuration::from_secs(1));
}

#[test]
fn new_warning_is_drawn_at_once() {
    let state = climbed(40, 90);
    let handle = find(&state, "task-1");
    let stalls = warnings::next_change(&state.view().store, handle, None, now()).unwrap();
    let tick = next_redraw(&state, stalls - SignedDuration::from_millis(100)).unwrap();
    assert!(
        tick > stalls && tick <= stalls + SignedDuration::from_secs(1),
        "{tick} for {stalls}"
    );
    assert!(TaskInsight::of(&state, handle, tick).is_stalled());
}

#[test]
fn time_left_counts_in_small_steps_at_the_end() {
    let next = next_redraw(&climbed(99, 30), now()).unwrap();
    assert!(next <= now() + SignedDuration::from_secs(5), "{next}");
    let half = next_redraw(&climbed(50, 60), now()).unwrap();
    assert!(half > now() + SignedDuration::from_secs(5), "{half}");
}
