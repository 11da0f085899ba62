//! See `doors::task_info`.
#![no_main]

#[allow(dead_code, reason = "the other targets use the rest")]
#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|body: &[u8]| doors::task_info(body));
