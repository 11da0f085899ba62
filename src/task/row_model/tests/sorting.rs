//! Sorting by each column in both directions.

use super::*;

/// Returns the moIds sorted by a column.
fn order(bench: &mut Bench, layout: Layout, column: SortColumn, descending: bool) -> String {
    bench.arrange(View {
        layout,
        sort: Sort::by(column, descending),
        ..View::default()
    });
    let ids = bench
        .rows()
        .into_iter()
        .map(|row| bench.board.get(row.task().unwrap()).unwrap());
    let ids: Vec<&str> = ids.map(|record| &*record.id.mo_id).collect();
    ids.join(" ")
}

fn both(bench: &mut Bench, column: SortColumn) -> [String; 2] {
    [false, true].map(|descending| order(bench, Layout::Flat, column, descending))
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
    let mut bench = Bench::default();
    bench.apply(TaskChange::Ghost {
        key: "ghost".into(),
        reason: "expired".into(),
    });
    bench.put("ok-early", &ended("success", 20));
    bench.put("ok-late", &ended("success", 30));
    bench.put("odd", &json!({"state": "strange"}));
    let cancelled = json!({"error": {"_typeName": "RequestCanceled"}});
    bench.put("cancelled", &with(ended("error", 40), &cancelled));
    bench.put("failed-early", &ended("error", 5));
    bench.put("failed-late", &ended("error", 6));
    let waits = json!({"state": "queued", "startTime": null});
    bench.put("waits-long", &with(times(-9, 0), &waits));
    bench.put("waits", &with(times(-1, 0), &waits));
    bench.put("runs-long", &times(0, 0));
    bench.put("runs", &times(-20, 7));
    let [ascending, descending] = both(&mut bench, SortColumn::Attention);
    let expected = "runs-long runs waits-long waits failed-late failed-early cancelled odd ok-late ok-early ghost";
    assert_eq!(ascending, expected);
    let mut reversed: Vec<&str> = expected.split(' ').collect();
    reversed.reverse();
    assert_eq!(descending, reversed.join(" "));
}

#[test]
fn family_is_sorted_by_most_urgent_member() {
    let mut bench = Bench::default();
    bench.put("quiet", &ended("success", 9));
    bench.put("broken", &ended("success", 9));
    bench.put("broken-1", &child_of("broken", &ended("error", 8)));
    bench.put("runs", &times(0, 5));
    bench.put("runs-1", &child_of("runs", &ended("error", 8)));
    bench.put("older", &times(-1, 0));
    bench.put("failed", &ended("error", 20));
    bench.put("over", &ended("success", 3));
    bench.put("over-1", &child_of("over", &times(0, 1)));
    let rows = order(&mut bench, Layout::Tree, SortColumn::Attention, false);
    assert_eq!(
        rows,
        "older over over-1 runs runs-1 failed broken broken-1 quiet"
    );
    bench.put("over-1", &child_of("over", &ended("success", 2)));
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
    assert_eq!(bench.picture(), picture);
}

#[test]
fn equal_rows_are_oldest_first_in_both_directions() {
    let mut bench = Bench::default();
    bench.put("task-10", &times(3, 0));
    bench.put("task-9", &times(3, 0));
    bench.put("task-11", &times(1, 0));
    for column in [SortColumn::Task, SortColumn::Target, SortColumn::Progress] {
        for order in both(&mut bench, column) {
            assert_eq!(order, "task-11 task-9 task-10", "{column:?}");
        }
    }
}

