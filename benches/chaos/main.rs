//! Runs random fault schedules against the fetch loop over real HTTP, in push and poll mode. Checks that the task
//! store ends up equal to the server's tasks, and measures the recovery time and the number of requests.
//!
//! `cargo bench --bench chaos -- --schedules 200`

mod plan;
mod run;

use std::{collections::VecDeque, time::Duration};

use clap::Parser;
use run::{MAX_RECOVERY, Outcome};
use tokio::task::JoinSet;
use vtask::watch::FetchMode;

/// Test the fetch loop with random fault schedules
#[derive(Parser, Debug)]
struct Arguments {
    /// Number of schedules, each run in push and poll mode
    #[arg(long, default_value_t = 200)]
    schedules: u64,

    /// Seed of the first schedule
    #[arg(long, default_value_t = 1)]
    first: u64,

    /// Duration of the faults in seconds
    #[arg(long, default_value_t = 8)]
    seconds: u64,

    /// Number of schedules run concurrently
    #[arg(long, default_value_t = 12)]
    at_once: usize,

    /// Passed by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    let fault_duration = Duration::from_secs(arguments.seconds);
    let mut pending: VecDeque<(u64, FetchMode)> = (arguments.first
        ..arguments.first + arguments.schedules)
        .flat_map(|seed| [(seed, FetchMode::Push), (seed, FetchMode::Poll)])
        .collect();
    let mut running = JoinSet::new();
    let mut outcomes: Vec<Outcome> = Vec::new();
    while !pending.is_empty() || !running.is_empty() {
        while running.len() < arguments.at_once
            && let Some((seed, mode)) = pending.pop_front()
        {
            running.spawn(run::run(seed, mode, fault_duration, None));
        }
        if let Some(Ok(outcome)) = running.join_next().await {
            for problem in &outcome.problems {
                let short: String = problem.chars().take(600).collect();
                println!("schedule {} ({:?}): {short}", outcome.seed, outcome.mode);
            }
            outcomes.push(outcome);
        }
    }
    println!(
        "| mode | schedules | passed | max recovery | median | max requests/s | max failing/s | requests | faults |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut all_passed = true;
    for mode in [FetchMode::Push, FetchMode::Poll] {
        let of_mode: Vec<&Outcome> = outcomes
            .iter()
            .filter(|outcome| outcome.mode == mode)
            .collect();
        let passed = of_mode
            .iter()
            .filter(|outcome| outcome.problems.is_empty())
            .count();
        let mut recoveries: Vec<Duration> =
            of_mode.iter().map(|outcome| outcome.recovery).collect();
        recoveries.sort_unstable();
        let max = |of: fn(&Outcome) -> usize| {
            of_mode
                .iter()
                .map(|outcome| of(outcome))
                .max()
                .unwrap_or_default()
        };
        println!(
            "| {mode:?} | {} | {passed} | {:.1} s (limit: {} s) | {:.1} s | {} | {} | {} | {} |",
            of_mode.len(),
            recoveries.last().copied().unwrap_or_default().as_secs_f64(),
            MAX_RECOVERY.as_secs(),
            recoveries
                .get(recoveries.len() / 2)
                .copied()
                .unwrap_or_default()
                .as_secs_f64(),
            max(|outcome| outcome.peak),
            max(|outcome| outcome.peak_failing),
            of_mode.iter().map(|outcome| outcome.requests).sum::<u64>(),
            of_mode.iter().map(|outcome| outcome.faults).sum::<u64>(),
        );
        all_passed &= passed == of_mode.len() && !of_mode.is_empty();
    }
    if all_passed {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::FAILURE
    }
}
