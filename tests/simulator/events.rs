//! Events of tasks, event filters, and the required fields of event types.

use std::collections::BTreeSet;

use super::history::{self, read_all};
use crate::simulator::support::*;
use serde_json::{Value, json};
use vtask::simulator::Options;
use vtask::simulator::scenario::Scenario;
use vtask::simulator::server_behavior::ErrorForm;

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
async fn start_harness() -> Harness {
    let harness = Harness::signed_in(&format!("{INVENTORY}{TASKS}")).await;
    harness.advance(60);
    harness
}

async fn query(harness: &Harness, mut filter: Value, view: Value) -> Reply {
    filter["_typeName"] = json!("EventFilterSpec");
    let body = json!({"filter": filter, "eventViewSpec": view});
    harness
        .post("EventManager/EventManager/QueryEvents", body)
        .await
}

async fn query_events(harness: &Harness, filter: Value) -> Vec<Value> {
    listed(query(harness, filter, Value::Null).await)
}

fn listed(reply: Reply) -> Vec<Value> {
    assert_eq!(reply.0, 200, "{}", reply.1);
    reply.1.as_array().unwrap().clone()
}

/// Returns the types of the matching events; the last part of `eventTypeId` for an `EventEx`.
async fn kinds(harness: &Harness, filter: Value) -> Vec<String> {
    let events = query_events(harness, filter).await;
    let kind = |event: &Value| match event["eventTypeId"].as_str() {
        Some(id) => id.rsplit('.').next().unwrap().to_owned(),
        None => event["_typeName"].as_str().unwrap().to_owned(),
    };
    events.iter().map(kind).collect()
}

/// Returns the `eventChainId` of every task in the history.
async fn chains(harness: &Harness) -> Vec<Value> {
    let body = json!({"filter": {"_typeName": "TaskFilterSpec"}});
    let create = "TaskManager/TaskManager/CreateCollectorForTasks";
    let (_, collector) = harness.post(create, body).await;
    let id = collector["value"].as_str().unwrap();
    let read = format!("TaskHistoryCollector/{id}/ReadNextTasks");
    let mut chains = Vec::new();
    loop {
        let page = listed(harness.post(&read, json!({"maxCount": 1000})).await);
        if page.is_empty() {
            return chains;
        }
        chains.extend(page.iter().map(|info| info["eventChainId"].clone()));
    }
}

#[track_caller]
fn assert_field(event: &Value, field: &str, expected: &str) {
    let value = &event[field];
    let fits = match expected {
        "string" => value.as_str().is_some_and(|text| !text.is_empty()),
        FAULT => value["_typeName"].is_string() && value["faultstring"].is_string(),
        HOST => named(value, "host", "HostSystem"),
        FOLDER => named(value, "folder", "Folder"),
        "VmEventArgument" => named(value, "vm", "VirtualMachine"),
        _ => true,
    };
    let typed = matches!(expected, "string" | FAULT) || value["_typeName"] == expected;
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
    for (field, expected) in *fields {
        assert_field(event, field, expected);
    }
    kind
}

#[tokio::test]
async fn demo_events_have_all_required_fields() {
    let mut harness = Harness::of(Options::new(Scenario::load("demo").unwrap()).manual()).await;
    harness.login().await;
    let mut seen = BTreeSet::new();
    // Events of questions exist only while the question is pending.
    for _ in 0..30 {
        harness.advance(60);
        for event in query_events(&harness, json!({})).await {
            seen.insert(assert_complete(&event).to_owned());
        }
    }
    for chain in chains(&harness).await {
        let events = query_events(&harness, json!({"eventChainId": chain})).await;
        assert_typed(&events[0]);
        for event in &events {
            seen.insert(assert_complete(event).to_owned());
            if event.get("reason").is_some() {
                assert_eq!(event["reason"], events[0]["info"]["error"]);
            }
        }
    }
    let missed = REQUIRED.iter().map(|(kind, _)| *kind);
    let missed: Vec<&str> = missed.filter(|kind| !seen.contains(*kind)).collect();
    assert_eq!(
        missed,
        ["VmPoweredOffEvent"],
        "no machine of the demo is powered off"
    );
}

#[tokio::test]
async fn migration_events_have_source_and_destination_host() {
    let harness = start_harness().await;
    let filter = json!({"eventTypeId": ["VmBeingHotMigratedEvent", "VmMigratedEvent"]});
    let events = query_events(&harness, filter).await;
    let [start, end] = &events[..] else {
        panic!("{events:?}")
    };
    assert_ne!(start["destHost"], start["host"]);
    assert_eq!(start["destHost"], end["host"]);
    assert_eq!(start["host"], end["sourceHost"]);
}

