//! Fault injection for the simulator: faults of the server, of proxies and of the network.
//!
//! A [`FaultPlan`] is data: rules select requests (by endpoint, count, probability and time) and their effects; events
//! affect the whole server at given times. Plans are read from TOML files (`vtask simulate --faults FILE`, examples
//! in `assets/faults`, all keys in `guide.toml`) or built by tests.
//!
//! Only faults that real servers, proxies or networks can cause are simulated. Most effects change the transmitted
//! bytes outside of the service; sessions, the clock, restarts and the order of updates are changed in the server
//! itself.

mod bodies;
mod effect;
mod engine;
mod event;
mod middleware;
mod plan;
mod responses;
mod rule;
mod texts;
mod updates;

pub use super::duration_range::DurationRange;
pub use effect::{CloseMode, CutPoint, FaultEffect};
pub use event::{FaultEvent, ServerEvent};
pub use plan::{FaultPlan, FaultPlanError};
pub use rule::{FaultRule, RequestPattern};
pub use texts::ReplacementText;

pub(super) use engine::FaultInjector;
pub(super) use middleware::inject_faults;
pub(super) use responses::{Dropped, page};
