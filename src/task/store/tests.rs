use serde_json::json;

use super::*;
use crate::{
    CancelObservation,
    fixture::{at, info},
};

const HERE: ServerId = ServerId(0);

#[derive(Default)]
struct Harness {
    store: TaskStore,
    touched: ChangeSet,
}

impl Harness {
    fn put(&mut self, mo_id: &str, more: &Value) -> Handle {
        let change = TaskChange::Full {
            info: info(mo_id, more),
            at: at(10),
        };
        self.apply(change);
        self.find(mo_id)
    }

    fn apply(&mut self, change: TaskChange) {
        self.touched = ChangeSet::default();
        self.store.apply(HERE, change, &mut self.touched).unwrap();
    }

    fn fields(&mut self, mo_id: &str, fields: &Value) {
        let fields = fields.as_object().unwrap().clone().into_iter();
        self.apply(TaskChange::Fields {
            mo_id: mo_id.into(),
            fields: fields.map(|(name, value)| (name.into(), value)).collect(),
            at: at(20),
        });
    }

    fn find(&self, mo_id: &str) -> Handle {
        self.store.find(&TaskId::new(HERE, mo_id)).unwrap()
    }

    fn record(&self, mo_id: &str) -> &TaskRecord {
        self.store.get(self.find(mo_id)).unwrap()
    }
}

#[test]
fn parent_and_child_link_in_any_order() {
    for order in [["parent", "child"], ["child", "parent"]] {
        let mut harness = Harness::default();
        for mo_id in order {
            let more: Value = match mo_id {
                "child" => json!({"parentTaskKey": "parent", "rootTaskKey": "parent"}),
                _ => json!({}),
            };
            harness.put(mo_id, &more);
        }
        let (parent, child) = (harness.find("parent"), harness.find("child"));
        assert_eq!(harness.store.parent(child), Some(parent));
        assert_eq!(harness.store.children(parent), [child]);
        assert_eq!(harness.store.family(parent)[Status::Running], 2);
        assert!(!harness.store.has_gap_above(child));
    }
}

#[test]
fn cycles_are_not_linked() {
    let mut harness = Harness::default();
    harness.put("self", &json!({"parentTaskKey": "self"}));
    harness.put("a", &json!({"parentTaskKey": "c"}));
    harness.put("b", &json!({"parentTaskKey": "a"}));
    harness.put("c", &json!({"parentTaskKey": "b"}));
    for mo_id in ["self", "a", "b", "c"] {
        let handle = harness.find(mo_id);
        assert!(harness.store.path(handle).count() <= 3);
    }
    assert_eq!(harness.store.parent(harness.find("self")), None);
    let root = harness.store.root(harness.find("c"));
    assert_eq!(harness.store.family(root).total(), 3);
}

#[test]
fn task_with_unknown_parent_is_linked_to_root() {
    let mut harness = Harness::default();
    let root = harness.put("root", &json!({}));
    let leaf = harness.put(
        "leaf",
        &json!({"parentTaskKey": "middle", "rootTaskKey": "root"}),
    );
    assert_eq!(harness.store.parent(leaf), Some(root));
    assert!(harness.store.has_gap_above(leaf));
    let middle = harness.put("middle", &json!({"parentTaskKey": "root"}));
    assert_eq!(harness.store.parent(leaf), Some(middle));
    assert_eq!(harness.store.children(root), [middle]);
    assert_eq!(harness.store.family(root).total(), 3);
}

#[test]
fn placeholder_is_linked_by_root_of_its_child() {
    let mut harness = Harness::default();
    let root = harness.put("root", &json!({}));
    let leaf = harness.put(
        "leaf",
        &json!({"parentTaskKey": "middle", "rootTaskKey": "root"}),
    );
    harness.apply(TaskChange::Placeholder {
        key: "middle".into(),
        reason: "expired".into(),
    });
    let placeholder = harness.find("middle");
    assert_eq!(harness.store.parent(leaf), Some(placeholder));
    assert_eq!(harness.store.parent(placeholder), Some(root));
    assert_eq!(harness.record("middle").status(), Status::Placeholder);
}

#[test]
fn placeholder_becomes_task_with_other_mo_id() {
    let mut harness = Harness::default();
    harness.put("child", &json!({"parentTaskKey": "key-9"}));
    harness.apply(TaskChange::Placeholder {
        key: "key-9".into(),
        reason: "expired".into(),
    });
    let parent = harness.put("task-9", &json!({"key": "key-9"}));
    assert_eq!(harness.store.len(), 2);
    assert_eq!(harness.store.parent(harness.find("child")), Some(parent));
    assert_eq!(harness.store.find(&TaskId::new(HERE, "key-9")), None);
}

