use super::*;

const LAB: ServerId = ServerId(0);
const BRANCH: ServerId = ServerId(1);

fn two_servers(condition: WaitCondition) -> WaitTracker {
    let mut tracker = WaitTracker::new(condition, at(0));
    for (server, name) in [("vc01.lab", "lab"), ("vc02.lab", "branch")] {
        let id = tracker.add_server(server, Some(name), &["task-1".into()], None);
        tracker.handle(id, Update::Connection(ConnectionState::Live), at(0));
    }
    tracker
}

fn update_task(
    tracker: &mut WaitTracker,
    from: ServerId,
    more: &Value,
    second: i64,
) -> TrackerChanges {
    let info = info("task-1", more);
    let at = at(second);
    let changes = vec![TaskChange::Full { info, at }];
    let since = Instant::now();
    tracker.handle(from, Update::Tasks { changes, since }, at)
}

fn retrying() -> Update {
    Update::Connection(ConnectionState::Retrying {
        attempt: 1,
        next: at(1),
        reason: "refused".into(),
    })
}

#[test]
fn same_task_id_on_two_servers_is_two_tasks() {
    let mut tracker = two_servers(all_ended());
    let effect = update_task(&mut tracker, BRANCH, &failed(), 1);
    assert_eq!(effect.decided, [TaskId::new(BRANCH, "task-1")]);
    assert_eq!(tracker.tasks[0].outcome, TaskOutcome::Open);
    assert_eq!(outcome(&mut tracker, 1), None);
    update_task(&mut tracker, LAB, &success(), 2);
    assert_eq!(outcome(&mut tracker, 2), Some(Outcome::Failed));
    let called = tracker
        .tasks
        .iter()
        .map(|task| tracker.display_name(&task.id));
    assert!(called.eq(["lab/task-1", "branch/task-1"]));
}

#[test]
fn lookups_go_to_server_of_task() {
    let mut tracker = two_servers(all_ended());
    update_task(&mut tracker, BRANCH, &json!({}), 1);
    let changes = vec![removed("task-1", 2)];
    let since = Instant::now();
    tracker.handle(BRANCH, Update::Tasks { changes, since }, at(2));
    assert!(matches!(
        tracker.due(at(2))[..],
        [(BRANCH, Command::LookUp(_))]
    ));
    // A response from another server is ignored.
    let mo_id: Arc<str> = "task-1".into();
    let answer = HistoryLookup::Failed("no".into());
    let update = Update::LookedUp { mo_id, answer };
    tracker.handle(LAB, update, at(3));
    assert!(matches!(
        tracker.tasks[1].outcome,
        TaskOutcome::Searching(_)
    ));
}

#[test]
fn outage_limit_applies_per_server() {
    let mut tracker = two_servers(all_ended());
    tracker.handle(LAB, retrying(), at(10));
    tracker.handle(BRANCH, retrying(), at(300));
    assert_eq!(tracker.next_time(), Some(at(610)));
    let effect = tracker.tick(at(610));
    assert_eq!(effect.connections, [LAB]);
    assert!(matches!(tracker.tasks[0].outcome, TaskOutcome::Unknown(_)));
    assert_eq!(tracker.tasks[1].outcome, TaskOutcome::Open);
    assert_eq!(tracker.next_time(), Some(at(900)));
    tracker.handle(BRANCH, Update::Connection(ConnectionState::Live), at(700));
    // Updates of a server that was given up are ignored.
    tracker.handle(LAB, Update::Connection(ConnectionState::Live), at(701));
    update_task(&mut tracker, LAB, &success(), 702);
    assert!(matches!(tracker.tasks[0].outcome, TaskOutcome::Unknown(_)));
    assert_eq!(outcome(&mut tracker, 702), None);
    update_task(&mut tracker, BRANCH, &success(), 703);
    let result = tracker.result(at(703)).unwrap();
    assert_eq!(result.outcome, Outcome::Unknown);
    let reason = result.reason.unwrap();
    assert!(reason.starts_with("lab: unreachable"), "{reason}");
}

#[test]
fn refused_sign_in_decides_after_other_servers_finish() {
    let mut tracker = two_servers(all_ended());
    let reason = "wrong password".into();
    tracker.handle(
        LAB,
        Update::Connection(ConnectionState::SignedOut { reason }),
        at(1),
    );
    assert_eq!(outcome(&mut tracker, 1), None);
    update_task(&mut tracker, BRANCH, &failed(), 2);
    assert_eq!(outcome(&mut tracker, 2), Some(Outcome::Refused));
}

#[test]
fn any_ends_with_first_finished_task_on_any_server() {
    let any = || WaitCondition {
        any: true,
        ..all_ended()
    };
    let mut tracker = two_servers(any());
    tracker.handle(LAB, retrying(), at(0));
    tracker.tick(at(600));
    assert_eq!(outcome(&mut tracker, 600), None, "one server is left");
    update_task(&mut tracker, BRANCH, &success(), 601);
    assert_eq!(outcome(&mut tracker, 601), Some(Outcome::Success));
    let mut tracker = two_servers(any());
    for server in [LAB, BRANCH] {
        tracker.handle(server, retrying(), at(0));
    }
    assert_eq!(outcome(&mut tracker, 600), Some(Outcome::Unknown));
}

#[test]
fn new_tasks_on_any_server_are_awaited_until_all_servers_are_lost() {
    let mut tracker = WaitTracker::new(all_ended(), at(0));
    for name in ["lab", "branch"] {
        let new = CompiledSelector::new(&TaskSelector::default(), &Saved::new(), name.to_owned())
            .unwrap();
        let id = tracker.add_server(name, Some(name), &[], Some(new));
        tracker.handle(id, Update::Connection(ConnectionState::Live), at(0));
    }
    tracker.handle(LAB, retrying(), at(1));
    assert_eq!(outcome(&mut tracker, 601), None);
    assert!(tracker.servers[0].given_up.is_some());
    update_task(
        &mut tracker,
        BRANCH,
        &json!({"state": "success", "queueTime": at(602).to_string()}),
        602,
    );
    assert_eq!(outcome(&mut tracker, 602), Some(Outcome::Unknown));
    tracker.tasks.clear();
    tracker.handle(BRANCH, retrying(), at(700));
    assert_eq!(outcome(&mut tracker, 1300), Some(Outcome::Unknown));
}