#[tokio::test]
async fn failed_reconfiguration_is_an_event_ex() {
    let harness = start_harness().await;
    let failure = "com.vmware.vc.VmReconfigureFailedEvent";
    let events = query_events(&harness, json!({"eventTypeId": [failure]})).await;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_complete(event);
    assert_eq!(
        (&event["_typeName"], &event["severity"]),
        (&json!("EventEx"), &json!("error"))
    );
    assert_eq!(event["message"], "Cannot reconfigure b: it broke");
    assert_eq!(event["fault"]["_typeName"], "SystemError");
    harness
        .control
        .change_behavior(|behavior| behavior.error_form = ErrorForm::Wrapped);
    let events = query_events(&harness, json!({"eventTypeId": [failure]})).await;
    assert_eq!(events[0]["fault"]["localizedMessage"], "it broke");
}

#[tokio::test]
async fn unknown_required_field_turns_an_event_into_event_ex() {
    let harness = start_harness().await;
    let events = query_events(
        &harness,
        json!({"alarm": reference("Alarm", "alarm-7"), "type": ["EventEx"]}),
    )
    .await;
    let ids: Vec<&Value> = events.iter().map(|event| &event["eventTypeId"]).collect();
    assert_eq!(
        ids,
        [
            "com.vmware.vc.VmBeingClonedEvent",
            "com.vmware.vc.VmClonedEvent"
        ]
    );
}

#[tokio::test]
async fn events_are_filtered_by_category() {
    let harness = start_harness().await;
    let count = query_events(&harness, json!({})).await.len();
    let filtered_kinds =
        async |categories: Value| kinds(&harness, json!({"category": categories})).await;
    assert_eq!(
        filtered_kinds(json!(["error"])).await,
        ["VmReconfigureFailedEvent"]
    );
    assert_eq!(filtered_kinds(json!(["info"])).await.len(), count - 1);
    assert_eq!(filtered_kinds(json!(["info", "error"])).await.len(), count);
    assert_eq!(
        filtered_kinds(json!(["user"])).await,
        ["TaskEvent", "VmBeingHotMigratedEvent", "VmMigratedEvent"]
    );
    assert!(filtered_kinds(json!(["warning"])).await.is_empty());
    let wrong = query(&harness, json!({"category": ["fatal"]}), Value::Null).await;
    assert_fault(&wrong, "InvalidArgument");
}

#[tokio::test]
async fn events_are_filtered_by_type_tag_and_trigger() {
    let harness = start_harness().await;
    let migrated = ["TaskEvent", "VmBeingHotMigratedEvent", "VmMigratedEvent"];
    let reconfigured = ["TaskEvent", "reconfigure", "VmReconfigureFailedEvent"];
    let cloned = ["TaskEvent", "VmBeingClonedEvent", "VmClonedEvent"];
    let filtered_kinds = async |filter: Value| kinds(&harness, filter).await;
    for name in ["VmMigratedEvent", "vim.event.VmMigratedEvent"] {
        assert_eq!(
            filtered_kinds(json!({"type": [name]})).await,
            ["VmMigratedEvent"]
        );
    }
    let extended = filtered_kinds(json!({"type": ["EventEx"]})).await;
    assert_eq!(extended.len(), 4, "{extended:?}");
    assert!(
        filtered_kinds(json!({"eventTypeId": ["EventEx"]}))
            .await
            .is_empty()
    );
    let both = json!({"type": ["EventEx"], "eventTypeId": ["VmMigratedEvent"]});
    assert!(filtered_kinds(both).await.is_empty());

    assert_eq!(filtered_kinds(json!({"tag": ["CHG1"]})).await, migrated);
    assert_eq!(
        filtered_kinds(json!({"tag": [""]})).await.len(),
        6,
        "those without a tag"
    );
    assert_eq!(filtered_kinds(json!({"tag": ["", "CHG1"]})).await.len(), 9);
    assert!(filtered_kinds(json!({"tag": ["CHG2"]})).await.is_empty());

    let alarm = |id: &str| json!({"alarm": reference("Alarm", id)});
    let schedule = |id: &str| json!({"scheduledTask": reference("ScheduledTask", id)});
    assert_eq!(filtered_kinds(alarm("alarm-7")).await, cloned);
    assert_eq!(filtered_kinds(schedule("schedule-12")).await, reconfigured);
    assert!(filtered_kinds(alarm("alarm-8")).await.is_empty());
    assert!(filtered_kinds(schedule("alarm-7")).await.is_empty());
    let chain = harness.info(1).await["eventChainId"].clone();
    assert_eq!(
        filtered_kinds(json!({"eventChainId": chain})).await,
        migrated
    );
    let mut other = alarm("alarm-7");
    other["eventChainId"] = chain;
    assert!(filtered_kinds(other).await.is_empty());
}

