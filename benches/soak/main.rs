//! Long-running test under load and faults for leaks, request storms and lost updates.
//!
//! `cargo bench --bench soak -- --minutes 30`
//!
//! Three processes: the built `vtask simulate` with load and the faults of `assets/faults/soak.toml`; the built
//! `vtask` on a pseudo-terminal, whose memory, descriptors and threads are measured; and this one, which runs the
//! same fetch loop and compares its task store with the server task by task. Requests are counted in the server's
//! log.

#![cfg_attr(not(target_os = "linux"), allow(unused, reason = "requires /proc"))]

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod observer;
#[cfg(target_os = "linux")]
mod processes;

#[cfg(target_os = "linux")]
fn main() -> color_eyre::Result<()> {
    use clap::Parser;

    linux::run(&linux::Arguments::parse())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("the soak test requires /proc (Linux only)");
}
