//! Start and end of waits.

use std::time::Duration;

use super::*;
use crate::simulator::support::*;
use reqwest::Method;
use serde_json::{Value, json};
use vtask::simulator::Options;
use vtask::simulator::scenario::Scenario;
use vtask::simulator::server_behavior::ProxyWaitLimit;

#[tokio::test]
async fn first_update_is_complete_and_later_ones_are_changes() {
    let watch = Watch::three().await;
    let (_, set) = watch.wait("").await;
    assert_typed(&set);
    assert!(set.get("truncated").is_none());
    let unset = &set["filterSet"][0]["objectSet"][0]["changeSet"][5];
    let expected = json!({"_typeName": "PropertyChange", "name": "info.error", "op": "assign"});
    assert_eq!(*unset, expected);
    let first = updates(&set);
    assert_eq!(
        kinds(&first),
        [
            ("enter", "task-1"),
            ("enter", "task-2"),
            ("enter", "task-3")
        ]
    );
    assert_eq!(
        first[0].2,
        json!({
            "info.state": {"_typeName": "TaskInfoState", "_value": "running"},
            "info.progress": {"_typeName": "int", "_value": 0},
            "info.description": {"_typeName": "LocalizableMessage", "key": "phase.one", "message": "One",
                "arg": [{"_typeName": "KeyAnyValue", "key": "disk", "value": {"_typeName": "string", "_value": "1"}}]},
            "info.cancelled": {"_typeName": "boolean", "_value": false},
            "info.cancelable": {"_typeName": "boolean", "_value": true},
            "info.error": null,
        })
    );
    let version = set["version"].as_str().unwrap();
    assert_eq!(watch.wait(version).await, (204, Value::Null));
    watch.harness.advance(5);
    let (version, changes) = watch.changes_since(version).await;
    assert_eq!(
        kinds(&changes),
        [("modify", "task-3"), ("modify", "task-1")],
        "in the order of their newest change"
    );
    assert_eq!(
        changes[1].2,
        json!({"info.progress": {"_typeName": "int", "_value": 4}}),
        "folded into one update"
    );
    watch.harness.advance(6);
    let (_, changes) = watch.changes_since(&version).await;
    let failed = &changes
        .iter()
        .find(|changes| changes.1 == "task-3")
        .unwrap()
        .2;
    assert_eq!(failed["info.state"]["_value"], "error");
    assert_eq!(failed["info.error"]["_typeName"], "InvalidPowerState");
    assert!(failed.get("info.cancelled").is_none());
}

#[tokio::test]
async fn wait_returns_on_a_change() {
    let watch = Watch::three().await;
    let (version, _) = watch.changes_since("").await;
    let waiting = watch.wait_with(&version, wait_options(60));
    let change = async {
        watch.until_pending_waits(1).await;
        watch.harness.advance(3);
    };
    let ((status, set), ()) = tokio::join!(waiting, change);
    assert_eq!(status, 200);
    assert!(!updates(&set).is_empty());
}

#[tokio::test]
async fn wait_times_out_without_content() {
    let watch = Watch::tasks(&[2], &["info.progress"]).await;
    let (version, _) = watch.changes_since("").await;
    let waiting = watch.wait_with(&version, wait_options(30));
    let time = async {
        watch.until_pending_waits(1).await;
        watch.harness.advance(31);
    };
    assert_eq!(tokio::join!(waiting, time).0, (204, Value::Null));
    watch
        .harness
        .control
        .change_behavior(|behavior| behavior.max_wait = Some(Duration::ZERO));
    assert_eq!(watch.wait_with(&version, wait_options(30)).await.0, 204);
}

