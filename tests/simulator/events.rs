//! Event filters, and the required fields of event types.

use std::collections::BTreeSet;

use crate::support::*;
use serde_json::{Value, json};
use vtask::simulator::Options;
use vtask::simulator::behavior::ErrorForm;
use vtask::simulator::scenario::Scenario;

const HOST: &str = "HostEventArgument";
const FOLDER: &str = "FolderEventArgument";
const FAULT: &str = "MethodFault";

/// Required fields of the published types, besides those of `Event` and `VmEvent`.
const REQUIRED: [(&str, &[(&str, &str)]); 25] = [
    ("TaskEvent", &[("info", "TaskInfo")]),
    ("EventEx", &[("eventTypeId", "string")]),
    ("EnteringMaintenanceModeEvent", &[]),
    ("EnteredMaintenanceModeEvent", &[]),
    ("CanceledHostOperationEvent", &[]),
    ("VmMessageEvent", &[("message", "string")]),
    ("VmBeingRelocatedEvent", &[("destHost", HOST)]),
    ("VmRelocatedEvent", &[("sourceHost", HOST)]),
    (
        "VmRelocateFailedEvent",
        &[("destHost", HOST), ("reason", FAULT)],
    ),
    ("VmBeingHotMigratedEvent", &[("destHost", HOST)]),
    ("VmMigratedEvent", &[("sourceHost", HOST)]),
    ("DrsVmMigratedEvent", &[("sourceHost", HOST)]),
    (
        "VmFailedMigrateEvent",
        &[("destHost", HOST), ("reason", FAULT)],
    ),
    (
        "VmBeingClonedEvent",
        &[
            ("destFolder", FOLDER),
            ("destName", "string"),
            ("destHost", HOST),
        ],
    ),
    ("VmClonedEvent", &[("sourceVm", "VmEventArgument")]),
    (
        "VmCloneFailedEvent",
        &[
            ("destFolder", FOLDER),
            ("destName", "string"),
            ("destHost", HOST),
            ("reason", FAULT),
        ],
    ),
    ("VmStartingEvent", &[]),
    ("VmPoweredOnEvent", &[]),
    ("DrsVmPoweredOnEvent", &[]),
    ("VmFailedToPowerOnEvent", &[("reason", FAULT)]),
    ("VmStoppingEvent", &[]),
    ("VmPoweredOffEvent", &[]),
    ("VmFailedToPowerOffEvent", &[("reason", FAULT)]),
    (
        "VmReconfiguredEvent",
        &[("configSpec", "VirtualMachineConfigSpec")],
    ),
    ("VmRemovedEvent", &[]),
];

const TASKS: &str = r#"
[[task]]
at = "0s"
[task.what]
operation = "VirtualMachine.migrate"
on = "a"
by = { user = "ops" }
tag = "CHG1"
takes = "30s"

[[task]]
at = "1s"
[task.what]
operation = "VirtualMachine.reconfigure"
on = "b"
by = { schedule = "nightly" }
takes = "3s"
error = { _typeName = "SystemError", faultstring = "it broke", reason = "it broke" }

[[task]]
at = "2s"
[task.what]
operation = "VirtualMachine.clone"
by = { alarm = { name = "disk", entity = "c" } }
takes = "5s"
"#;

/// Starts a server whose three tasks have ended.
async fn bench() -> Bench {
    let bench = Bench::signed_in(&format!("{ESTATE}{TASKS}")).await;
    bench.advance(60);
    bench
}

async fn query(bench: &Bench, mut filter: Value, view: Value) -> Reply {
    filter["_typeName"] = json!("EventFilterSpec");
    let body = json!({"filter": filter, "eventViewSpec": view});
    bench
        .post("EventManager/EventManager/QueryEvents", body)
        .await
}

async fn events(bench: &Bench, filter: Value) -> Vec<Value> {
    listed(query(bench, filter, Value::Null).await)
}

fn listed(reply: Reply) -> Vec<Value> {
    assert_eq!(reply.0, 200, "{}", reply.1);
    reply.1.as_array().unwrap().clone()
}

/// Returns the types of the matching events; the last part of `eventTypeId` for an `EventEx`.
async fn kinds(bench: &Bench, filter: Value) -> Vec<String> {
    let told = events(bench, filter).await;
    let kind = |event: &Value| match event["eventTypeId"].as_str() {
        Some(id) => id.rsplit('.').next().unwrap().to_owned(),
        None => event["_typeName"].as_str().unwrap().to_owned(),
    };
    told.iter().map(kind).collect()
}

/// Returns the `eventChainId` of every task in the history.
async fn chains(bench: &Bench) -> Vec<Value> {
    let body = json!({"filter": {"_typeName": "TaskFilterSpec"}});
    let create = "TaskManager/TaskManager/CreateCollectorForTasks";
    let (_, collector) = bench.post(create, body).await;
    let id = collector["value"].as_str().unwrap();
    let read = format!("TaskHistoryCollector/{id}/ReadNextTasks");
    let mut chains = Vec::new();
    loop {
        let page = listed(bench.post(&read, json!({"maxCount": 1000})).await);
        if page.is_empty() {
            return chains;
        }
        chains.extend(page.iter().map(|info| info["eventChainId"].clone()));
    }
}

