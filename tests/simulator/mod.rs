//! Tests of the simulated vCenter by a plain VI JSON client.

mod events;
mod faults;
mod govc;
mod history;
mod managers;
mod proxy_and_tls;
mod retrieve;
mod sessions;
mod support;
mod tasks;
mod updates;
