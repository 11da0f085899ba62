use std::time::Instant;

use serde_json::{Value, json};

use super::*;
use crate::{
    command::selector::TaskSelector,
    task::{
        Saved, ServerClock,
        fixture::{at, info},
    },
};

fn goal() -> WaitCondition {
    WaitCondition::all_ended(SignedDuration::from_mins(10))
}

fn waiting(goal: WaitCondition, tasks: &[&str]) -> WaitTracker {
    waiting_new(goal, tasks, None)
}

fn waiting_new(goal: WaitCondition, tasks: &[&str], new: Option<CompiledSelector>) -> WaitTracker {
    let tasks: Vec<Arc<str>> = tasks.iter().map(|task| Arc::from(*task)).collect();
    let mut waiting = WaitTracker::new(goal, at(0));
    waiting.add_place("vc01.lab", None, &tasks, new);
    link(&mut waiting, Link::Live, 0);
    waiting
}

const HERE: EndpointId = EndpointId(0);

fn link(waiting: &mut WaitTracker, link: Link, second: i64) -> Effect {
    waiting.take(HERE, Update::Link(link), at(second))
}

fn tell(waiting: &mut WaitTracker, changes: Vec<TaskChange>, second: i64) -> Effect {
    let since = Instant::now();
    waiting.take(HERE, Update::Tasks { changes, since }, at(second))
}

fn see(waiting: &mut WaitTracker, mo_id: &str, more: &Value, second: i64) -> Effect {
    let change = TaskChange::Full {
        info: info(mo_id, more),
        at: at(second),
    };
    tell(waiting, vec![change], second)
}

fn gone(mo_id: &str, second: i64) -> TaskChange {
    TaskChange::Gone {
        mo_id: mo_id.into(),
        at: at(second),
    }
}

fn outcome(waiting: &mut WaitTracker, second: i64) -> Option<Outcome> {
    waiting.pass(at(second));
    waiting
        .conclusion(at(second))
        .map(|conclusion| conclusion.outcome)
}

fn success() -> Value {
    json!({"state": "success"})
}

fn failed() -> Value {
    json!({"state": "error", "error": {"_typeName": "NoDiskSpace"}})
}

fn cancelled() -> Value {
    json!({"state": "error", "error": {"_typeName": "RequestCanceled"}})
}

fn answer(waiting: &mut WaitTracker, mo_id: &str, answer: HistoryLookup, second: i64) -> Effect {
    waiting.take(
        HERE,
        Update::LookedUp {
            mo_id: mo_id.into(),
            answer,
        },
        at(second),
    )
}

#[test]
fn the_worst_of_all_decides_once_all_have_ended() {
    let mut waiting = waiting(goal(), &["task-1", "task-2", "task-3"]);
    see(&mut waiting, "task-1", &failed(), 1);
    see(&mut waiting, "task-2", &cancelled(), 2);
    assert_eq!(outcome(&mut waiting, 2), None);
    let news = see(&mut waiting, "task-3", &success(), 3);
    assert_eq!(news.decided, [TaskId::new(HERE, "task-3")]);
    assert_eq!(outcome(&mut waiting, 3), Some(Outcome::Failed));
}

#[test]
fn of_any_the_first_that_ends_decides() {
    let any = WaitCondition {
        any: true,
        ..goal()
    };
    let mut waiting = waiting(any, &["task-1", "task-2"]);
    see(&mut waiting, "task-1", &json!({}), 1);
    see(&mut waiting, "task-2", &cancelled(), 2);
    assert_eq!(outcome(&mut waiting, 2), Some(Outcome::Cancelled));
}