#[track_caller]
fn assert_field(event: &Value, field: &str, wanted: &str) {
    let value = &event[field];
    let fits = match wanted {
        "string" => value.as_str().is_some_and(|text| !text.is_empty()),
        FAULT => value["_typeName"].is_string() && value["faultstring"].is_string(),
        HOST => named(value, "host", "HostSystem"),
        FOLDER => named(value, "folder", "Folder"),
        "VmEventArgument" => named(value, "vm", "VirtualMachine"),
        _ => true,
    };
    let typed = matches!(wanted, "string" | FAULT) || value["_typeName"] == wanted;
    assert!(fits && typed, "{field} of {event}");
}

fn named(argument: &Value, field: &str, kind: &str) -> bool {
    argument["name"].is_string() && argument[field]["type"] == kind
}

/// Asserts that the event has the required fields of its type, and returns the type.
#[track_caller]
fn assert_complete(event: &Value) -> &str {
    let kind = event["_typeName"].as_str().unwrap();
    assert!(
        event["key"].is_i64() && event["chainId"].is_i64(),
        "{event}"
    );
    let time = event["createdTime"].as_str().unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{event}");
    assert!(event["userName"].is_string(), "{event}");
    if kind.starts_with("Vm") || kind.starts_with("DrsVm") {
        assert!(event["template"].is_boolean(), "{event}");
        assert_field(event, "vm", "VmEventArgument");
    }
    let row = REQUIRED.iter().find(|(name, _)| *name == kind);
    let (_, fields) = row.unwrap_or_else(|| panic!("no published type: {event}"));
    for (field, wanted) in *fields {
        assert_field(event, field, wanted);
    }
    kind
}

#[tokio::test]
async fn every_event_of_the_demo_has_what_its_type_requires() {
    let mut bench = Bench::of(Options::new(Scenario::load("demo").unwrap()).manual()).await;
    bench.login().await;
    let mut seen = BTreeSet::new();
    // Events of questions exist only while the question is pending.
    for _ in 0..30 {
        bench.advance(60);
        for event in events(&bench, json!({})).await {
            seen.insert(assert_complete(&event).to_owned());
        }
    }
    for chain in chains(&bench).await {
        let told = events(&bench, json!({"eventChainId": chain})).await;
        assert_typed(&told[0]);
        for event in &told {
            seen.insert(assert_complete(event).to_owned());
            if event.get("reason").is_some() {
                assert_eq!(event["reason"], told[0]["info"]["error"]);
            }
        }
    }
    let missed = REQUIRED.iter().map(|(kind, _)| *kind);
    let missed: Vec<&str> = missed.filter(|kind| !seen.contains(*kind)).collect();
    assert_eq!(
        missed,
        ["VmPoweredOffEvent"],
        "machines of the demo do not go off"
    );
}

#[tokio::test]
async fn a_machine_that_moves_comes_from_one_host_and_goes_to_another() {
    let bench = bench().await;
    let filter = json!({"eventTypeId": ["VmBeingHotMigratedEvent", "VmMigratedEvent"]});
    let told = events(&bench, filter).await;
    let [start, end] = &told[..] else {
        panic!("{told:?}")
    };
    assert_ne!(start["destHost"], start["host"]);
    assert_eq!(start["destHost"], end["host"]);
    assert_eq!(start["host"], end["sourceHost"]);
}

#[tokio::test]
async fn a_failed_reconfiguration_is_told_by_an_extended_event() {
    let bench = bench().await;
    let failure = "com.vmware.vc.VmReconfigureFailedEvent";
    let told = events(&bench, json!({"eventTypeId": [failure]})).await;
    assert_eq!(told.len(), 1);
    let event = &told[0];
    assert_complete(event);
    assert_eq!(
        (&event["_typeName"], &event["severity"]),
        (&json!("EventEx"), &json!("error"))
    );
    assert_eq!(event["message"], "Cannot reconfigure b: it broke");
    assert_eq!(event["fault"]["_typeName"], "SystemError");
    bench
        .control
        .change_behavior(|behavior| behavior.error_form = ErrorForm::Wrapped);
    let told = events(&bench, json!({"eventTypeId": [failure]})).await;
    assert_eq!(told[0]["fault"]["localizedMessage"], "it broke");
}

#[tokio::test]
async fn what_a_type_requires_and_nobody_knows_makes_an_extended_event() {
    let bench = bench().await;
    let told = events(
        &bench,
        json!({"alarm": reference("Alarm", "alarm-7"), "type": ["EventEx"]}),
    )
    .await;
    let ids: Vec<&Value> = told.iter().map(|event| &event["eventTypeId"]).collect();
    assert_eq!(
        ids,
        [
            "com.vmware.vc.VmBeingClonedEvent",
            "com.vmware.vc.VmClonedEvent"
        ]
    );
}

