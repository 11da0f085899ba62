//! Hours of work under load and faults: does vtask grow, leak, storm, or lose anything?
//!
//! `cargo build --release && cargo run --release --example soak -- --minutes 30`
//!
//! Three processes: the built `vtask simulate` with load and the faults of `assets/faults/soak.toml`; the built
//! `vtask` on a pseudo-terminal, whose memory, descriptors and threads are looked at from outside; and this one,
//! which runs the same fetch loop with a board of its own and compares what it says with what the server says when it
//! is asked task by task. Requests are counted in the server's log.

#![cfg_attr(
    not(target_os = "linux"),
    allow(unused, reason = "it looks into /proc")
)]

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
    println!("the soak looks into /proc, which only Linux has");
}
