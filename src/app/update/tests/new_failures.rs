use serde_json::{Value, json};

use crate::{
    app::{last_seen_times::LastSeen, test_support::*},
    task::fixture::at,
};

fn failed(more: &Value) -> Value {
    let mut task = json!({"state": "error", "completeTime": at(3000).to_string()});
    for (field, value) in more.as_object().unwrap() {
        task[field] = value.clone();
    }
    task
}

/// A running family with one child, a running task, and two tasks that failed.
fn state() -> Screen {
    let mut state = empty(120, 40);
    let later = failed(&json!({"completeTime": at(3100).to_string()}));
    apply_update(
        &mut state,
        tasks(vec![
            task("family", &json!({"startTime": at(10).to_string()})),
            task("child", &json!({"parentTaskKey": "family"})),
            task("runs", &json!({"startTime": at(5).to_string()})),
            task("failed-1", &failed(&json!({}))),
            task("failed-2", &later),
        ]),
    );
    state
}

/// Returns the IDs of the rows that are marked new.
fn new(state: &Screen) -> Vec<String> {
    let view = state.view();
    let rows = view.row_model.rows(0..view.row_model.len());
    let new = rows.iter().filter(|row| view.is_new(row));
    new.map(|row| {
        let record = view.store.get(row.task().unwrap()).unwrap();
        record.id.mo_id.to_string()
    })
    .collect()
}

#[test]
fn new_failures_are_first_and_marked() {
    let state = state();
    assert_eq!(
        rows(&state),
        ["failed-2", "failed-1", "runs", "family", "child"]
    );
    assert_eq!(new(&state), ["failed-2", "failed-1"]);
}

#[test]
fn selected_failures_are_no_longer_new_and_keep_their_place_until_the_selection_leaves() {
    let mut state = state();
    press(&mut state, "<down>");
    assert_eq!(selected(&state), "failed-1");
    assert_eq!(new(&state), [""; 0], "both were selected");
    assert_eq!(
        rows(&state)[..2],
        ["failed-2", "failed-1"],
        "nothing moves under the cursor"
    );
    press(&mut state, "<up>");
    assert_eq!(selected(&state), "failed-2");
    press(&mut state, "<down><down>");
    assert_eq!(selected(&state), "runs");
    assert_eq!(
        rows(&state),
        ["runs", "family", "child", "failed-2", "failed-1"]
    );
    press(&mut state, "G");
    assert_eq!(selected(&state), "failed-1");
    assert_eq!(rows(&state)[0], "runs", "the seen ones stay below");
}

#[test]
fn failed_child_brings_its_family_up() {
    let mut state = state();
    press(&mut state, "A");
    assert_eq!(rows(&state)[..2], ["runs", "family"]);
    assert_eq!(selected(&state), "failed-2", "the selection follows");
    let child = failed(&json!({"parentTaskKey": "family", "completeTime": at(3200).to_string()}));
    apply_update(&mut state, tasks(vec![task("child", &child)]));
    assert_eq!(rows(&state)[..3], ["family", "child", "runs"]);
    assert_eq!(new(&state), ["child"]);
    choose(&mut state, "family");
    press(&mut state, "<left>");
    assert_eq!(new(&state), [""; 0], "a selected fold shows what it hides");
    assert_eq!(rows(&state)[0], "family");
    press(&mut state, "G");
    assert_eq!(rows(&state)[0], "runs");
}

#[test]
fn unselected_folded_family_is_marked_for_what_it_hides() {
    let mut state = state();
    choose(&mut state, "family");
    press(&mut state, "A<left><up>");
    let child = failed(&json!({"parentTaskKey": "family"}));
    apply_update(&mut state, tasks(vec![task("child", &child)]));
    assert_eq!(rows(&state)[0], "family");
    assert_eq!(new(&state), ["family"]);
}

#[test]
fn first_row_stays_selected_when_a_task_fails() {
    let mut state = empty(120, 40);
    apply_update(
        &mut state,
        tasks(vec![task("one", &json!({})), task("two", &json!({}))]),
    );
    let before = selected(&state);
    let other = if before == "one" { "two" } else { "one" };
    apply_update(&mut state, tasks(vec![task(other, &failed(&json!({})))]));
    assert_eq!(rows(&state)[0], other);
    assert_eq!(selected(&state), before);
}

#[test]
fn failures_before_the_last_exit_are_not_new() {
    let mut state = empty(120, 40);
    let base = "https://vc01.lab";
    state.servers[0].base_url = base.to_owned();
    state.options.last_seen = vec![LastSeen {
        server: base.to_owned(),
        local_time: at(3050),
        server_time: at(3050),
    }];
    state.state.begin_with_last_seen(now());
    let later = failed(&json!({"completeTime": at(3100).to_string()}));
    let before = failed(&json!({}));
    apply_update(
        &mut state,
        tasks(vec![task("before", &before), task("after", &later)]),
    );
    assert_eq!(new(&state), ["after"]);
}

#[test]
fn dismissed_filter_returns_to_the_failure_at_its_place() {
    let mut state = state();
    let before = rows(&state);
    press(&mut state, "/runs<esc>");
    assert_eq!(
        (rows(&state), selected(&state)),
        (before, "failed-2".into())
    );
    press(&mut state, "/runs<enter><esc>");
    assert_eq!(selected(&state), "runs");
    assert_eq!(rows(&state)[0], "failed-1", "it was not selected");
}

#[test]
fn acknowledging_all_keeps_the_selection() {
    let mut state = state();
    press(&mut state, "A");
    assert_eq!(new(&state), [""; 0]);
    assert_eq!(
        rows(&state),
        ["runs", "family", "child", "failed-2", "failed-1"]
    );
    assert_eq!(selected(&state), "failed-2");
    let shown = state.notifications.shown(now()).unwrap();
    assert_eq!(shown.text, "1 failed task marked as seen");
}
