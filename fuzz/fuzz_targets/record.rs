//! See `doors::record`.
#![no_main]

#[allow(dead_code, reason = "the other targets use the rest")]
#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|body: &[u8]| doors::record(body));
