use super::*;

#[test]
fn removed_task_is_looked_up_in_history() {
    let mut tracker = track(all_ended(), &["task-1"]);
    update_task(&mut tracker, "task-1", &json!({}), 1);
    apply_changes(&mut tracker, vec![removed("task-1", 2)], 2);
    assert_eq!(outcome(&mut tracker, 2), None);
    assert!(matches!(
        tracker.due(at(2))[..],
        [(HERE, Command::LookUp(_))]
    ));
    assert!(tracker.due(at(2)).is_empty());
    finish_lookup(
        &mut tracker,
        "task-1",
        HistoryLookup::NotFound("There is no record.".into()),
        3,
    );
    assert!(tracker.due(at(4)).is_empty(), "backoff has not elapsed");
    assert_eq!(tracker.next_time(), Some(at(5)));
    assert_eq!(tracker.due(at(5)).len(), 1);
    update_task(&mut tracker, "task-1", &failed(), 6);
    finish_lookup(&mut tracker, "task-1", HistoryLookup::Found, 6);
    assert_eq!(outcome(&mut tracker, 6), Some(Outcome::Failed));
}

#[test]
fn task_missing_from_history_is_unknown_and_others_continue() {
    let mut tracker = track(all_ended(), &["task-1", "task-9"]);
    let placeholder = TaskChange::Placeholder {
        key: "task-9".into(),
        reason: "no such task.".into(),
    };
    apply_changes(&mut tracker, vec![placeholder], 1);
    assert_eq!(tracker.due(at(1)).len(), 1);
    let effect = finish_lookup(
        &mut tracker,
        "task-9",
        HistoryLookup::NotFound("There is no record.".into()),
        2,
    );
    assert_eq!(effect.decided.len(), 1);
    assert_eq!(outcome(&mut tracker, 2), None, "task-1 is still running");
    update_task(&mut tracker, "task-1", &success(), 3);
    assert_eq!(outcome(&mut tracker, 3), Some(Outcome::Unknown));
}

#[test]
fn lookup_interrupted_by_outage_is_retried() {
    let mut tracker = track(all_ended(), &["task-1"]);
    update_task(&mut tracker, "task-1", &json!({}), 1);
    apply_changes(&mut tracker, vec![removed("task-1", 2)], 2);
    assert_eq!(tracker.due(at(2)).len(), 1);
    set_connection(&mut tracker, ConnectionState::Connecting, 3);
    assert!(tracker.due(at(3)).is_empty());
    set_connection(&mut tracker, ConnectionState::Live, 4);
    assert_eq!(tracker.due(at(4)).len(), 1);
}

#[test]
fn denied_task_is_unknown_at_once_if_never_read_or_after_max_outage() {
    let mut tracker = track(all_ended(), &["task-1", "task-2"]);
    update_task(&mut tracker, "task-1", &json!({}), 1);
    let unreadable = |mo_id: &str| TaskChange::Unreadable {
        mo_id: mo_id.into(),
        reason: "no permission.".into(),
        is_transient: false,
    };
    apply_changes(
        &mut tracker,
        vec![unreadable("task-1"), unreadable("task-2")],
        2,
    );
    assert_eq!(
        tracker.tasks[1].outcome,
        TaskOutcome::Unknown("no permission.".into())
    );
    assert_eq!(tracker.tasks[0].outcome, TaskOutcome::Open);
    tracker.tick(at(602));
    assert_eq!(outcome(&mut tracker, 602), Some(Outcome::Unknown));
}

#[test]
fn transient_read_errors_are_tolerated_up_to_max_outage() {
    let mut tracker = track(all_ended(), &["task-1"]);
    let unreadable = || TaskChange::Unreadable {
        mo_id: "task-1".into(),
        reason: "cut off.".into(),
        is_transient: true,
    };
    for second in [1, 2, 32, 62] {
        apply_changes(&mut tracker, vec![unreadable()], second);
        assert_eq!(tracker.tasks[0].outcome, TaskOutcome::Open, "{second}");
    }
    assert_eq!(tracker.next_time(), Some(at(601)));
    tracker.tick(at(600));
    assert_eq!(outcome(&mut tracker, 600), None);
    tracker.tick(at(601));
    assert_eq!(
        tracker.tasks[0].outcome,
        TaskOutcome::Unknown("cut off.".into())
    );
}