#[tokio::test]
async fn events_are_found_by_category() {
    let bench = bench().await;
    let count = events(&bench, json!({})).await.len();
    let of = async |categories: Value| kinds(&bench, json!({"category": categories})).await;
    assert_eq!(of(json!(["error"])).await, ["VmReconfigureFailedEvent"]);
    assert_eq!(of(json!(["info"])).await.len(), count - 1);
    assert_eq!(of(json!(["info", "error"])).await.len(), count);
    assert_eq!(
        of(json!(["user"])).await,
        ["TaskEvent", "VmBeingHotMigratedEvent", "VmMigratedEvent"]
    );
    assert!(of(json!(["warning"])).await.is_empty());
    let wrong = query(&bench, json!({"category": ["fatal"]}), Value::Null).await;
    assert_fault(&wrong, "InvalidArgument");
}

#[tokio::test]
async fn events_are_found_by_type_tag_and_what_started_their_task() {
    let bench = bench().await;
    let migrated = ["TaskEvent", "VmBeingHotMigratedEvent", "VmMigratedEvent"];
    let reconfigured = ["TaskEvent", "reconfigure", "VmReconfigureFailedEvent"];
    let cloned = ["TaskEvent", "VmBeingClonedEvent", "VmClonedEvent"];
    let of = async |filter: Value| kinds(&bench, filter).await;
    for name in ["VmMigratedEvent", "vim.event.VmMigratedEvent"] {
        assert_eq!(of(json!({"type": [name]})).await, ["VmMigratedEvent"]);
    }
    let extended = of(json!({"type": ["EventEx"]})).await;
    assert_eq!(extended.len(), 4, "{extended:?}");
    assert!(of(json!({"eventTypeId": ["EventEx"]})).await.is_empty());
    let both = json!({"type": ["EventEx"], "eventTypeId": ["VmMigratedEvent"]});
    assert!(of(both).await.is_empty());

    assert_eq!(of(json!({"tag": ["CHG1"]})).await, migrated);
    assert_eq!(of(json!({"tag": [""]})).await.len(), 6, "those without");
    assert_eq!(of(json!({"tag": ["", "CHG1"]})).await.len(), 9);
    assert!(of(json!({"tag": ["CHG2"]})).await.is_empty());

    let alarm = |id: &str| json!({"alarm": reference("Alarm", id)});
    let schedule = |id: &str| json!({"scheduledTask": reference("ScheduledTask", id)});
    assert_eq!(of(alarm("alarm-7")).await, cloned);
    assert_eq!(of(schedule("schedule-12")).await, reconfigured);
    assert!(of(alarm("alarm-8")).await.is_empty());
    assert!(of(schedule("alarm-7")).await.is_empty());
    let chain = bench.info(1).await["eventChainId"].clone();
    assert_eq!(of(json!({"eventChainId": chain})).await, migrated);
    let mut other = alarm("alarm-7");
    other["eventChainId"] = chain;
    assert!(of(other).await.is_empty());
}

#[tokio::test]
async fn texts_are_left_out_when_they_are_not_wanted() {
    let bench = bench().await;
    for (filter, has_text) in [
        (json!({"disableFullMessage": true}), false),
        (json!({"disableFullMessage": false}), true),
        (json!({"delayedInit": true}), true),
    ] {
        let told = events(&bench, filter.clone()).await;
        let fits = |event: &Value| event["fullFormattedMessage"].is_string() == has_text;
        assert!(told.len() == 9 && told.iter().all(fits), "{filter}");
    }
}

#[tokio::test]
async fn a_view_pages_through_the_events_in_both_directions() {
    let bench = bench().await;
    let key = |event: &Value| event["key"].as_i64().unwrap();
    let mut keys: Vec<i64> = events(&bench, json!({})).await.iter().map(key).collect();
    keys.sort_unstable();
    let page = async |start: i64, forward: bool| {
        let view = json!({"_typeName": "EventManagerViewByStartId", "startEventId": start, "isForward": forward});
        let told = listed(query(&bench, json!({"maxCount": 4}), view).await);
        told.iter().map(key).collect::<Vec<_>>()
    };
    assert_eq!(page(0, true).await, keys[..4]);
    assert_eq!(page(keys[3], true).await, keys[4..8]);
    assert!(page(keys[8], true).await.is_empty());
    assert_eq!(page(2_147_480_000, false).await, keys[5..]);
    assert_eq!(page(keys[5], false).await, keys[1..5]);
    assert_eq!(page(keys[1], false).await, keys[..1]);
    let wrong =
        json!({"_typeName": "EventManagerViewByStartId", "startEventId": -1, "isForward": true});
    assert_fault(&query(&bench, json!({}), wrong).await, "InvalidArgument");
}
