use std::time::Instant;

use serde_json::{Value, json};

use super::*;
use crate::{
    command::choice::Choice,
    task::{
        Saved,
        fixture::{at, info},
    },
};

fn goal() -> Goal {
    Goal {
        any: false,
        children: None,
        new: None,
        timeout: None,
        max_outage: SignedDuration::from_mins(10),
    }
}

fn waiting(goal: Goal, tasks: &[&str]) -> Waiting {
    let tasks: Vec<Arc<str>> = tasks.iter().map(|task| Arc::from(*task)).collect();
    let mut waiting = Waiting::new(goal, &tasks, at(0));
    waiting.take(Update::Link(Link::Live), at(0));
    waiting
}

fn tell(waiting: &mut Waiting, changes: Vec<TaskChange>, second: i64) -> News {
    let since = Instant::now();
    waiting.take(Update::Tasks { changes, since }, at(second))
}

fn see(waiting: &mut Waiting, mo_id: &str, more: &Value, second: i64) -> News {
    let change = TaskChange::Whole {
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

fn outcome(waiting: &Waiting, second: i64) -> Option<Outcome> {
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

fn answer(waiting: &mut Waiting, mo_id: &str, answer: LookUpAnswer, second: i64) -> News {
    waiting.take(
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
    assert_eq!(outcome(&waiting, 2), None);
    let news = see(&mut waiting, "task-3", &success(), 3);
    assert_eq!(news.decided, ["task-3".into()] as [Arc<str>; 1]);
    assert_eq!(outcome(&waiting, 3), Some(Outcome::Failed));
}

#[test]
fn of_any_the_first_that_ends_decides() {
    let any = Goal {
        any: true,
        ..goal()
    };
    let mut waiting = waiting(any, &["task-1", "task-2"]);
    see(&mut waiting, "task-1", &json!({}), 1);
    see(&mut waiting, "task-2", &cancelled(), 2);
    assert_eq!(outcome(&waiting, 2), Some(Outcome::Cancelled));
}

#[test]
fn a_task_that_vanished_is_looked_for_and_its_end_counts() {
    let mut waiting = waiting(goal(), &["task-1"]);
    see(&mut waiting, "task-1", &json!({}), 1);
    tell(&mut waiting, vec![gone("task-1", 2)], 2);
    assert_eq!(outcome(&waiting, 2), None);
    assert!(matches!(waiting.due(at(2))[..], [Command::LookUp(_)]));
    assert!(waiting.due(at(2)).is_empty());
    answer(&mut waiting, "task-1", LookUpAnswer::NotFound, 3);
    assert!(waiting.due(at(4)).is_empty(), "not before its time");
    assert_eq!(waiting.next_time(), Some(at(5)));
    assert_eq!(waiting.due(at(5)).len(), 1);
    see(&mut waiting, "task-1", &failed(), 6);
    answer(&mut waiting, "task-1", LookUpAnswer::Found, 6);
    assert_eq!(outcome(&waiting, 6), Some(Outcome::Failed));
}

#[test]
fn a_task_that_nobody_knows_leaves_the_outcome_unknown_but_not_the_others() {
    let mut waiting = waiting(goal(), &["task-1", "task-9"]);
    let ghost = TaskChange::Ghost {
        key: "task-9".into(),
        reason: "no such task.".into(),
    };
    tell(&mut waiting, vec![ghost], 1);
    assert_eq!(waiting.due(at(1)).len(), 1);
    let news = answer(&mut waiting, "task-9", LookUpAnswer::NotFound, 2);
    assert_eq!(news.decided.len(), 1);
    assert_eq!(outcome(&waiting, 2), None, "task-1 goes on");
    see(&mut waiting, "task-1", &success(), 3);
    assert_eq!(outcome(&waiting, 3), Some(Outcome::Unknown));
}

#[test]
fn an_outage_is_endured_up_to_its_bound_and_forgotten_when_over() {
    let mut waiting = waiting(goal(), &["task-1"]);
    let retrying = || Link::Retrying {
        attempt: 1,
        next: at(9),
        reason: "refused".into(),
    };
    waiting.take(Update::Link(retrying()), at(10));
    waiting.take(Update::Link(retrying()), at(500));
    assert_eq!(outcome(&waiting, 609), None);
    assert_eq!(outcome(&waiting, 610), Some(Outcome::Unknown));
    assert_eq!(waiting.next_time(), Some(at(610)));
    waiting.take(Update::Link(Link::Live), at(600));
    waiting.take(Update::Link(retrying()), at(700));
    assert_eq!(outcome(&waiting, 1299), None);
}

#[test]
fn a_question_that_an_outage_swallowed_is_asked_again() {
    let mut waiting = waiting(goal(), &["task-1"]);
    see(&mut waiting, "task-1", &json!({}), 1);
    tell(&mut waiting, vec![gone("task-1", 2)], 2);
    assert_eq!(waiting.due(at(2)).len(), 1);
    waiting.take(Update::Link(Link::Connecting), at(3));
    assert!(waiting.due(at(3)).is_empty());
    waiting.take(Update::Link(Link::Live), at(4));
    assert_eq!(waiting.due(at(4)).len(), 1);
}

#[test]
fn time_out_and_refusal_end_it() {
    let bounded = Goal {
        timeout: Some(SignedDuration::from_secs(30)),
        ..goal()
    };
    let mut waiting = waiting(bounded, &["task-1"]);
    assert_eq!(outcome(&waiting, 29), None);
    assert_eq!(outcome(&waiting, 30), Some(Outcome::TimedOut));
    let reason = "wrong password".into();
    waiting.take(Update::Link(Link::SignedOut { reason }), at(5));
    assert_eq!(outcome(&waiting, 5), Some(Outcome::Refused));
}

#[test]
fn a_family_has_to_end_and_to_stay_quiet() {
    let family = Goal {
        children: Some(SignedDuration::from_secs(6)),
        ..goal()
    };
    let mut waiting = waiting(family, &["task-1"]);
    see(&mut waiting, "task-1", &success(), 1);
    assert_eq!(
        outcome(&waiting, 5),
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
    assert_eq!(outcome(&waiting, 60), None);
    let more = json!({"parentTaskKey": "task-1", "state": "error", "error": {"_typeName": "X"}});
    see(&mut waiting, "task-2", &more, 61);
    assert_eq!(outcome(&waiting, 66), None);
    assert_eq!(outcome(&waiting, 67), Some(Outcome::Failed));
}

#[test]
fn what_starts_from_now_on_is_waited_for() {
    let choice = Choice {
        entity: vec!["web-*".to_owned()],
        ..Choice::default()
    };
    let new = Goal {
        new: Some(Sieve::new(&choice, &Saved::new(), "vc01".to_owned()).unwrap()),
        ..goal()
    };
    let mut waiting = waiting(new, &[]);
    let web = |second: i64, state: &str| json!({"entityName": "web-1", "queueTime": at(second).to_string(), "state": state});
    see(&mut waiting, "task-1", &web(-9, "success"), 1);
    see(
        &mut waiting,
        "task-2",
        &json!({"queueTime": at(2).to_string()}),
        2,
    );
    assert_eq!(outcome(&waiting, 2), None, "none of these is it");
    see(&mut waiting, "task-3", &web(3, "running"), 3);
    assert_eq!(outcome(&waiting, 3), None);
    see(&mut waiting, "task-3", &web(3, "success"), 4);
    assert_eq!(outcome(&waiting, 4), Some(Outcome::Success));
    assert_eq!(waiting.awaited.len(), 1);
}

#[test]
fn a_task_that_may_not_be_read_is_unknown_at_once_and_one_that_was_after_a_while() {
    let mut waiting = waiting(goal(), &["task-1", "task-2"]);
    see(&mut waiting, "task-1", &json!({}), 1);
    let unreadable = |mo_id: &str| TaskChange::Unreadable {
        mo_id: mo_id.into(),
        reason: "no permission.".into(),
    };
    tell(
        &mut waiting,
        vec![unreadable("task-1"), unreadable("task-2")],
        2,
    );
    assert_eq!(
        waiting.awaited[1].fate,
        Fate::Unknown("no permission.".into())
    );
    assert_eq!(waiting.awaited[0].fate, Fate::Open);
    waiting.pass(at(602));
    assert_eq!(outcome(&waiting, 602), Some(Outcome::Unknown));
}
