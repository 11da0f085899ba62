use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::task::{
    ChangeSet, EndpointId, TaskChange, TaskId, TaskStore,
    fixture::{at, info},
};

const HERE: EndpointId = EndpointId(0);

/// A server clock in seconds after the fixture's start.
struct Clock(i64);

impl EndpointInfo for Clock {
    fn time(&self, _: EndpointId) -> jiff::Timestamp {
        at(self.0)
    }

    fn name(&self, _: EndpointId) -> Option<&str> {
        Some("vc01.lab")
    }

    fn configured_name(&self, _: EndpointId) -> Option<&str> {
        Some("production-lab")
    }
}

fn store_of(tasks: &[(&str, Value)]) -> TaskStore {
    let mut store = TaskStore::new();
    for (mo_id, more) in tasks {
        let change = TaskChange::Full {
            info: info(mo_id, more),
            at: at(0),
        };
        store
            .apply(HERE, change, &mut ChangeSet::default())
            .unwrap();
    }
    store
}

fn evaluate(store: &TaskStore, mo_id: &str, filter: &str, second: i64) -> MatchResult {
    let handle = store.find(&TaskId::new(HERE, mo_id)).unwrap();
    let context = EvalContext {
        endpoints: Some(&Clock(second)),
        ..store.into()
    };
    let filter =
        Filter::parse(filter, &saved()).unwrap_or_else(|error| panic!("{filter}: {error}"));
    filter.evaluate(context, handle)
}

fn saved() -> Saved {
    let saved = [
        ("db", "target:db-*"),
        ("mine", "@db user:kim"),
        ("loop", "web or @loop"),
        ("bad", "stat:running"),
    ];
    saved
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
}

fn a_task() -> Value {
    json!({
        "entityName": "db-prod-01", "entity": {"type": "VirtualMachine", "value": "vm-77"}, "name": "RelocateVM_Task",
        "description": {"key": "phase.copy", "message": "Copying disk 2 of 3 (fast)"}, "progress": 20,
        "reason": {"_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\kim"}, "changeTag": "CHG-7"
    })
}

fn holds(filter: &str) -> bool {
    evaluate(
        &store_of(&[("task-4711", a_task())]),
        "task-4711",
        filter,
        100,
    )
    .holds
}

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
fn errors_have_position() {
    for (filter, place, part) in [
        ("stat:running", 0..4, "did you mean “state”?"),
        ("web foo:bar", 4..7, "Quote text"),
        ("state:", 6..6, "running, queued"),
        ("state:runing", 6..12, "state:running"),
        ("is:frozen", 3..9, "unknown value is:frozen"),
        ("(web", 0..1, "missing closing parenthesis"),
        ("web)", 3..4, "unmatched"),
        ("()", 0..1, "empty parentheses"),
        ("web or", 6..6, "missing"),
        ("or web", 0..2, "quote them"),
        ("not", 3..3, "missing"),
        ("\"web", 0..4, "closing quote"),
        ("/web", 0..4, "missing closing /"),
        ("/a(/", 0..4, "invalid pattern"),
        ("/vmfs/volumes", 5..6, "unexpected text"),
        ("elapsed>1", 8..9, "1s, 1m, 1h"),
        ("elapsed>soon", 8..12, "use 90s"),
        ("elapsed:1h", 7..8, "elapsed>1h"),
        ("progress<x", 9..10, "not a number"),
        ("user<kim", 4..5, "user:"),
        ("@nobody", 0..7, "no saved filter “nobody”; known: bad"),
        ("@loop", 0..5, "nested too deeply"),
        ("web @bad", 4..8, "in @bad, “stat:running”: unknown field"),
        ("user:kim,", 9..9, "expected a word"),
        ("elpsed > 1h", 0..6, "did you mean “elapsed”?"),
        ("web >= 3", 0..3, "unknown field “web”"),
        ("> 1h", 0..1, "missing field before “>”"),
        ("elapsed > ", 10..10, "expected a duration"),
        ("state: runing", 7..13, "state:running"),
    ] {
        let error = Filter::parse(filter, &saved()).unwrap_err();
        assert_eq!(error.place, place, "{filter}: {error}");
        assert!(error.message.contains(part), "{filter}: {error}");
    }
    let error = Filter::parse("größe stat:x", &saved()).unwrap_err();
    assert_eq!(error.columns("größe stat:x"), (6, 4));
    assert!(
        error.shown("größe stat:x").contains("\n        ^^^^\n"),
        "{}",
        error.shown("größe stat:x")
    );
}

#[test]
fn contradictions_are_explained() {
    for (filter, reason) in [
        (
            "state:running state:failed",
            "no task matches both state:running and state:failed",
        ),
        (
            "is:root web is:child",
            "no task matches both is:root and is:child",
        ),
        (
            "progress>100",
            "progress>100 never matches: progress is between 0 and 100",
        ),
        (
            "elapsed>2h elapsed<1h",
            "no task matches both elapsed>2h00m and elapsed<1h00m",
        ),
        (
            "elapsed<0s",
            "elapsed<0s never matches: a duration is not negative",
        ),
        (
            "progress:none progress>5",
            "no task matches both progress:none and progress>5",
        ),
        (
            "is:stalled state:queued",
            "no task matches both state:queued and is:stalled",
        ),
        (
            "ended<1h state:active",
            "no task matches both state:active and ended<1h00m",
        ),
        (
            "is:pinned -is:pinned",
            "no task matches both is:pinned and -is:pinned",
        ),
        (
            "(state:running or state:queued) state:failed",
            "no task matches both (state:running or state:queued) and state:failed",
        ),
        (
            "progress>100 or state:lost state:queued",
            "no task matches both state:lost and state:queued",
        ),
        (
            "children<3 children>3",
            "no task matches both children<3 and children>3",
        ),
    ] {
        assert_eq!(
            Filter::from(filter).contradiction().as_deref(),
            Some(reason),
            "{filter}"
        );
    }
    for filter in [
        "",
        "web",
        "state:running",
        "state:running elapsed>1h",
        "elapsed>1h elapsed<2h",
        "progress>=100",
        "progress<1",
        "elapsed<1s",
        "children>3 progress<3",
        "target=a target=b",
        "-state:running -state:queued",
        "progress>100 or web",
        "is:flagged state:queued",
        "not (state:running state:failed)",
    ] {
        assert_eq!(Filter::from(filter).contradiction(), None, "{filter}");
    }
}

