//! `list` filters, sorts and truncates in that order, and reports truncation.

use std::time::Duration;

use serde_json::Value;

use crate::support::command::{demo_server, line, server};

#[tokio::test]
async fn truncated_list_reports_total() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let output = line("list --limit 3 --ids").on(&simulator).await;
    assert_eq!((output.code, &*output.out), (0, "task-8\ntask-7\ntask-6\n"));
    assert!(
        output.err.contains("the newest 3 of 7 tasks"),
        "{}",
        output.err
    );
    assert!(output.err.contains("--limit 0"), "{}", output.err);
    for limit in ["7", "8", "0"] {
        let output = line("list --ids --limit").word(limit).on(&simulator).await;
        assert_eq!(
            (output.out.lines().count(), &*output.err),
            (7, ""),
            "{limit}"
        );
    }
}

#[tokio::test]
async fn whole_history_can_be_listed_and_truncation_is_reported() {
    let simulator = demo_server().await;
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
    let simulator = demo_server().await;
    let duration = |line: &Value| line["durationSeconds"].as_f64().unwrap_or_default();
    let all = line("list --since 30d --state success --limit 0 --json");
    let mut all = all.on(&simulator).await.lines();
    let count = all.len();
    all.sort_by(|a, b| duration(b).total_cmp(&duration(a)));
    let output = line("list --since 30d --state success --sort -elapsed --limit 3 --json");
    let output = output.on(&simulator).await;
    assert_eq!(output.code, 0, "{}", output.err);
    let longest: Vec<f64> = output.lines().iter().map(duration).collect();
    assert_eq!(longest, all[..3].iter().map(duration).collect::<Vec<_>>());
    assert!(
        output
            .err
            .contains(&format!("the first 3 of {count} tasks")),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn narrow_terminal_shows_error_below_task() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    for columns in [40, 80] {
        for words in ["list --state failed", "get task-2", "tree task-2"] {
            let output = line(words).output_width(columns).on(&simulator).await;
            assert!(
                output.out.contains("The datastore is full."),
                "{words}: {}",
                output.out
            );
            let fits = output
                .out
                .lines()
                .all(|row| vtask::text::width(row) <= columns);
            assert!(fits, "{words}: {}", output.out);
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