#[tokio::test]
async fn waits_cut_by_a_proxy_lose_no_updates() {
    let watch = Watch::tasks(&[1], &["info.progress"]).await;
    let (version, _) = watch.changes_since("").await;
    let after = Duration::from_millis(20);
    watch.harness.control.change_behavior(|behavior| {
        behavior.proxy_wait_limit = Some(ProxyWaitLimit {
            after,
            status: Some(408),
        });
    });
    let path = format!("PropertyCollector/{}/WaitForUpdatesEx", watch.collector);
    let body = json!({"version": version, "options": wait_options(60)});
    let cut = watch.harness.raw(Method::POST, &path, Some(&body)).await;
    assert_eq!(cut.status(), 408);
    let broken = ProxyWaitLimit {
        after,
        status: None,
    };
    watch
        .harness
        .control
        .change_behavior(|behavior| behavior.proxy_wait_limit = Some(broken));
    assert!(watch.harness.is_connection_broken(&path, &body).await);
    watch.until_pending_waits(0).await;
    watch.harness.advance(5);
    assert_eq!(
        kinds(&watch.changes_since(&version).await.1),
        [("modify", "task-1")]
    );
}

#[tokio::test]
async fn wait_returns_on_a_change_in_real_time() {
    let mut harness =
        Harness::of(Options::new(Scenario::parse("test", THREE_TASKS).unwrap())).await;
    harness.login().await;
    let watch = Watch::of(harness, &[1], &["info.progress"], true).await;
    let (version, _) = watch.changes_since("").await;
    let (status, set) = watch.wait_with(&version, wait_options(20)).await;
    assert_eq!((status, updates(&set).len()), (200, 1));
}

#[tokio::test]
async fn older_wait_methods_are_unlimited() {
    let watch = Watch::three().await;
    watch
        .harness
        .control
        .change_behavior(|behavior| behavior.update_cap = Some(1));
    let (status, set) = watch.collect("CheckForUpdates", json!({})).await;
    assert_eq!(
        (status, updates(&set).len(), set.get("truncated")),
        (200, 3, None)
    );
    let version = &set["version"];
    let nothing = watch
        .collect("CheckForUpdates", json!({"version": version}))
        .await;
    assert_eq!(nothing, (204, Value::Null));
    watch.harness.advance(5);
    let (_, set) = watch
        .collect("WaitForUpdates", json!({"version": version}))
        .await;
    assert_eq!(updates(&set).len(), 2);
}

/// Starts a watch of one task; returns it with its current version.
async fn watch_one_task() -> (Watch, String) {
    let watch = Watch::tasks(&[2], &["info.progress"]).await;
    let (version, _) = watch.changes_since("").await;
    (watch, version)
}

#[tokio::test]
async fn waits_on_one_collector_are_serialized() {
    let (watch, version) = watch_one_task().await;
    let first = watch.wait_with(&version, wait_options(60));
    let second = async {
        watch.until_pending_waits(1).await;
        let second = watch.collect("CheckForUpdates", json!({"version": version}));
        let release = async {
            // Other calls are answered meanwhile, so that the second wait is known to be blocked.
            watch.harness.info(2).await;
            watch.collect("CancelWaitForUpdates", json!({})).await
        };
        tokio::join!(second, release).0
    };
    let (first, second) = tokio::join!(first, second);
    assert_fault(&first, "RequestCanceled");
    assert_eq!(second, (204, Value::Null));
}

#[tokio::test]
async fn running_wait_reports_a_new_filter() {
    let (watch, version) = watch_one_task().await;
    let waiting = watch.wait_with(&version, wait_options(60));
    let create_filter = async {
        watch.until_pending_waits(1).await;
        let filter = watch.filter(&["info.state"], true);
        watch.collect("CreateFilter", filter).await
    };
    let ((status, set), filter) = tokio::join!(waiting, create_filter);
    assert_eq!((status, filter.0), (200, 200));
    assert_eq!(set["filterSet"][0]["filter"], filter.1);
    let events = updates(&set);
    assert_eq!(events.len(), 1, "{set}");
    assert_eq!(events[0].0, "enter");
}

#[tokio::test]
async fn default_collector_cannot_be_destroyed() {
    let (watch, _) = watch_one_task().await;
    let call = "PropertyCollector/propertyCollector/DestroyPropertyCollector";
    assert_fault(&watch.harness.post(call, json!({})).await, "NotSupported");
}
