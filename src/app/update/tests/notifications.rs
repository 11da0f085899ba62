use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::{
    app::{FinishTracker, test_support::*},
    task::{Status, TaskId},
};

fn state(all: bool) -> Screen {
    let mut state = empty(80, 24);
    let servers = HashMap::from([(HERE, "vc01".to_owned())]);
    let named = HashSet::from([TaskId::new(HERE, "task-1")]);
    state.finish_tracker = Some(FinishTracker::new(all, servers, named));
    state
}

/// Returns the tasks that are notified of when a task changes.
fn notified(state: &mut Screen, mo_id: &str, more: &Value) -> Vec<String> {
    let event = Event::ServerUpdate(HERE, tasks(vec![task(mo_id, more)]));
    let effects = update(state, event, now()).into_iter();
    let notified = effects.filter_map(|effect| match effect {
        Effect::Notify(task) => Some(format!("{} on {}", task.mo_id, task.server)),
        _ => None,
    });
    notified.collect()
}

#[test]
fn named_and_pinned_tasks_are_notified_once() {
    let mut state = state(false);
    let success = json!({"state": "success"});
    for task in ["task-1", "task-2", "task-3"] {
        assert!(notified(&mut state, task, &json!({})).is_empty());
    }
    choose(&mut state, "task-2");
    press(&mut state, "*");
    assert_eq!(notified(&mut state, "task-1", &success), ["task-1 on vc01"]);
    assert!(notified(&mut state, "task-1", &success).is_empty());
    assert_eq!(notified(&mut state, "task-2", &success), ["task-2 on vc01"]);
    assert!(notified(&mut state, "task-3", &success).is_empty());
}

#[test]
fn tasks_that_were_over_when_first_seen_are_not_notified() {
    let mut state = state(true);
    assert!(notified(&mut state, "task-1", &json!({"state": "success"})).is_empty());
    notified(&mut state, "task-9", &json!({}));
    let failed = json!({"state": "error"});
    assert_eq!(notified(&mut state, "task-9", &failed), ["task-9 on vc01"]);
}

#[test]
fn notifications_continue_while_another_list_is_shown() {
    for keys in ["H", "["] {
        let mut state = state(true);
        notified(&mut state, "task-9", &json!({}));
        press(&mut state, keys);
        let success = json!({"state": "success"});
        assert_eq!(notified(&mut state, "task-9", &success), ["task-9 on vc01"]);
    }
}

#[test]
fn counts_are_shown_when_they_change() {
    let mut state = state(false);
    let mut shown = |more: &Value| {
        let event = Event::ServerUpdate(HERE, tasks(vec![task("task-5", more)]));
        let effects = update(&mut state, event, now()).into_iter();
        let counts = effects.filter_map(|effect| match effect {
            Effect::ShowCounts(counts) => Some(counts[Status::Running]),
            _ => None,
        });
        counts.collect::<Vec<_>>()
    };
    assert_eq!(shown(&json!({"state": "running"})), [1]);
    assert!(shown(&json!({"state": "running"})).is_empty());
    assert_eq!(shown(&json!({"state": "success"})), [0]);
}