#[test]
fn text_sort_ignores_case_and_missing_is_last() {
    let mut bench = Bench::default();
    let entity = json!({"type": "VirtualMachine", "value": "vm-1"});
    bench.put(
        "a",
        &json!({"entityName": "Zeta", "descriptionId": "x.clone"}),
    );
    bench.put(
        "b",
        &json!({"entityName": "alpha", "descriptionId": "x.Backup"}),
    );
    bench.put(
        "c",
        &json!({"entity": entity, "descriptionId": "x.destroy"}),
    );
    bench.put(
        "d",
        &json!({"entityName": "ÄRA", "descriptionId": "x.apply"}),
    );
    bench.put(
        "e",
        &json!({"entityName": "ära-2", "descriptionId": "x.evacuate"}),
    );
    bench.put("f", &json!({"descriptionId": "x.format"}));
    assert_eq!(
        both(&mut bench, SortColumn::Target),
        ["b c a d e f", "e d a c b f"]
    );
    assert_eq!(
        both(&mut bench, SortColumn::Task),
        ["d b a c e f", "f e c a b d"]
    );
}

#[test]
fn initiator_is_sorted_by_displayed_text() {
    let mut bench = Bench::default();
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
        bench.put(mo_id, &json!({"reason": reason}));
    }
    bench.apply(TaskChange::Ghost {
        key: "f".into(),
        reason: "expired".into(),
    });
    assert_eq!(
        both(&mut bench, SortColumn::StartedBy),
        ["b e d c a f", "a c d e b f"]
    );
}

#[test]
fn missing_progress_is_last_in_both_directions() {
    let mut bench = Bench::default();
    bench.put("low", &json!({"progress": 3}));
    bench.put("high", &json!({"progress": 90}));
    bench.put("none", &json!({}));
    bench.put("mean", &json!({}));
    bench.put("half", &child_of("mean", &json!({"progress": 50})));
    let [ascending, descending] = both(&mut bench, SortColumn::Progress);
    assert_eq!(ascending, "low half mean high none");
    assert_eq!(descending, "high half mean low none");
    bench.put("half", &child_of("mean", &json!({"progress": 95})));
    assert_eq!(bench.picture(), ["half", "mean", "high", "low", "none"]);
}

#[test]
fn running_tasks_are_before_finished_by_elapsed() {
    let mut bench = Bench::default();
    bench.put("long", &ended("success", 900));
    bench.put("short", &ended("success", 4));
    bench.put("runs-long", &times(0, 10));
    bench.put("runs", &times(0, 20));
    bench.put(
        "waits",
        &with(times(15, 0), &json!({"state": "queued", "startTime": null})),
    );
    bench.apply(TaskChange::Ghost {
        key: "ghost".into(),
        reason: "expired".into(),
    });
    let [ascending, descending] = both(&mut bench, SortColumn::Elapsed);
    assert_eq!(ascending, "runs waits runs-long short long ghost");
    assert_eq!(descending, "runs-long waits runs long short ghost");
}

#[test]
fn placeholders_are_last_by_queue_time() {
    let mut bench = Bench::default();
    bench.put("later", &times(5, 6));
    bench.put("sooner", &times(2, 9));
    bench.apply(TaskChange::Ghost {
        key: "ghost".into(),
        reason: "expired".into(),
    });
    let [ascending, descending] = both(&mut bench, SortColumn::Queued);
    assert_eq!(ascending, "sooner later ghost");
    assert_eq!(descending, "later sooner ghost");
}

#[test]
fn children_are_sorted() {
    let mut bench = Bench::default();
    bench.put("root", &json!({"progress": 50}));
    bench.put("a", &child_of("root", &json!({"progress": 70})));
    bench.put("b", &child_of("root", &json!({"progress": 30})));
    bench.put("other", &json!({"progress": 60}));
    let descending = order(&mut bench, Layout::Tree, SortColumn::Progress, true);
    assert_eq!(descending, "other root a b");
    bench.put("b", &child_of("root", &json!({"progress": 80})));
    assert_eq!(bench.picture(), ["other", "▼root", "├b", "└a"]);
}

/// Returns the moIds of the flat list sorted by several columns in command line syntax.
fn by(bench: &mut Bench, sort: &str) -> String {
    bench.arrange(View {
        sort: sort.parse().unwrap(),
        ..flat()
    });
    bench.picture().join(" ")
}