#[test]
fn regex_size_is_bounded() {
    for pattern in ["/(a{1,1000}){1,1000}/", "/\\pL{1000}{1000}/"] {
        let error = Filter::parse(pattern, &saved()).unwrap_err();
        assert!(
            error.message.contains("too large") || error.message.contains("invalid pattern"),
            "{error}"
        );
    }
    let evil = store_of(&[("task-1", json!({"entityName": "a".repeat(50_000)}))]);
    let began = std::time::Instant::now();
    assert!(!evaluate(&evil, "task-1", "/(a*)*(a*)*b$/", 0).holds);
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
    let deep = format!("{}web{}", "(".repeat(1000), ")".repeat(1000));
    assert!(
        Filter::parse(&deep, &saved())
            .unwrap_err()
            .message
            .contains("nested too deeply")
    );
    let nots = "-".repeat(1000) + "web";
    assert!(
        Filter::parse(&nots, &saved())
            .unwrap_err()
            .message
            .contains("nested too deeply")
    );
    assert!(Filter::parse(&"web ".repeat(5000), &saved()).is_err());
}

#[test]
fn any_input_parses_or_fails_with_message() {
    let mut random = fastrand::Rng::with_seed(7);
    let parts = [
        "web", " ", " ", "(", ")", "-", "!", "or", "and", "not", ":", "=", "<", ">", "\"", "'",
        "/", "\\", ",", "@", "db", "state", "elapsed", "user", "1h", "20", "*", "?", "|", "&", "é",
        "デ", "\u{200b}",
    ];
    let store = store_of(&[("task-1", a_task())]);
    for _ in 0..20_000 {
        let text: String = (0..random.usize(1..12))
            .map(|_| parts[random.usize(..parts.len())])
            .collect();
        match Filter::parse(&text, &saved()) {
            Ok(filter) => {
                let handle = store.find(&TaskId::new(HERE, "task-1")).unwrap();
                filter.matches((&store).into(), handle);
            }
            Err(error) => {
                assert!(
                    text.get(error.place.clone()).is_some(),
                    "{text:?} {error:?}"
                );
                error.shown(&text);
            }
        }
        complete(&text, &saved(), (&store).into());
    }
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

#[test]
fn longer_word_narrows_filter() {
    let narrows = |one: &str, other: &str| Filter::from(one).narrows(&Filter::from(other));
    for (one, other) in [
        ("web-1", "web"),
        ("web x", "web"),
        ("web", ""),
        ("db target:web", "target:we"),
        ("state:running", "state:active"),
        ("web", "web or db"),
        ("-we", "-web"),
        ("a b", "b a"),
        ("target=web", "target:we"),
        ("(a or b) c", "a or b"),
    ] {
        assert!(narrows(one, other), "{one} in {other}");
    }
    for (one, other) in [
        ("web", "web-1"),
        ("", "web"),
        ("-web", "-we"),
        ("web or db", "web"),
        ("elapsed>2h", "elapsed>1h"),
        ("/web1/", "/web/"),
        ("target:web", "user:web"),
    ] {
        assert!(!narrows(one, other), "{one} in {other}");
    }
}

#[test]
fn completion_offers_names_and_values() {
    let store = store_of(&[
        ("task-1", a_task()),
        (
            "task-2",
            json!({"entityName": "db two", "descriptionId": "x.clone"}),
        ),
        ("task-3", json!({"entityName": "web-1"})),
    ]);
    let complete = |text: &str| {
        let Completion { start, candidates } = complete(text, &saved(), (&store).into());
        (start, candidates)
    };
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(complete("web sta"), (4, texts(&["state:", "started>"])));
    assert_eq!(complete("-(us"), (2, texts(&["user:"])));
    assert_eq!(complete("state:f"), (6, texts(&["failed", "finished"])));
    assert_eq!(complete("state:running,q"), (14, texts(&["queued"])));
    assert_eq!(complete("is:st"), (3, texts(&["stalled"])));
    assert_eq!(
        complete("target:db"),
        (7, texts(&["\"db two\"", "db-prod-01"]))
    );
    assert_eq!(complete("target:\"db t"), (7, texts(&["\"db two\""])));
    assert_eq!(complete("op:cl"), (3, texts(&["\"Clone x\""])));
    assert_eq!(complete("user:kim").1, texts(&["VSPHERE.LOCAL\\kim"]));
    assert_eq!(complete("@m"), (0, texts(&["@mine"])));
    assert_eq!(complete("web"), (0, Vec::new()));
    assert_eq!(complete("web state : f").0, 12);
    assert_eq!(complete("state: running, q"), (16, texts(&["queued"])));
    assert_eq!(complete("elapsed > 4"), (10, texts(&["4h"])));
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
fn grammar_lists_every_field_and_flag() {
    let rows = GRAMMAR
        .iter()
        .map(|(form, about)| [*form, *about].join(" "));
    let all = rows.collect::<Vec<_>>().join(" ");
    for (name, ..) in field::FIELDS {
        assert!(all.contains(name), "{name}");
    }
}
