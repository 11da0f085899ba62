//! Rates of the lookups about tasks, and their retries after errors, in paused time.

use std::time::Duration;

use crate::watch::support::{
    count, manual_clock,
    paused::{PausedHarness, is_lookup},
    refuse_requests,
};
use vtask::{
    simulator::Simulator,
    task::PendingQuestion,
    vim::types::TaskLocator,
    watch::{Command, ConnectionState, FamilyState, FetchMode, Privilege, WatchOptions},
};

async fn start_with(change: impl FnOnce(&mut WatchOptions)) -> PausedHarness {
    let simulator = Simulator::start(manual_clock("demo")).await.unwrap();
    PausedHarness::start(simulator, change).await
}

async fn start(typical: bool) -> PausedHarness {
    start_with(|options| options.typical = typical).await
}

/// Returns a running task with a parent.
fn child(paused: &PausedHarness) -> String {
    let expected = paused.simulator.control().expected_tasks();
    let is_child =
        |info: &&serde_json::Value| info["parentTaskKey"].is_string() && info["state"] == "running";
    let child = expected.iter().find(is_child).unwrap();
    child["key"].as_str().unwrap().to_owned()
}

fn locator(paused: &PausedHarness, task: &str) -> TaskLocator {
    let record = paused.harness.record(task).unwrap();
    TaskLocator::of(record.info.as_deref().unwrap())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn background_reads_are_paced_and_pausable() {
    let mut paused = start(true).await;
    let control = paused.simulator.control();
    let requests = control.requests();
    let first = requests.iter().position(|request| is_lookup(&request.kind));
    let last_task = requests
        .iter()
        .rposition(|request| request.kind == "Task/info");
    assert!(
        last_task.unwrap() < first.unwrap(),
        "the tasks are read first"
    );
    for second in 1..4 {
        assert_eq!(paused.lookup_requests().len(), second);
        paused.advance(Duration::from_millis(500)).await;
        assert_eq!(paused.lookup_requests().len(), second);
        paused.advance(Duration::from_millis(500)).await;
    }
    paused.harness.send(Command::Pause(true));
    paused.wait_until_idle().await;
    let before = paused.lookup_requests().len();
    paused.advance(seconds(60)).await;
    assert_eq!(paused.lookup_requests().len(), before, "paused");
    assert!(paused.harness.runs.is_empty());
    paused.harness.send(Command::Pause(false));
    paused.wait_until_idle().await;
    let mut last = paused.lookup_requests().len();
    while paused.harness.runs.is_empty() {
        paused.advance(seconds(1)).await;
        let now = paused.lookup_requests().len();
        // Entities are read one at a time; the name of a lost host is read immediately.
        assert!(now <= last + 2, "{last} {now}");
        assert!(now < 30, "reading does not end");
        last = now;
    }
    assert!(paused.harness.runs.len() > 1_000);
    assert_eq!(control.open_objects().histories, 0);
    // Half an hour later the new runs are read: there are none, and known ones are not sent again.
    let reported = paused.harness.runs.len();
    tokio::time::advance(seconds(30 * 60)).await;
    paused.advance(seconds(10)).await;
    assert!(paused.lookup_requests().len() > last);
    assert_eq!(paused.harness.runs.len(), reported);
    assert_eq!(control.open_objects().histories, 0);
    paused.stop().await;
}

#[tokio::test(start_paused = true)]
async fn opened_task_is_read_at_once_then_paced() {
    let mut paused = start(false).await;
    let task = child(&paused);
    let events = locator(&paused, &task);
    paused
        .harness
        .send(Command::FollowEvents(vec![events.clone()]));
    paused.harness.send(Command::FollowFamily(Some(events)));
    paused.wait_until_idle().await;
    assert!(paused.harness.events.len() == 1, "no time has passed");
    assert!(paused.harness.has_found_family());
    let requests = paused.lookup_requests().len();
    // At least four urgent requests were sent immediately, which delays the next deferrable one.
    let mut last = requests;
    for _ in 0..40 {
        paused.advance(seconds(1)).await;
        let now = paused.lookup_requests().len();
        // Entities are read one at a time; the name of a lost host is read immediately.
        assert!(now <= last + 2, "{last} {now}");
        last = now;
    }
    assert!(
        last > requests + 4,
        "it is looked up again while it runs: {requests} {last}"
    );
    assert_eq!(
        paused.harness.events.len(),
        1,
        "sent again only if something changed"
    );
    paused.harness.send(Command::Pause(true));
    paused.wait_until_idle().await;
    let before = paused.lookup_requests().len();
    paused.advance(seconds(60)).await;
    assert_eq!(paused.lookup_requests().len(), before);
    paused.harness.send(Command::Pause(false));
    paused.harness.send(Command::FollowEvents(Vec::new()));
    paused.harness.send(Command::FollowFamily(None));
    paused.advance(seconds(10)).await;
    let before = paused.lookup_requests().len();
    paused.advance(seconds(60)).await;
    assert_eq!(
        paused.lookup_requests().len(),
        before,
        "no task is followed"
    );
    assert_eq!(paused.simulator.control().open_objects().histories, 0);
    paused.stop().await;
}

#[tokio::test(start_paused = true)]
async fn unfollowed_tasks_are_not_reported() {
    let mut paused = start(false).await;
    let task = child(&paused);
    let locator = locator(&paused, &task);
    paused
        .harness
        .send(Command::FollowEvents(vec![locator.clone()]));
    paused.harness.send(Command::FollowEvents(Vec::new()));
    paused.harness.send(Command::FollowFamily(Some(locator)));
    paused.harness.send(Command::FollowFamily(None));
    paused.wait_until_idle().await;
    paused.advance(seconds(60)).await;
    assert!(paused.harness.events.is_empty());
    let searching = |state: &FamilyState| *state == FamilyState::Searching;
    assert!(
        paused
            .harness
            .families
            .iter()
            .all(|(_, state)| searching(state))
    );
    assert_eq!(paused.simulator.control().open_objects().histories, 0);
    paused.stop().await;
}

#[tokio::test(start_paused = true)]
async fn lookup_is_repeated_after_session_renewal() {
    let mut paused = start(false).await;
    let control = paused.simulator.control();
    let task = child(&paused);
    control.kill_sessions();
    let family = locator(&paused, &task);
    paused.harness.send(Command::FollowFamily(Some(family)));
    paused.wait_until_idle().await;
    let (of, state) = paused.harness.families.last().unwrap();
    assert!(matches!(state, FamilyState::Found { .. }), "{state:?}");
    assert_eq!(**of, *task);
    assert_eq!(count(&control, "SessionManager/Login"), 2);
    paused.stop().await;
}

#[tokio::test(start_paused = true)]
async fn failed_lookup_is_isolated_and_retried() {
    let mut paused = start(false).await;
    let control = paused.simulator.control();
    let task = child(&paused);
    let connections = paused.harness.connections.len();
    refuse_requests(&control, 1);
    let family = locator(&paused, &task);
    paused.harness.send(Command::FollowFamily(Some(family)));
    paused.wait_until_idle().await;
    let (_, state) = paused.harness.families.last().unwrap();
    let FamilyState::Failed(reason) = state else {
        panic!("{state:?}");
    };
    assert!(reason.contains("503"), "{reason}");
    paused.advance(seconds(40)).await;
    let (_, state) = paused.harness.families.last().unwrap();
    assert!(matches!(state, FamilyState::Found { .. }), "{state:?}");
    let later = &paused.harness.connections[connections..];
    assert!(
        later
            .iter()
            .all(|connection| !matches!(connection, ConnectionState::Retrying { .. })),
        "{later:?}"
    );
    paused.stop().await;
}

/// Returns the task on the machine with a pending question.
fn task_with_question(paused: &PausedHarness) -> String {
    let expected = paused.simulator.control().expected_tasks();
    let has_question = |info: &&serde_json::Value| {
        info["descriptionId"] == "VirtualMachine.powerOn" && info["entityName"] == "web-11"
    };
    let task = expected.iter().find(has_question).unwrap();
    task["key"].as_str().unwrap().to_owned()
}

/// Returns the questions sent for a task, in order; `None` where one was answered.
fn questions(paused: &PausedHarness, task: &str) -> Vec<Option<PendingQuestion>> {
    let states = paused.harness.entity_states.iter();
    let of_task = states.filter(|(of, _)| **of == *task);
    of_task.map(|(_, state)| state.question.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn vm_questions_are_found_and_dropped_when_answered() {
    let mut paused = start_with(|options| options.entity_states = true).await;
    let control = paused.simulator.control();
    let task = task_with_question(&paused);
    paused.advance(seconds(9)).await;
    assert!(
        paused.lookup_requests().is_empty(),
        "the tasks may still progress"
    );
    let mut last = 0;
    while questions(&paused, &task).is_empty() {
        paused.advance(seconds(1)).await;
        let now = paused.lookup_requests().len();
        // Entities are read one at a time; the name of a lost host is read immediately.
        assert!(now <= last + 2, "{last} {now}");
        assert!(now < 60, "no question was found");
        last = now;
    }
    let question = questions(&paused, &task)[0].clone().unwrap();
    assert!(question.text.contains("moved or copied"), "{question:?}");
    assert_eq!(question.choices, ["Cancel", "I Moved It", "I Copied It"]);
    paused.advance(seconds(30)).await;
    assert_eq!(questions(&paused, &task).len(), 1, "sent once");
    assert!(control.answer_question("web-11"));
    paused.advance(seconds(30)).await;
    assert_eq!(questions(&paused, &task), [Some(question), None]);
    paused.stop().await;
}

/// The question is found although changes are pushed field by field.
#[tokio::test(start_paused = true)]
async fn question_is_dropped_when_task_ends() {
    let push = |options: &mut WatchOptions| {
        options.entity_states = true;
        options.fetch = FetchMode::Push;
    };
    let mut paused = start_with(push).await;
    let control = paused.simulator.control();
    let task = task_with_question(&paused);
    while questions(&paused, &task).is_empty() {
        paused.advance(seconds(1)).await;
        assert!(paused.lookup_requests().len() < 60);
    }
    control.advance(seconds(4 * 60));
    paused
        .harness
        .send(Command::Refresh(vec![task.as_str().into()]));
    paused.wait_until_idle().await;
    assert!(paused.harness.status(&task).unwrap().is_finished());
    assert_eq!(questions(&paused, &task).last(), Some(&None));
    paused.stop().await;
}

/// The privilege for all running tasks of one virtual machine is read once.
#[tokio::test(start_paused = true)]
async fn privilege_is_read_once_per_entity() {
    let mut paused = start(false).await;
    let control = paused.simulator.control();
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
        paused.harness.privileges.clear();
        for task in &tasks {
            let locator = locator(&paused, task);
            paused.harness.send(Command::CheckPrivilege(locator));
        }
        paused.wait_until_idle().await;
        let reported = &paused.harness.privileges;
        assert_eq!(reported.len(), tasks.len());
        assert!(
            reported
                .iter()
                .all(|(_, reported)| *reported == Privilege::Granted)
        );
        assert_eq!(
            paused.lookup_requests().len(),
            entities.len(),
            "once for each entity"
        );
    }
    // A new session may have another role.
    control.change_behavior(|behavior| behavior.cancel_privilege = false);
    control.kill_sessions();
    paused.harness.send(Command::Refresh(Vec::new()));
    paused.wait_until_idle().await;
    paused.harness.privileges.clear();
    let locator = locator(&paused, &tasks[0]);
    paused.harness.send(Command::CheckPrivilege(locator));
    paused.wait_until_idle().await;
    assert_eq!(paused.harness.privileges[0].1, Privilege::Denied);
    paused.stop().await;
}

#[tokio::test(start_paused = true)]
async fn unreadable_privilege_is_unknown_with_reason() {
    let mut paused = start(false).await;
    let task = child(&paused);
    let locator = locator(&paused, &task);
    let control = paused.simulator.control();
    refuse_requests(&control, 1);
    paused
        .harness
        .send(Command::CheckPrivilege(locator.clone()));
    paused.wait_until_idle().await;
    let (_, Privilege::Unknown(reason)) = &paused.harness.privileges[0] else {
        panic!("{:?}", paused.harness.privileges);
    };
    assert!(reason.contains("503"), "{reason}");
    control.kill_sessions();
    paused.harness.send(Command::CheckPrivilege(locator));
    paused.wait_until_idle().await;
    let (_, reported) = paused.harness.privileges.last().unwrap();
    assert_eq!(
        *reported,
        Privilege::Granted,
        "the session is renewed for it"
    );
    paused.harness.assert_never_lost("connection");
    paused.stop().await;
}
