//! The domain model of tasks. Pure: no I/O and no clock; `now` is an argument, by the server's
//! clock.

#![warn(missing_docs)]

pub mod cancellation;
mod change;
mod clock;
pub mod display_name;
mod entity_state;
mod entry;
pub mod estimate;
pub mod export;
pub mod fault_chain;
pub mod filter;
mod finished_task;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod forecast;
mod id;
pub mod json_output;
mod labels;
mod location;
pub mod markdown;
mod progress;
mod progress_curve;
mod progress_history;
pub mod row_model;
mod search_text;
mod status;
mod store;
pub mod summary;
mod task_record;
mod task_ref;
mod time_expr;
mod typical;
mod undo_log;
mod value_checks;
pub mod warnings;

pub use change::TaskChange;
pub use clock::ServerClock;
pub use entity_state::{EntityState, LostHost, PendingQuestion};
pub use entry::TaskEntry;
pub use estimate::{Estimate, SetForecast, TimeLeft, estimate, stall_threshold};
pub use export::ExportFormat;
pub use fault_chain::FaultEntry;
pub use filter::{EvalContext, Filter, FilterError, Period, Saved, ServerContext, ServerFilter};
pub use finished_task::FinishedTask;
pub use forecast::{Forecast, Forecaster, later};
pub use id::{ServerId, TaskId};
pub use labels::Labels;
pub use location::LocationField;
pub use progress::Progress;
pub use progress_curve::{ProgressCurve, UsualPlateau, usual_plateau};
pub use progress_history::{ProgressHistory, ProgressPoint};
pub use status::{Status, StatusCounts};
pub use store::{Blocker, BlockerKind, ChangeSet, Handle, TaskStore};
pub use summary::Summary;
pub use task_record::{CancelObservation, Presence, TaskRecord, TaskSpan};
pub use task_ref::{NotATask, TaskRef};
pub use time_expr::{ParseTimeError, TimeExpr};
pub use typical::{DurationStats, FinishedRun, MAX_CURVES, PastRuns, StatsScope, TypicalDurations};
pub use undo_log::{OldState, UndoLog};
pub use warnings::{Rule, Warning};