#[test]
fn equal_rows_are_sorted_by_next_column() {
    let mut bench = Bench::default();
    let named = |name: &str, fields: Value| with(fields, &json!({"entityName": name}));
    bench.put("a", &named("db", ended("success", 30)));
    bench.put("b", &named("web", ended("success", 9)));
    bench.put("c", &named("db", ended("success", 40)));
    bench.put("d", &named("web", times(0, 5)));
    bench.put("e", &named("db", times(0, 2)));
    bench.put("f", &ended("success", 7));
    assert_eq!(by(&mut bench, "state,-elapsed"), "e d c a b f");
    assert_eq!(by(&mut bench, "-state,elapsed"), "f b a c d e");
    assert_eq!(by(&mut bench, "target,-elapsed"), "e c a d b f");
    assert_eq!(by(&mut bench, "-target,now"), "d b e c a f");
    assert_eq!(by(&mut bench, "state,target,completed"), "e d a c b f");
    bench.put("b", &named("web", ended("success", 50)));
    assert_eq!(bench.picture().join(" "), "e d a c b f");
    bench.put("c", &named("db", ended("success", 20)));
    assert_eq!(bench.picture().join(" "), "e d c a b f");
}

#[test]
fn numbers_in_names_are_sorted_by_value() {
    let mut bench = Bench::default();
    bench.put("task-10", &json!({"parentTaskKey": "task-100"}));
    bench.put("task-9", &json!({"parentTaskKey": "task-20"}));
    bench.put("haTask-7-vim.9", &json!({}));
    bench.put("task-011", &json!({}));
    assert_eq!(
        by(&mut bench, "id"),
        "haTask-7-vim.9 task-9 task-10 task-011"
    );
    assert_eq!(
        by(&mut bench, "-id"),
        "task-011 task-10 task-9 haTask-7-vim.9"
    );
    let by_parent = by(&mut bench, "parent");
    assert!(by_parent.starts_with("task-9 task-10"), "{by_parent}");
}

#[test]
fn every_column_sorts() {
    let mut bench = Bench::default();
    let run = |more: Value| with(times(0, 5), &more);
    bench.put(
        "a",
        &run(json!({"cancelable": false, "changeTag": "b", "activationId": "y"})),
    );
    bench.put(
        "b",
        &run(json!({"cancelled": true, "changeTag": "a", "activationId": "z"})),
    );
    bench.put(
        "c",
        &run(json!({"cancelable": true, "cancelled": false,
        "description": {"key": "k", "message": "Copying"}})),
    );
    let waits = json!({"state": "queued", "startTime": null});
    bench.put("d", &with(times(-30, 0), &waits));
    let failed = with(
        ended("error", 50),
        &json!({"startTime": at(40).to_string()}),
    );
    bench.put("e", &with(failed, &json!({"descriptionId": "a.first"})));
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
        let found = by(&mut bench, sort);
        assert!(found.starts_with(order), "{sort}: {found}");
    }
}

#[test]
fn time_left_sorts_by_expected_end() {
    let mut bench = Bench::default();
    for (mo_id, pace) in [("slow", 1), ("fast", 5), ("middle", 2)] {
        for step in 0..12 {
            let info = info(
                mo_id,
                &json!({"progress": step * pace, "startTime": at(0).to_string()}),
            );
            let at = at(60 * i64::from(step));
            bench.apply(TaskChange::Whole { info, at });
        }
    }
    bench.put("over", &ended("success", 5));
    assert_eq!(by(&mut bench, "left"), "fast middle slow over");
    assert_eq!(by(&mut bench, "-left"), "slow middle fast over");
    bench.second += 5000;
    let clock = bench.clock();
    bench.outline.reevaluate(scene(&bench.board, &clock));
    assert_eq!(bench.picture().join(" "), "slow middle fast over");
}
