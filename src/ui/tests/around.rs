//! What was looked up around tasks, or why it is not known, as the details show it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{
    draw_text,
    panels::{labelled, press},
};
use crate::{
    app::{
        State,
        fixture::{choose, task, tasks, tell},
    },
    task::{
        PendingQuestion, TaskChange,
        fixture::{at, info},
    },
    watch::Update,
};

fn asked(width: u16, height: u16) -> State {
    let mut state = labelled(width, height);
    let text = "This virtual machine might have been moved or copied. In order to configure certain \
                management and networking features, VMware ESX needs to know if it was moved or copied.";
    let question = PendingQuestion {
        text: text.to_owned(),
        choices: ["Cancel", "I Moved It", "I Copied It"]
            .map(str::to_owned)
            .to_vec(),
    };
    tell(
        &mut state,
        Update::Question {
            mo_id: "task-4711".into(),
            question: Some(question),
        },
    );
    choose(&mut state, "task-4711");
    state
}

#[test]
fn a_question_of_a_virtual_machine_is_marked_and_shown_with_its_answers() {
    for (width, height) in [(80, 24), (160, 45)] {
        let mut state = asked(width, height);
        assert_snapshot!(format!("question_{width}x{height}"), draw_text(&state));
        press(&mut state, "1z");
        assert_snapshot!(
            format!("question_zoomed_{width}x{height}"),
            draw_text(&state)
        );
        let over = Update::Question {
            mo_id: "task-4711".into(),
            question: None,
        };
        tell(&mut state, over);
        assert!(!draw_text(&state).contains("I Moved It"));
    }
}

/// Ended with this fault so many seconds after all began.
fn failed(parent: Option<&str>, operation: &str, second: i64) -> Value {
    json!({"descriptionId": operation, "parentTaskKey": parent, "rootTaskKey": parent.map(|_| "task-5000"),
        "state": "error", "startTime": at(second - 200).to_string(), "completeTime": at(second).to_string(),
        "error": {"_typeName": "HostNotReachable", "faultstring": "Unable to communicate with the host."}})
}

#[test]
fn the_member_of_a_family_that_failed_first_is_marked_also_where_it_is_the_only_one() {
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
            tell(&mut state, tasks(members.into_iter().take(count).collect()));
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
fn a_ghost_that_the_history_knows_is_a_finished_task_from_history() {
    let mut state = labelled(120, 30);
    let more = json!({"state": "success", "completeTime": at(900).to_string()});
    let change = TaskChange::Past {
        info: info("task-4600", &more),
        at: at(3700),
    };
    tell(&mut state, tasks(vec![change]));
    choose(&mut state, "task-4600");
    assert_snapshot!("from_history_120x30", draw_text(&state));
    press(&mut state, "1z");
    assert_snapshot!("from_history_zoomed_120x30", draw_text(&state));
}
