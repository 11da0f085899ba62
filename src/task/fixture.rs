//! Task fixtures for tests.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test with an invalid fixture fails"
)]

use serde_json::Value;
pub use vtask_vim::types::fixture::{at, info};

use super::{ChangeSet, Handle, ServerId, TaskChange, TaskStore};

/// The server of the fixture's tasks.
pub const HERE: ServerId = ServerId(0);

/// Returns the change that reports [`info`] at that second.
pub fn full(mo_id: &str, more: &Value, second: i64) -> TaskChange {
    TaskChange::Full {
        info: info(mo_id, more),
        at: at(second),
    }
}

/// Adds [`info`] to a store, reported at that second.
pub fn put(store: &mut TaskStore, mo_id: &str, more: &Value, second: i64) -> Handle {
    store
        .apply(HERE, full(mo_id, more, second), &mut ChangeSet::default())
        .unwrap();
    store.find_key(HERE, mo_id).unwrap()
}
