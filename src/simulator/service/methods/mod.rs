//! Methods of the managed objects.

mod history;
mod managers;
mod property_collector;
mod retrieve;
mod search;
mod session_manager;
mod views;

pub(crate) use property_collector::{WaitRequest, WaitTicket};
