//! Properties of the task store: independent of the order of changes, and consistent after any
//! change.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use vtask::{
    task::{ChangeSet, Handle, ServerId, StatusCounts, TaskChange, TaskId, TaskStore},
    vim::types::TaskInfo,
};

use super::cases;

const SERVER: ServerId = ServerId(0);
const TASKS: usize = 10;

/// A task as observed: number, parent's number, state, progress.
#[derive(Debug, Clone)]
struct ObservedTask {
    number: usize,
    parent: Option<usize>,
    state: &'static str,
    progress: Option<i32>,
}

fn change_time() -> jiff::Timestamp {
    "2026-01-01T00:00:10Z".parse().unwrap()
}

fn mo_id(number: usize) -> String {
    format!("task-{number}")
}

/// Keys and moIds may differ.
fn key(number: usize) -> String {
    if number.is_multiple_of(3) {
        format!("key-{number}")
    } else {
        mo_id(number)
    }
}

impl ObservedTask {
    fn change(&self) -> TaskChange {
        let mut wire = json!({
            "key": key(self.number), "task": {"type": "Task", "value": mo_id(self.number)}, "descriptionId": "x.y",
            "state": self.state, "cancelled": false, "cancelable": true, "reason": {"_typeName": "TaskReasonSystem"},
            "queueTime": "2026-01-01T00:00:00Z", "startTime": "2026-01-01T00:00:01Z", "eventChainId": 1,
            "progress": self.progress
        });
        if let Some(parent) = self.parent {
            wire["parentTaskKey"] = Value::from(key(parent));
        }
        TaskChange::Full {
            info: Box::new(TaskInfo::from_json(wire).unwrap()),
            at: change_time(),
        }
    }
}

fn observed(
    parents: impl Strategy<Value = Option<usize>>,
    number: usize,
) -> impl Strategy<Value = ObservedTask> {
    let states = prop::sample::select(&["queued", "running", "success", "error"][..]);
    (parents, states, prop::option::of(0..=100)).prop_map(move |(parent, state, progress)| {
        ObservedTask {
            number,
            parent,
            state,
            progress,
        }
    })
}

/// Generates a forest, each task after its parent; the parent of some is never observed.
fn forest() -> impl Strategy<Value = Vec<ObservedTask>> {
    (0..TASKS)
        .map(|number| {
            observed(
                prop::option::of(0..number.max(1))
                    .prop_map(move |parent| parent.filter(|parent| *parent < number)),
                number,
            )
        })
        .collect::<Vec<_>>()
}

/// Describes a store by the names of its tasks.
fn describe(store: &TaskStore) -> BTreeMap<String, String> {
    let name = |handle: Handle| store.get(handle).map(|record| record.id.mo_id.to_string());
    let entry = |(handle, record): (Handle, &vtask::task::TaskRecord)| {
        let children: BTreeSet<_> = store
            .children(handle)
            .iter()
            .map(|child| name(*child))
            .collect();
        let described = format!(
            "{:?} parent {:?} root {:?} children {children:?} family {:?} progress {:?}",
            record.status(),
            store.parent(handle).map(name),
            name(store.root(handle)),
            store.family(handle),
            store.progress(handle)
        );
        (record.id.mo_id.to_string(), described)
    };
    store.iter().map(entry).collect()
}

/// Checks the invariants of a store.
fn check(store: &TaskStore) -> Result<(), TestCaseError> {
    let mut counts = StatusCounts::default();
    for (handle, record) in store.iter() {
        counts.add(record.status());
        prop_assert_eq!(store.find(&record.id), Some(handle));
        let path: Vec<_> = store.path(handle).take(1000).collect();
        prop_assert!(path.len() <= store.len() + 1, "a path without end");
        if let Some(parent) = store.parent(handle) {
            prop_assert!(store.children(parent).contains(&handle));
        }
        let mut below = StatusCounts::default();
        below.add(record.status());
        let mut pending: Vec<_> = store.children(handle).to_vec();
        let mut seen = BTreeSet::new();
        while let Some(child) = pending.pop() {
            let name = store.get(child).map(|record| record.id.mo_id.clone());
            prop_assert!(seen.insert(name), "a task below itself");
            prop_assert!(store.parent(child).is_some());
            below.add(store.get(child).unwrap().status());
            pending.extend(store.children(child));
        }
        prop_assert_eq!(store.family(handle), below);
    }
    prop_assert_eq!(store.counts(), counts);
    prop_assert_eq!(usize::try_from(counts.total()).unwrap(), store.len());
    Ok(())
}

/// Generates any change.
fn any_change() -> impl Strategy<Value = TaskChange> {
    let number = 0..TASKS;
    prop_oneof![
        6 => number.clone().prop_flat_map(|number| observed(prop::option::of(0..TASKS), number)).prop_map(|observed| observed.change()),
        3 => (number.clone(), number.clone(), prop::bool::ANY).prop_map(|(first, second, cut)| TaskChange::Fields {
            mo_id: mo_id(first).into(),
            fields: vec![("parentTaskKey".into(), if cut { Value::Null } else { Value::from(key(second)) })],
            at: change_time(),
        }),
        1 => (number.clone(), number.clone()).prop_map(|(first, second)| TaskChange::Fields {
            mo_id: mo_id(first).into(), fields: vec![("key".into(), Value::from(key(second))), ("state".into(), json!("success"))], at: change_time(),
        }),
        1 => number.clone().prop_map(|number| TaskChange::Gone { mo_id: mo_id(number).into(), at: change_time() }),
        1 => number.clone().prop_map(|number| TaskChange::Placeholder { key: key(number).into(), reason: "unknown".into() }),
        1 => number.clone().prop_map(|number| TaskChange::Unreadable { mo_id: mo_id(number).into(), reason: "unknown".into(), is_transient: false }),
        2 => number.prop_map(|number| TaskChange::Unwatched { mo_id: mo_id(number).into() }),
    ]
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn order_of_changes_does_not_matter(
        (forest, shuffled) in forest().prop_flat_map(|forest| (Just(forest.clone()), Just(forest).prop_shuffle()))
    ) {
        let store = |tasks: &[ObservedTask]| {
            let mut store = TaskStore::new();
            for observed in tasks {
                store.apply(SERVER, observed.change(), &mut ChangeSet::default()).unwrap();
            }
            store
        };
        let (first, second) = (store(&forest), store(&shuffled));
        check(&first)?;
        check(&second)?;
        prop_assert_eq!(describe(&first), describe(&second));
        for observed in &forest {
            let handle = first.find(&TaskId::new(SERVER, mo_id(observed.number))).unwrap();
            let parent = first.parent(handle).and_then(|parent| first.get(parent)).map(|record| record.id.mo_id.to_string());
            prop_assert_eq!(parent, observed.parent.map(mo_id));
        }
    }

    #[test]
    fn store_stays_consistent_after_any_change(changes in prop::collection::vec(any_change(), 0..60)) {
        let mut store = TaskStore::new();
        for change in changes {
            let _ = store.apply(SERVER, change, &mut ChangeSet::default());
            check(&store)?;
        }
    }
}
