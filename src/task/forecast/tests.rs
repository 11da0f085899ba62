use serde_json::{Value, json};

use super::*;
use crate::{
    ChangeSet, EntityState, FinishedRun, PendingQuestion,
    fixture::{HERE, at, put},
};

/// Reports one percent every `step` seconds, up to `percent`.
fn climb(store: &mut TaskStore, mo_id: &str, more: &Value, percent: i64, step: i64) -> Handle {
    let mut handle = Handle::default();
    for done in 0..=percent {
        let mut more = more.clone();
        more["progress"] = json!(done);
        handle = put(store, mo_id, &more, done * step);
    }
    handle
}

fn relocations(minutes: impl IntoIterator<Item = u64>) -> TypicalDurations {
    let mut typical = TypicalDurations::default();
    let runs = minutes.into_iter().map(|minutes| FinishedRun {
        operation: "VirtualMachine.relocate".into(),
        entity: None,
        duration: Duration::from_secs(minutes * 60),
    });
    typical.add_runs(HERE, runs);
    typical
}

fn best(forecast: Option<Forecast>) -> Option<u64> {
    Some(forecast?.estimate?.best.as_secs())
}

#[test]
fn parent_is_not_earlier_than_its_slower_child() {
    let mut store = TaskStore::new();
    // The parent counts fast, its grandchild slowly.
    let parent = climb(&mut store, "task-1", &json!({}), 80, 5);
    put(&mut store, "task-2", &json!({"parentTaskKey": "task-1"}), 0);
    let below = json!({"parentTaskKey": "task-2"});
    let child = climb(&mut store, "task-3", &below, 20, 20);
    let mut forecaster = Forecaster::new(&store, None, at(400));
    let (above, child) = (forecaster.forecast(parent), forecaster.forecast(child));
    let middle = store.find_key(HERE, "task-2").unwrap();
    assert!(best(child) > Some(1000), "{child:?}");
    assert!(best(above) >= best(child), "{above:?}");
    assert_eq!(above.unwrap().reason, Reason::Child(middle));
    let text = above.unwrap().explain(&store, PastRuns::default());
    assert!(
        text.contains("as long as Relocate virtual machine (task-2)"),
        "{text}"
    );
    let done = json!({"parentTaskKey": "task-2", "state": "success"});
    put(&mut store, "task-3", &done, 400);
    let alone = Forecaster::new(&store, None, at(400)).forecast(parent);
    assert!(best(alone) < Some(200), "{alone:?}");
}

#[test]
fn family_of_a_halted_task_has_no_end() {
    let mut store = TaskStore::new();
    let parent = climb(&mut store, "task-1", &json!({}), 40, 10);
    let child = climb(
        &mut store,
        "task-2",
        &json!({"parentTaskKey": "task-1"}),
        40,
        10,
    );
    let question = PendingQuestion {
        text: "Moved or copied?".into(),
        choices: Vec::new(),
    };
    let state = EntityState {
        question: Some(question),
        lost_host: None,
    };
    store.set_entity_state(child, state, &mut ChangeSet::default());
    let mut forecaster = Forecaster::new(&store, None, at(410));
    let [own, above] = [child, parent].map(|handle| {
        let forecast = forecaster.forecast(handle).unwrap();
        assert_eq!(forecast.time_left().to_string(), "–");
        forecast.explain(&store, PastRuns::default())
    });
    assert_eq!(own, "unknown: waiting for an answer");
    assert_eq!(
        above,
        "unknown: Relocate virtual machine (task-2) is waiting for an answer"
    );
    store.set_entity_state(child, EntityState::default(), &mut ChangeSet::default());
    let stalled = Forecaster::new(&store, None, at(5000)).forecast(parent);
    let text = stalled.unwrap().explain(&store, PastRuns::default());
    assert!(text.contains("task-2) is stalled"), "{text}");
}

#[test]
fn queued_task_starts_after_the_one_ahead() {
    let mut store = TaskStore::new();
    let entity = json!({"type": "VirtualMachine", "value": "vm-1"});
    let ahead = climb(&mut store, "task-1", &json!({"entity": entity}), 50, 10);
    let queued = json!({"entity": entity, "state": "queued", "startTime": null, "queueTime": at(5).to_string()});
    let queued = put(&mut store, "task-2", &queued, 5);
    let now = at(505);
    let typical = relocations([14, 15, 15, 15, 16]);
    let mut forecaster = Forecaster::new(&store, Some(&typical), now);
    let (first, then) = (forecaster.forecast(ahead), forecaster.forecast(queued));
    assert_eq!(then.unwrap().reason, Reason::Queue(ahead));
    let (first, then) = (best(first).unwrap(), best(then).unwrap());
    assert!((then - first).abs_diff(900) < 60, "{first} {then}");
    let alone = Forecaster::new(&store, None, now).forecast(queued).unwrap();
    assert_eq!(
        (alone.estimate, alone.reason),
        (None, Reason::Queued),
        "without past runs"
    );
}

#[test]
fn reasons_for_missing_estimates_are_given() {
    let mut store = TaskStore::new();
    let silent = put(&mut store, "task-1", &json!({}), 0);
    let typical = relocations([10, 11, 12, 13, 14]);
    let explained = |typical: Option<&TypicalDurations>, second| {
        let forecast = Forecaster::new(&store, typical, at(second)).forecast(silent);
        let stats = typical.map(|typical| typical.past_runs(store.get(silent).unwrap()));
        let stats = stats.unwrap_or_default();
        forecast.unwrap().explain(&store, stats)
    };
    assert_eq!(
        explained(None, 60),
        "unknown: not enough progress and too few past runs"
    );
    let usual = explained(Some(&typical), 60);
    assert!(
        usual.contains("left (") && usual.ends_with("from past runs; typically 12m, 5 runs)"),
        "{usual}"
    );
    assert_eq!(
        explained(Some(&typical), 3600),
        "unknown: the longest past run took 14m; typically 12m, 5 runs"
    );
}

#[test]
fn large_families_are_not_evaluated() {
    let mut store = TaskStore::new();
    let parent = climb(&mut store, "task-0", &json!({}), 50, 10);
    for number in 1..=MAX_TASKS {
        let child = json!({"parentTaskKey": "task-0", "progress": 5});
        put(&mut store, &format!("task-{number}"), &child, 400);
    }
    let forecast = Forecaster::new(&store, None, at(505)).forecast(parent);
    assert_eq!(forecast.unwrap().reason, Reason::TooManyTasks);
    let mut above = "task-0".to_owned();
    for depth in 0..2000 {
        let name = format!("deep-{depth}");
        put(&mut store, &name, &json!({"parentTaskKey": above}), 400);
        above = name;
    }
    let forecast = Forecaster::new(&store, None, at(505)).forecast(parent);
    assert_eq!(forecast.unwrap().estimate, None);
}
