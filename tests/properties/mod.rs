//! Property tests of the task model, the wire types and the text functions.

mod comments;
mod dependencies;
#[path = "../../fuzz/entry_points.rs"]
mod entry_points;
mod estimate_quality;
mod estimates;
mod filters;
mod fuzz;
mod guides;
mod imports;
mod store;
mod texts;
mod wire;

use proptest::test_runner::Config;

/// Returns a configuration with this number of cases, unless the environment overrides it; failures
/// are printed, not written to files.
fn cases(count: u32) -> Config {
    let from_environment = std::env::var_os("PROPTEST_CASES").is_some();
    let config = Config::default();
    Config {
        cases: if from_environment {
            config.cases
        } else {
            count
        },
        failure_persistence: None,
        ..config
    }
}
