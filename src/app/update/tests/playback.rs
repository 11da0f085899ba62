//! Playback of a record, and of the session so far.

use serde_json::json;

use crate::app::{Playback, look_back, return_to_now, test_support::*};

#[test]
fn changes_since_an_absence_are_not_shown_in_a_replay() {
    let mut state = busy(120, 40);
    state.playback = Some(Playback::new(now(), 1.0));
    press(&mut state, "N");
    let text = &state.notifications.shown(now()).unwrap().text;
    assert_eq!(text, "Not available in a replay");
}

#[test]
fn filter_before_a_status_and_folds_of_the_past_are_kept() {
    let mut live = busy(120, 40);
    press(&mut live, "/db<enter>");
    let mut past = look_back(&mut live);
    press(&mut past, "-E");
    finish_rows(&mut past);
    assert_eq!(rows(&past), ["task-4740"]);
    // A task that has come meanwhile.
    let new = task("task-5000", &json!({"entityName": "db-9"}));
    apply_update(&mut live, tasks(vec![new]));
    return_to_now(&mut live, past, now());
    press(&mut live, "E");
    finish_rows(&mut live);
    assert_eq!(live.view().row_model.view().filter.text(), "db");
    let mut shown = rows(&live);
    shown.sort();
    assert_eq!(shown, ["task-4711", "task-5000"], "the family is folded");
}
