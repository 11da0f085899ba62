//! Data types of the API, free of IO and clock.
//!
//! Every type is read from a [`serde_json::Value`] instead of being derived, for three reasons: a property arrives
//! bare, boxed (`{"_typeName":"int","_value":42}`) at any depth or as an `ArrayOf…`, depending on its place and the
//! server's release (the module `any` normalises these); a `TaskInfo` arrives whole or leaf by leaf with the same
//! result; and unknown fields and type names are kept, never rejected.

mod any;
mod change_value;
mod compact_timestamp;
mod entity_runtime;
mod fault;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
mod intern;
mod invalid_fields;
pub mod limits;
mod location;
mod message;
mod pending_question;
mod reason;
mod reference;
mod retrieve_result;
mod service;
mod task_event;
mod task_info;
mod task_locator;
mod task_query;
mod task_state;
mod time;
mod update_set;

pub use any::{Malformed, items, items_as_sent, text_at, type_name, unboxed};
pub use compact_timestamp::CompactTimestamp;
pub use entity_runtime::EntityRuntime;
pub use fault::Fault;
pub use invalid_fields::InvalidFields;
pub use location::{EntityLocation, Location};
pub use message::LocalizableMessage;
pub use pending_question::PendingQuestion;
pub use reason::{AlarmReason, ScheduleReason, TaskReason};
pub use reference::ManagedObjectReference;
pub use retrieve_result::{ObjectContent, RetrieveResult};
pub use service::{About, OperationLabel, ServiceContent, UserSession};
pub use task_event::TaskEvent;
pub use task_info::{TaskInfo, Unknown};
pub use task_locator::TaskLocator;
pub use task_query::{TaskQuery, TaskTime};
pub use task_state::TaskState;
pub use time::{date_time, parse_date_time};
pub use update_set::{
    FilterUpdate, MissingObject, ObjectUpdate, Path, PropertyChange, UpdateKind, UpdateSet,
};

pub use any::scalar_at;
pub use task_info::{CHANGING_FIELDS, FIELDS, REQUIRED_FIELDS};

#[cfg(test)]
mod boxing_tests;
