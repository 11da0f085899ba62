use serde_json::json;

use super::*;
use crate::task::{
    CancelSeen,
    fixture::{at, info},
};

const HERE: EndpointId = EndpointId(0);

#[derive(Default)]
struct Bench {
    board: TaskStore,
    touched: ChangeSet,
}

impl Bench {
    fn put(&mut self, mo_id: &str, more: &Value) -> Handle {
        let change = TaskChange::Whole {
            info: info(mo_id, more),
            at: at(10),
        };
        self.apply(change);
        self.find(mo_id)
    }

    fn apply(&mut self, change: TaskChange) {
        self.touched = ChangeSet::default();
        self.board.apply(HERE, change, &mut self.touched).unwrap();
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
        self.board.find(&TaskId::new(HERE, mo_id)).unwrap()
    }

    fn record(&self, mo_id: &str) -> &Record {
        self.board.get(self.find(mo_id)).unwrap()
    }
}

#[test]
fn parent_and_child_link_in_any_order() {
    for order in [["parent", "child"], ["child", "parent"]] {
        let mut bench = Bench::default();
        for mo_id in order {
            let more: Value = match mo_id {
                "child" => json!({"parentTaskKey": "parent", "rootTaskKey": "parent"}),
                _ => json!({}),
            };
            bench.put(mo_id, &more);
        }
        let (parent, child) = (bench.find("parent"), bench.find("child"));
        assert_eq!(bench.board.parent(child), Some(parent));
        assert_eq!(bench.board.children(parent), [child]);
        assert_eq!(bench.board.family(parent)[Status::Running], 2);
        assert!(!bench.board.has_gap_above(child));
    }
}

#[test]
fn cycles_are_not_linked() {
    let mut bench = Bench::default();
    bench.put("self", &json!({"parentTaskKey": "self"}));
    bench.put("a", &json!({"parentTaskKey": "c"}));
    bench.put("b", &json!({"parentTaskKey": "a"}));
    bench.put("c", &json!({"parentTaskKey": "b"}));
    for mo_id in ["self", "a", "b", "c"] {
        let handle = bench.find(mo_id);
        assert!(bench.board.path(handle).count() <= 3);
    }
    assert_eq!(bench.board.parent(bench.find("self")), None);
    let root = bench.board.root(bench.find("c"));
    assert_eq!(bench.board.family(root).total(), 3);
}

#[test]
fn task_with_unknown_parent_is_linked_to_root() {
    let mut bench = Bench::default();
    let root = bench.put("root", &json!({}));
    let leaf = bench.put(
        "leaf",
        &json!({"parentTaskKey": "middle", "rootTaskKey": "root"}),
    );
    assert_eq!(bench.board.parent(leaf), Some(root));
    assert!(bench.board.has_gap_above(leaf));
    let middle = bench.put("middle", &json!({"parentTaskKey": "root"}));
    assert_eq!(bench.board.parent(leaf), Some(middle));
    assert_eq!(bench.board.children(root), [middle]);
    assert_eq!(bench.board.family(root).total(), 3);
}

#[test]
fn placeholder_is_linked_by_root_of_its_child() {
    let mut bench = Bench::default();
    let root = bench.put("root", &json!({}));
    let leaf = bench.put(
        "leaf",
        &json!({"parentTaskKey": "middle", "rootTaskKey": "root"}),
    );
    bench.apply(TaskChange::Ghost {
        key: "middle".into(),
        reason: "expired".into(),
    });
    let ghost = bench.find("middle");
    assert_eq!(bench.board.parent(leaf), Some(ghost));
    assert_eq!(bench.board.parent(ghost), Some(root));
    assert_eq!(bench.record("middle").status(), Status::Ghost);
}

#[test]
fn placeholder_becomes_task_with_other_mo_id() {
    let mut bench = Bench::default();
    bench.put("child", &json!({"parentTaskKey": "key-9"}));
    bench.apply(TaskChange::Ghost {
        key: "key-9".into(),
        reason: "expired".into(),
    });
    let parent = bench.put("task-9", &json!({"key": "key-9"}));
    assert_eq!(bench.board.len(), 2);
    assert_eq!(bench.board.parent(bench.find("child")), Some(parent));
    assert_eq!(bench.board.find(&TaskId::new(HERE, "key-9")), None);
}

