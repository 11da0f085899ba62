mod completion;
mod contradictions;
mod matching;
mod narrowing;
mod parsing;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::{
    ChangeSet, ServerId, TaskChange, TaskId, TaskStore,
    fixture::{HERE, at, info, put},
};

/// A server clock in seconds after the fixture's start.
struct Clock(i64);

impl ServerContext for Clock {
    fn time(&self, _: ServerId) -> jiff::Timestamp {
        at(self.0)
    }

    fn name(&self, _: ServerId) -> Option<&str> {
        Some("vc01.lab")
    }

    fn configured_name(&self, _: ServerId) -> Option<&str> {
        Some("production-lab")
    }
}

fn store_of(tasks: &[(&str, Value)]) -> TaskStore {
    let mut store = TaskStore::new();
    for (mo_id, more) in tasks {
        put(&mut store, mo_id, more, 0);
    }
    store
}

fn evaluate(store: &TaskStore, mo_id: &str, filter: &str, second: i64) -> MatchResult {
    let handle = store.find(&TaskId::new(HERE, mo_id)).unwrap();
    let context = EvalContext {
        servers: Some(&Clock(second)),
        ..store.into()
    };
    let filter =
        Filter::parse(filter, &saved()).unwrap_or_else(|error| panic!("{filter}: {error}"));
    filter.evaluate(context, handle)
}

fn saved() -> Saved {
    let saved = [
        ("db", "target:db-*"),
        ("mine", "@db user:kim"),
        ("loop", "web or @loop"),
        ("bad", "stat:running"),
    ];
    saved
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
}

fn a_task() -> Value {
    json!({
        "entityName": "db-prod-01", "entity": {"type": "VirtualMachine", "value": "vm-77"}, "name": "RelocateVM_Task",
        "description": {"key": "phase.copy", "message": "Copying disk 2 of 3 (fast)"}, "progress": 20,
        "reason": {"_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\kim"}, "changeTag": "CHG-7"
    })
}

fn holds(filter: &str) -> bool {
    evaluate(
        &store_of(&[("task-4711", a_task())]),
        "task-4711",
        filter,
        100,
    )
    .holds
}
