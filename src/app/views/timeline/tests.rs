use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::{
    app::{popups::Popup, redraw_timer::next_redraw, test_support::*},
    task::{TaskChange, fixture::at},
};

fn timeline(state: &Screen) -> &Timeline {
    match &state.popup {
        Some(Popup::Timeline(timeline)) => timeline,
        other => panic!("{other:?}"),
    }
}

fn chosen(state: &Screen) -> String {
    let selected = timeline(state).selected(state).unwrap();
    let handle = selected.task().unwrap();
    state.view().store.get(handle).unwrap().id.mo_id.to_string()
}

fn expected_end(state: &Screen) -> ExpectedEnd {
    timeline(state).expected_end(now()).unwrap()
}

#[test]
fn enter_selects_the_task_in_the_list_and_escape_does_not() {
    let mut state = busy(80, 24);
    choose(&mut state, "task-4720");
    press(&mut state, "T");
    assert_eq!(chosen(&state), "task-4720");
    press(&mut state, "<down><down>");
    let below = chosen(&state);
    assert_eq!(selected(&state), "task-4720");
    press(&mut state, "<enter>");
    assert!(state.popup.is_none());
    assert_eq!(selected(&state), below);
    for back in ["<esc>", "q", "T"] {
        press(&mut state, "T<up>");
        assert_ne!(chosen(&state), below);
        press(&mut state, back);
        assert!(state.popup.is_none(), "{back}");
        assert_eq!(selected(&state), below);
    }
}

#[test]
fn selection_stays_on_its_task_when_rows_move_or_vanish() {
    let mut state = busy(80, 24);
    press(&mut state, "T");
    press(&mut state, "<down><down><down>");
    let before = chosen(&state);
    let more = (0..30).map(|number| {
        task(
            &format!("task-9{number:02}"),
            &json!({"entityName": "new", "startTime": at(0).to_string(), "progress": 3}),
        )
    });
    apply_update(&mut state, tasks(more.collect()));
    state.refresh_insights(now());
    assert_eq!(chosen(&state), before);
    let visible = timeline(&state).visible(&state);
    let selected = timeline(&state).selected(&state);
    assert!(visible.iter().any(|row| Some(row.id) == selected));
    apply_update(
        &mut state,
        tasks(vec![TaskChange::Unwatched {
            mo_id: before.clone().into(),
        }]),
    );
    state.refresh_insights(now());
    assert_ne!(chosen(&state), before);
    press(&mut state, "G");
    let rows = state.view().row_model.len();
    assert_eq!(timeline(&state).selection.row(), rows - 1);
    press(&mut state, "<home>");
    assert_eq!(timeline(&state).top(), 0);
}

#[test]
fn keys_pan_zoom_and_fit() {
    let mut state = busy(80, 24);
    press(&mut state, "T");
    let fitted = timeline(&state).window();
    let range = fitted.range(now());
    assert!(range.start < at(0) && range.end > now(), "{range:?}");
    press(&mut state, "<left>");
    let panned = timeline(&state).window().range(now());
    assert!(panned.start < range.start && panned.end < range.end);
    press(&mut state, "l");
    assert_eq!(timeline(&state).window(), fitted);
    press(&mut state, "+");
    let zoomed = timeline(&state).window().range(now());
    assert!(zoomed.start > range.start && zoomed.end < range.end);
    press(&mut state, "-h-");
    press(&mut state, "0");
    assert_eq!(timeline(&state).window(), fitted);
}

#[test]
fn first_period_is_that_of_the_fit_key() {
    let mut state = empty(80, 24);
    let many = (0..1500).map(|number| {
        let more = json!({"startTime": at(0).to_string(), "progress": 30 + number % 50});
        task(&format!("task-{number}"), &more)
    });
    apply_update(&mut state, tasks(many.collect()));
    press(&mut state, "T");
    let first = timeline(&state).window();
    for _ in 0..50 {
        state.refresh_insights(now());
    }
    press(&mut state, "0");
    assert_eq!(timeline(&state).window(), first);
    // The expected ends are inside.
    let range = first.range(now());
    let (past, future) = (
        now().duration_since(range.start),
        range.end.duration_since(now()),
    );
    assert!(future > past / 2, "{past:?} {future:?}");
}