#[test]
fn a_task_that_vanished_is_looked_for_and_its_end_counts() {
    let mut waiting = waiting(goal(), &["task-1"]);
    see(&mut waiting, "task-1", &json!({}), 1);
    tell(&mut waiting, vec![gone("task-1", 2)], 2);
    assert_eq!(outcome(&mut waiting, 2), None);
    assert!(matches!(
        waiting.due(at(2))[..],
        [(HERE, Command::LookUp(_))]
    ));
    assert!(waiting.due(at(2)).is_empty());
    answer(
        &mut waiting,
        "task-1",
        HistoryLookup::NotFound("There is no record.".into()),
        3,
    );
    assert!(waiting.due(at(4)).is_empty(), "not before its time");
    assert_eq!(waiting.next_time(), Some(at(5)));
    assert_eq!(waiting.due(at(5)).len(), 1);
    see(&mut waiting, "task-1", &failed(), 6);
    answer(&mut waiting, "task-1", HistoryLookup::Found, 6);
    assert_eq!(outcome(&mut waiting, 6), Some(Outcome::Failed));
}

#[test]
fn a_task_that_nobody_knows_leaves_the_outcome_unknown_but_not_the_others() {
    let mut waiting = waiting(goal(), &["task-1", "task-9"]);
    let ghost = TaskChange::Placeholder {
        key: "task-9".into(),
        reason: "no such task.".into(),
    };
    tell(&mut waiting, vec![ghost], 1);
    assert_eq!(waiting.due(at(1)).len(), 1);
    let news = answer(
        &mut waiting,
        "task-9",
        HistoryLookup::NotFound("There is no record.".into()),
        2,
    );
    assert_eq!(news.decided.len(), 1);
    assert_eq!(outcome(&mut waiting, 2), None, "task-1 goes on");
    see(&mut waiting, "task-1", &success(), 3);
    assert_eq!(outcome(&mut waiting, 3), Some(Outcome::Unknown));
}

#[test]
fn an_outage_is_endured_up_to_its_bound_and_forgotten_when_over() {
    let mut waiting = waiting(goal(), &["task-1"]);
    let retrying = || Link::Retrying {
        attempt: 1,
        next: at(9),
        reason: "refused".into(),
    };
    link(&mut waiting, retrying(), 10);
    link(&mut waiting, retrying(), 500);
    assert_eq!(outcome(&mut waiting, 609), None);
    assert_eq!(waiting.next_time(), Some(at(610)));
    link(&mut waiting, Link::Live, 609);
    link(&mut waiting, retrying(), 700);
    assert_eq!(outcome(&mut waiting, 1299), None);
    assert_eq!(outcome(&mut waiting, 1300), Some(Outcome::Unknown));
    let reason = waiting.conclusion(at(1300)).unwrap().reason.unwrap();
    assert!(reason.contains("--max-outage"), "{reason}");
}

#[test]
fn a_question_that_an_outage_swallowed_is_asked_again() {
    let mut waiting = waiting(goal(), &["task-1"]);
    see(&mut waiting, "task-1", &json!({}), 1);
    tell(&mut waiting, vec![gone("task-1", 2)], 2);
    assert_eq!(waiting.due(at(2)).len(), 1);
    link(&mut waiting, Link::Connecting, 3);
    assert!(waiting.due(at(3)).is_empty());
    link(&mut waiting, Link::Live, 4);
    assert_eq!(waiting.due(at(4)).len(), 1);
}

#[test]
fn time_out_and_refusal_end_it() {
    let bounded = WaitCondition {
        timeout: Some(SignedDuration::from_secs(30)),
        ..goal()
    };
    let mut waiting = waiting(bounded, &["task-1"]);
    assert_eq!(outcome(&mut waiting, 29), None);
    assert_eq!(outcome(&mut waiting, 30), Some(Outcome::TimedOut));
    let reason = "wrong password".into();
    link(&mut waiting, Link::SignedOut { reason }, 5);
    assert_eq!(outcome(&mut waiting, 5), Some(Outcome::Refused));
}