#[test]
fn equal_mo_ids_of_two_servers_are_different_tasks() {
    let mut harness = Harness::default();
    harness.put("task-1", &json!({}));
    let change = TaskChange::Full {
        info: info("task-2", &json!({"parentTaskKey": "task-1"})),
        at: at(10),
    };
    let second_server = ServerId(1);
    harness
        .store
        .apply(second_server, change, &mut ChangeSet::default())
        .unwrap();
    let other = harness
        .store
        .find(&TaskId::new(second_server, "task-2"))
        .unwrap();
    assert_eq!(harness.store.parent(other), None);
}

#[test]
fn parent_progress_is_mean_of_children() {
    let mut harness = Harness::default();
    let root = harness.put("root", &json!({}));
    assert_eq!(harness.store.progress(root), Progress::None);
    let middle = harness.put("middle", &json!({"parentTaskKey": "root"}));
    harness.put("a", &json!({"parentTaskKey": "middle", "progress": 40}));
    harness.put("b", &json!({"parentTaskKey": "middle", "progress": 60}));
    harness.put("silent", &json!({"parentTaskKey": "middle"}));
    assert_eq!(harness.store.progress(middle), Progress::Derived(50));
    assert_eq!(harness.store.progress(root), Progress::Derived(50));
    harness.fields("a", &json!({"progress": 60}));
    assert_eq!(harness.store.progress(root), Progress::Derived(60));
    assert!(
        harness.touched.changed.contains(&root),
        "its row changed too"
    );
    harness.fields("b", &json!({"state": "success", "progress": null}));
    assert_eq!(harness.store.progress(root), Progress::Derived(80));
    harness.fields("middle", &json!({"progress": 7}));
    assert_eq!(harness.store.progress(middle), Progress::Reported(7));
    assert_eq!(harness.store.progress(root), Progress::Derived(7));
}

#[test]
fn invalid_progress_is_none() {
    let mut harness = Harness::default();
    let over = harness.put("over", &json!({"progress": 250}));
    let under = harness.put("under", &json!({"progress": -3}));
    assert_eq!(harness.store.progress(over), Progress::None);
    assert_eq!(harness.store.progress(under), Progress::None);
}

#[test]
fn removed_task_keeps_last_values() {
    let mut harness = Harness::default();
    harness.put(
        "done",
        &json!({"state": "success", "completeTime": at(5).to_string()}),
    );
    harness.put("running", &json!({"progress": 42}));
    for mo_id in ["done", "running"] {
        harness.apply(TaskChange::Gone {
            mo_id: mo_id.into(),
            at: at(30),
        });
    }
    assert_eq!(harness.record("done").status(), Status::Success);
    assert_eq!(harness.record("running").status(), Status::Lost);
    assert_eq!(harness.record("running").progress(), Progress::Reported(42));
    let elapsed = harness.record("running").elapsed(at(1000)).unwrap();
    assert_eq!(elapsed.as_secs(), 30, "its clock stopped when it was gone");
}

#[test]
fn counts_are_updated_by_every_change() {
    let mut harness = Harness::default();
    let root = harness.put("root", &json!({}));
    harness.put(
        "child",
        &json!({"parentTaskKey": "root", "state": "queued"}),
    );
    harness.fields("child", &json!({"state": "running"}));
    harness.fields(
        "child",
        &json!({"state": "error", "error": {"_typeName": "RequestCanceled"}}),
    );
    let counts = harness.store.counts();
    assert_eq!((counts[Status::Running], counts[Status::Cancelled]), (1, 1));
    assert_eq!(harness.store.family(root), counts);
    harness.apply(TaskChange::Unwatched {
        mo_id: "child".into(),
    });
    assert_eq!(harness.store.counts().total(), 1);
    assert_eq!(harness.store.family(root).total(), 1);
    assert_eq!(harness.touched.removed.len(), 1);
}

#[test]
fn children_of_removed_parent_are_linked_to_root() {
    let mut harness = Harness::default();
    let root = harness.put("root", &json!({}));
    harness.put("middle", &json!({"parentTaskKey": "root"}));
    let leaf = harness.put(
        "leaf",
        &json!({"parentTaskKey": "middle", "rootTaskKey": "root"}),
    );
    harness.apply(TaskChange::Unwatched {
        mo_id: "middle".into(),
    });
    assert_eq!(harness.store.parent(leaf), Some(root));
    let middle = harness.put("middle", &json!({"parentTaskKey": "root"}));
    assert_eq!(
        harness.store.parent(leaf),
        Some(middle),
        "back in its place"
    );
}

