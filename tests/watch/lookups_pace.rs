//! Rates of the lookups about tasks, and their retries after errors, in paused time.

use std::time::Duration;

use crate::support::{
    frozen::{Frozen, is_look_up},
    manual_clock,
};
use vtask::{
    simulator::{Simulator, server_behavior::ProxyResponse},
    task::PendingQuestion,
    vim::types::TaskLocator,
    watch::{Command, ConnectionState, FamilyState, FetchMode, Privilege, WatchOptions},
};

async fn frozen_by(change: impl FnOnce(&mut WatchOptions)) -> Frozen {
    let simulator = Simulator::start(manual_clock("demo")).await.unwrap();
    Frozen::start(simulator, change).await
}

async fn frozen(typical: bool) -> Frozen {
    frozen_by(|options| options.typical = typical).await
}

/// Returns a running task with a parent.
fn child(frozen: &Frozen) -> String {
    let expected = frozen.simulator.control().expected_tasks();
    let is_child =
        |info: &&serde_json::Value| info["parentTaskKey"].is_string() && info["state"] == "running";
    let child = expected.iter().find(is_child).unwrap();
    child["key"].as_str().unwrap().to_owned()
}

fn trace(frozen: &Frozen, task: &str) -> TaskLocator {
    let record = frozen.harness.record(task).unwrap();
    TaskLocator::of(record.info.as_deref().unwrap())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn background_reads_are_paced_and_pausable() {
    let mut frozen = frozen(true).await;
    let control = frozen.simulator.control();
    let requests = control.requests();
    let first = requests
        .iter()
        .position(|request| is_look_up(&request.kind));
    let store = requests
        .iter()
        .rposition(|request| request.kind == "Task/info");
    assert!(store.unwrap() < first.unwrap(), "the store comes first");
    for second in 1..4 {
        assert_eq!(frozen.look_ups().len(), second);
        frozen.pass(Duration::from_millis(500)).await;
        assert_eq!(frozen.look_ups().len(), second);
        frozen.pass(Duration::from_millis(500)).await;
    }
    frozen.harness.send(Command::Pause(true));
    frozen.settle().await;
    let before = frozen.look_ups().len();
    frozen.pass(seconds(60)).await;
    assert_eq!(frozen.look_ups().len(), before, "paused");
    assert!(frozen.harness.runs.is_empty());
    frozen.harness.send(Command::Pause(false));
    frozen.settle().await;
    let mut last = frozen.look_ups().len();
    while frozen.harness.runs.is_empty() {
        frozen.pass(seconds(1)).await;
        let now = frozen.look_ups().len();
        // Entities are read one at a time; the name of a lost host is read immediately.
        assert!(now <= last + 2, "{last} {now}");
        assert!(now < 30, "it comes to an end");
        last = now;
    }
    assert!(frozen.harness.runs.len() > 1_000);
    assert_eq!(control.open_objects().histories, 0);
    // Half an hour later the new runs are read: there are none, and known ones are not sent again.
    let reported = frozen.harness.runs.len();
    tokio::time::advance(seconds(30 * 60)).await;
    frozen.pass(seconds(10)).await;
    assert!(frozen.look_ups().len() > last);
    assert_eq!(frozen.harness.runs.len(), reported);
    assert_eq!(control.open_objects().histories, 0);
    frozen.stop().await;
}

#[tokio::test(start_paused = true)]
async fn opened_task_is_read_at_once_then_paced() {
    let mut frozen = frozen(false).await;
    let task = child(&frozen);
    let events = trace(&frozen, &task);
    frozen
        .harness
        .send(Command::FollowEvents(vec![events.clone()]));
    frozen.harness.send(Command::FollowFamily(Some(events)));
    frozen.settle().await;
    assert!(frozen.harness.events.len() == 1, "no time has passed");
    let is_found = |frozen: &Frozen| {
        let last = frozen.harness.families.last();
        last.is_some_and(|(_, state)| matches!(state, FamilyState::Found { .. }))
    };
    assert!(is_found(&frozen));
    let requests = frozen.look_ups().len();
    // At least four urgent requests were sent immediately, which delays the next deferrable one.
    let mut last = requests;
    for _ in 0..40 {
        frozen.pass(seconds(1)).await;
        let now = frozen.look_ups().len();
        // Entities are read one at a time; the name of a lost host is read immediately.
        assert!(now <= last + 2, "{last} {now}");
        last = now;
    }
    assert!(
        last > requests + 4,
        "it is looked up again while it runs: {requests} {last}"
    );
    assert_eq!(
        frozen.harness.events.len(),
        1,
        "sent again only if something changed"
    );
    frozen.harness.send(Command::Pause(true));
    frozen.settle().await;
    let before = frozen.look_ups().len();
    frozen.pass(seconds(60)).await;
    assert_eq!(frozen.look_ups().len(), before);
    frozen.harness.send(Command::Pause(false));
    frozen.harness.send(Command::FollowEvents(Vec::new()));
    frozen.harness.send(Command::FollowFamily(None));
    frozen.pass(seconds(10)).await;
    let before = frozen.look_ups().len();
    frozen.pass(seconds(60)).await;
    assert_eq!(frozen.look_ups().len(), before, "nobody looks any more");
    assert_eq!(frozen.simulator.control().open_objects().histories, 0);
    frozen.stop().await;
}

#[tokio::test(start_paused = true)]
async fn unfollowed_tasks_are_not_reported() {
    let mut frozen = frozen(false).await;
    let task = child(&frozen);
    let trace = trace(&frozen, &task);
    frozen
        .harness
        .send(Command::FollowEvents(vec![trace.clone()]));
    frozen.harness.send(Command::FollowEvents(Vec::new()));
    frozen.harness.send(Command::FollowFamily(Some(trace)));
    frozen.harness.send(Command::FollowFamily(None));
    frozen.settle().await;
    frozen.pass(seconds(60)).await;
    assert!(frozen.harness.events.is_empty());
    let searching = |state: &FamilyState| *state == FamilyState::Searching;
    assert!(
        frozen
            .harness
            .families
            .iter()
            .all(|(_, state)| searching(state))
    );
    assert_eq!(frozen.simulator.control().open_objects().histories, 0);
    frozen.stop().await;
}

#[tokio::test(start_paused = true)]
async fn lookup_is_repeated_after_session_renewal() {
    let mut frozen = frozen(false).await;
    let control = frozen.simulator.control();
    let task = child(&frozen);
    control.kill_sessions();
    let family = trace(&frozen, &task);
    frozen.harness.send(Command::FollowFamily(Some(family)));
    frozen.settle().await;
    let (of, state) = frozen.harness.families.last().unwrap();
    assert!(matches!(state, FamilyState::Found { .. }), "{state:?}");
    assert_eq!(**of, *task);
    let logins = control.requests();
    let logins = logins
        .iter()
        .filter(|request| request.kind.ends_with("/Login"));
    assert_eq!(logins.count(), 2);
    frozen.stop().await;
}

#[tokio::test(start_paused = true)]
async fn failed_lookup_is_isolated_and_retried() {
    let mut frozen = frozen(false).await;
    let control = frozen.simulator.control();
    let task = child(&frozen);
    let connections = frozen.harness.connections.len();
    control.fail_next(ProxyResponse::service_unavailable(None));
    let family = trace(&frozen, &task);
    frozen.harness.send(Command::FollowFamily(Some(family)));
    frozen.settle().await;
    let (_, state) = frozen.harness.families.last().unwrap();
    let FamilyState::Failed(reason) = state else {
        panic!("{state:?}");
    };
    assert!(reason.contains("503"), "{reason}");
    frozen.pass(seconds(40)).await;
    let (_, state) = frozen.harness.families.last().unwrap();
    assert!(matches!(state, FamilyState::Found { .. }), "{state:?}");
    let since = &frozen.harness.connections[connections..];
    assert!(
        since
            .iter()
            .all(|connection| !matches!(connection, ConnectionState::Retrying { .. })),
        "{since:?}"
    );
    frozen.stop().await;
}

/// Returns the task on the machine with a pending question.
fn task_with_question(frozen: &Frozen) -> String {
    let expected = frozen.simulator.control().expected_tasks();
    let task_with_question = |info: &&serde_json::Value| {
        info["descriptionId"] == "VirtualMachine.powerOn" && info["entityName"] == "web-11"
    };
    let task = expected.iter().find(task_with_question).unwrap();
    task["key"].as_str().unwrap().to_owned()
}

/// Returns the questions sent for a task, in order; `None` where one was answered.
fn questions(frozen: &Frozen, task: &str) -> Vec<Option<PendingQuestion>> {
    let states = frozen.harness.entity_states.iter();
    let of_task = states.filter(|(of, _)| **of == *task);
    of_task.map(|(_, state)| state.question.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn vm_questions_are_found_and_dropped_when_answered() {
    let mut frozen = frozen_by(|options| options.entity_states = true).await;
    let control = frozen.simulator.control();
    let task = task_with_question(&frozen);
    frozen.pass(seconds(9)).await;
    assert!(frozen.look_ups().is_empty(), "they may still move");
    let mut last = 0;
    while questions(&frozen, &task).is_empty() {
        frozen.pass(seconds(1)).await;
        let now = frozen.look_ups().len();
        // Entities are read one at a time; the name of a lost host is read immediately.
        assert!(now <= last + 2, "{last} {now}");
        assert!(now < 60, "it is among them");
        last = now;
    }
    let question = questions(&frozen, &task)[0].clone().unwrap();
    assert!(question.text.contains("moved or copied"), "{question:?}");
    assert_eq!(question.choices, ["Cancel", "I Moved It", "I Copied It"]);
    frozen.pass(seconds(30)).await;
    assert_eq!(questions(&frozen, &task).len(), 1, "sent once");
    assert!(control.answer_question("web-11"));
    frozen.pass(seconds(30)).await;
    assert_eq!(questions(&frozen, &task), [Some(question), None]);
    frozen.stop().await;
}

/// The question is found although changes are pushed field by field.
#[tokio::test(start_paused = true)]
async fn question_is_dropped_when_task_ends() {
    let push = |options: &mut WatchOptions| {
        options.entity_states = true;
        options.fetch = FetchMode::Push;
    };
    let mut frozen = frozen_by(push).await;
    let control = frozen.simulator.control();
    let task = task_with_question(&frozen);
    while questions(&frozen, &task).is_empty() {
        frozen.pass(seconds(1)).await;
        assert!(frozen.look_ups().len() < 60);
    }
    control.advance(seconds(4 * 60));
    frozen
        .harness
        .send(Command::Refresh(vec![task.as_str().into()]));
    frozen.settle().await;
    assert!(frozen.harness.status(&task).unwrap().is_finished());
    assert_eq!(questions(&frozen, &task).last(), Some(&None));
    frozen.stop().await;
}

/// The privilege for all running tasks of one virtual machine is read once.
#[tokio::test(start_paused = true)]
async fn privilege_is_read_once_per_entity() {
    let mut frozen = frozen(false).await;
    let control = frozen.simulator.control();
    let expected = control.expected_tasks();
    let running = expected
        .iter()
        .filter(|info| info["state"] == "running" && !info["entity"].is_null());
    let tasks: Vec<_> = running
        .map(|info| info["key"].as_str().unwrap().to_owned())
        .collect();
    let entities: std::collections::HashSet<_> = expected
        .iter()
        .filter(|info| tasks.iter().any(|task| info["key"] == task.as_str()))
        .map(|info| info["entity"]["value"].to_string())
        .collect();
    assert!(entities.len() < tasks.len());
    for _ in 0..2 {
        frozen.harness.privileges.clear();
        for task in &tasks {
            let trace = trace(&frozen, task);
            frozen.harness.send(Command::CheckPrivilege(trace));
        }
        frozen.settle().await;
        let reported = &frozen.harness.privileges;
        assert_eq!(reported.len(), tasks.len());
        assert!(
            reported
                .iter()
                .all(|(_, reported)| *reported == Privilege::Granted)
        );
        assert_eq!(
            frozen.look_ups().len(),
            entities.len(),
            "once for each entity"
        );
    }
    // A new session may have another role.
    control.change_behavior(|behavior| behavior.cancel_privilege = false);
    control.kill_sessions();
    frozen.harness.send(Command::Refresh(Vec::new()));
    frozen.settle().await;
    frozen.harness.privileges.clear();
    let trace = trace(&frozen, &tasks[0]);
    frozen.harness.send(Command::CheckPrivilege(trace));
    frozen.settle().await;
    assert_eq!(frozen.harness.privileges[0].1, Privilege::Denied);
    frozen.stop().await;
}

#[tokio::test(start_paused = true)]
async fn unreadable_privilege_is_unknown_with_reason() {
    let mut frozen = frozen(false).await;
    let task = child(&frozen);
    let trace = trace(&frozen, &task);
    let control = frozen.simulator.control();
    control.fail_next(ProxyResponse::service_unavailable(None));
    frozen.harness.send(Command::CheckPrivilege(trace.clone()));
    frozen.settle().await;
    let (_, Privilege::Unknown(reason)) = &frozen.harness.privileges[0] else {
        panic!("{:?}", frozen.harness.privileges);
    };
    assert!(reason.contains("503"), "{reason}");
    control.kill_sessions();
    frozen.harness.send(Command::CheckPrivilege(trace));
    frozen.settle().await;
    let (_, reported) = frozen.harness.privileges.last().unwrap();
    assert_eq!(
        *reported,
        Privilege::Granted,
        "the session is renewed for it"
    );
    frozen.harness.assert_never_lost("connection");
    frozen.stop().await;
}
