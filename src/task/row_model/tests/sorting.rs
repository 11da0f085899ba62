//! Sorting by each column in both directions.

use super::*;

/// Returns the moIds sorted by a column.
fn order(harness: &mut Harness, layout: Layout, column: SortColumn, descending: bool) -> String {
    harness.set_view(View {
        layout,
        sort: Sort::by(column, descending),
        ..View::default()
    });
    let ids = harness
        .rows()
        .into_iter()
        .map(|row| harness.store.get(row.task().unwrap()).unwrap());
    let ids: Vec<&str> = ids.map(|record| &*record.id.mo_id).collect();
    ids.join(" ")
}

fn both(harness: &mut Harness, column: SortColumn) -> [String; 2] {
    [false, true].map(|descending| order(harness, Layout::Flat, column, descending))
}

fn times(queue: i64, start: i64) -> Value {
    json!({"queueTime": at(queue).to_string(), "startTime": at(start).to_string()})
}

fn with(mut fields: Value, more: &Value) -> Value {
    for (field, value) in more.as_object().unwrap() {
        fields[field] = value.clone();
    }
    fields
}

#[test]
fn attention_sorts_by_urgency() {
    let mut harness = Harness::default();
    harness.apply(TaskChange::Placeholder {
        key: "ghost".into(),
        reason: "expired".into(),
    });
    harness.put("ok-early", &ended("success", 20));
    harness.put("ok-late", &ended("success", 30));
    harness.put("odd", &json!({"state": "strange"}));
    let cancelled = json!({"error": {"_typeName": "RequestCanceled"}});
    harness.put("cancelled", &with(ended("error", 40), &cancelled));
    harness.put("failed-early", &ended("error", 5));
    harness.put("failed-late", &ended("error", 6));
    let waits = json!({"state": "queued", "startTime": null});
    harness.put("waits-long", &with(times(-9, 0), &waits));
    harness.put("waits", &with(times(-1, 0), &waits));
    harness.put("runs-long", &times(0, 0));
    harness.put("runs", &times(-20, 7));
    let [ascending, descending] = both(&mut harness, SortColumn::Urgency);
    let expected = "runs-long runs waits-long waits failed-late failed-early cancelled odd ok-late ok-early ghost";
    assert_eq!(ascending, expected);
    let mut reversed: Vec<&str> = expected.split(' ').collect();
    reversed.reverse();
    assert_eq!(descending, reversed.join(" "));
}

#[test]
fn family_is_sorted_by_most_urgent_member() {
    let mut harness = Harness::default();
    harness.put("quiet", &ended("success", 9));
    harness.put("broken", &ended("success", 9));
    harness.put("broken-1", &child_of("broken", &ended("error", 8)));
    harness.put("runs", &times(0, 5));
    harness.put("runs-1", &child_of("runs", &ended("error", 8)));
    harness.put("older", &times(-1, 0));
    harness.put("failed", &ended("error", 20));
    harness.put("over", &ended("success", 3));
    harness.put("over-1", &child_of("over", &times(0, 1)));
    let rows = order(&mut harness, Layout::Tree, SortColumn::Urgency, false);
    assert_eq!(
        rows,
        "older over over-1 runs runs-1 failed broken broken-1 quiet"
    );
    harness.put("over-1", &child_of("over", &ended("success", 2)));
    let picture = [
        "older",
        "▼runs",
        "└runs-1",
        "failed",
        "▼broken",
        "└broken-1",
        "quiet",
        "▶over+1",
    ];
    assert_eq!(harness.picture(), picture);
}

#[test]
fn equal_rows_are_oldest_first_in_both_directions() {
    let mut harness = Harness::default();
    harness.put("task-10", &times(3, 0));
    harness.put("task-9", &times(3, 0));
    harness.put("task-11", &times(1, 0));
    for column in [SortColumn::Task, SortColumn::Target, SortColumn::Progress] {
        for order in both(&mut harness, column) {
            assert_eq!(order, "task-11 task-9 task-10", "{column:?}");
        }
    }
}

