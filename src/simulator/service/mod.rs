//! Managed objects of the simulated vCenter: permissions, methods and properties. Independent of HTTP and without
//! waiting: every call is answered at the world's current time.

mod call;
mod content;
mod context;
mod dispatch;
mod entities;
mod event;
mod event_details;
mod event_filter;
mod event_history;
mod event_templates;
mod events;
mod fields;
mod filter_spec;
mod history_collector;
mod methods;
mod object_source;
mod object_update;
mod objects;
mod property_collector;
mod property_filter;
mod retrieval;
mod schema;
mod session;
mod task_filter;
mod task_history;
mod task_info;
mod uuid;
mod views;

pub(super) use call::{ApiCall, CallResponse, CallResult};
pub(super) use dispatch::{AccessPolicy, Core};
pub(super) use methods::{WaitRequest, WaitTicket};
pub(super) use session::Sessions;