#[test]
fn a_family_has_to_end_and_to_stay_quiet() {
    let family = WaitCondition {
        children: Some(SignedDuration::from_secs(6)),
        ..goal()
    };
    let mut waiting = waiting(family, &["task-1"]);
    see(&mut waiting, "task-1", &success(), 1);
    assert_eq!(
        outcome(&mut waiting, 5),
        None,
        "a child may come to light still"
    );
    see(
        &mut waiting,
        "task-2",
        &json!({"parentTaskKey": "task-1"}),
        5,
    );
    see(&mut waiting, "task-7", &json!({"state": "error"}), 5);
    assert_eq!(waiting.awaited.len(), 2, "strangers are not waited for");
    assert_eq!(outcome(&mut waiting, 60), None);
    let more = json!({"parentTaskKey": "task-1", "state": "error", "error": {"_typeName": "X"}});
    see(&mut waiting, "task-2", &more, 61);
    assert_eq!(outcome(&mut waiting, 66), None);
    assert_eq!(outcome(&mut waiting, 67), Some(Outcome::Failed));
}

#[test]
fn what_starts_from_now_on_is_waited_for() {
    let choice = TaskSelector {
        entity: vec!["web-*".to_owned()],
        ..TaskSelector::default()
    };
    let new = CompiledSelector::new(&choice, &Saved::new(), "vc01".to_owned()).unwrap();
    let mut waiting = waiting_new(goal(), &[], Some(new));
    let web = |second: i64, state: &str| json!({"entityName": "web-1", "queueTime": at(second).to_string(), "state": state});
    see(&mut waiting, "task-1", &web(-9, "success"), 1);
    see(
        &mut waiting,
        "task-2",
        &json!({"queueTime": at(2).to_string()}),
        2,
    );
    assert_eq!(outcome(&mut waiting, 2), None, "none of these is it");
    see(&mut waiting, "task-3", &web(3, "running"), 3);
    assert_eq!(outcome(&mut waiting, 3), None);
    see(&mut waiting, "task-3", &web(3, "success"), 4);
    assert_eq!(outcome(&mut waiting, 4), Some(Outcome::Success));
    assert_eq!(waiting.awaited.len(), 1);
}

#[test]
fn a_clock_that_is_set_meanwhile_does_not_make_the_new_old() {
    let selector =
        CompiledSelector::new(&TaskSelector::default(), &Saved::new(), "vc01".to_owned()).unwrap();
    let mut waiting = waiting_new(goal(), &[], Some(selector));
    let clock = |seconds| ServerClock {
        offset: SignedDuration::from_secs(seconds),
    };
    see(
        &mut waiting,
        "task-1",
        &json!({"queueTime": at(-1).to_string()}),
        1,
    );
    waiting.take(HERE, Update::Clock(clock(600)), at(2));
    see(
        &mut waiting,
        "task-2",
        &json!({"queueTime": at(3).to_string()}),
        3,
    );
    assert_eq!(waiting.awaited.len(), 1);
}

#[test]
fn a_task_that_may_not_be_read_is_unknown_at_once_and_one_that_was_after_a_while() {
    let mut waiting = waiting(goal(), &["task-1", "task-2"]);
    see(&mut waiting, "task-1", &json!({}), 1);
    let unreadable = |mo_id: &str| TaskChange::Unreadable {
        mo_id: mo_id.into(),
        reason: "no permission.".into(),
        may_pass: false,
    };
    tell(
        &mut waiting,
        vec![unreadable("task-1"), unreadable("task-2")],
        2,
    );
    assert_eq!(
        waiting.awaited[1].fate,
        TaskOutcome::Unknown("no permission.".into())
    );
    assert_eq!(waiting.awaited[0].fate, TaskOutcome::Open);
    waiting.pass(at(602));
    assert_eq!(outcome(&mut waiting, 602), Some(Outcome::Unknown));
}

#[test]
fn a_task_that_was_never_read_is_waited_for_while_bad_answers_may_pass() {
    let mut waiting = waiting(goal(), &["task-1"]);
    let unreadable = || TaskChange::Unreadable {
        mo_id: "task-1".into(),
        reason: "cut off.".into(),
        may_pass: true,
    };
    for second in [1, 2, 32, 62] {
        tell(&mut waiting, vec![unreadable()], second);
        assert_eq!(waiting.awaited[0].fate, TaskOutcome::Open, "{second}");
    }
    assert_eq!(waiting.next_time(), Some(at(601)));
    waiting.pass(at(600));
    assert_eq!(outcome(&mut waiting, 600), None);
    waiting.pass(at(601));
    assert_eq!(
        waiting.awaited[0].fate,
        TaskOutcome::Unknown("cut off.".into())
    );
}

