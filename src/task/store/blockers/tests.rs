use serde_json::{Value, json};

use super::*;
use crate::{
    ServerId, TaskChange, TaskId,
    fixture::{at, info},
};

const HERE: ServerId = ServerId(0);

fn put(store: &mut TaskStore, mo_id: &str, more: &Value) -> (Handle, ChangeSet) {
    let change = TaskChange::Full {
        info: info(mo_id, more),
        at: at(99),
    };
    let mut touched = ChangeSet::default();
    store.apply(HERE, change, &mut touched).unwrap();
    (store.find(&TaskId::new(HERE, mo_id)).unwrap(), touched)
}

fn text(store: &TaskStore, handle: Handle) -> Option<String> {
    Some(store.blocker_text(handle, store.blocker(handle)?))
}

fn on(machine: &str) -> Value {
    json!({"type": "VirtualMachine", "value": machine})
}

fn queued(machine: &str, second: i64, parent: Option<&str>) -> Value {
    json!({"entity": on(machine), "entityName": machine, "state": "queued", "startTime": null,
        "queueTime": at(second).to_string(), "parentTaskKey": parent})
}

fn asking() -> EntityState {
    let question = PendingQuestion {
        text: "Moved or copied?".into(),
        choices: Vec::new(),
    };
    EntityState {
        question: Some(question),
        lost_host: None,
    }
}

#[test]
fn question_blocks_the_task_and_its_ancestors() {
    let mut store = TaskStore::new();
    let (top, _) = put(&mut store, "task-1", &json!({}));
    let (middle, _) = put(&mut store, "task-2", &json!({"parentTaskKey": "task-1"}));
    let below = json!({"parentTaskKey": "task-2", "entityName": "legacy-nt4"});
    let (child, _) = put(&mut store, "task-3", &below);
    let mut touched = ChangeSet::default();
    store.set_entity_state(child, asking(), &mut touched);
    assert!(touched.changed.contains(&top), "its row changes");
    assert_eq!(text(&store, child).unwrap(), "waits for an answer");
    for above in [middle, top] {
        let shown = text(&store, above).unwrap();
        assert_eq!(shown, "waits for an answer: Relocate legacy-nt4");
        assert_eq!(store.blocker(above).unwrap().by, child);
    }
    // A subtree that moves takes its blockers along.
    put(&mut store, "task-2", &json!({}));
    assert_eq!(text(&store, top), None);
    assert!(text(&store, middle).is_some());
    store.set_entity_state(child, EntityState::default(), &mut touched);
    assert_eq!((text(&store, child), text(&store, middle)), (None, None));
    store.set_entity_state(child, asking(), &mut touched);
    let done = json!({"parentTaskKey": "task-2", "state": "success"});
    put(&mut store, "task-3", &done);
    assert_eq!((text(&store, child), text(&store, middle)), (None, None));
}

#[test]
fn lost_host_is_named() {
    let mut store = TaskStore::new();
    let (task, _) = put(&mut store, "task-1", &json!({}));
    for (is_silent, expected) in [
        (false, "host esx-07 is disconnected"),
        (true, "host esx-07 is not responding"),
    ] {
        let state = EntityState {
            question: None,
            lost_host: Some(LostHost {
                name: "esx-07".into(),
                is_silent,
            }),
        };
        store.set_entity_state(task, state, &mut ChangeSet::default());
        assert_eq!(text(&store, task).unwrap(), expected);
    }
}

#[test]
fn queued_task_waits_for_the_one_ahead() {
    let mut store = TaskStore::new();
    let (parent, _) = put(&mut store, "task-1", &json!({}));
    let (waits, _) = put(&mut store, "task-2", &queued("vm-1", 5, Some("task-1")));
    assert_eq!(text(&store, waits), None);
    let ahead = json!({"entity": on("vm-1"), "entityName": "db-prod-01"});
    let (ahead, touched) = put(&mut store, "task-3", &ahead);
    assert!(touched.changed.contains(&parent));
    let expected = "queued behind Relocate db-prod-01";
    assert_eq!(text(&store, waits).as_deref(), Some(expected));
    assert_eq!(text(&store, parent).as_deref(), Some(expected));
    assert_eq!(store.blocker(parent).unwrap().by, ahead);
    let (_, touched) = put(
        &mut store,
        "task-3",
        &json!({"entity": on("vm-1"), "state": "success"}),
    );
    assert!(touched.changed.contains(&waits));
    assert_eq!((text(&store, waits), text(&store, parent)), (None, None));
    // A child that waits for another child does not block the parent.
    let sibling = json!({"entity": on("vm-1"), "parentTaskKey": "task-1"});
    put(&mut store, "task-4", &sibling);
    assert!(text(&store, waits).is_some());
    assert_eq!(text(&store, parent), None);
}

#[test]
fn tasks_queued_at_the_same_time_do_not_block_each_other() {
    let mut store = TaskStore::new();
    let (one, _) = put(&mut store, "task-1", &queued("vm-1", 1, None));
    let (other, _) = put(&mut store, "task-2", &queued("vm-1", 1, None));
    assert_eq!((text(&store, one), text(&store, other)), (None, None));
}

#[test]
fn blockers_do_not_depend_on_the_order_of_changes() {
    let mut random = fastrand::Rng::with_seed(4711);
    for _ in 0..200 {
        let mut store = TaskStore::new();
        let mut last: Vec<Option<Value>> = vec![None; 8];
        for _ in 0..40 {
            let number = random.usize(..last.len());
            let mo_id = format!("task-{number}");
            if random.u8(..8) == 0 {
                let change = TaskChange::Unwatched {
                    mo_id: mo_id.as_str().into(),
                };
                store
                    .apply(HERE, change, &mut ChangeSet::default())
                    .unwrap();
                last[number] = None;
                continue;
            }
            let parent =
                (number > 0 && random.bool()).then(|| format!("task-{}", random.usize(..number)));
            let machine = format!("vm-{}", random.u8(..2));
            let second = i64::try_from(number).unwrap();
            let mut more = queued(&machine, second, parent.as_deref());
            match random.u8(..3) {
                0 => {}
                1 => {
                    more["state"] = json!("running");
                    more["startTime"] = json!(at(second).to_string());
                }
                _ => more["state"] = json!("success"),
            }
            put(&mut store, &mo_id, &more);
            last[number] = Some(more);
        }
        let mut recomputed = TaskStore::new();
        for (number, more) in last.iter().enumerate() {
            if let Some(more) = more {
                put(&mut recomputed, &format!("task-{number}"), more);
            }
        }
        let blocked = |store: &TaskStore| -> Vec<Option<(BlockerKind, String)>> {
            let of = |number: usize| {
                let handle = store.find(&TaskId::new(HERE, format!("task-{number}")))?;
                let found = store.blocker(handle)?;
                let task = store.get(found.blocked)?;
                Some((found.kind, task.id.mo_id.to_string()))
            };
            (0..last.len()).map(of).collect()
        };
        assert_eq!(blocked(&store), blocked(&recomputed), "{last:#?}");
        for (_, node) in &store.nodes {
            let children = node.children().iter();
            let below: u32 = children
                .map(|child| store.nodes[*child].counts().blocked)
                .sum();
            assert_eq!(
                node.counts().blocked,
                below + u32::from(node.blocked.is_some())
            );
        }
    }
}