#[tokio::test]
async fn event_text_can_be_omitted() {
    let harness = start_harness().await;
    for (filter, has_text) in [
        (json!({"disableFullMessage": true}), false),
        (json!({"disableFullMessage": false}), true),
        (json!({"delayedInit": true}), true),
    ] {
        let events = query_events(&harness, filter.clone()).await;
        let fits = |event: &Value| event["fullFormattedMessage"].is_string() == has_text;
        assert!(events.len() == 9 && events.iter().all(fits), "{filter}");
    }
}

#[tokio::test]
async fn event_view_pages_in_both_directions() {
    let harness = start_harness().await;
    let key = |event: &Value| event["key"].as_i64().unwrap();
    let mut keys: Vec<i64> = query_events(&harness, json!({}))
        .await
        .iter()
        .map(key)
        .collect();
    keys.sort_unstable();
    let page = async |start: i64, forward: bool| {
        let view = json!({"_typeName": "EventManagerViewByStartId", "startEventId": start, "isForward": forward});
        let events = listed(query(&harness, json!({"maxCount": 4}), view).await);
        events.iter().map(key).collect::<Vec<_>>()
    };
    assert_eq!(page(0, true).await, keys[..4]);
    assert_eq!(page(keys[3], true).await, keys[4..8]);
    assert!(page(keys[8], true).await.is_empty());
    assert_eq!(page(2_147_480_000, false).await, keys[5..]);
    assert_eq!(page(keys[5], false).await, keys[1..5]);
    assert_eq!(page(keys[1], false).await, keys[..1]);
    let wrong =
        json!({"_typeName": "EventManagerViewByStartId", "startEventId": -1, "isForward": true});
    assert_fault(&query(&harness, json!({}), wrong).await, "InvalidArgument");
}

#[tokio::test]
async fn events_cover_the_life_of_a_task() {
    let harness = history::start_harness().await;
    harness.advance(20);
    let info = harness.info(1000).await;
    let query = |chain: Value| {
        harness.post(
            "EventManager/EventManager/QueryEvents",
            json!({"filter": {"_typeName": "EventFilterSpec", "eventChainId": chain}}),
        )
    };
    let (status, events) = query(info["eventChainId"].clone()).await;
    assert_eq!(status, 200);
    assert_typed(&events);
    let events = events.as_array().unwrap();
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["_typeName"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["TaskEvent", "VmBeingRelocatedEvent", "EventEx", "EventEx"]
    );
    assert!(
        events
            .iter()
            .all(|event| event["chainId"] == info["eventChainId"] && event["vm"]["name"] == "a")
    );
    assert!(events.is_sorted_by_key(|event| event["key"].as_i64()));
    assert_eq!(events[0]["info"]["key"], "task-1000");
    assert_eq!(events[0]["createdTime"], info["queueTime"]);
    assert_eq!(
        events[3]["fullFormattedMessage"],
        "Relocate virtual machine: Switching over"
    );
    assert_eq!(events[1]["userName"], "kim");
    harness.advance(60);
    let (_, later) = query(info["eventChainId"].clone()).await;
    let last = later.as_array().unwrap().last().unwrap();
    assert_eq!(
        last["_typeName"], "VmRelocateFailedEvent",
        "its child failed"
    );
    assert_eq!(
        last["fullFormattedMessage"],
        "Failed to relocate a: no file"
    );
    let old = read_all(&harness, json!({"state": ["success"]})).await;
    let (_, old_events) = query(old[0]["eventChainId"].clone()).await;
    assert!(old_events.as_array().unwrap().len() >= 3);
    assert_eq!(query(json!(5)).await, (200, json!([])));
    harness
        .control
        .change_behavior(|behavior| behavior.events_permission = false);
    assert_fault(&query(info["eventChainId"].clone()).await, "NoPermission");
}