#[test]
fn a_family_that_goes_on_leaves_nothing_due() {
    let family = WaitCondition {
        children: Some(SignedDuration::from_secs(6)),
        ..goal()
    };
    let mut waiting = waiting(family, &["task-1"]);
    see(&mut waiting, "task-1", &json!({}), 1);
    assert_eq!(
        waiting.next_time(),
        None,
        "or it would be looked at all the time"
    );
    see(&mut waiting, "task-1", &success(), 2);
    assert_eq!(waiting.next_time(), Some(at(8)));
}

#[test]
fn a_time_out_within_the_quiet_time_of_children_ends_as_the_tasks_did() {
    let family = || WaitCondition {
        children: Some(SignedDuration::from_secs(6)),
        timeout: Some(SignedDuration::from_secs(10)),
        ..goal()
    };
    for (end, expected) in [(success(), Outcome::Success), (failed(), Outcome::Failed)] {
        let mut waiting = waiting(family(), &["task-1"]);
        see(&mut waiting, "task-1", &end, 8);
        assert_eq!(waiting.conclusion(at(9)), None);
        let conclusion = waiting.conclusion(at(10)).unwrap();
        assert_eq!(conclusion.outcome, expected);
        let reason = conclusion.reason.unwrap();
        assert!(
            reason.contains("all ended") && reason.contains("--settle"),
            "{reason}"
        );
    }
    // While a server is unreachable, more child tasks may have started.
    let mut away = waiting(family(), &["task-1"]);
    see(&mut away, "task-1", &success(), 8);
    link(&mut away, Link::Connecting, 9);
    let conclusion = away.conclusion(at(10)).unwrap();
    assert_eq!(conclusion.outcome, Outcome::TimedOut);
    assert!(
        conclusion
            .reason
            .unwrap()
            .contains("still connecting to vc01.lab")
    );
    let open = waiting(family(), &["task-1"]).conclusion(at(10)).unwrap();
    assert_eq!(open.outcome, Outcome::TimedOut);
    assert!(open.reason.unwrap().contains("1 task still running"));
}

mod several {
    use super::*;

    const LAB: EndpointId = EndpointId(0);
    const BRANCH: EndpointId = EndpointId(1);

    fn both(goal: WaitCondition) -> WaitTracker {
        let mut waiting = WaitTracker::new(goal, at(0));
        for (endpoint, name) in [("vc01.lab", "lab"), ("vc02.lab", "branch")] {
            let id = waiting.add_place(endpoint, Some(name), &["task-1".into()], None);
            waiting.take(id, Update::Link(Link::Live), at(0));
        }
        waiting
    }

    fn see(waiting: &mut WaitTracker, from: EndpointId, more: &Value, second: i64) -> Effect {
        let info = info("task-1", more);
        let at = at(second);
        let changes = vec![TaskChange::Full { info, at }];
        let since = Instant::now();
        waiting.take(from, Update::Tasks { changes, since }, at)
    }

    fn away() -> Update {
        Update::Link(Link::Retrying {
            attempt: 1,
            next: at(1),
            reason: "refused".into(),
        })
    }

    #[test]
    fn the_same_mo_id_is_two_tasks() {
        let mut waiting = both(goal());
        let news = see(&mut waiting, BRANCH, &failed(), 1);
        assert_eq!(news.decided, [TaskId::new(BRANCH, "task-1")]);
        assert_eq!(waiting.awaited[0].fate, TaskOutcome::Open);
        assert_eq!(outcome(&mut waiting, 1), None);
        see(&mut waiting, LAB, &success(), 2);
        assert_eq!(outcome(&mut waiting, 2), Some(Outcome::Failed));
        let called = waiting.awaited.iter().map(|task| waiting.called(&task.id));
        assert!(called.eq(["lab/task-1", "branch/task-1"]));
    }

