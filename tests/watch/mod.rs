//! The fetch loop against the embedded vCenter over HTTP.

mod bad_input;
mod demo_figures;
mod discovery;
mod end_to_end;
mod families;
mod faults;
mod history;
mod labels;
mod limits;
mod locations;
mod lookups;
mod lookups_pace;
mod lost_session;
mod missing_objects;
mod new_tasks;
mod optional_calls;
mod persistent_failures;
mod push;
mod read_only;
mod support;
