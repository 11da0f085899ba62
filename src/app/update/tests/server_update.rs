use serde_json::{Value, json};

use crate::{
    app::{Severity, insight::TaskInsight, progress_curve_file::KnownCurve, test_support::*},
    task::{
        Labels, TaskChange,
        fixture::{at, info},
    },
    vim::types::OperationLabel,
    watch::{CancelResponse, ConnectionState, ServerFacts, Update},
};

#[test]
fn invalid_values_are_reported_and_the_rest_is_applied() {
    let mut state = busy(80, 24);
    let fields = vec![
        ("progress".into(), json!("half")),
        ("cancelable".into(), json!(false)),
    ];
    let change = TaskChange::Fields {
        mo_id: "task-4711".into(),
        fields,
        at: now(),
    };
    apply_update(&mut state, tasks(vec![change]));
    let notification = state.notifications.shown(now()).unwrap();
    assert_eq!(notification.severity, Severity::Warning);
    assert!(notification.text.contains("vc01.lab") && notification.text.contains("progress"));
    let info = state.view().store.get(find(&state, "task-4711")).unwrap();
    assert!(!info.info.as_ref().unwrap().cancelable);
}

#[test]
fn server_filters_are_reevaluated_once_the_host_name_is_known() {
    let mut state = connecting(80, 24);
    apply_update(&mut state, tasks(vec![task("task-1", &json!({}))]));
    for (filter, before, after) in [("endpoint:vc9", 0, 1), ("not endpoint=vc9.lab", 1, 0)] {
        state.servers[0].facts = None;
        press(&mut state, "/");
        update(&mut state, Event::Paste(filter.into()), now());
        press(&mut state, "<enter>");
        assert_eq!(state.view().row_model.matching(), before, "{filter}");
        let facts = ServerFacts {
            host: "vc9.lab".to_owned(),
            ..ServerFacts::default()
        };
        apply_update(&mut state, Update::Server(Box::new(facts)));
        assert_eq!(state.view().row_model.matching(), after, "{filter}");
        press(&mut state, "<esc>");
    }
}

#[test]
fn operation_labels_update_the_rows() {
    let mut state = busy(80, 24);
    let row = OperationLabel {
        description_id: "VirtualMachine.relocate".into(),
        label: "Relocate virtual machine".into(),
    };
    apply_update(&mut state, Update::Labels(Labels::new(vec![row])));
    let record = state.view().store.get(find(&state, "task-4711")).unwrap();
    assert_eq!(
        state.view().store.operation(record),
        "Relocate virtual machine"
    );
    assert_eq!(state.view().store.labels(HERE).len(), 1);
}

#[test]
fn a_lost_connection_marks_tasks_stale() {
    let mut state = busy(80, 24);
    assert!(!state.is_stale(state.selected_record().unwrap()));
    let retrying = ConnectionState::Retrying {
        attempt: 1,
        next: now(),
        reason: "timed out".into(),
    };
    apply_update(&mut state, Update::Connection(retrying));
    assert!(state.is_stale(state.selected_record().unwrap()));
}

#[test]
fn notices_of_the_fetch_loop_are_shown() {
    let mut state = empty(80, 24);
    apply_update(&mut state, Update::Notice("the session was renewed".into()));
    assert!(state.notifications.shown(now()).is_some());
}

#[test]
fn answers_to_cancel_requests_name_the_server_if_there_are_several() {
    let mut state = twins(80, 24);
    for (server, name) in [(HERE, "lab"), (THERE, "branch")] {
        let update = Update::Cancel {
            mo_id: "task-1".into(),
            answer: CancelResponse::Accepted,
        };
        apply_change(&mut state, server, update);
        let notification = state.notifications.shown(now()).unwrap();
        assert!(notification.text.starts_with(&format!("{name}/task-1: ")));
        assert_eq!(notification.count, 1);
    }
}

/// A task that is watched from its start, stays at 95 % and succeeds teaches the next run of the operation.
#[test]
fn progress_curves_are_learned_and_restored() {
    let run = |state: &mut Screen, mo_id: &str, start: i64, more: &Value| {
        for step in (0..=95).chain([999]) {
            let mut wire = json!({"descriptionId": "x.clone", "progress": step.min(95),
                "startTime": at(start).to_string()});
            if step == 999 {
                wire["completeTime"] = json!(at(start + 1000).to_string());
                for (field, value) in more.as_object().unwrap() {
                    wire[field] = value.clone();
                }
            }
            let info = info(mo_id, &wire);
            let at = at(start + step.min(95) * 5 + step / 999 * 525);
            apply_update(state, tasks(vec![TaskChange::Full { info, at }]));
        }
    };
    let mut state = empty(80, 24);
    state.servers[0].base_url = "https://vc01.lab".to_owned();
    run(&mut state, "task-1", 0, &json!({"state": "error"}));
    assert_eq!(state.learned_curves(), []);
    run(&mut state, "task-2", 0, &json!({"state": "success"}));
    let learned = state.learned_curves();
    assert_eq!(learned.len(), 1);
    let known = &learned[0];
    assert_eq!(
        (&*known.server, &*known.operation),
        ("https://vc01.lab", "x.clone")
    );
    let (level, seconds) = known.curve.plateau().unwrap();
    assert!(
        level == 95 && (520.0..530.0).contains(&seconds),
        "{seconds}"
    );

    let mut restarted = empty(80, 24);
    restarted.servers[0].base_url = "https://vc01.lab".to_owned();
    let other = KnownCurve {
        server: "https://vc02.lab".to_owned(),
        ..known.clone()
    };
    restarted.options.progress_curves = vec![known.clone(), other, known.clone()];
    restarted.restore_progress_curves();
    assert_eq!(restarted.learned_curves(), [], "not saved again");
    run(
        &mut restarted,
        "task-3",
        3000,
        &json!({"state": "running", "completeTime": null}),
    );
    let handle = find(&restarted, "task-3");
    let record = restarted.view().store.get(handle).unwrap();
    let past = restarted.typical.past_runs(record);
    assert_eq!(past.curves.len(), 2);
    let insight = TaskInsight::of(&restarted, handle, at(3600));
    let forecast = insight.forecast.unwrap();
    let text = forecast.explain(&restarted.view().store, past);
    assert!(text.contains("usually stays at 95% for 9m"), "{text}");
    let best = forecast.estimate.unwrap().best.as_secs();
    assert!((300..500).contains(&best), "{text}");
    assert!(!insight.is_stalled(), "{:?}", insight.warnings);
}