    #[test]
    fn questions_go_to_the_server_of_the_task() {
        let mut waiting = both(goal());
        see(&mut waiting, BRANCH, &json!({}), 1);
        let changes = vec![gone("task-1", 2)];
        let since = Instant::now();
        waiting.take(BRANCH, Update::Tasks { changes, since }, at(2));
        assert!(matches!(
            waiting.due(at(2))[..],
            [(BRANCH, Command::LookUp(_))]
        ));
        // A response about another task is ignored.
        let mo_id: Arc<str> = "task-1".into();
        let answer = HistoryLookup::Failed("no".into());
        let update = Update::LookedUp { mo_id, answer };
        waiting.take(LAB, update, at(3));
        assert!(matches!(waiting.awaited[1].fate, TaskOutcome::Sought(_)));
    }

    #[test]
    fn each_has_an_outage_clock_of_its_own_and_one_that_is_given_up_leaves_the_other() {
        let mut waiting = both(goal());
        waiting.take(LAB, away(), at(10));
        waiting.take(BRANCH, away(), at(300));
        assert_eq!(waiting.next_time(), Some(at(610)));
        let news = waiting.pass(at(610));
        assert_eq!(news.links, [LAB]);
        assert!(matches!(waiting.awaited[0].fate, TaskOutcome::Unknown(_)));
        assert_eq!(waiting.awaited[1].fate, TaskOutcome::Open);
        assert_eq!(waiting.next_time(), Some(at(900)));
        waiting.take(BRANCH, Update::Link(Link::Live), at(700));
        // Too late: updates of a lost server are ignored.
        waiting.take(LAB, Update::Link(Link::Live), at(701));
        see(&mut waiting, LAB, &success(), 702);
        assert!(matches!(waiting.awaited[0].fate, TaskOutcome::Unknown(_)));
        assert_eq!(outcome(&mut waiting, 702), None);
        see(&mut waiting, BRANCH, &success(), 703);
        let conclusion = waiting.conclusion(at(703)).unwrap();
        assert_eq!(conclusion.outcome, Outcome::Unknown);
        let reason = conclusion.reason.unwrap();
        assert!(reason.starts_with("lab: unreachable"), "{reason}");
    }

    #[test]
    fn one_that_refuses_counts_in_the_end() {
        let mut waiting = both(goal());
        let reason = "wrong password".into();
        waiting.take(LAB, Update::Link(Link::SignedOut { reason }), at(1));
        assert_eq!(outcome(&mut waiting, 1), None);
        see(&mut waiting, BRANCH, &failed(), 2);
        assert_eq!(outcome(&mut waiting, 2), Some(Outcome::Refused));
    }

    #[test]
    fn of_any_the_first_on_any_server_decides() {
        let any = || WaitCondition {
            any: true,
            ..goal()
        };
        let mut waiting = both(any());
        waiting.take(LAB, away(), at(0));
        waiting.pass(at(600));
        assert_eq!(outcome(&mut waiting, 600), None, "one is left");
        see(&mut waiting, BRANCH, &success(), 601);
        assert_eq!(outcome(&mut waiting, 601), Some(Outcome::Success));
        let mut waiting = both(any());
        for place in [LAB, BRANCH] {
            waiting.take(place, away(), at(0));
        }
        assert_eq!(outcome(&mut waiting, 600), Some(Outcome::Unknown));
    }

    #[test]
    fn what_starts_anywhere_is_waited_for_until_nobody_is_left() {
        let mut waiting = WaitTracker::new(goal(), at(0));
        for name in ["lab", "branch"] {
            let new =
                CompiledSelector::new(&TaskSelector::default(), &Saved::new(), name.to_owned())
                    .unwrap();
            let id = waiting.add_place(name, Some(name), &[], Some(new));
            waiting.take(id, Update::Link(Link::Live), at(0));
        }
        waiting.take(LAB, away(), at(1));
        assert_eq!(outcome(&mut waiting, 601), None);
        assert!(waiting.places[0].lost.is_some());
        see(
            &mut waiting,
            BRANCH,
            &json!({"state": "success", "queueTime": at(602).to_string()}),
            602,
        );
        assert_eq!(outcome(&mut waiting, 602), Some(Outcome::Unknown));
        waiting.awaited.clear();
        waiting.take(BRANCH, away(), at(700));
        assert_eq!(outcome(&mut waiting, 1300), Some(Outcome::Unknown));
    }
}

