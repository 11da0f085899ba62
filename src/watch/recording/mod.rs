//! Converts updates of the fetch loop to entries of a record and back. Pure.

mod entries;
mod updates;

pub use entries::entries;
pub use updates::{RecordedUpdate, update};
