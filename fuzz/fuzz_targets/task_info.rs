//! See `entry_points::task_info`.
#![no_main]

#[allow(dead_code, reason = "the other targets use the rest")]
#[path = "../entry_points.rs"]
mod entry_points;

libfuzzer_sys::fuzz_target!(|body: &[u8]| entry_points::task_info(body));