#[test]
fn a_task_that_begins_to_deserve_a_second_look_is_reported_once() {
    let mut waiting = waiting(goal(), &["task-1"]);
    let queued = json!({"state": "queued", "startTime": null, "queueTime": at(0).to_string()});
    see(&mut waiting, "task-1", &queued, 0);
    assert!(waiting.pass(at(30)).changed.is_empty());
    assert_eq!(waiting.pass(at(90)).changed.len(), 1);
    assert!(waiting.pass(at(120)).changed.is_empty());
    let id = TaskId::new(HERE, "task-1");
    let line = super::super::json::LastWritten::default().task(&waiting, &id, at(120));
    let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
    assert!(
        line["trouble"]
            .as_str()
            .unwrap()
            .starts_with("Queued for 2m"),
        "{line}"
    );
    see(&mut waiting, "task-1", &json!({}), 121);
    assert_eq!(waiting.pass(at(122)).changed.len(), 1, "it is over");
}

#[test]
fn a_refused_list_of_recent_tasks_ends_new_but_not_named_tasks() {
    let refused = || Update::RecentRefused("NoPermission.".into());
    let selector = CompiledSelector::new(
        &TaskSelector::default(),
        &Saved::default(),
        "vc01.lab".into(),
    );
    let mut new = waiting_new(goal(), &[], Some(selector.unwrap()));
    new.take(HERE, refused(), at(5));
    let result = new.conclusion(at(5)).unwrap();
    assert_eq!(result.outcome, Outcome::Unknown);
    assert!(result.reason.unwrap().contains("NoPermission"));
    let mut named = waiting(goal(), &["task-1"]);
    see(&mut named, "task-1", &json!({}), 1);
    named.take(HERE, refused(), at(5));
    assert_eq!(outcome(&mut named, 5), None);
}

#[test]
fn the_first_failure_is_enough_with_fail_fast() {
    let goal = WaitCondition {
        fail_fast: true,
        ..goal()
    };
    let mut waiting = waiting(goal, &["task-1", "task-2", "task-3"]);
    for task in ["task-1", "task-2", "task-3"] {
        see(&mut waiting, task, &json!({}), 1);
    }
    let done = json!({"state": "success", "completeTime": at(2).to_string()});
    see(&mut waiting, "task-1", &done, 2);
    assert_eq!(waiting.conclusion(at(2)), None);
    let failed = json!({"state": "error", "completeTime": at(3).to_string(),
        "error": {"_typeName": "NoDiskSpace", "faultstring": "full"}});
    see(&mut waiting, "task-2", &failed, 3);
    assert_eq!(waiting.conclusion(at(3)).unwrap().outcome, Outcome::Failed);
}

#[test]
fn a_task_without_progress_ends_the_waiting_as_stalled() {
    let stalled = |stop_on_stall| {
        let goal = WaitCondition {
            stalled: Some(SignedDuration::from_secs(60)),
            stop_on_stall,
            ..goal()
        };
        let mut waiting = waiting(goal, &["task-1", "task-2"]);
        see(&mut waiting, "task-1", &json!({"progress": 5}), 1);
        // A task that reports no progress does not count.
        see(&mut waiting, "task-2", &json!({}), 1);
        let first = waiting.pass(at(2)).stalled.len();
        see(&mut waiting, "task-1", &json!({"progress": 6}), 30);
        waiting.pass(at(30));
        assert_eq!((first, waiting.pass(at(89)).stalled.len()), (0, 0));
        let found = waiting.pass(at(90)).stalled;
        assert_eq!(found.len(), 1);
        waiting.conclusion(at(90))
    };
    let conclusion = stalled(true).unwrap();
    assert_eq!(conclusion.outcome, Outcome::Stalled);
    let reason = conclusion.reason.unwrap();
    assert_eq!(reason, "task-1 has made no progress for 1m.");
    assert_eq!(stalled(false), None);
}