#[test]
fn durations_are_never_negative() {
    let mut harness = Harness::default();
    harness.put("future", &json!({"startTime": at(500).to_string()}));
    harness.put("waits", &json!({"state": "queued", "startTime": null}));
    let future = harness.record("future");
    assert_eq!(future.elapsed(at(100)), None, "unknown until it has begun");
    assert_eq!(future.elapsed(at(500)).unwrap().as_secs(), 0);
    assert_eq!(
        harness
            .record("waits")
            .queued_for(at(100))
            .unwrap()
            .as_secs(),
        100
    );
    assert_eq!(harness.record("waits").run_time(at(100)), None);
}

#[test]
fn changes_and_cancellation_requests_are_recorded() {
    let mut harness = Harness::default();
    harness.put("task", &json!({"progress": 1}));
    harness.fields("task", &json!({"cancelled": true}));
    assert_eq!(harness.record("task").last_change(), Some(at(10)));
    let seen = CancelObservation {
        at: at(20),
        is_exact: true,
    };
    assert_eq!(harness.record("task").cancel_observation(), Some(seen));
    assert!(harness.record("task").is_cancel_requested());
    harness.fields("task", &json!({"progress": 2}));
    assert_eq!(harness.record("task").last_change(), Some(at(20)));
    harness.put("late", &json!({"cancelled": true}));
    let seen = harness.record("late").cancel_observation();
    let ago = |seconds: i64| seen.map(|seen| seen.ago(at(10 + seconds)));
    assert_eq!(ago(12).as_deref(), Some("at least 12s ago"));
    assert_eq!(ago(0).as_deref(), Some("just now"));
}

#[test]
fn invalid_field_is_reported_and_others_applied() {
    let mut harness = Harness::default();
    harness.put("task", &json!({}));
    let change = TaskChange::Fields {
        mo_id: "task".into(),
        fields: vec![
            ("progress".into(), json!("much")),
            ("cancelled".into(), json!(true)),
        ],
        at: at(20),
    };
    assert!(
        harness
            .store
            .apply(HERE, change, &mut ChangeSet::default())
            .is_err()
    );
    assert!(harness.record("task").is_cancel_requested());
}

#[test]
fn changed_key_updates_index() {
    let mut harness = Harness::default();
    harness.put("task-1", &json!({"key": "old"}));
    harness.fields("task-1", &json!({"key": "new"}));
    let child = harness.put("child", &json!({"parentTaskKey": "new"}));
    assert_eq!(harness.store.parent(child), Some(harness.find("task-1")));
    harness.apply(TaskChange::Unwatched {
        mo_id: "task-1".into(),
    });
    let late = harness.put("late", &json!({"parentTaskKey": "old"}));
    assert_eq!(harness.store.parent(late), None);
}

#[test]
fn tasks_with_same_key_are_separate_records() {
    let mut harness = Harness::default();
    for mo_id in ["task-1", "task-2", "other", "task-3"] {
        harness.put(mo_id, &json!({"key": "other"}));
    }
    harness.put("child", &json!({"parentTaskKey": "other"}));
    assert_eq!(harness.store.len(), 5);
    let key = |harness: &Harness| harness.store.find_key(HERE, "other");
    let own = harness.find("other");
    assert_eq!(key(&harness), Some(own), "the one whose moId it is");
    assert_eq!(harness.store.parent(harness.find("child")), Some(own));
    for (mo_id, next) in [
        ("other", "task-1"),
        ("task-1", "task-2"),
        ("task-2", "task-3"),
    ] {
        harness.apply(TaskChange::Unwatched {
            mo_id: mo_id.into(),
        });
        assert_eq!(key(&harness), Some(harness.find(next)), "after {mo_id}");
    }
    harness.put("task-3", &json!({"key": "task-3"}));
    assert_eq!(key(&harness), None);
    assert!(harness.store.by_other_key.is_empty());
}

#[test]
fn history_of_task_does_not_affect_other_task_with_same_key() {
    let mut harness = Harness::default();
    harness.put("task-1", &json!({"key": "other"}));
    harness.apply(TaskChange::Gone {
        mo_id: "task-1".into(),
        at: at(20),
    });
    let past = info("task-2", &json!({"key": "other", "state": "success"}));
    harness.apply(TaskChange::FromHistory {
        info: past,
        at: at(30),
    });
    assert_eq!(harness.record("task-1").status(), Status::Lost);
    assert_eq!(harness.record("task-2").status(), Status::Success);
}

#[test]
fn what_is_kept_per_task_stays_small() {
    assert!(size_of::<Node>() <= 136, "{}", size_of::<Node>());
    assert!(size_of::<TaskInfo>() <= 304, "{}", size_of::<TaskInfo>());
}
