//! Event collectors and event descriptions, as other clients use them.

use serde_json::{Value, json};

use super::{find, id, retrieve, start_site};
use crate::simulator::support::*;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one walk through a collector")]
async fn event_collector_reads_pages_and_the_latest_page() {
    let harness = start_site().await;
    harness.advance(60);
    let root = find(&harness, "/").await;
    let filter = json!({"_typeName": "EventFilterSpec",
        "entity": {"_typeName": "EventFilterSpecByEntity", "entity": root, "recursion": "all"}});
    let create = || {
        let body = json!({"filter": filter});
        harness.post("EventManager/EventManager/CreateCollectorForEvents", body)
    };
    let (status, collector) = create().await;
    assert_eq!(
        (status, &collector["type"]),
        (200, &json!("EventHistoryCollector"))
    );
    let call = |method: &str| format!("{}/{method}", id(&collector));
    let keys = |events: &Value| {
        let events = events.as_array().cloned().unwrap_or_default();
        events
            .iter()
            .map(|event| event["key"].clone())
            .collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    loop {
        let (_, page) = harness
            .post(&call("ReadNextEvents"), json!({"maxCount": 2}))
            .await;
        assert_typed(&page);
        let page = keys(&page);
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        all.extend(page);
        // Reading a pending question again does not repeat its event.
        harness.advance(1);
        assert!(all.len() < 100, "too many pages: {all:?}");
    }
    let (_, queried) = harness
        .post(
            "EventManager/EventManager/QueryEvents",
            json!({"filter": filter}),
        )
        .await;
    assert_eq!(keys(&queried), all);
    assert!(all.len() >= 6, "{all:?}");
    let backward: Vec<Value> = all.iter().rev().cloned().collect();
    let (_, back) = harness
        .post(&call("ReadPreviousEvents"), json!({"maxCount": 100}))
        .await;
    assert_eq!(keys(&back), backward);
    assert_eq!(
        harness.post(&call("ResetCollector"), json!({})).await.0,
        204
    );
    let (_, back) = harness
        .post(&call("ReadPreviousEvents"), json!({"maxCount": 1}))
        .await;
    assert_eq!(keys(&back), backward[..1]);
    assert_eq!(
        harness.post(&call("RewindCollector"), json!({})).await.0,
        204
    );
    let (_, first) = harness
        .post(&call("ReadNextEvents"), json!({"maxCount": 1}))
        .await;
    assert_eq!(keys(&first), all[..1]);

    let resize = harness
        .post(&call("SetCollectorPageSize"), json!({"maxCount": 3}))
        .await;
    assert_eq!(resize.0, 204);
    let specs = json!([property_spec("EventHistoryCollector", &["latestPage"])]);
    let objects = retrieve(&harness, &collector, json!([]), specs).await;
    let latest = &objects[0]["propSet"][0]["val"];
    assert_eq!(latest["_typeName"], "ArrayOfEvent");
    assert_eq!(keys(&latest["_value"]), backward[..3]);

    assert_fault(
        &harness
            .post(&call("ReadNextEvents"), json!({"maxCount": 0}))
            .await,
        "InvalidArgument",
    );
    assert_eq!(harness.control.open_objects().histories, 1);
    assert_eq!(
        harness.post(&call("DestroyCollector"), json!({})).await.0,
        204
    );
    assert_fault(
        &harness
            .post(&call("ReadNextEvents"), json!({"maxCount": 1}))
            .await,
        "ManagedObjectNotFound",
    );
    harness
        .control
        .change_behavior(|behavior| behavior.max_collectors = 1);
    assert_eq!(create().await.0, 200);
    assert_fault(&create().await, "InvalidState");
    harness
        .control
        .change_behavior(|behavior| behavior.events_permission = false);
    assert_fault(&create().await, "NoPermission");
}

#[tokio::test]
async fn event_descriptions_have_categories() {
    let harness = start_site().await;
    harness.advance(60);
    let manager = reference("EventManager", "EventManager");
    let specs = json!([property_spec(
        "EventManager",
        &["description.eventInfo", "latestEvent"]
    )]);
    let objects = retrieve(&harness, &manager, json!([]), specs).await;
    let rows = objects[0]["propSet"][0]["val"]["_value"]
        .as_array()
        .unwrap();
    let category = |key: &str| {
        let row = rows.iter().find(|row| row["key"] == key);
        row.unwrap_or_else(|| panic!("no {key}"))["category"].clone()
    };
    assert_eq!(category("VmRelocatedEvent"), "info");
    assert_eq!(category("VmFailedToPowerOnEvent"), "error");
    let keys: std::collections::HashSet<_> = rows.iter().map(|row| row["key"].as_str()).collect();
    assert_eq!(keys.len(), rows.len(), "each once");
    let latest = &objects[0]["propSet"][1]["val"];
    assert!(latest["createdTime"].is_string(), "{latest}");
}
