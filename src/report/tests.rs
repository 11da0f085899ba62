use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::{self, TimeZone};
use regex::Regex;
use serde_json::{Value, json};

use super::*;
use crate::{
    task::{
        ChangeSet, Handle, ServerId, TaskChange, TaskId, TaskStore,
        fixture::{at, info},
    },
    vim::types::TaskEvent,
};

const HOSTILE: &str =
    "</style><script>alert(1)</script> ]]> -->\" onload='x' \u{202e}gpj\u{1b}[31m &amp; |`x`";

fn zone() -> TimeZone {
    TimeZone::fixed(tz::offset(1))
}

/// Returns the tasks in the order of a report, with an event for each that failed.
fn tasks(all: &[(&str, Value)], now: i64) -> Vec<ReportTask> {
    let (mut store, server) = (TaskStore::new(), ServerId(0));
    let mut chosen = Vec::new();
    let mut events: BTreeMap<Handle, Vec<TaskEvent>> = BTreeMap::new();
    for (mo_id, more) in all {
        let info = info(mo_id, more);
        let change = TaskChange::Full { info, at: at(now) };
        store
            .apply(server, change, &mut ChangeSet::default())
            .unwrap();
        let handle = store.find(&TaskId::new(server, *mo_id)).unwrap();
        chosen.push(handle);
        let text = more["error"]["faultstring"].as_str();
        let event = json!({"_typeName": "TaskEvent", "key": 1, "createdTime": at(60).to_string(),
            "userName": "LAB\\kim", "fullFormattedMessage": text});
        events.insert(handle, vec![TaskEvent::from_json(event)]);
    }
    tasks_in_order(&store, &chosen, "vc01.lab", &events, at(now))
}

fn report(tasks: Vec<ReportTask>) -> Report {
    Report {
        title: "Maintenance of esx-07".to_owned(),
        created: at(4000),
        servers: vec!["vc01.lab".to_owned()],
        selection: Some("--since 2026-09-21T12:00:00Z".to_owned()),
        tasks,
        outages: None,
        notes: Vec::new(),
    }
}

/// A family with a failed child, a cancelled task, one that runs and one that waits.
fn maintenance() -> Report {
    let user = |name: &str| json!({"_typeName": "TaskReasonUser", "userName": name});
    let all = [
        (
            "task-1",
            json!({"descriptionId": "EnterMaintenanceMode.enterMaintenanceMode", "entityName": "esx-07",
            "reason": user("LAB\\kim"), "startTime": at(20).to_string(), "progress": 40}),
        ),
        (
            "task-2",
            json!({"descriptionId": "VirtualMachine.migrate", "entityName": "db-01", "parentTaskKey": "task-1",
            "queueTime": at(30).to_string(), "startTime": at(95).to_string(), "completeTime": at(1200).to_string(),
            "state": "error", "progress": 95, "description": {"key": "copy", "message": "Copying disk 2 of 4"},
            "error": {"_typeName": "MigrationFault", "faultstring": "The migration has failed.",
                "faultCause": {"_typeName": "NoDiskSpace", "faultstring": "Not enough space on nfs-2."}}}),
        ),
        (
            "task-3",
            json!({"descriptionId": "VirtualMachine.migrate", "entityName": "web-11", "parentTaskKey": "task-1",
            "queueTime": at(31).to_string(), "startTime": at(31).to_string(), "completeTime": at(400).to_string(),
            "state": "success"}),
        ),
        (
            "task-4",
            json!({"descriptionId": "VirtualMachine.clone", "entityName": "web-12", "reason": user("LAB\\ops"),
            "queueTime": at(600).to_string(), "startTime": at(601).to_string(), "completeTime": at(900).to_string(),
            "state": "error", "cancelled": true,
            "error": {"_typeName": "RequestCanceled", "faultstring": "The task was canceled by a user."}}),
        ),
        (
            "task-5",
            json!({"entityName": "fs-02", "queueTime": at(3000).to_string(), "startTime": null, "state": "queued"}),
        ),
    ];
    let mut report = report(tasks(&all, 4000));
    report.tasks[3].cancel_requests.push(CancelRequest {
        at: at(890),
        user: "LAB\\kim".to_owned(),
        answer: "accepted".to_owned(),
    });
    report.outages = Some(vec![Outage {
        server: "vc01.lab".to_owned(),
        began: at(1500),
        ended: Some(at(1800)),
        reason: "connection refused".to_owned(),
    }]);
    report
}

