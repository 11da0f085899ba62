mod children;
mod conditions;
mod new_tasks;
mod several_servers;
mod unavailable_tasks;

use std::time::Instant;

use serde_json::{Value, json};

use super::*;
use crate::{
    command::selector::TaskSelector,
    task::{
        Saved, ServerClock,
        fixture::{HERE, at, full, info},
    },
};

fn all_ended() -> WaitCondition {
    WaitCondition::all_ended(SignedDuration::from_mins(10))
}

fn track(condition: WaitCondition, tasks: &[&str]) -> WaitTracker {
    track_new(condition, tasks, None)
}

fn track_new(
    condition: WaitCondition,
    tasks: &[&str],
    new: Option<CompiledSelector>,
) -> WaitTracker {
    let tasks: Vec<Arc<str>> = tasks.iter().map(|task| Arc::from(*task)).collect();
    let mut tracker = WaitTracker::new(condition, at(0));
    tracker.add_server("vc01.lab", None, &tasks, new);
    set_connection(&mut tracker, ConnectionState::Live, 0);
    tracker
}

fn set_connection(
    tracker: &mut WaitTracker,
    connection: ConnectionState,
    second: i64,
) -> TrackerChanges {
    tracker.handle(HERE, Update::Connection(connection), at(second))
}

fn apply_changes(
    tracker: &mut WaitTracker,
    changes: Vec<TaskChange>,
    second: i64,
) -> TrackerChanges {
    let since = Instant::now();
    tracker.handle(HERE, Update::Tasks { changes, since }, at(second))
}

fn update_task(
    tracker: &mut WaitTracker,
    mo_id: &str,
    more: &Value,
    second: i64,
) -> TrackerChanges {
    apply_changes(tracker, vec![full(mo_id, more, second)], second)
}

fn removed(mo_id: &str, second: i64) -> TaskChange {
    TaskChange::Gone {
        mo_id: mo_id.into(),
        at: at(second),
    }
}

fn outcome(tracker: &mut WaitTracker, second: i64) -> Option<Outcome> {
    tracker.tick(at(second));
    tracker.result(at(second)).map(|result| result.outcome)
}

fn success() -> Value {
    json!({"state": "success"})
}

fn failed() -> Value {
    json!({"state": "error", "error": {"_typeName": "NoDiskSpace"}})
}

fn cancelled() -> Value {
    json!({"state": "error", "error": {"_typeName": "RequestCanceled"}})
}

fn finish_lookup(
    tracker: &mut WaitTracker,
    mo_id: &str,
    answer: HistoryLookup,
    second: i64,
) -> TrackerChanges {
    tracker.handle(
        HERE,
        Update::LookedUp {
            mo_id: mo_id.into(),
            answer,
        },
        at(second),
    )
}