#[test]
fn period_grows_with_the_rows_until_it_is_chosen() {
    let mut state = empty(80, 24);
    let started = |minutes: i64| {
        let start = now() - SignedDuration::from_mins(minutes);
        json!({"startTime": start.to_string(), "queueTime": start.to_string()})
    };
    let usual = (1..=4).map(|number| task(&format!("task-{number}"), &started(10)));
    apply_update(&mut state, tasks(usual.collect()));
    press(&mut state, "T");
    let minutes = |state: &Screen| {
        let start = timeline(state).window().range(now()).start;
        now().duration_since(start).as_mins()
    };
    assert!((10..15).contains(&minutes(&state)), "{}", minutes(&state));
    apply_update(&mut state, tasks(vec![task("task-5", &started(30))]));
    state.refresh_insights(now());
    // A single long task gets no more than twice the usual time.
    assert!((20..25).contains(&minutes(&state)), "{}", minutes(&state));
    press(&mut state, "+");
    let chosen = minutes(&state);
    apply_update(&mut state, tasks(vec![task("task-6", &started(60))]));
    state.refresh_insights(now());
    assert_eq!(minutes(&state), chosen);
}

#[test]
fn expected_end_counts_what_is_shown_or_marked() {
    let mut state = busy(80, 24);
    press(&mut state, "T");
    let all = expected_end(&state);
    assert_eq!((all.is_marked, all.tasks), (false, rows(&state).len()));
    assert_eq!(all.active, 6);
    // A task without progress and a queued one.
    assert_eq!(all.unknown, 2);
    let forecast = all.forecast.unwrap();
    assert!(forecast.median < forecast.late);
    press(&mut state, "<esc>/target:esx<enter>T");
    let filtered = expected_end(&state);
    assert_eq!(
        (filtered.tasks, filtered.active, filtered.unknown),
        (1, 1, 0)
    );
    press(&mut state, "<esc><esc>");
    choose(&mut state, "task-4720");
    press(&mut state, "mT");
    let marked = expected_end(&state);
    assert_eq!(
        (marked.is_marked, marked.tasks, marked.unknown),
        (true, 1, 1)
    );
    assert_eq!(marked.forecast, None);
    press(&mut state, "m");
    assert_eq!(expected_end(&state), all);
}

#[test]
fn family_counts_as_one_estimate() {
    let mut state = busy(80, 24);
    press(&mut state, "/db-prod<enter>T");
    let both = expected_end(&state).forecast.unwrap();
    press(&mut state, "<esc><home>mT");
    assert!(expected_end(&state).is_marked);
    assert_eq!(expected_end(&state).forecast.unwrap(), both);
}

#[test]
fn many_tasks_are_estimated_in_steps() {
    let mut state = empty(80, 24);
    let many = (0..1500).map(|number| {
        let more = json!({"startTime": at(0).to_string(), "progress": 3});
        task(&format!("task-{number}"), &more)
    });
    apply_update(&mut state, tasks(many.collect()));
    press(&mut state, "T");
    assert_eq!(timeline(&state).expected_end(now()), None);
    // The next step follows at once, not with the next second.
    let soon = now() + SignedDuration::from_millis(100);
    assert!(next_redraw(&state, now()).unwrap() < soon);
    let mut steps = 0;
    while timeline(&state).expected_end(now()).is_none() {
        state.refresh_insights(now());
        steps += 1;
        assert!(steps < 50);
    }
    assert!(steps >= 4, "{steps}");
    assert_eq!(expected_end(&state).active, 1500);
    assert!(next_redraw(&state, now()).unwrap() > soon);
    // The end stays where it is while the result is renewed, which takes more frames.
    let before = expected_end(&state).forecast.unwrap();
    let later = now() + SignedDuration::from_secs(3);
    state.refresh_insights(later);
    let after = timeline(&state).expected_end(later).unwrap();
    let moved = before.median.checked_sub(after.forecast.unwrap().median);
    assert_eq!(moved, Some(Duration::from_secs(3)));
}

#[test]
fn history_shows_finished_tasks_only() {
    let mut state = busy(80, 24);
    press(&mut state, "H");
    press(&mut state, "T");
    assert_eq!(timeline(&state).visible(&state), []);
    let expected_end = expected_end(&state);
    assert_eq!((expected_end.tasks, expected_end.forecast), (0, None));
}

#[test]
fn layout_gives_rows_priority() {
    for height in 0..6 {
        let body = Rect::new(0, 1, 80, height);
        let layout = TimelineLayout::of(body);
        let heights = [layout.axis, layout.rows, layout.expected_end].map(|area| area.height);
        assert_eq!(heights.iter().sum::<u16>(), height);
        assert_eq!(layout.rows.height > 0, height > 0);
    }
}
