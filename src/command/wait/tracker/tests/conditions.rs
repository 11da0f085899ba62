use super::*;

#[test]
fn all_ends_with_worst_outcome_after_last_task() {
    let mut tracker = track(all_ended(), &["task-1", "task-2", "task-3"]);
    update_task(&mut tracker, "task-1", &failed(), 1);
    update_task(&mut tracker, "task-2", &cancelled(), 2);
    assert_eq!(outcome(&mut tracker, 2), None);
    let effect = update_task(&mut tracker, "task-3", &success(), 3);
    assert_eq!(effect.decided, [TaskId::new(HERE, "task-3")]);
    assert_eq!(outcome(&mut tracker, 3), Some(Outcome::Failed));
}

#[test]
fn any_ends_with_first_finished_task() {
    let any = WaitCondition {
        any: true,
        ..all_ended()
    };
    let mut tracker = track(any, &["task-1", "task-2"]);
    update_task(&mut tracker, "task-1", &json!({}), 1);
    update_task(&mut tracker, "task-2", &cancelled(), 2);
    assert_eq!(outcome(&mut tracker, 2), Some(Outcome::Cancelled));
}

#[test]
fn fail_fast_ends_with_first_failed_task() {
    let condition = WaitCondition {
        fail_fast: true,
        ..all_ended()
    };
    let mut tracker = track(condition, &["task-1", "task-2", "task-3"]);
    for task in ["task-1", "task-2", "task-3"] {
        update_task(&mut tracker, task, &json!({}), 1);
    }
    let done = json!({"state": "success", "completeTime": at(2).to_string()});
    update_task(&mut tracker, "task-1", &done, 2);
    assert_eq!(tracker.result(at(2)), None);
    let failed = json!({"state": "error", "completeTime": at(3).to_string(),
        "error": {"_typeName": "NoDiskSpace", "faultstring": "full"}});
    update_task(&mut tracker, "task-2", &failed, 3);
    assert_eq!(tracker.result(at(3)).unwrap().outcome, Outcome::Failed);
}

#[test]
fn timeout_or_refused_sign_in_ends_waiting() {
    let with_timeout = WaitCondition {
        timeout: Some(SignedDuration::from_secs(30)),
        ..all_ended()
    };
    let mut tracker = track(with_timeout, &["task-1"]);
    assert_eq!(outcome(&mut tracker, 29), None);
    assert_eq!(outcome(&mut tracker, 30), Some(Outcome::TimedOut));
    let reason = "wrong password".into();
    set_connection(&mut tracker, ConnectionState::SignedOut { reason }, 5);
    assert_eq!(outcome(&mut tracker, 5), Some(Outcome::Refused));
}

#[test]
fn outage_longer_than_limit_ends_waiting_and_reconnect_resets_it() {
    let mut tracker = track(all_ended(), &["task-1"]);
    let retrying = || ConnectionState::Retrying {
        attempt: 1,
        next: at(9),
        reason: "refused".into(),
    };
    set_connection(&mut tracker, retrying(), 10);
    set_connection(&mut tracker, retrying(), 500);
    assert_eq!(outcome(&mut tracker, 609), None);
    assert_eq!(tracker.next_time(), Some(at(610)));
    set_connection(&mut tracker, ConnectionState::Live, 609);
    set_connection(&mut tracker, retrying(), 700);
    assert_eq!(outcome(&mut tracker, 1299), None);
    assert_eq!(outcome(&mut tracker, 1300), Some(Outcome::Unknown));
    let reason = tracker.result(at(1300)).unwrap().reason.unwrap();
    assert!(reason.contains("--max-outage"), "{reason}");
}

#[test]
fn stalled_task_ends_waiting_with_stop_on_stall() {
    let stalled = |stop_on_stall| {
        let condition = WaitCondition {
            stalled: Some(SignedDuration::from_secs(60)),
            stop_on_stall,
            ..all_ended()
        };
        let mut tracker = track(condition, &["task-1", "task-2"]);
        update_task(&mut tracker, "task-1", &json!({"progress": 5}), 1);
        // A task that reports no progress does not count.
        update_task(&mut tracker, "task-2", &json!({}), 1);
        let first = tracker.tick(at(2)).stalled.len();
        update_task(&mut tracker, "task-1", &json!({"progress": 6}), 30);
        tracker.tick(at(30));
        assert_eq!((first, tracker.tick(at(89)).stalled.len()), (0, 0));
        let found = tracker.tick(at(90)).stalled;
        assert_eq!(found.len(), 1);
        tracker.result(at(90))
    };
    let result = stalled(true).unwrap();
    assert_eq!(result.outcome, Outcome::Stalled);
    let reason = result.reason.unwrap();
    assert_eq!(reason, "task-1 has made no progress for 1m.");
    assert_eq!(stalled(false), None);
}

#[test]
fn long_queued_task_is_reported_once() {
    let mut tracker = track(all_ended(), &["task-1"]);
    let queued = json!({"state": "queued", "startTime": null, "queueTime": at(0).to_string()});
    update_task(&mut tracker, "task-1", &queued, 0);
    assert!(tracker.tick(at(30)).changed.is_empty());
    assert_eq!(tracker.tick(at(90)).changed.len(), 1);
    assert!(tracker.tick(at(120)).changed.is_empty());
    let id = TaskId::new(HERE, "task-1");
    let line = crate::command::wait::json::LastWritten::default().task(&tracker, &id, at(120));
    let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
    assert!(
        line["trouble"]
            .as_str()
            .unwrap()
            .starts_with("Queued for 2m"),
        "{line}"
    );
    update_task(&mut tracker, "task-1", &json!({}), 121);
    assert_eq!(
        tracker.tick(at(122)).changed.len(),
        1,
        "the task is running"
    );
}
