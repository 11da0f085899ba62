use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn filter_examples_match_as_expected() {
    for filter in [
        "",
        " ",
        "relocate",
        "PROD  01",
        "\"disk 2 of\"",
        "'disk 2 of'",
        "/^db-.*\\d$/",
        "db-prod",
        "(fast)",
        "vm-7?",
        "state:running",
        "state:run",
        "STATE:Running",
        "status:active",
        "state:queued,running",
        "is:running",
        "target:db-*",
        "target:prod",
        "target=DB-PROD-01",
        "target=vm-77",
        "target!=web",
        "target:\"db-prod-01\"",
        "target:/^DB/",
        "user:kim",
        "user=kim",
        "user:k*",
        "by:*\\kim",
        "op:relocate",
        "op:RelocateVM*",
        "id:4711",
        "id=task-4711",
        "phase:copying",
        "type:virtual",
        "tag:chg",
        "endpoint:vc01",
        "progress<21",
        "progress>=20",
        "progress:20",
        "progress:20%",
        "progress!=21",
        "elapsed>1m",
        "elapsed<1h30m",
        "started>90s",
        "is:cancelable",
        "is:root",
        "-is:child",
        "not is:pinned",
        "!is:stalled",
        "web or db",
        "web OR (db and prod)",
        "web | db",
        "db & prod",
        "-web",
        "-(web or fs)",
        "not not db",
        "@db",
        "@mine",
        "-@db or @mine",
        "user:kim,ops",
        "children:0",
        "-progress:none",
        "target:web,db",
        "outcome:active",
        "elapsed > 1m",
        "elapsed >1m  progress< 21",
        "user : kim",
        "user: ops, kim",
        "user != ops",
        "target = db-prod-01 and state: running",
        "endpoint:lab",
    ] {
        assert!(holds(filter), "{filter}");
    }
    for filter in [
        "consolidate",
        "\"disk  2\"",
        "/^prod/",
        "state:failed",
        "outcome:failed",
        "is:queued",
        "target:db",
        "user:ops",
    ] {
        assert_eq!(holds(filter), filter == "target:db", "{filter}");
    }
    for filter in [
        "target=db",
        "target!=vm-77",
        "target:prod-*",
        "progress>20",
        "progress:none",
        "elapsed>1h",
        "queued>1s",
        "ended<1h",
        "is:child",
        "is:asked",
        "db web",
        "web or fs",
        "-db",
        "not (db prod)",
        "@db web",
        "error:x",
        "tag:none",
        "-state:running",
        "is:stalled",
        "type:host",
    ] {
        assert!(!holds(filter), "{filter}");
    }
}

#[test]
fn matching_ignores_case_beyond_ascii() {
    for (word, name) in [
        ("ära", "ÄRA-1"),
        ("ÄRA", "ära-1"),
        ("ΟΔΟΣ", "οδοσα"),
        ("οδός", "ΟΔΌΣ-7"),
        ("k", "\u{212a}elvin"),
        ("web", "Größe-WEB"),
        ("target:GRÖ*", "größe"),
        ("target=GRÖSSE-É", "grösse-é"),
    ] {
        let store = store_of(&[(
            "task-1",
            json!({"entityName": name, "descriptionId": "x.y"}),
        )]);
        assert!(
            evaluate(&store, "task-1", word, 0).holds,
            "{word} in {name}"
        );
    }
}

#[test]
fn placeholder_is_found_by_displayed_text() {
    let mut store = TaskStore::new();
    let placeholder = TaskChange::Placeholder {
        key: "key-9".into(),
        reason: "expired".into(),
    };
    store
        .apply(HERE, placeholder, &mut ChangeSet::default())
        .unwrap();
    let (handle, _) = store.iter().next().unwrap();
    for word in [
        "KEY-9",
        "\"not visible\"",
        "unknown task",
        "state:ghost",
        "id:key-9",
    ] {
        assert!(
            Filter::from(word).matches((&store).into(), handle),
            "{word}"
        );
    }
    assert!(!Filter::from("relocate").matches((&store).into(), handle));
}

#[test]
fn match_changes_exactly_at_announced_time() {
    let tasks = store_of(&[
        ("runs", a_task()),
        ("waits", json!({"state": "queued", "startTime": null})),
        (
            "done",
            json!({"state": "success", "completeTime": at(50).to_string()}),
        ),
    ]);
    for (mo_id, filter, turns) in [
        ("runs", "elapsed>1h", Some(3600)),
        ("runs", "elapsed<1h", Some(3600)),
        ("waits", "queued>5m", Some(300)),
        ("done", "ended<1h", Some(3650)),
        ("done", "elapsed>10s", None),
        ("runs", "queued>5m", None),
        ("runs", "idle>20m -is:stalled or elapsed>1h", Some(1200)),
        ("runs", "state:queued elapsed>1h", None),
        ("runs", "state:running or elapsed>1h", None),
    ] {
        let result = evaluate(&tasks, mo_id, filter, 100);
        assert_eq!(
            result.until.is_some(),
            turns.is_some(),
            "{mo_id} {filter} {result:?}"
        );
        let mut now = 100;
        // Nothing changes before the announced time.
        while let Some(until) = evaluate(&tasks, mo_id, filter, now).until {
            let before = evaluate(&tasks, mo_id, filter, now).holds;
            let last = until.as_second() - at(0).as_second();
            for second in [now, i64::midpoint(now, last), last - 1] {
                let second = second.max(now);
                assert_eq!(
                    evaluate(&tasks, mo_id, filter, second).holds,
                    before,
                    "{filter} at {second}"
                );
            }
            now = (last + 1).max(now + 1);
            assert!(now < 100_000, "{filter}");
        }
    }
    let (before, after) = (
        evaluate(&tasks, "runs", "elapsed>1h", 3600),
        evaluate(&tasks, "runs", "elapsed>1h", 3601),
    );
    assert_eq!((before.holds, after.holds), (false, true));
    let moment = before.until.unwrap().duration_since(at(3600));
    assert_eq!(moment, SignedDuration::from_nanos(1));
    let still = store_of(&[("runs", json!({"progress": 5}))]);
    assert!(evaluate(&still, "runs", "is:flagged", 86_400 * 3).holds);
    assert!(!evaluate(&still, "runs", "is:flagged", 10).holds);
}
