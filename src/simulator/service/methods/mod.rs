//! Methods of the managed objects.

mod event_history;
mod managers;
mod property_collector;
mod retrieve;
mod search;
mod task_history;
mod views;

pub(in crate::simulator) use property_collector::{WaitRequest, WaitTicket};
