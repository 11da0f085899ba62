//! What holds for every input, with inputs made up by chance: the domain, the wire's types, the texts.
//!
//! Cases are few, so that this is quick every time; `PROPTEST_CASES=100000 cargo test --test properties` looks longer.
//! What it ever finds becomes a plain test beside the code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "tests may panic"
)]

mod board;
mod dependencies;
#[path = "../../fuzz/doors.rs"]
mod doors;
mod estimate_quality;
mod estimates;
mod filters;
mod fuzz;
#[path = "../hostile_support/mod.rs"]
mod hostile_support;
mod imports;
mod texts;
mod wire;

use proptest::test_runner::Config;

/// So many cases, unless the environment says otherwise; failures are told, not written to files.
fn cases(count: u32) -> Config {
    let told = std::env::var_os("PROPTEST_CASES").is_some();
    let config = Config::default();
    Config {
        cases: if told { config.cases } else { count },
        failure_persistence: None,
        ..config
    }
}