#[test]
fn text_sort_ignores_case_and_missing_is_last() {
    let mut harness = Harness::default();
    let entity = json!({"type": "VirtualMachine", "value": "vm-1"});
    harness.put(
        "a",
        &json!({"entityName": "Zeta", "descriptionId": "x.clone"}),
    );
    harness.put(
        "b",
        &json!({"entityName": "alpha", "descriptionId": "x.Backup"}),
    );
    harness.put(
        "c",
        &json!({"entity": entity, "descriptionId": "x.destroy"}),
    );
    harness.put(
        "d",
        &json!({"entityName": "ÄRA", "descriptionId": "x.apply"}),
    );
    harness.put(
        "e",
        &json!({"entityName": "ära-2", "descriptionId": "x.evacuate"}),
    );
    harness.put("f", &json!({"descriptionId": "x.format"}));
    assert_eq!(
        both(&mut harness, SortColumn::Target),
        ["b c a d e f", "e d a c b f"]
    );
    assert_eq!(
        both(&mut harness, SortColumn::Task),
        ["d b a c e f", "f e c a b d"]
    );
}

#[test]
fn initiator_is_sorted_by_displayed_text() {
    let mut harness = Harness::default();
    for (mo_id, reason) in [
        (
            "a",
            json!({"_typeName": "TaskReasonUser", "userName": "VSPHERE\\kim"}),
        ),
        (
            "b",
            json!({"_typeName": "TaskReasonUser", "userName": "admin"}),
        ),
        ("c", json!({"_typeName": "TaskReasonSystem"})),
        (
            "d",
            json!({"_typeName": "TaskReasonSchedule", "name": "nightly"}),
        ),
        (
            "e",
            json!({"_typeName": "TaskReasonAlarm", "alarmName": "restart"}),
        ),
    ] {
        harness.put(mo_id, &json!({"reason": reason}));
    }
    harness.apply(TaskChange::Placeholder {
        key: "f".into(),
        reason: "expired".into(),
    });
    assert_eq!(
        both(&mut harness, SortColumn::StartedBy),
        ["b e d c a f", "a c d e b f"]
    );
}

#[test]
fn missing_progress_is_last_in_both_directions() {
    let mut harness = Harness::default();
    harness.put("low", &json!({"progress": 3}));
    harness.put("high", &json!({"progress": 90}));
    harness.put("none", &json!({}));
    harness.put("mean", &json!({}));
    harness.put("half", &child_of("mean", &json!({"progress": 50})));
    let [ascending, descending] = both(&mut harness, SortColumn::Progress);
    assert_eq!(ascending, "low half mean high none");
    assert_eq!(descending, "high half mean low none");
    harness.put("half", &child_of("mean", &json!({"progress": 95})));
    assert_eq!(harness.picture(), ["half", "mean", "high", "low", "none"]);
}

#[test]
fn running_tasks_are_before_finished_by_elapsed() {
    let mut harness = Harness::default();
    harness.put("long", &ended("success", 900));
    harness.put("short", &ended("success", 4));
    harness.put("runs-long", &times(0, 10));
    harness.put("runs", &times(0, 20));
    harness.put(
        "waits",
        &with(times(15, 0), &json!({"state": "queued", "startTime": null})),
    );
    harness.apply(TaskChange::Placeholder {
        key: "ghost".into(),
        reason: "expired".into(),
    });
    let [ascending, descending] = both(&mut harness, SortColumn::Elapsed);
    assert_eq!(ascending, "runs waits runs-long short long ghost");
    assert_eq!(descending, "runs-long waits runs long short ghost");
}

#[test]
fn placeholders_are_last_by_queue_time() {
    let mut harness = Harness::default();
    harness.put("later", &times(5, 6));
    harness.put("sooner", &times(2, 9));
    harness.apply(TaskChange::Placeholder {
        key: "ghost".into(),
        reason: "expired".into(),
    });
    let [ascending, descending] = both(&mut harness, SortColumn::Queued);
    assert_eq!(ascending, "sooner later ghost");
    assert_eq!(descending, "later sooner ghost");
}

#[test]
fn children_are_sorted() {
    let mut harness = Harness::default();
    harness.put("root", &json!({"progress": 50}));
    harness.put("a", &child_of("root", &json!({"progress": 70})));
    harness.put("b", &child_of("root", &json!({"progress": 30})));
    harness.put("other", &json!({"progress": 60}));
    let descending = order(&mut harness, Layout::Tree, SortColumn::Progress, true);
    assert_eq!(descending, "other root a b");
    harness.put("b", &child_of("root", &json!({"progress": 80})));
    assert_eq!(harness.picture(), ["other", "▼root", "├b", "└a"]);
}

