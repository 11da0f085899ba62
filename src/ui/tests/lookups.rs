//! Data looked up for tasks (events, questions, families, history), or why it is missing, as the details show it.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{
    draw_text,
    panels::{labelled, press},
};
use crate::{
    app::{
        Screen,
        test_support::{apply_update, choose, empty, task, tasks},
    },
    task::{
        EntityState, FinishedRun, PendingQuestion, TaskChange,
        fixture::{at, info},
    },
    watch::{FamilyState, Update},
};

fn with_question(width: u16, height: u16) -> Screen {
    let mut state = labelled(width, height);
    let text = "This virtual machine might have been moved or copied. In order to configure certain \
                management and networking features, VMware ESX needs to know if it was moved or copied.";
    let question = PendingQuestion {
        text: text.to_owned(),
        choices: ["Cancel", "I Moved It", "I Copied It"]
            .map(str::to_owned)
            .to_vec(),
    };
    apply_update(
        &mut state,
        Update::EntityState {
            mo_id: "task-4711".into(),
            state: EntityState {
                question: Some(question),
                lost_host: None,
            },
        },
    );
    choose(&mut state, "task-4711");
    state
}

#[test]
fn pending_question_is_shown_with_its_answers() {
    for (width, height) in [(80, 24), (160, 45)] {
        let mut state = with_question(width, height);
        assert_snapshot!(format!("question_{width}x{height}"), draw_text(&state));
        press(&mut state, "1z");
        assert_snapshot!(
            format!("question_zoomed_{width}x{height}"),
            draw_text(&state)
        );
        let over = Update::EntityState {
            mo_id: "task-4711".into(),
            state: EntityState::default(),
        };
        apply_update(&mut state, over);
        assert!(!draw_text(&state).contains("I Moved It"));
    }
}

/// A task that failed with this fault `second` seconds after the start of the scenario.
fn failed(parent: Option<&str>, operation: &str, second: i64) -> Value {
    json!({"descriptionId": operation, "parentTaskKey": parent, "rootTaskKey": parent.map(|_| "task-5000"),
        "state": "error", "startTime": at(second - 200).to_string(), "completeTime": at(second).to_string(),
        "error": {"_typeName": "HostNotReachable", "faultstring": "Unable to communicate with the host."}})
}

#[test]
fn first_failure_of_a_family_is_marked() {
    let parent = "HostSystem.enterMaintenanceMode";
    for (name, parent) in [
        (
            "one",
            json!({"descriptionId": parent, "startTime": at(2500).to_string()}),
        ),
        ("many", failed(None, parent, 3000)),
    ] {
        for (width, height) in [(80, 24), (160, 45)] {
            let mut state = labelled(width, height);
            let members = vec![
                task("task-5000", &parent),
                task(
                    "task-5001",
                    &failed(Some("task-5000"), "VirtualMachine.relocate", 3000),
                ),
                task(
                    "task-5002",
                    &failed(Some("task-5001"), "VirtualMachine.clone", 3000),
                ),
            ];
            let count = if name == "one" { 2 } else { 3 };
            apply_update(&mut state, tasks(members.into_iter().take(count).collect()));
            choose(&mut state, "task-5001");
            press(&mut state, "2z");
            assert_snapshot!(
                format!("failed_first_{name}_{width}x{height}"),
                draw_text(&state)
            );
        }
    }
}

#[test]
fn placeholder_found_in_history_is_finished() {
    let mut state = labelled(120, 30);
    let more = json!({"state": "success", "completeTime": at(900).to_string()});
    let change = TaskChange::FromHistory {
        info: info("task-4600", &more),
        at: at(3700),
    };
    apply_update(&mut state, tasks(vec![change]));
    choose(&mut state, "task-4600");
    assert_snapshot!("from_history_120x30", draw_text(&state));
    press(&mut state, "1z");
    assert_snapshot!("from_history_zoomed_120x30", draw_text(&state));
}

#[test]
fn typical_duration_or_why_it_is_unknown() {
    let line = |state: &Screen| {
        let text = draw_text(state);
        let lines = text.lines().skip_while(|line| !line.contains("Typical"));
        let lines = lines.take(3).map(|line| line.trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    };
    let mut state = labelled(80, 60);
    choose(&mut state, "task-4711");
    press(&mut state, "1z");
    assert_eq!(line(&state), "", "not requested yet");
    let refused = "NoPermission: Permission to perform this operation was denied. Ask for that privilege, or use \
                   another account.";
    apply_update(&mut state, Update::TypicalUnknown(refused.into()));
    assert_snapshot!("usually_refused", line(&state));
    let run = |operation: &str, entity: Option<&str>, seconds: u64| FinishedRun {
        operation: operation.into(),
        entity: entity.map(Into::into),
        duration: Duration::from_secs(seconds),
    };
    let relocate = "VirtualMachine.relocate";
    let few = vec![run(relocate, None, 60)];
    apply_update(&mut state, Update::Typical(few));
    assert_snapshot!("usually_too_few", line(&state));
    let more = (1..40).map(|n| run(relocate, Some("vm-1"), n * 100));
    apply_update(&mut state, Update::Typical(more.collect()));
    assert_snapshot!("usually_of_operation", line(&state));
    let runs = (1..8).map(|n| run(relocate, Some("vm-42"), n * 10));
    apply_update(&mut state, Update::Typical(runs.collect()));
    assert_snapshot!("usually_on_target", line(&state));
}

/// Implausible times and percentages are shown as unknown with the reason.
#[test]
fn implausible_values_show_the_reason() {
    for (name, more) in [
        (
            "future",
            json!({"startTime": at(50_000).to_string(), "queueTime": at(50_000).to_string()}),
        ),
        (
            "backwards",
            json!({"state": "success", "startTime": at(900).to_string(), "completeTime": at(300).to_string()}),
        ),
        (
            "early",
            json!({"queueTime": at(900).to_string(), "startTime": at(300).to_string()}),
        ),
        (
            "over_100",
            json!({"progress": 130, "entity": null, "entityName": null, "name": null}),
        ),
        ("below_0", json!({"progress": -7})),
        (
            "waits",
            json!({"state": "queued", "startTime": null, "queueTime": at(50_000).to_string()}),
        ),
    ] {
        let mut state = empty(100, 30);
        apply_update(&mut state, tasks(vec![task("task-1", &more)]));
        assert_snapshot!(format!("odd_{name}"), draw_text(&state));
    }
}

/// A rejected look-up shows its reason in place of the data and affects nothing else.
#[test]
fn rejected_lookups_show_the_reason() {
    let refused = "NoPermission: Permission to perform this operation was denied. Ask for that privilege, or use \
                   another account.";
    let mut state = labelled(100, 30);
    choose(&mut state, "task-4711");
    let family = Update::Family {
        mo_id: "task-4711".into(),
        state: FamilyState::Failed(refused.into()),
    };
    apply_update(&mut state, family);
    let events = Update::Events {
        mo_id: "task-4711".into(),
        events: Err(refused.into()),
    };
    apply_update(&mut state, events);
    press(&mut state, "2z");
    assert_snapshot!("family_refused", draw_text(&state));
    press(&mut state, "5");
    assert_snapshot!("events_refused", draw_text(&state));
}