fn without_style(html: &str) -> String {
    let (head, rest) = html.split_once("<style>").unwrap();
    let (_, tail) = rest.split_once("</style>").unwrap();
    format!("{head}<style></style>{tail}")
}

/// A tag with its attributes.
#[derive(Debug)]
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
}

/// Returns the elements of a document. Fails if tags are not balanced, or if text has characters of tags.
fn parse(html: &str) -> Vec<Tag> {
    let html = without_style(html);
    let mut rest = html.strip_prefix("<!DOCTYPE html>").unwrap();
    let tag = Regex::new(r#"^<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z0-9-]+="[^"<>]*")*)(/?)>"#)
        .unwrap();
    let attribute = Regex::new(r#"([a-zA-Z0-9-]+)="([^"]*)""#).unwrap();
    let entity = Regex::new(r"^&(lt|gt|amp|quot|#x27|#x2f);").unwrap();
    let (mut open, mut tags) = (Vec::new(), Vec::new());
    while let Some(at) = rest.find(['<', '>', '&']) {
        rest = &rest[at..];
        if rest.starts_with('&') {
            assert!(entity.is_match(rest), "{rest:.60}");
            rest = &rest[1..];
            continue;
        }
        let found = tag
            .captures(rest)
            .unwrap_or_else(|| panic!("no tag: {rest:.80}"));
        let name = found[2].to_owned();
        let attributes = attribute.captures_iter(&found[3]);
        let attributes = attributes.map(|pair| (pair[1].to_owned(), pair[2].to_owned()));
        let attributes: BTreeMap<_, _> = attributes.collect();
        if &found[1] == "/" {
            assert_eq!(open.pop().as_ref(), Some(&name), "{rest:.80}");
        } else {
            if &found[4] != "/" && name != "meta" {
                open.push(name.clone());
            }
            tags.push(Tag { name, attributes });
        }
        rest = &rest[found[0].len()..];
    }
    assert_eq!(open, [""; 0]);
    tags
}

fn hostile() -> Report {
    let fault = json!({"_typeName": HOSTILE, "faultstring": HOSTILE,
        "faultCause": {"_typeName": "NoDiskSpace", "faultstring": HOSTILE}});
    let reason = json!({"_typeName": "TaskReasonUser", "userName": HOSTILE});
    let all = [
        (
            "task-1",
            json!({"descriptionId": HOSTILE, "entityName": HOSTILE, "state": "error", "error": fault,
            "reason": reason, "description": {"key": HOSTILE, "message": HOSTILE}, "completeTime": at(9).to_string()}),
        ),
        (
            HOSTILE,
            json!({"entityName": HOSTILE, "state": "error", "reason": reason,
            "error": {"_typeName": "RequestCanceled", "faultstring": HOSTILE}}),
        ),
        ("task-3", json!({"state": HOSTILE})),
    ];
    let mut report = report(tasks(&all, 100));
    let text = HOSTILE.to_owned();
    report.tasks[0].cancel_requests.push(CancelRequest {
        at: at(5),
        user: text.clone(),
        answer: text.clone(),
    });
    report.outages = Some(vec![Outage {
        server: text.clone(),
        began: at(3),
        ended: None,
        reason: text.clone(),
    }]);
    report.servers = vec![text.clone(), text.clone()];
    report.notes = vec![text.clone()];
    report.selection = Some(text.clone());
    report.title = text;
    report
}

#[test]
fn small_report() {
    let page = without_style(&html(&maintenance(), &zone()).unwrap());
    let version = format!("vtask {}.", env!("CARGO_PKG_VERSION"));
    insta::assert_snapshot!("html", page.replace(&version, "vtask VERSION."));
    insta::assert_snapshot!("markdown", markdown(&maintenance()));
}

#[test]
fn texts_of_the_server_stay_texts() {
    let page = html(&hostile(), &zone()).unwrap();
    for tag in parse(&page) {
        assert_ne!(tag.name, "script");
        let handlers = tag.attributes.keys().filter(|name| name.starts_with("on"));
        assert_eq!(handlers.count(), 0, "{tag:?}");
    }
    assert!(page.matches("&lt;script&gt;").count() > 20, "{page}");
    for text in [&page, &markdown(&hostile())] {
        assert!(!text.contains(['\u{202e}', '\u{1b}']));
        assert!(text.contains("⟨U+202E⟩"));
    }
    let table = markdown(&hostile());
    assert!(
        !table.contains("<script>") && !table.contains(" `x`"),
        "{table}"
    );
}

#[test]
fn page_is_well_formed_and_accessible() {
    for report in [maintenance(), hostile(), report(Vec::new())] {
        let tags = parse(&html(&report, &zone()).unwrap());
        let named = |name: &'static str| tags.iter().filter(move |tag| tag.name == name);
        assert_eq!(named("html").next().unwrap().attributes["lang"], "en");
        let ids: Vec<&String> = tags
            .iter()
            .filter_map(|tag| tag.attributes.get("id"))
            .collect();
        let unique: BTreeSet<&String> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{ids:?}");
        for tag in &tags {
            let link = tag.attributes.get("href");
            assert!(
                link.is_none_or(|link| unique.contains(&link[1..].to_owned())),
                "{tag:?}"
            );
            let label = tag.attributes.get("aria-labelledby");
            for id in label.into_iter().flat_map(|ids| ids.split(' ')) {
                assert!(unique.contains(&id.to_owned()), "{tag:?}");
            }
        }
        let mut level = 0;
        for tag in tags
            .iter()
            .filter(|tag| ["h1", "h2", "h3"].contains(&&*tag.name))
        {
            let next: i32 = tag.name[1..].parse().unwrap();
            assert!(next <= level + 1 && (next > 1 || level == 0), "{tag:?}");
            level = next;
        }
        for cell in named("th") {
            assert!(
                ["col", "row"].contains(&&*cell.attributes["scope"]),
                "{cell:?}"
            );
        }
        assert_eq!(named("table").count(), named("caption").count());
        for picture in named("svg") {
            let attributes = &picture.attributes;
            let is_label = !attributes.contains_key("class");
            let is_hidden = attributes
                .get("aria-hidden")
                .is_some_and(|hidden| hidden == "true");
            let has_text =
                attributes.contains_key("aria-label") || attributes.contains_key("aria-labelledby");
            assert!(is_label || is_hidden || has_text, "{picture:?}");
        }
    }
}

#[test]
fn policy_allows_the_style_sheet_only() {
    let page = html(&maintenance(), &zone()).unwrap();
    let tags = parse(&page);
    let policy = tags.iter().find_map(|tag| {
        let name = tag.attributes.get("http-equiv")?;
        (name == "Content-Security-Policy").then(|| &tag.attributes["content"])
    });
    let policy = policy.unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    for attributes in tags.iter().map(|tag| &tag.attributes) {
        // The policy would block these.
        assert!(
            !attributes.contains_key("style") && !attributes.contains_key("src"),
            "{attributes:?}"
        );
    }
    assert_eq!(page.matches("<style>").count(), 1);
    assert!(page.contains(&format!("<style>{}</style>", html::STYLE)));
    let style = html::STYLE;
    assert!(
        !style.contains("url(") && !style.contains("@import") && !style.contains("</"),
        "{style}"
    );
}

#[test]
fn children_follow_their_parents_by_time() {
    let order: Vec<_> = maintenance()
        .tasks
        .iter()
        .map(|task| (task.entry.id.clone(), task.depth))
        .collect();
    let expected = [
        ("task-1", 0),
        ("task-2", 1),
        ("task-3", 1),
        ("task-4", 0),
        ("task-5", 0),
    ];
    assert_eq!(order, expected.map(|(id, depth)| (id.to_owned(), depth)));
}

#[test]
fn servers_are_merged_by_family() {
    let queued = |second: i64| json!({"queueTime": at(second).to_string(), "startTime": at(second).to_string()});
    let child = |second: i64| {
        let mut child = queued(second);
        child["parentTaskKey"] = json!("task-1");
        child
    };
    let one = tasks(
        &[
            ("task-1", queued(10)),
            ("task-2", child(50)),
            ("task-3", queued(60)),
        ],
        100,
    );
    let other = tasks(&[("task-9", queued(30))], 100);
    let merged: Vec<_> = merge(vec![one, other])
        .into_iter()
        .map(|task| task.entry.id)
        .collect();
    assert_eq!(merged, ["task-1", "task-2", "task-9", "task-3"]);
}

#[test]
fn root_causes_are_counted() {
    let failed = |kind: &str, text: &str| {
        json!({"state": "error", "error": {"_typeName": "Outer", "faultstring": "outer",
            "faultCause": {"_typeName": kind, "faultstring": text}}})
    };
    let all = [
        ("task-1", failed("NoPermission", "denied")),
        ("task-2", failed("NoDiskSpace", "nfs-1 is full")),
        ("task-3", failed("NoDiskSpace", "nfs-2 is full")),
    ];
    let all = tasks(&all, 100);
    let all: Vec<&ReportTask> = all.iter().collect();
    let causes: Vec<_> = causes::root_causes(&all)
        .into_iter()
        .map(|cause| {
            let numbers: Vec<usize> = cause.tasks.iter().map(|(number, _)| *number).collect();
            (cause.type_name, cause.other_messages, numbers)
        })
        .collect();
    assert_eq!(
        causes,
        [("NoDiskSpace", 1, vec![2, 3]), ("NoPermission", 0, vec![1])]
    );
}

#[test]
fn many_tasks_are_drawn_by_family() {
    let mut all = Vec::new();
    for number in 0..400 {
        let mut task = json!({"queueTime": at(number).to_string(), "startTime": at(number).to_string(),
            "completeTime": at(number * 2 + 1).to_string(), "state": "success", "entityName": format!("vm-{number}")});
        if number % 2 == 1 {
            task["parentTaskKey"] = json!(format!("task-{}", number - 1));
        }
        if number == 1 {
            task["state"] = json!("error");
            task["error"] = json!({"_typeName": "X", "faultstring": "x"});
        }
        all.push((format!("task-{number}"), task));
    }
    let all: Vec<(&str, Value)> = all.iter().map(|(id, task)| (&**id, task.clone())).collect();
    let report = report(tasks(&all, 1000));
    let zone = zone();
    let timeline = timeline::timeline(&report, &times::Times::new(&zone, at(0), at(1000))).unwrap();
    let lines: Vec<_> = timeline
        .charts
        .iter()
        .flat_map(|chart| &chart.lines)
        .collect();
    assert!(timeline.is_by_family);
    assert_eq!(
        (timeline.omitted, lines.len(), timeline.charts.len()),
        (30, 170, 10)
    );
    // The family with the failure is short, and kept for it.
    assert_eq!(lines[0].target, "vm-0 (+1)");
    assert_eq!(lines[0].marks.len(), 1);
}

#[test]
fn implausible_times_stay_in_the_chart() {
    let far = [
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "9999-12-30T00:00:00Z",
    ];
    let (near, zone) = (at(0).to_string(), zone());
    let all: Vec<&str> = far.into_iter().chain([&*near]).collect();
    for queued in &all {
        for started in &all {
            for completed in &all {
                let task = json!({"queueTime": queued, "startTime": started, "completeTime": completed, "state": "success"});
                let report = report(tasks(&[("task-1", task), ("task-2", json!({}))], 100));
                let times = times::Times::new(&zone, at(0), at(100));
                for line in timeline::timeline(&report, &times)
                    .unwrap()
                    .charts
                    .iter()
                    .flat_map(|chart| &chart.lines)
                {
                    for bar in [&line.waiting, &line.running].into_iter().flatten() {
                        assert!(bar.x >= timeline::AXIS_X && bar.width >= 0, "{bar:?}");
                        assert!(
                            bar.x + bar.width <= timeline::AXIS_X + timeline::AXIS_WIDTH,
                            "{bar:?}"
                        );
                    }
                }
                parse(&html(&report, &zone).unwrap());
            }
        }
    }
}