#[test]
fn equal_mo_ids_of_two_servers_are_different_tasks() {
    let mut bench = Bench::default();
    bench.put("task-1", &json!({}));
    let change = TaskChange::Whole {
        info: info("task-2", &json!({"parentTaskKey": "task-1"})),
        at: at(10),
    };
    let there = EndpointId(1);
    bench
        .board
        .apply(there, change, &mut ChangeSet::default())
        .unwrap();
    let other = bench.board.find(&TaskId::new(there, "task-2")).unwrap();
    assert_eq!(bench.board.parent(other), None);
}

#[test]
fn parent_progress_is_mean_of_children() {
    let mut bench = Bench::default();
    let root = bench.put("root", &json!({}));
    assert_eq!(bench.board.progress(root), Progress::None);
    let middle = bench.put("middle", &json!({"parentTaskKey": "root"}));
    bench.put("a", &json!({"parentTaskKey": "middle", "progress": 40}));
    bench.put("b", &json!({"parentTaskKey": "middle", "progress": 60}));
    bench.put("silent", &json!({"parentTaskKey": "middle"}));
    assert_eq!(bench.board.progress(middle), Progress::Derived(50));
    assert_eq!(bench.board.progress(root), Progress::Derived(50));
    bench.fields("a", &json!({"progress": 60}));
    assert_eq!(bench.board.progress(root), Progress::Derived(60));
    assert!(bench.touched.changed.contains(&root), "its row changed too");
    bench.fields("b", &json!({"state": "success", "progress": null}));
    assert_eq!(bench.board.progress(root), Progress::Derived(80));
    bench.fields("middle", &json!({"progress": 7}));
    assert_eq!(bench.board.progress(middle), Progress::Reported(7));
    assert_eq!(bench.board.progress(root), Progress::Derived(7));
}

#[test]
fn invalid_progress_is_none() {
    let mut bench = Bench::default();
    let over = bench.put("over", &json!({"progress": 250}));
    let under = bench.put("under", &json!({"progress": -3}));
    assert_eq!(bench.board.progress(over), Progress::None);
    assert_eq!(bench.board.progress(under), Progress::None);
}

#[test]
fn removed_task_keeps_last_values() {
    let mut bench = Bench::default();
    bench.put(
        "done",
        &json!({"state": "success", "completeTime": at(5).to_string()}),
    );
    bench.put("running", &json!({"progress": 42}));
    for mo_id in ["done", "running"] {
        bench.apply(TaskChange::Gone {
            mo_id: mo_id.into(),
            at: at(30),
        });
    }
    assert_eq!(bench.record("done").status(), Status::Success);
    assert_eq!(bench.record("running").status(), Status::Lost);
    assert_eq!(bench.record("running").progress(), Progress::Reported(42));
    let elapsed = bench.record("running").elapsed(at(1000)).unwrap();
    assert_eq!(elapsed.as_secs(), 30, "its clock stopped when it was gone");
}

#[test]
fn counts_are_updated_by_every_change() {
    let mut bench = Bench::default();
    let root = bench.put("root", &json!({}));
    bench.put(
        "child",
        &json!({"parentTaskKey": "root", "state": "queued"}),
    );
    bench.fields("child", &json!({"state": "running"}));
    bench.fields(
        "child",
        &json!({"state": "error", "error": {"_typeName": "RequestCanceled"}}),
    );
    let counts = bench.board.counts();
    assert_eq!((counts[Status::Running], counts[Status::Cancelled]), (1, 1));
    assert_eq!(bench.board.family(root), counts);
    bench.apply(TaskChange::Dropped {
        mo_id: "child".into(),
    });
    assert_eq!(bench.board.counts().total(), 1);
    assert_eq!(bench.board.family(root).total(), 1);
    assert_eq!(bench.touched.removed.len(), 1);
}

#[test]
fn children_of_removed_parent_are_linked_to_root() {
    let mut bench = Bench::default();
    let root = bench.put("root", &json!({}));
    bench.put("middle", &json!({"parentTaskKey": "root"}));
    let leaf = bench.put(
        "leaf",
        &json!({"parentTaskKey": "middle", "rootTaskKey": "root"}),
    );
    bench.apply(TaskChange::Dropped {
        mo_id: "middle".into(),
    });
    assert_eq!(bench.board.parent(leaf), Some(root));
    let middle = bench.put("middle", &json!({"parentTaskKey": "root"}));
    assert_eq!(bench.board.parent(leaf), Some(middle), "back in its place");
}

