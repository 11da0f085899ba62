//! The domain: what is known of tasks. Pure: no IO and no clock of its own; `now` is an argument, by the server's
//! clock.

mod board;
mod change;
mod clock;
#[cfg(test)]
pub(crate) mod fixture;
mod id;
mod labels;
pub mod outline;
mod progress;
mod record;
mod status;
mod task_ref;

pub use board::{Board, Handle, Touched};
pub use change::TaskChange;
pub use clock::ServerClock;
pub use id::{EndpointId, TaskId};
pub use labels::Labels;
pub use progress::Progress;
pub use record::{Presence, Record};
pub use status::{Status, StatusCounts};
pub use task_ref::{NotATask, TaskRef};
