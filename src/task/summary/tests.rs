use serde_json::{Value, json};

use super::*;
use crate::{
    TaskChange,
    fixture::{HERE, at, info},
};

const THERE: ServerId = ServerId(1);

/// A store with its incrementally updated summary.
#[derive(Default)]
struct Followed {
    store: TaskStore,
    summary: Summary,
}

impl Followed {
    fn apply(&mut self, server: ServerId, change: TaskChange) {
        let mut touched = ChangeSet::default();
        self.store.apply(server, change, &mut touched).unwrap();
        self.summary.update(&self.store, &touched);
    }

    fn put(&mut self, mo_id: &str, more: &Value) {
        let info = info(mo_id, more);
        self.apply(HERE, TaskChange::Full { info, at: at(9000) });
    }

    fn name(&self, handle: Handle) -> String {
        self.store.get(handle).unwrap().id.mo_id.to_string()
    }

    fn names(&self, handles: impl Iterator<Item = Handle>) -> Vec<String> {
        handles.map(|handle| self.name(handle)).collect()
    }
}

fn counts(group: &SummaryGroup<'_>) -> (String, [u32; 3]) {
    let counts = group.counts;
    let three = [Status::Running, Status::Failed, Status::Success];
    (group.name.to_string(), three.map(|status| counts[status]))
}

fn task(operation: &str, state: &str, user: &str, second: i64) -> Value {
    let time = at(second).to_string();
    let mut task = json!({"descriptionId": operation, "state": state, "queueTime": time, "startTime": time,
        "reason": {"_typeName": "TaskReasonUser", "userName": user}});
    if state == "queued" {
        task["startTime"] = Value::Null;
    }
    if matches!(state, "error" | "success") {
        task["completeTime"] = json!(at(second + 60).to_string());
    }
    task
}

#[test]
fn groups_are_sorted_by_active_then_failed_tasks() {
    let mut all = Followed::default();
    all.put("a", &task("vm.clone", "success", "kim", 10));
    all.put("b", &task("vm.clone", "success", "kim", 10));
    all.put("c", &task("vm.powerOn", "error", "ops", 10));
    all.put("d", &task("vm.relocate", "running", "ops", 10));
    let (operations, more) = all.summary.operations(10);
    let operations: Vec<_> = operations.iter().map(counts).collect();
    let expected = [
        ("Relocate VM", [1, 0, 0]),
        ("Power on", [0, 1, 0]),
        ("Clone VM", [0, 0, 2]),
    ];
    assert_eq!(operations, expected.map(|(name, n)| (name.to_owned(), n)));
    assert_eq!(more, 0);
    let (users, more) = all.summary.users(1);
    assert_eq!(users[0].name.as_ref(), "ops");
    assert_eq!((users.len(), more), (1, 1));
    assert_eq!(all.summary.operations(0).0.len(), 0);
}

#[test]
fn rankings_are_sorted() {
    let mut all = Followed::default();
    for (name, state, second) in [
        ("young", "running", 300),
        ("old", "running", 100),
        ("first", "queued", 50),
        ("second", "queued", 60),
        ("earlier", "error", 1000),
        ("later", "error", 2000),
        ("before", "error", 10),
    ] {
        all.put(name, &task("vm.clone", state, "kim", second));
    }
    let summary = &all.summary;
    assert_eq!(all.names(summary.longest_running()), ["old", "young"]);
    assert_eq!(all.names(summary.longest_queued()), ["first", "second"]);
    let failed = all.names(summary.failed_since(at(1060)));
    assert_eq!(failed, ["later", "earlier"]);
    assert_eq!((summary.running(), summary.queued()), (2, 2));
}

#[test]
fn status_change_moves_task_between_rankings() {
    let mut all = Followed::default();
    all.put("a", &task("vm.clone", "queued", "kim", 10));
    all.put("a", &task("vm.clone", "running", "kim", 10));
    assert_eq!((all.summary.running(), all.summary.queued()), (1, 0));
    all.put("a", &task("vm.clone", "error", "kim", 10));
    assert_eq!(all.summary.running(), 0);
    assert_eq!(all.names(all.summary.failed_since(at(0))), ["a"]);
    let mo_id = "a".into();
    all.apply(HERE, TaskChange::Unwatched { mo_id });
    assert!(all.summary.is_empty());
    assert_eq!(all.summary.failed_since(at(0)).count(), 0);
    assert!(all.summary.operations(9).0.is_empty(), "none is left of it");
}

#[test]
fn placeholder_is_replaced_by_task() {
    let mut all = Followed::default();
    let placeholder = TaskChange::Placeholder {
        key: "a".into(),
        reason: "no permission".into(),
    };
    all.apply(HERE, placeholder);
    assert!(all.summary.users(9).0.is_empty());
    assert_eq!(all.summary.operations(9).0[0].name.as_ref(), "Unknown task");
    all.put("a", &task("vm.clone", "running", "kim", 10));
    let (operations, _) = all.summary.operations(9);
    assert_eq!(
        (operations.len(), operations[0].name.as_ref()),
        (1, "Clone VM")
    );
    assert_eq!(all.summary.users(9).0[0].name.as_ref(), "kim");
}

/// Returns a change to one of a few tasks, derived from a number.
fn change(number: u64) -> (ServerId, TaskChange) {
    let digit = |place: u32, of: usize| {
        let shifted = number >> (8 * place);
        usize::try_from(shifted & 0xff).unwrap() % of
    };
    let server = [HERE, THERE][digit(0, 2)];
    let name = ["task-1", "task-2", "task-3", "task-4"][digit(1, 4)];
    let operation = ["vm.clone", "vm.relocate"][digit(2, 2)];
    let state = ["queued", "running", "error", "success"][digit(3, 4)];
    let user = ["kim", "ops"][digit(4, 2)];
    let second = i64::try_from(digit(5, 250)).unwrap();
    let mo_id = name.into();
    let change = match digit(6, 6) {
        0 => TaskChange::Unwatched { mo_id },
        1 => TaskChange::Gone {
            mo_id,
            at: at(second),
        },
        2 => TaskChange::Fields {
            mo_id,
            fields: vec![("progress".into(), json!(second % 100))],
            at: at(second),
        },
        3 => TaskChange::Placeholder {
            key: mo_id,
            reason: "gone".into(),
        },
        _ => TaskChange::Full {
            info: info(name, &task(operation, state, user, second)),
            at: at(second),
        },
    };
    (server, change)
}

#[test]
fn incremental_summary_equals_rebuilt_summary() {
    let mut number: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut all = Followed::default();
    for step in 0..3000 {
        // xorshift64
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        let (server, change) = change(number);
        let mut touched = ChangeSet::default();
        let _ = all.store.apply(server, change, &mut touched);
        all.summary.update(&all.store, &touched);
        let (followed, recomputed) = (&all.summary, Summary::of(&all.store));
        assert_eq!(followed.len(), all.store.len(), "step {step}");
        assert_eq!(
            followed.operations(9),
            recomputed.operations(9),
            "step {step}"
        );
        assert_eq!(followed.users(9), recomputed.users(9), "step {step}");
        assert_eq!(followed.running, recomputed.running, "step {step}");
        assert_eq!(followed.queued, recomputed.queued, "step {step}");
        assert_eq!(followed.failed, recomputed.failed, "step {step}");
        for server in [HERE, THERE] {
            assert_eq!(followed.server(server), recomputed.server(server));
        }
    }
}