#[test]
fn durations_are_never_negative() {
    let mut bench = Bench::default();
    bench.put("future", &json!({"startTime": at(500).to_string()}));
    bench.put("waits", &json!({"state": "queued", "startTime": null}));
    let future = bench.record("future");
    assert_eq!(future.elapsed(at(100)), None, "unknown until it has begun");
    assert_eq!(future.elapsed(at(500)).unwrap().as_secs(), 0);
    assert_eq!(
        bench.record("waits").queued_for(at(100)).unwrap().as_secs(),
        100
    );
    assert_eq!(bench.record("waits").run_time(at(100)), None);
}

#[test]
fn changes_and_cancellation_requests_are_recorded() {
    let mut bench = Bench::default();
    bench.put("task", &json!({"progress": 1}));
    bench.fields("task", &json!({"cancelled": true}));
    assert_eq!(bench.record("task").moved, Some(at(10)));
    let seen = CancelSeen {
        at: at(20),
        is_exact: true,
    };
    assert_eq!(bench.record("task").cancel_seen, Some(seen));
    assert!(bench.record("task").is_cancel_requested());
    bench.fields("task", &json!({"progress": 2}));
    assert_eq!(bench.record("task").moved, Some(at(20)));
    bench.put("late", &json!({"cancelled": true}));
    let seen = bench.record("late").cancel_seen;
    assert_eq!(seen.map(CancelSeen::at_least), Some("at least "));
}

#[test]
fn invalid_field_is_reported_and_others_applied() {
    let mut bench = Bench::default();
    bench.put("task", &json!({}));
    let change = TaskChange::Fields {
        mo_id: "task".into(),
        fields: vec![
            ("progress".into(), json!("much")),
            ("cancelled".into(), json!(true)),
        ],
        at: at(20),
    };
    assert!(
        bench
            .board
            .apply(HERE, change, &mut ChangeSet::default())
            .is_err()
    );
    assert!(bench.record("task").is_cancel_requested());
}

#[test]
fn changed_key_updates_index() {
    let mut bench = Bench::default();
    bench.put("task-1", &json!({"key": "old"}));
    bench.fields("task-1", &json!({"key": "new"}));
    let child = bench.put("child", &json!({"parentTaskKey": "new"}));
    assert_eq!(bench.board.parent(child), Some(bench.find("task-1")));
    bench.apply(TaskChange::Dropped {
        mo_id: "task-1".into(),
    });
    let late = bench.put("late", &json!({"parentTaskKey": "old"}));
    assert_eq!(bench.board.parent(late), None);
}

#[test]
fn tasks_with_same_key_are_separate_records() {
    let mut bench = Bench::default();
    for mo_id in ["task-1", "task-2", "other", "task-3"] {
        bench.put(mo_id, &json!({"key": "other"}));
    }
    bench.put("child", &json!({"parentTaskKey": "other"}));
    assert_eq!(bench.board.len(), 5);
    let key = |bench: &Bench| bench.board.find_key(HERE, "other");
    let own = bench.find("other");
    assert_eq!(key(&bench), Some(own), "the one whose moId it is");
    assert_eq!(bench.board.parent(bench.find("child")), Some(own));
    for (mo_id, next) in [
        ("other", "task-1"),
        ("task-1", "task-2"),
        ("task-2", "task-3"),
    ] {
        bench.apply(TaskChange::Dropped {
            mo_id: mo_id.into(),
        });
        assert_eq!(key(&bench), Some(bench.find(next)), "after {mo_id}");
    }
    bench.put("task-3", &json!({"key": "task-3"}));
    assert_eq!(key(&bench), None);
    assert!(bench.board.same_key.is_empty());
}

#[test]
fn history_of_task_does_not_affect_other_task_with_same_key() {
    let mut bench = Bench::default();
    bench.put("task-1", &json!({"key": "other"}));
    bench.apply(TaskChange::Gone {
        mo_id: "task-1".into(),
        at: at(20),
    });
    let past = info("task-2", &json!({"key": "other", "state": "success"}));
    bench.apply(TaskChange::Past {
        info: past,
        at: at(30),
    });
    assert_eq!(bench.record("task-1").status(), Status::Lost);
    assert_eq!(bench.record("task-2").status(), Status::Success);
}
