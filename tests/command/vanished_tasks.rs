//! Every command reads a task that the server has removed from the history.

use std::time::Duration;

use crate::command_support::{line, server};

#[tokio::test]
async fn get_prints_task_from_history() {
    let simulator = server().await;
    // Task 5 is removed as soon as it succeeds.
    simulator.control().advance(Duration::from_secs(60));
    let ran = line("get task-5").on(&simulator).await;
    assert_eq!((ran.code, &*ran.err), (0, ""), "{}", ran.out);
    assert!(ran.out.contains("task-5  success"), "{}", ran.out);
    let ran = line("get task-5 --json").on(&simulator).await;
    assert_eq!((ran.code, &*ran.err), (0, ""), "{}", ran.out);
    assert_eq!(ran.lines()[0]["state"], "success");
    // A task missing from the history is reported, and the others are printed.
    let ran = line("get task-99 task-5").on(&simulator).await;
    assert_eq!(ran.code, 4);
    assert!(
        ran.err.contains("task-99")
            && ran.err.contains("ManagedObjectNotFound")
            && ran.err.contains("no record of it in the last 24 h"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("task-5  success"), "{}", ran.out);
    assert_eq!(simulator.control().open_objects().histories, 0);
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn cancel_reports_outcome_and_end_time() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(15 + 120));
    let ran = line("cancel --yes task-5").on(&simulator).await;
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("(task-5) finished 2m"), "{}", ran.err);
    assert!(ran.err.contains(" ago: success."), "{}", ran.err);
    let ran = line("cancel --yes --json task-5").on(&simulator).await;
    assert_eq!(ran.lines()[0]["answer"], "notAsked");
    let requests = simulator.control().requests();
    assert!(
        requests
            .iter()
            .all(|request| !request.kind.contains("CancelTask"))
    );
}

#[tokio::test]
async fn denied_history_keeps_first_error() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(60));
    simulator
        .control()
        .change_behavior(|behavior| behavior.history_permission = false);
    let ran = line("get task-5").on(&simulator).await;
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("ManagedObjectNotFound"), "{}", ran.err);
    assert!(ran.err.contains("history cannot be read"), "{}", ran.err);
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
        let ran = line(words).on(&simulator).await;
        assert_eq!(ran.code, 4, "{words}: {}", ran.err);
        assert!(
            ran.err.contains("no record of it in the last 24 h"),
            "{words}: {}",
            ran.err
        );
    }
}
