//! `list` filters, sorts and truncates in that order, and reports truncation.

use std::time::Duration;

use serde_json::Value;
use vtask::simulator::{Options, Simulator, scenario::Scenario};

use crate::command_support::{line, server};

/// The demo with thirty days of history.
async fn demo() -> Simulator {
    let mut options = Options::new(Scenario::load("demo").unwrap()).manual();
    options.starts_at = Some("2026-03-04T15:00:00Z".parse().unwrap());
    Simulator::start(options).await.unwrap()
}

#[tokio::test]
async fn truncated_list_reports_total() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let ran = line("list --limit 3 --ids").on(&simulator).await;
    assert_eq!((ran.code, &*ran.out), (0, "task-8\ntask-7\ntask-6\n"));
    assert!(ran.err.contains("the newest 3 of 7 tasks"), "{}", ran.err);
    assert!(ran.err.contains("--limit 0"), "{}", ran.err);
    for limit in ["7", "8", "0"] {
        let ran = line("list --ids --limit").word(limit).on(&simulator).await;
        assert_eq!((ran.out.lines().count(), &*ran.err), (7, ""), "{limit}");
    }
}

#[tokio::test]
async fn whole_history_can_be_listed_and_truncation_is_reported() {
    let simulator = demo().await;
    let all = line("list --since 30d --limit 0 --ids")
        .on(&simulator)
        .await;
    assert_eq!((all.code, &*all.err), (0, ""));
    let count = all.out.lines().count();
    assert!(count > 1000, "{count}");
    let cut = line("list --since 30d --ids").on(&simulator).await;
    assert_eq!((cut.code, cut.out.lines().count()), (0, 1000));
    assert!(
        cut.err.contains("1000") && cut.err.contains("more"),
        "{}",
        cut.err
    );
    assert!(all.out.starts_with(&cut.out), "the newest");
    let exact = line("list --since 30d --ids --limit").word(&count.to_string());
    let exact = exact.on(&simulator).await;
    assert_eq!((&exact.out, &*exact.err), (&all.out, ""));
}

#[tokio::test]
async fn sort_by_duration_covers_whole_history() {
    let simulator = demo().await;
    let took = |line: &Value| line["durationSeconds"].as_f64().unwrap_or_default();
    let all = line("list --since 30d --state success --limit 0 --json");
    let mut all = all.on(&simulator).await.lines();
    let count = all.len();
    all.sort_by(|one, other| took(other).total_cmp(&took(one)));
    let ran = line("list --since 30d --state success --sort -elapsed --limit 3 --json");
    let ran = ran.on(&simulator).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let longest: Vec<f64> = ran.lines().iter().map(took).collect();
    assert_eq!(longest, all[..3].iter().map(took).collect::<Vec<_>>());
    assert!(
        ran.err.contains(&format!("the first 3 of {count} tasks")),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn narrow_terminal_shows_error_below_task() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    for columns in [40, 80] {
        for words in ["list --state failed", "get task-2", "tree task-2"] {
            let ran = line(words).wide(columns).on(&simulator).await;
            assert!(
                ran.out.contains("The datastore is full."),
                "{words}: {}",
                ran.out
            );
            let fits = ran
                .out
                .lines()
                .all(|row| vtask::text::width(row) <= columns);
            assert!(fits, "{words}: {}", ran.out);
        }
    }
    let piped = line("list --state failed").on(&simulator).await;
    assert_eq!(piped.out.lines().count(), 3, "each task is one line");
    assert!(
        piped.out.contains("  The datastore is full."),
        "{}",
        piped.out
    );
}
