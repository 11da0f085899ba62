//! A task whose object is gone from the server is read from the history, by `get` and `cancel` as by the others.

use std::time::Duration;

use crate::command_support::{line, server};

#[tokio::test]
async fn get_prints_what_the_history_has() {
    let simulator = server().await;
    // The fifth vanishes as soon as it has succeeded.
    simulator.control().advance(Duration::from_secs(60));
    let ran = line("get task-5").on(&simulator).await;
    assert_eq!((ran.code, &*ran.err), (0, ""), "{}", ran.out);
    assert!(ran.out.contains("task-5  success"), "{}", ran.out);
    let ran = line("get task-5 --json").on(&simulator).await;
    assert_eq!((ran.code, &*ran.err), (0, ""), "{}", ran.out);
    assert_eq!(ran.lines()[0]["state"], "success");
    // What the history does not have either is still told, and the others are printed.
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
async fn cancel_says_how_it_ended_and_when() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(15 + 120));
    let ran = line("cancel --yes task-5").on(&simulator).await;
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("(task-5) finished 2m"), "{}", ran.err);
    assert!(ran.err.contains(" ago: success."), "{}", ran.err);
    let ran = line("cancel --yes --json task-5").on(&simulator).await;
    assert_eq!(ran.lines()[0]["answer"], "notAsked");
    let asked = simulator.control().requests();
    assert!(
        asked
            .iter()
            .all(|request| !request.kind.contains("CancelTask"))
    );
}

#[tokio::test]
async fn a_history_that_may_not_be_read_leaves_the_first_answer() {
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
async fn every_command_names_the_extent_of_a_search_in_vain() {
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
