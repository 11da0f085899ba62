use serde_json::json;

use super::*;
use crate::{
    ChangeSet, EntityState, FinishedRun, Forecaster, PendingQuestion, TaskChange,
    fixture::{HERE, at, put},
};

fn rules(
    store: &TaskStore,
    handle: Handle,
    typical: Option<&TypicalDurations>,
    second: i64,
) -> Vec<Rule> {
    let found = store.warnings(handle, typical, at(second));
    found.into_iter().map(|warning| warning.rule).collect()
}

#[test]
fn stall_threshold_depends_on_previous_pauses() {
    let mut store = TaskStore::new();
    for percent in 0..=40 {
        put(
            &mut store,
            "task-1",
            &json!({"progress": percent}),
            percent * 10,
        );
    }
    let handle = store.find_key(HERE, "task-1").unwrap();
    assert_eq!(rules(&store, handle, None, 410), []);
    let next = next_change(&store, handle, None, at(410)).unwrap();
    assert!(next > at(460) && next < at(1000), "{next}");
    let just_before = next - SignedDuration::from_millis(1);
    assert!(store.warnings(handle, None, just_before).is_empty());
    assert!(!store.is_stalled(handle, None, just_before));
    assert_eq!(store.stalls_after(handle), Some(next));
    let after = next + SignedDuration::from_millis(1);
    let warnings = store.warnings(handle, None, after);
    assert_eq!(warnings[0].rule, Rule::Stalled);
    assert!(store.is_stalled(handle, None, after));
    assert!(
        warnings[0].message.contains("at 40%"),
        "{}",
        warnings[0].message
    );
    put(&mut store, "task-1", &json!({"progress": 41}), 2000);
    assert_eq!(rules(&store, handle, None, 2001), []);
}

#[test]
fn queued_message_names_tasks_ahead() {
    let mut store = TaskStore::new();
    let vm = json!({"type": "VirtualMachine", "value": "vm-1"});
    let host = json!({"type": "HostSystem", "value": "host-1"});
    put(&mut store, "task-1", &json!({"entity": vm}), 0);
    put(
        &mut store,
        "task-2",
        &json!({"entity": host, "locked": [vm]}),
        0,
    );
    put(&mut store, "task-3", &json!({"entity": host}), 0);
    let queued =
        json!({"entity": vm, "state": "queued", "startTime": null, "queueTime": at(5).to_string()});
    let handle = put(&mut store, "task-4", &queued, 5);
    assert_eq!(rules(&store, handle, None, 60), []);
    assert_eq!(next_change(&store, handle, None, at(60)), Some(at(65)));
    let message = store.warnings(handle, None, at(190))[0].message.clone();
    assert!(
        message.starts_with("Queued for 3m05s behind Relocate virtual machine (task-1) and Relocate virtual machine (task-2)."),
        "{message}"
    );
    put(
        &mut store,
        "task-1",
        &json!({"entity": vm, "state": "success"}),
        200,
    );
    let gone = TaskChange::Unwatched {
        mo_id: "task-2".into(),
    };
    store.apply(HERE, gone, &mut ChangeSet::default()).unwrap();
    let message = store.warnings(handle, None, at(260))[0].message.clone();
    assert!(message.contains("no visible task ahead"), "{message}");
}

#[test]
fn questions_cancellations_and_long_runs_give_warnings() {
    let mut store = TaskStore::new();
    let handle = put(&mut store, "task-1", &json!({"cancelled": true}), 10);
    let question = PendingQuestion {
        text: "Keep the disk?".into(),
        choices: vec!["Yes".into(), "No".into()],
    };
    let state = EntityState {
        question: Some(question),
        lost_host: None,
    };
    store.set_entity_state(handle, state, &mut ChangeSet::default());
    let mut typical = TypicalDurations::default();
    let runs = (1..=10).map(|n| FinishedRun {
        operation: "VirtualMachine.relocate".into(),
        entity: None,
        duration: Duration::from_secs(n * 10),
    });
    typical.add_runs(HERE, runs);
    let typical = Some(&typical);
    assert_eq!(rules(&store, handle, typical, 20), [Rule::Question]);
    assert_eq!(next_change(&store, handle, typical, at(20)), Some(at(70)));
    assert_eq!(
        rules(&store, handle, typical, 117),
        [Rule::Question, Rule::CancelIgnored, Rule::LongerThanUsual]
    );
    let message = &store.warnings(handle, typical, at(117))[0].message;
    assert!(message.ends_with("Keep the disk? (Yes · No)"), "{message}");
    put(&mut store, "task-1", &json!({"state": "success"}), 100);
    assert_eq!(rules(&store, handle, typical, 300), []);
    assert_eq!(next_change(&store, handle, typical, at(300)), None);
}

#[test]
fn child_running_after_its_parent_gives_warning() {
    let mut store = TaskStore::new();
    let done = json!({"state": "success", "completeTime": at(50).to_string()});
    put(&mut store, "task-1", &done, 50);
    let child = put(
        &mut store,
        "task-2",
        &json!({"parentTaskKey": "task-1"}),
        50,
    );
    assert_eq!(rules(&store, child, None, 110), []);
    assert_eq!(rules(&store, child, None, 111), [Rule::ParentFinished]);
}

#[test]
fn short_runs_and_few_past_runs_give_no_warning() {
    let mut store = TaskStore::new();
    let handle = put(&mut store, "task-1", &json!({}), 0);
    let rules_at = |runs: &[u64], second| {
        let mut typical = TypicalDurations::default();
        let runs = runs.iter().map(|seconds| FinishedRun {
            operation: "VirtualMachine.relocate".into(),
            entity: None,
            duration: Duration::from_secs(*seconds),
        });
        typical.add_runs(HERE, runs);
        rules(&store, handle, Some(&typical), second)
    };
    assert_eq!(rules_at(&[2; 40], 7), [], "less than a minute");
    assert_eq!(rules_at(&[2; 40], 63), [Rule::LongerThanUsual]);
    assert_eq!(rules_at(&[100; 9], 1000), [], "few runs");
    assert_eq!(rules_at(&[100; 10], 199), [], "near the median");
    assert_eq!(rules_at(&[100; 10], 201), [Rule::LongerThanUsual]);
}

#[test]
fn clock_skew_gives_no_warnings() {
    let mut store = TaskStore::new();
    let future = json!({"startTime": at(90_000).to_string(), "queueTime": at(90_000).to_string(), "progress": 900});
    let handle = put(&mut store, "task-1", &future, 0);
    assert_eq!(rules(&store, handle, None, 5), []);
    let forecast = Forecaster::new(&store, None, at(5)).forecast(handle);
    assert_eq!(forecast.unwrap().estimate, None);
    let _ = next_change(&store, handle, None, Timestamp::MAX);
    let _ = store.warnings(handle, None, Timestamp::MIN);
}
