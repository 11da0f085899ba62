use super::*;

#[test]
fn matching_new_tasks_are_awaited() {
    let choice = TaskSelector {
        entity: vec!["web-*".to_owned()],
        ..TaskSelector::default()
    };
    let new = CompiledSelector::new(&choice, &Saved::new(), "vc01".to_owned()).unwrap();
    let mut tracker = track_new(all_ended(), &[], Some(new));
    let web = |second: i64, state: &str| json!({"entityName": "web-1", "queueTime": at(second).to_string(), "state": state});
    update_task(&mut tracker, "task-1", &web(-9, "success"), 1);
    update_task(
        &mut tracker,
        "task-2",
        &json!({"queueTime": at(2).to_string()}),
        2,
    );
    assert_eq!(
        outcome(&mut tracker, 2),
        None,
        "neither is new and matching"
    );
    update_task(&mut tracker, "task-3", &web(3, "running"), 3);
    assert_eq!(outcome(&mut tracker, 3), None);
    update_task(&mut tracker, "task-3", &web(3, "success"), 4);
    assert_eq!(outcome(&mut tracker, 4), Some(Outcome::Success));
    assert_eq!(tracker.tasks.len(), 1);
}

#[test]
fn server_clock_change_keeps_start_of_new_tasks() {
    let selector =
        CompiledSelector::new(&TaskSelector::default(), &Saved::new(), "vc01".to_owned()).unwrap();
    let mut tracker = track_new(all_ended(), &[], Some(selector));
    let clock = |seconds| ServerClock {
        offset: SignedDuration::from_secs(seconds),
    };
    update_task(
        &mut tracker,
        "task-1",
        &json!({"queueTime": at(-1).to_string()}),
        1,
    );
    tracker.handle(HERE, Update::Clock(clock(600)), at(2));
    update_task(
        &mut tracker,
        "task-2",
        &json!({"queueTime": at(3).to_string()}),
        3,
    );
    assert_eq!(tracker.tasks.len(), 1);
}

#[test]
fn refused_recent_tasks_end_new_but_not_named_tasks() {
    let refused = || Update::RecentRefused("NoPermission.".into());
    let selector = CompiledSelector::new(
        &TaskSelector::default(),
        &Saved::default(),
        "vc01.lab".into(),
    );
    let mut new = track_new(all_ended(), &[], Some(selector.unwrap()));
    new.handle(HERE, refused(), at(5));
    let result = new.result(at(5)).unwrap();
    assert_eq!(result.outcome, Outcome::Unknown);
    assert!(result.reason.unwrap().contains("NoPermission"));
    let mut named = track(all_ended(), &["task-1"]);
    update_task(&mut named, "task-1", &json!({}), 1);
    named.handle(HERE, refused(), at(5));
    assert_eq!(outcome(&mut named, 5), None);
}
