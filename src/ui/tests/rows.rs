//! Task rows: new failures, blockers, outcomes, and texts that continue over empty columns.

use insta::assert_snapshot;
use serde_json::json;

use super::{draw_text, panels::press};
use crate::{
    app::{
        Columns, PaneMode, Screen,
        test_support::{apply_update, choose, empty, task, tasks},
    },
    task::{EntityState, Labels, LostHost, PendingQuestion, TaskChange, fixture::at},
    vim::types::OperationLabel,
    watch::Update,
};

fn vm(value: &str, name: &str) -> serde_json::Value {
    json!({"entity": {"type": "VirtualMachine", "value": value}, "entityName": name})
}

fn of(mo_id: &str, entity: &serde_json::Value, more: &serde_json::Value) -> TaskChange {
    let mut all = entity.clone();
    for (field, value) in more.as_object().unwrap() {
        all[field] = value.clone();
    }
    task(mo_id, &all)
}

/// A maintenance mode that waits for a migration with a question, a queued reconfiguration, a task on a lost host, and
/// tasks with each outcome.
fn blocked(width: u16, height: u16) -> Screen {
    let mut state = empty(width, height);
    state.pane_mode = PaneMode::List;
    let label = |id: &str, label: &str| OperationLabel {
        description_id: id.to_owned(),
        label: label.to_owned(),
    };
    let labels = Labels::new(vec![
        label("host.maintenance", "Enter maintenance mode"),
        label("vm.migrate", "Migrate virtual machine"),
        label("vm.snapshot", "Snapshot virtual machine"),
        label("vm.reconfigure", "Reconfigure virtual machine"),
        label("vm.clone", "Clone virtual machine"),
    ]);
    apply_update(&mut state, Update::Labels(labels));
    let host = json!({"entity": {"type": "HostSystem", "value": "host-7"}, "entityName": "esx-07"});
    let db = vm("vm-1", "db-prod-01");
    let ended = |second: i64, state: &str| {
        json!({"descriptionId": "vm.clone", "state": state,
        "startTime": at(second - 60).to_string(), "completeTime": at(second).to_string()})
    };
    let mut failed = ended(3480, "error");
    failed["progress"] = json!(95);
    failed["error"] = json!({"_typeName": "NoDiskSpace", "faultstring":
        "Not enough space on datastore nfs-2 (needs 48 GB, has 12 GB)"});
    let mut cancelled = ended(3480, "error");
    cancelled["progress"] = json!(72);
    cancelled["error"] = json!({"_typeName": "RequestCanceled"});
    apply_update(
        &mut state,
        tasks(vec![
            of(
                "task-1",
                &host,
                &json!({"descriptionId": "host.maintenance", "progress": 19}),
            ),
            of(
                "task-2",
                &vm("vm-2", "legacy-nt4"),
                &json!({"descriptionId": "vm.migrate", "parentTaskKey": "task-1", "progress": 9}),
            ),
            of("task-3", &db, &json!({"descriptionId": "vm.snapshot"})),
            of(
                "task-4",
                &db,
                &json!({"descriptionId": "vm.reconfigure", "state": "queued",
                "startTime": null, "queueTime": at(3600).to_string()}),
            ),
            of(
                "task-5",
                &vm("vm-5", "web-05"),
                &json!({"descriptionId": "vm.reconfigure"}),
            ),
            of("task-6", &vm("vm-6", "web-06"), &failed),
            of("task-7", &vm("vm-7", "web-07"), &cancelled),
            of("task-8", &vm("vm-8", "web-08"), &ended(3000, "success")),
        ]),
    );
    let question = EntityState {
        question: Some(PendingQuestion {
            text: "Moved or copied?".to_owned(),
            choices: Vec::new(),
        }),
        lost_host: None,
    };
    let lost = EntityState {
        question: None,
        lost_host: Some(LostHost {
            name: "esx-09".into(),
            is_silent: false,
        }),
    };
    for (mo_id, entity_state) in [("task-2", question), ("task-5", lost)] {
        let update = Update::EntityState {
            mo_id: mo_id.into(),
            state: entity_state,
        };
        apply_update(&mut state, update);
    }
    state
}

#[test]
fn rows_show_failures_and_blockers() {
    for (width, height) in [(80, 14), (120, 14), (200, 14)] {
        let text = draw_text(&blocked(width, height));
        assert_snapshot!(format!("rows_{width}x{height}"), text);
    }
    let mut state = blocked(80, 14);
    state.options.ascii = true;
    let text = draw_text(&state);
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!("rows_ascii", text);
}

#[test]
fn reasons_are_complete_on_the_row_and_its_ancestors() {
    for width in [100, 120, 140, 160, 200] {
        let text = draw_text(&blocked(width, 24));
        for reason in [
            "waits for an answer: Migrate legacy-nt4",
            "queued behind Snapshot db-prod-01",
            "host esx-09 is disconnected",
        ] {
            assert!(text.contains(reason), "{width}: {reason}\n{text}");
        }
        let own = text.lines().find(|line| line.contains("─ ▶ Migrate"));
        let own = own.unwrap().trim_end();
        let is_whole = own.contains("waits for an answer ") || own.ends_with("waits for an answer");
        assert!(is_whole, "{width}\n{text}");
    }
}

#[test]
fn ended_tasks_show_the_time() {
    for width in [60, 80, 100, 120, 200] {
        let text = draw_text(&blocked(width, 24));
        for age in ["4m ago", "12m ago"] {
            assert!(text.contains(age), "{width}: {age}\n{text}");
        }
        let cancelled = if width < 200 {
            "cancelled"
        } else {
            "cancelled at 72% · 4m ago"
        };
        assert!(text.contains(cancelled) || width == 60, "{width}\n{text}");
    }
}

#[test]
fn text_continues_over_empty_columns_only() {
    let mut state = blocked(70, 24);
    let columns = "task:12,target:6,phase:4,tag:6,completed:8,id:8";
    state.view_mut().columns = Columns::for_all_widths(columns.parse().unwrap());
    let text = draw_text(&state);
    let row = |id: &str| {
        let found = text.lines().find(|line| line.contains(id));
        found
            .unwrap_or_else(|| panic!("{id} has no row\n{text}"))
            .to_owned()
    };
    // The reason takes the tag and the completion time, which are empty, but not the ID.
    assert!(row("task-4").contains("queued behind Snapsho…"), "{text}");
    // The completion time of a failed task is not empty.
    assert!(row("task-6").contains("Not enough…"), "{text}");
}

#[test]
fn new_failure_loses_its_mark_when_selected() {
    let mut state = blocked(120, 24);
    let row = |state: &Screen| {
        let text = draw_text(state);
        let line = text.lines().find(|line| line.contains("web-06"));
        line.unwrap().to_owned()
    };
    assert!(row(&state).contains(" new "), "{}", row(&state));
    choose(&mut state, "task-6");
    press(&mut state, "d");
    assert!(!row(&state).contains(" new "), "{}", row(&state));
}

#[test]
fn message_leaves_space_for_keys() {
    use crate::app::{Severity, test_support::now};
    for width in [60, 80, 120] {
        let mut state = blocked(width, 24);
        let text = "The server refused a request that is described at some length".repeat(3);
        state.notifications.push(Severity::Warning, text, now());
        let drawn = draw_text(&state);
        let footer = drawn.lines().last().unwrap();
        assert!(footer.contains("The server refused"), "{footer}");
        assert!(footer.contains("? help"), "{footer}");
    }
}
