use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::draw_text;
use crate::{
    app::{
        Event, Screen, Severity,
        test_support::{
            HERE, apply_update, busy, choose, connecting, empty, fill, find, now, task, tasks,
        },
        update,
    },
    task::{FinishedRun, Labels, TaskChange, fixture::at},
    vim::types::{OperationLabel, TaskInfo},
    watch::{CancelResponse, ConnectionState, Privilege, Update},
};

pub(super) fn press(state: &mut Screen, keys: &str) {
    for character in keys.chars() {
        let code = match character {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            '\t' => KeyCode::Tab,
            character => KeyCode::Char(character),
        };
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        update(state, Event::Key(key), now());
    }
}

pub(super) fn labelled(width: u16, height: u16) -> Screen {
    let mut state = busy(width, height);
    label(&mut state);
    state
}

fn label(state: &mut Screen) {
    let rows = [
        ("VirtualMachine.relocate", "Relocate virtual machine"),
        ("HostSystem.enterMaintenanceMode", "Enter maintenance mode"),
        ("VirtualMachine.clone", "Clone virtual machine"),
        ("VirtualMachine.powerOn", "Power On virtual machine"),
    ];
    let rows = rows.map(|(id, label)| OperationLabel {
        description_id: id.to_owned(),
        label: label.to_owned(),
    });
    apply_update(state, Update::Labels(Labels::new(rows.to_vec())));
}

#[test]
fn whole_screen() {
    assert_snapshot!("screen_80x24", draw_text(&labelled(80, 24)));
    assert_snapshot!("screen_120x40", draw_text(&labelled(120, 40)));
    assert_snapshot!("screen_200x60", draw_text(&labelled(200, 60)));
    assert_snapshot!("screen_40x12", draw_text(&labelled(40, 12)));
    assert_snapshot!("screen_20x5", draw_text(&labelled(20, 5)));
}

/// The demo tasks after longer watching: one progresses, one is stalled, one has no progress but a known operation.
pub(super) fn watched(width: u16, height: u16) -> Screen {
    let model = busy(width, height);
    let mut state = empty(width, height);
    for step in 0..36 {
        let relocate = json!({"progress": 2 * step, "description": phase(step / 12)});
        let seen = seen(&model, "task-4711", &relocate, 100 * step);
        apply_update(&mut state, tasks(vec![seen]));
    }
    for step in 0..=6 {
        let enter = json!({"progress": 3 * step + 1});
        let seen = seen(&model, "task-4721", &enter, 900 + 30 * step);
        apply_update(&mut state, tasks(vec![seen]));
    }
    fill(&mut state);
    label(&mut state);
    let consolidate = (600..).step_by(100).take(9).map(|seconds| FinishedRun {
        operation: "VirtualMachine.consolidateDisks".into(),
        entity: None,
        duration: Duration::from_secs(seconds),
    });
    state.typical.add_runs(HERE, consolidate);
    state
}

fn phase(number: i64) -> Value {
    json!({"key": format!("phase.{number}"), "message": format!("Copying disk {} of 4", number + 1)})
}

/// Returns a changed task of the screen, seen `second` seconds after the start of the scenario.
fn seen(state: &Screen, mo_id: &str, more: &Value, second: i64) -> TaskChange {
    let record = state.view().store.get(find(state, mo_id)).unwrap();
    let mut wire = record.info.as_ref().unwrap().to_json();
    for (field, value) in more.as_object().unwrap() {
        wire[field] = value.clone();
    }
    TaskChange::Full {
        info: Box::new(TaskInfo::from_json(wire).unwrap()),
        at: at(second),
    }
}

#[test]
fn time_left_and_warnings() {
    assert_snapshot!("watched_80x24", draw_text(&watched(80, 24)));
    assert_snapshot!("watched_100x30", draw_text(&watched(100, 30)));
    assert_snapshot!("watched_120x40", draw_text(&watched(120, 40)));
    let mut state = watched(120, 40);
    choose(&mut state, "task-4721");
    assert_snapshot!("watched_stalled_120x40", draw_text(&state));
    press(&mut state, "1z");
    assert_snapshot!("watched_stalled_zoomed", draw_text(&state));
    state.size.width = 80;
    state.options.ascii = true;
    assert_snapshot!("watched_stalled_ascii", draw_text(&state));
}

#[test]
fn in_ascii() {
    let mut state = labelled(120, 24);
    state.options.ascii = true;
    let text = draw_text(&state);
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!("screen_ascii", text);
}

#[test]
fn several_sort_columns() {
    for (width, height) in [(80, 24), (160, 45)] {
        let mut state = labelled(width, height);
        press(&mut state, "tsj jjj j ");
        assert_snapshot!(format!("several_menu_{width}x{height}"), draw_text(&state));
        press(&mut state, "jS\u{1b}");
        assert_snapshot!(format!("several_{width}x{height}"), draw_text(&state));
    }
}

