//! The domain: what is known of tasks. Pure: no IO and no clock of its own; `now` is an argument, by the server's
//! clock.

mod board;
mod change;
mod clock;
pub mod estimate;
pub(crate) mod fault_chain;
pub mod filter;
#[cfg(test)]
pub(crate) mod fixture;
mod history;
mod id;
mod journal;
mod labels;
mod moment;
mod oddity;
pub mod outline;
mod progress;
mod record;
pub mod rules;
pub mod shape;
mod sheet;
mod status;
pub mod summary;
mod task_ref;
mod texts;
mod typical;
pub(crate) mod words;

pub use board::{Board, Handle, Touched};
pub use change::TaskChange;
pub use clock::ServerClock;
pub use estimate::{Estimate, TimeLeft, estimate, patience};
pub use filter::{Endpoints, Filter, FilterError, Narrowing, Period, Saved, Scene};
pub use history::{History, Point};
pub use id::{EndpointId, TaskId};
pub use journal::{Before, Journal};
pub use labels::Labels;
pub use moment::{Moment, NoMoment};
pub use progress::Progress;
pub use record::{CancelSeen, Presence, Record};
pub use rules::{Finding, PendingQuestion, Rule};
pub use sheet::SheetFormat;
pub use status::{Status, StatusCounts};
pub use summary::Summary;
pub use task_ref::{NotATask, TaskRef};
pub use typical::{FinishedRun, LearnedFrom, Typical, TypicalDurations};