/// Returns the moIds of the flat list sorted by several columns in command line syntax.
fn by(harness: &mut Harness, sort: &str) -> String {
    harness.set_view(View {
        sort: sort.parse().unwrap(),
        ..flat()
    });
    harness.picture().join(" ")
}

#[test]
fn equal_rows_are_sorted_by_next_column() {
    let mut harness = Harness::default();
    let named = |name: &str, fields: Value| with(fields, &json!({"entityName": name}));
    harness.put("a", &named("db", ended("success", 30)));
    harness.put("b", &named("web", ended("success", 9)));
    harness.put("c", &named("db", ended("success", 40)));
    harness.put("d", &named("web", times(0, 5)));
    harness.put("e", &named("db", times(0, 2)));
    harness.put("f", &ended("success", 7));
    assert_eq!(by(&mut harness, "state,-elapsed"), "e d c a b f");
    assert_eq!(by(&mut harness, "-state,elapsed"), "f b a c d e");
    assert_eq!(by(&mut harness, "target,-elapsed"), "e c a d b f");
    assert_eq!(by(&mut harness, "-target,now"), "d b e c a f");
    assert_eq!(by(&mut harness, "state,target,completed"), "e d a c b f");
    harness.put("b", &named("web", ended("success", 50)));
    assert_eq!(harness.picture().join(" "), "e d a c b f");
    harness.put("c", &named("db", ended("success", 20)));
    assert_eq!(harness.picture().join(" "), "e d c a b f");
}

#[test]
fn numbers_in_names_are_sorted_by_value() {
    let mut harness = Harness::default();
    harness.put("task-10", &json!({"parentTaskKey": "task-100"}));
    harness.put("task-9", &json!({"parentTaskKey": "task-20"}));
    harness.put("haTask-7-vim.9", &json!({}));
    harness.put("task-011", &json!({}));
    assert_eq!(
        by(&mut harness, "id"),
        "haTask-7-vim.9 task-9 task-10 task-011"
    );
    assert_eq!(
        by(&mut harness, "-id"),
        "task-011 task-10 task-9 haTask-7-vim.9"
    );
    let by_parent = by(&mut harness, "parent");
    assert!(by_parent.starts_with("task-9 task-10"), "{by_parent}");
}

#[test]
fn every_column_sorts() {
    let mut harness = Harness::default();
    let run = |more: Value| with(times(0, 5), &more);
    harness.put(
        "a",
        &run(json!({"cancelable": false, "changeTag": "b", "activationId": "y"})),
    );
    harness.put(
        "b",
        &run(json!({"cancelled": true, "changeTag": "a", "activationId": "z"})),
    );
    harness.put(
        "c",
        &run(json!({"cancelable": true, "cancelled": false,
        "description": {"key": "k", "message": "Copying"}})),
    );
    let waits = json!({"state": "queued", "startTime": null});
    harness.put("d", &with(times(-30, 0), &waits));
    let failed = with(
        ended("error", 50),
        &json!({"startTime": at(40).to_string()}),
    );
    harness.put("e", &with(failed, &json!({"descriptionId": "a.first"})));
    for (sort, order) in [
        ("cancel", "b d c a"),
        ("tag", "b a"),
        ("-activation", "b a"),
        ("phase", "c"),
        ("-queued-for", "d e"),
        ("queued", "d"),
        ("-started", "e"),
        ("completed", "e"),
        ("error", "e"),
        ("operation", "e"),
    ] {
        let found = by(&mut harness, sort);
        assert!(found.starts_with(order), "{sort}: {found}");
    }
}

#[test]
fn time_left_sorts_by_expected_end() {
    let mut harness = Harness::default();
    for (mo_id, pace) in [("slow", 1), ("fast", 5), ("middle", 2)] {
        for step in 0..12 {
            let info = info(
                mo_id,
                &json!({"progress": step * pace, "startTime": at(0).to_string()}),
            );
            let at = at(60 * i64::from(step));
            harness.apply(TaskChange::Full { info, at });
        }
    }
    harness.put("over", &ended("success", 5));
    assert_eq!(by(&mut harness, "left"), "fast middle slow over");
    assert_eq!(by(&mut harness, "-left"), "slow middle fast over");
    harness.second += 5000;
    let clock = harness.clock();
    harness.model.reevaluate(context(&harness.store, &clock));
    harness.finish();
    assert_eq!(harness.picture().join(" "), "slow middle fast over");
}
