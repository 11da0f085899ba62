use super::*;

/// Waits for the tasks and their children, with a quiet period of six seconds.
fn all_settled() -> WaitCondition {
    WaitCondition {
        children: Some(SignedDuration::from_secs(6)),
        ..all_ended()
    }
}

#[test]
fn children_must_end_and_settle() {
    let mut tracker = track(all_settled(), &["task-1"]);
    update_task(&mut tracker, "task-1", &success(), 1);
    assert_eq!(outcome(&mut tracker, 5), None, "children may still appear");
    update_task(
        &mut tracker,
        "task-2",
        &json!({"parentTaskKey": "task-1"}),
        5,
    );
    update_task(&mut tracker, "task-7", &json!({"state": "error"}), 5);
    assert_eq!(tracker.tasks.len(), 2, "unrelated tasks are not tracked");
    assert_eq!(outcome(&mut tracker, 60), None);
    let more = json!({"parentTaskKey": "task-1", "state": "error", "error": {"_typeName": "X"}});
    update_task(&mut tracker, "task-2", &more, 61);
    assert_eq!(outcome(&mut tracker, 66), None);
    assert_eq!(outcome(&mut tracker, 67), Some(Outcome::Failed));
}

#[test]
fn settle_timer_starts_after_last_task_ends() {
    let mut tracker = track(all_settled(), &["task-1"]);
    update_task(&mut tracker, "task-1", &json!({}), 1);
    assert_eq!(tracker.next_time(), None, "a running task needs no timer");
    update_task(&mut tracker, "task-1", &success(), 2);
    assert_eq!(tracker.next_time(), Some(at(8)));
}

#[test]
fn settle_timer_starts_again_after_an_outage() {
    let mut tracker = track(all_settled(), &["task-1"]);
    update_task(&mut tracker, "task-1", &success(), 2);
    let retrying = ConnectionState::Retrying {
        attempt: 1,
        next: at(20),
        reason: "refused".into(),
    };
    set_connection(&mut tracker, retrying, 3);
    set_connection(&mut tracker, ConnectionState::Live, 20);
    assert_eq!(outcome(&mut tracker, 25), None, "children may have started");
    assert_eq!(outcome(&mut tracker, 26), Some(Outcome::Success));
}

#[test]
fn timeout_while_settling_keeps_task_outcome() {
    let family = || WaitCondition {
        timeout: Some(SignedDuration::from_secs(10)),
        ..all_settled()
    };
    for (end, expected) in [(success(), Outcome::Success), (failed(), Outcome::Failed)] {
        let mut tracker = track(family(), &["task-1"]);
        update_task(&mut tracker, "task-1", &end, 8);
        assert_eq!(tracker.result(at(9)), None);
        let result = tracker.result(at(10)).unwrap();
        assert_eq!(result.outcome, expected);
        let reason = result.reason.unwrap();
        assert!(
            reason.contains("1 task ended") && reason.contains("--settle"),
            "{reason}"
        );
    }
    // While a server is unreachable, more child tasks may have started.
    let mut disconnected = track(family(), &["task-1"]);
    update_task(&mut disconnected, "task-1", &success(), 8);
    set_connection(&mut disconnected, ConnectionState::Connecting, 9);
    let result = disconnected.result(at(10)).unwrap();
    assert_eq!(result.outcome, Outcome::TimedOut);
    assert!(
        result
            .reason
            .unwrap()
            .contains("still connecting to vc01.lab")
    );
    let open = track(family(), &["task-1"]).result(at(10)).unwrap();
    assert_eq!(open.outcome, Outcome::TimedOut);
    assert!(open.reason.unwrap().contains("1 task still running"));
}
