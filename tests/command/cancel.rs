//! `cancel` is idempotent: tasks already cancelled or being cancelled are reported as such.

use std::time::Duration;

use crate::support::command::{CommandOutput, count_requests, line, server};

fn answers(output: &CommandOutput) -> Vec<String> {
    let answers = output.of_type("cancel").into_iter();
    answers
        .map(|line| line["answer"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn cancel_of_already_cancelled_task_sends_no_request() {
    let simulator = server().await;
    let cancel = || line("cancel task-3 --yes --json");
    let first = cancel().on(&simulator).await;
    assert_eq!(
        (first.code, answers(&first)),
        (0, vec!["accepted".to_owned()])
    );
    let requests = || count_requests(&simulator.control(), "CancelTask");
    assert_eq!(requests(), 1);
    let second = cancel().on(&simulator).await;
    assert_eq!(
        (second.code, answers(&second)),
        (0, vec!["alreadyCancelling".to_owned()])
    );
    assert_eq!(requests(), 1);
    // --wait also waits for a cancellation that was requested before.
    let waited = line("cancel task-3 --yes --wait")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(waited.code, 0, "{waited:?}");
    let third = cancel().on(&simulator).await;
    assert_eq!(
        (third.code, answers(&third)),
        (0, vec!["alreadyCancelled".to_owned()])
    );
}

#[tokio::test]
async fn cancel_of_finished_task_is_too_late() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let output = line("cancel task-1 task-2 --yes --json")
        .on(&simulator)
        .await;
    assert_eq!(output.code, 1, "{output:?}");
    assert_eq!(answers(&output), ["notAsked", "notAsked"]);
}

#[tokio::test]
async fn cancel_by_entity_cancels_all_its_tasks() {
    let simulator = server().await;
    let output = line("cancel --entity b --operation Relocate* --yes")
        .on(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output.err.contains("task-3: request accepted"),
        "{output:?}"
    );
    let output = line("cancel --entity nowhere --yes").on(&simulator).await;
    assert_eq!(output.code, 4, "{output:?}");
}
