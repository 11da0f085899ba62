//! Long run of `vtask exporter` and `vtask stream` under load, with restarts of both sides.
//!
//! `cargo bench --bench export -- --minutes 30`
//!
//! The vCenters are simulated in this process, the services are the built program. Both services are killed and
//! restarted, and a vCenter restarts, partly at the same time. At the end the clocks of the vCenters stop, and every task
//! that finished is compared with what the services have counted and written: a counter that is too low is a missed
//! task, one that is too high a doubled one. It fails if there is any.

#![cfg_attr(not(target_os = "linux"), allow(unused, reason = "requires /proc"))]

#[cfg(target_os = "linux")]
mod comparison;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod scraper;
#[cfg(target_os = "linux")]
mod service;
#[cfg(target_os = "linux")]
mod vcenters;

#[cfg(target_os = "linux")]
fn main() -> color_eyre::Result<()> {
    use clap::Parser;

    run::run(&run::Arguments::parse())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("this run requires /proc (Linux only)");
}