#[test]
fn flat_list_sorted_by_target() {
    let mut state = labelled(120, 24);
    press(&mut state, "tsjjjj\n");
    assert_snapshot!("flat", draw_text(&state));
}

#[test]
fn folded_family_shows_hidden_counts() {
    let mut state = labelled(120, 24);
    press(&mut state, "-");
    assert_snapshot!("folded", draw_text(&state));
}

#[test]
fn empty_states() {
    assert_snapshot!("connecting", draw_text(&connecting(80, 24)));
    assert_snapshot!("empty", draw_text(&empty(80, 24)));
    let mut state = connecting(80, 24);
    let reason = "signing in (vc01): the user name or the password is wrong. Check GOVC_USERNAME and the password file";
    let out = ConnectionState::SignedOut {
        reason: reason.into(),
    };
    apply_update(&mut state, Update::Connection(out));
    assert_snapshot!("signed_out", draw_text(&state));
    let mut state = busy(80, 24);
    press(&mut state, "/nowhere\n");
    assert_snapshot!("no_match", draw_text(&state));
}

#[test]
fn lost_connection_marks_tasks_stale() {
    let mut state = labelled(120, 24);
    let lost = ConnectionState::Retrying {
        attempt: 3,
        next: at(3728),
        reason: "negotiating the API release (vc01): the connection was refused".into(),
    };
    apply_update(&mut state, Update::Connection(lost));
    assert_snapshot!("retrying", draw_text(&state));
}

#[test]
fn overview() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut state = labelled(width, height);
        press(&mut state, "1z");
        assert_snapshot!(format!("overview_{width}x{height}"), draw_text(&state));
    }
}

#[test]
fn overview_of_other_tasks() {
    for (name, mo_id) in [
        ("failed", "task-4740"),
        ("ghost", "task-4600"),
        ("gone", "task-4650"),
    ] {
        let mut state = labelled(80, 24);
        choose(&mut state, mo_id);
        press(&mut state, "z");
        assert_snapshot!(format!("overview_{name}"), draw_text(&state));
    }
}

#[test]
fn other_tabs() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        for (name, mo_id, key) in [
            ("lineage", "task-4712", "2"),
            ("error", "task-4740", "3"),
            ("result", "task-4713", "4"),
            ("json", "task-4711", "5"),
        ] {
            let mut state = labelled(width, height);
            choose(&mut state, mo_id);
            press(&mut state, key);
            press(&mut state, "z");
            assert_snapshot!(format!("{name}_{width}x{height}"), draw_text(&state));
        }
    }
}

#[test]
fn empty_tabs() {
    let mut state = labelled(80, 24);
    for key in ["3", "4"] {
        press(&mut state, key);
        assert_snapshot!(format!("nothing_in_{key}"), draw_text(&state));
    }
}

#[test]
fn cancel_dialog() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut state = labelled(width, height);
        press(&mut state, "c");
        assert_snapshot!(format!("cancel_{width}x{height}"), draw_text(&state));
    }
    let mut state = labelled(80, 24);
    choose(&mut state, "task-4712");
    press(&mut state, "c");
    assert_snapshot!("cancel_child", draw_text(&state));
    choose(&mut state, "task-4721");
    press(&mut state, "\u{1b}c");
    assert_snapshot!("cancel_asked", draw_text(&state));
}

#[test]
fn cancel_confirmation() {
    let mut state = labelled(80, 24);
    press(&mut state, "c");
    let privilege = Update::Privilege {
        mo_id: "task-4711".into(),
        privilege: Privilege::Granted,
    };
    apply_update(&mut state, privilege);
    press(&mut state, "\n");
    assert_snapshot!("cancel_question", draw_text(&state));
    press(&mut state, "y");
    assert_snapshot!("cancel_pending", draw_text(&state));
    let answer = Update::Cancel {
        mo_id: "task-4711".into(),
        answer: CancelResponse::NotSupported,
    };
    apply_update(&mut state, answer);
    assert_snapshot!("cancel_refused", draw_text(&state));
    let mut state = labelled(80, 24);
    state.options.read_only = true;
    press(&mut state, "c");
    assert_snapshot!("cancel_read_only", draw_text(&state));
}

#[test]
fn popups() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut state = labelled(width, height);
        press(&mut state, "?");
        assert_snapshot!(format!("help_{width}x{height}"), draw_text(&state));
        press(&mut state, "\u{1b}s");
        assert_snapshot!(format!("sort_{width}x{height}"), draw_text(&state));
        press(&mut state, "\u{1b}");
        let earlier = now() - SignedDuration::from_hours(30);
        state
            .notifications
            .push(Severity::Info, "Watching task-1", earlier);
        let text =
            "vc01.lab sent invalid data for task-9: field “progress” should be a whole number";
        state.notifications.push(Severity::Warning, text, now());
        state.notifications.push(Severity::Warning, text, now());
        press(&mut state, "n");
        assert_snapshot!(format!("notices_{width}x{height}"), draw_text(&state));
    }
}

