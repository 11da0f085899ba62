//! Every command reads a task that the server has removed from the history.

use std::time::Duration;

use crate::support::command::{count_requests, line, server};

#[tokio::test]
async fn get_prints_task_from_history() {
    let simulator = server().await;
    // Task 5 is removed as soon as it succeeds.
    simulator.control().advance(Duration::from_secs(60));
    let output = line("get task-5").on(&simulator).await;
    assert_eq!((output.code, &*output.err), (0, ""), "{}", output.out);
    assert!(output.out.contains("task-5  success"), "{}", output.out);
    let output = line("get task-5 --json").on(&simulator).await;
    assert_eq!((output.code, &*output.err), (0, ""), "{}", output.out);
    assert_eq!(output.lines()[0]["state"], "success");
    // A task missing from the history is reported, and the others are printed.
    let output = line("get task-99 task-5").on(&simulator).await;
    assert_eq!(output.code, 4);
    assert!(
        output.err.contains("task-99")
            && output.err.contains("ManagedObjectNotFound")
            && output.err.contains("no record of it in the last 24 h"),
        "{}",
        output.err
    );
    assert!(output.out.contains("task-5  success"), "{}", output.out);
    assert_eq!(simulator.control().open_objects().histories, 0);
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn cancel_reports_outcome_and_end_time() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(15 + 120));
    let output = line("cancel --yes task-5").on(&simulator).await;
    assert_eq!(output.code, 1, "{}", output.err);
    assert!(
        output.err.contains("(task-5) finished 2m"),
        "{}",
        output.err
    );
    assert!(output.err.contains(" ago: success."), "{}", output.err);
    let output = line("cancel --yes --json task-5").on(&simulator).await;
    assert_eq!(output.lines()[0]["answer"], "notAsked");
    assert_eq!(count_requests(&simulator.control(), "CancelTask"), 0);
}

#[tokio::test]
async fn denied_history_keeps_first_error() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(60));
    simulator
        .control()
        .change_behavior(|behavior| behavior.history_permission = false);
    let output = line("get task-5").on(&simulator).await;
    assert_eq!(output.code, 4);
    assert!(
        output.err.contains("ManagedObjectNotFound"),
        "{}",
        output.err
    );
    assert!(
        output.err.contains("history cannot be read"),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn failed_history_lookup_names_searched_range() {
    let simulator = server().await;
    for words in [
        "get task-99",
        "cancel --yes task-99",
        "tree task-99",
        "events task-99",
        "wait task-99",
    ] {
        let output = line(words).on(&simulator).await;
        assert_eq!(output.code, 4, "{words}: {}", output.err);
        assert!(
            output.err.contains("no record of it in the last 24 h"),
            "{words}: {}",
            output.err
        );
    }
}
