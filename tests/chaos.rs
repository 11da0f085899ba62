//! Runs some schedules of the `chaos` example with shorter faults.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "tests may panic; the example uses more of what is shared"
)]

#[path = "../examples/chaos/plan.rs"]
mod plan;
#[path = "../examples/chaos/run.rs"]
mod run;

use std::time::Duration;

use tokio::task::JoinSet;
use vtask::watch::FetchMode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_recovers_from_all_faults() {
    let mut running = JoinSet::new();
    for seed in [4, 29, 47, 63, 76, 90] {
        for mode in [FetchMode::Push, FetchMode::Poll] {
            running.spawn(run::run(seed, mode, Duration::from_secs(4)));
        }
    }
    let outcomes = running.join_all().await;
    let faults: u64 = outcomes.iter().map(|outcome| outcome.faults).sum();
    // The number depends on the speed of the machine.
    assert!(faults > 20, "{faults}");
    for outcome in outcomes {
        assert_eq!(outcome.problems, Vec::<String>::new(), "{outcome:?}");
    }
}