#[test]
fn performance_popup_without_data() {
    let mut state = labelled(80, 24);
    press(&mut state, "F");
    assert_snapshot!("figures", draw_text(&state));
}

#[test]
fn footer() {
    let last = |state: &Screen| {
        draw_text(state)
            .lines()
            .rev()
            .take(2)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let mut state = labelled(80, 24);
    press(&mut state, "/db");
    assert_snapshot!("footer_filtering", last(&state));
    press(&mut state, "\n");
    assert_snapshot!("footer_filtered", last(&state));
    press(&mut state, "\u{1b}aa/b\n");
    assert_snapshot!("footer_adding", last(&state));
    press(&mut state, "\u{1b}*");
    assert_snapshot!("footer_notice", last(&state));
}

#[test]
fn insecure_and_read_only_are_shown() {
    let mut state = labelled(120, 24);
    state.options.read_only = true;
    let mut facts = state.servers[0].facts.clone().unwrap();
    facts.insecure = true;
    apply_update(&mut state, Update::Server(Box::new(facts)));
    assert_snapshot!("header_insecure", draw_text(&state).lines().next().unwrap());
    let mut state = labelled(60, 24);
    let mut facts = state.servers[0].facts.clone().unwrap();
    facts.insecure = true;
    apply_update(&mut state, Update::Server(Box::new(facts)));
    assert_snapshot!(
        "header_insecure_narrow",
        draw_text(&state).lines().next().unwrap()
    );
}

#[test]
fn unreadable_task_keeps_last_values() {
    let mut state = labelled(120, 24);
    let unreadable = TaskChange::Unreadable {
        mo_id: "task-4720".into(),
        reason: "no permission".into(),
        is_transient: false,
    };
    apply_update(&mut state, tasks(vec![unreadable]));
    assert_snapshot!("unreadable", draw_text(&state));
}

#[test]
fn unknown_cancelable_is_drawn_as_unknown() {
    let mut state = labelled(120, 30);
    apply_update(
        &mut state,
        tasks(vec![task("task-4711", &json!({"cancelable": {}}))]),
    );
    press(&mut state, "c");
    let screen = draw_text(&state);
    let line = |word: &str| {
        let line = screen.lines().find(|line| line.contains(word));
        line.unwrap_or_default().to_owned()
    };
    assert!(
        line("did not report whether").contains("cancelled"),
        "{screen}"
    );
    assert!(line("Cancelable  ").contains("unknown"), "{screen}");
}

#[test]
fn command_palette() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut state = busy(width, height);
        press(&mut state, ":fold");
        assert_snapshot!(format!("palette_{width}x{height}"), draw_text(&state));
    }
}

#[test]
fn copy_menu_and_export_prompt() {
    let mut state = busy(80, 24);
    press(&mut state, "y");
    assert_snapshot!("copy_80x24", draw_text(&state));
    press(&mut state, "\u{1b}w");
    assert_snapshot!("export_80x24", draw_text(&state));
}

#[test]
fn help_is_searchable_and_fits_one_page() {
    let mut state = labelled(120, 40);
    press(&mut state, "?");
    let text = draw_text(&state);
    for title in ["List", "List and details", "Everywhere", "Symbols"] {
        assert!(text.contains(title), "{title}: {text}");
    }
    super::draw_frame(&mut state);
    assert_eq!(state.frame.popup_end, 0, "one page");
    press(&mut state, "/column");
    let text = draw_text(&state);
    assert!(
        text.contains("Column editor") && !text.contains("Everywhere"),
        "{text}"
    );
    assert!(!text.contains("recall"), "only filters have it: {text}");
    press(&mut state, "\u{1b}");
    assert!(draw_text(&state).contains("Everywhere"));
    press(&mut state, "\u{1b}");
    assert!(state.popup.is_none());
}

#[test]
fn cancel_dialog_of_a_large_family() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut state = empty(width, height);
        let mut all = vec![task("root", &json!({"cancelable": false}))];
        for number in 0..40 {
            let state = if number < 25 { "success" } else { "running" };
            let more = json!({"parentTaskKey": "root", "state": state, "cancelable": true});
            all.push(task(&format!("child-{number}"), &more));
        }
        apply_update(&mut state, tasks(all));
        choose(&mut state, "root");
        press(&mut state, "cjjjjjjjjjjj");
        let text = draw_text(&state);
        assert!(text.contains("15 of 41 cancelable"), "{text}");
        assert_snapshot!(format!("cancel_large_{width}x{height}"), text);
    }
}
