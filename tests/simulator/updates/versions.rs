//! Collector versions: repeated, lost, unknown and truncated.

use super::*;
use crate::simulator::support::*;
use serde_json::{Value, json};

#[tokio::test]
async fn acknowledged_version_can_be_repeated() {
    let watch = Watch::three().await;
    let (first, _) = watch.changes_since("").await;
    watch.harness.advance(3);
    let (_lost, changes) = watch.changes_since(&first).await;
    watch.harness.advance(20);
    let (second, repeated) = watch.changes_since(&first).await;
    let progress = |changes: &[(String, String, Value)], object: &str| {
        changes
            .iter()
            .find(|update| update.1 == object)
            .map(|update| update.2["info.progress"]["_value"].clone())
    };
    assert_eq!(
        (progress(&changes, "task-1"), progress(&repeated, "task-1")),
        (Some(json!(2)), Some(json!(22)))
    );
    assert_eq!(
        repeated
            .iter()
            .find(|update| update.1 == "task-3")
            .unwrap()
            .2["info.state"]["_value"],
        "error"
    );
    assert_eq!(watch.wait(&second).await.0, 204);
    assert_fault(&watch.wait(&first).await, "InvalidCollectorVersion");
    assert_eq!(
        watch.wait(&second).await.0,
        204,
        "a refused version changes nothing"
    );
}

#[tokio::test]
async fn lost_response_is_repeated() {
    let watch = Watch::three().await;
    let (first, _) = watch.changes_since("").await;
    watch.modify(&[], &[2]).await;
    watch.harness.advance(15);
    watch.harness.control.lose_responses(1);
    let path = format!("PropertyCollector/{}/WaitForUpdatesEx", watch.collector);
    let options = wait_options(0);
    assert!(
        watch
            .harness
            .is_connection_broken(&path, &json!({"version": first, "options": options}))
            .await
    );
    let (_, repeated) = watch.changes_since(&first).await;
    let mut repeated = kinds(&repeated);
    repeated.sort_unstable();
    assert_eq!(
        repeated,
        [
            ("leave", "task-2"),
            ("modify", "task-1"),
            ("modify", "task-3")
        ]
    );
}

#[tokio::test]
async fn unknown_version_is_rejected_and_empty_version_restarts() {
    let watch = Watch::three().await;
    assert_fault(&watch.wait("bogus").await, "InvalidCollectorVersion");
    let (version, _) = watch.changes_since("").await;
    assert_fault(
        &watch.wait(&format!("{version}0")).await,
        "InvalidCollectorVersion",
    );
    let (repeated, changes) = watch.changes_since("").await;
    assert_eq!(changes.len(), 3);
    assert_fault(&watch.wait(&version).await, "InvalidCollectorVersion");
    assert_eq!(watch.wait(&repeated).await.0, 204);
}

#[tokio::test]
async fn truncated_version_works_once() {
    let watch = Watch::three().await;
    watch
        .harness
        .control
        .change_behavior(|behavior| behavior.update_cap = Some(2));
    let (_, set) = watch.wait("").await;
    assert_eq!(
        (set["truncated"].as_bool(), updates(&set).len()),
        (Some(true), 2)
    );
    let truncated = set["version"].as_str().unwrap().to_owned();
    let (_, rest) = watch.wait(&truncated).await;
    assert_eq!((rest.get("truncated"), updates(&rest).len()), (None, 1));
    assert_fault(&watch.wait(&truncated).await, "InvalidCollectorVersion");
    watch.harness.advance(5);
    let plain = rest["version"].as_str().unwrap();
    let (_, set) = watch
        .wait_with(
            plain,
            json!({"_typeName": "WaitOptions", "maxWaitSeconds": 0, "maxObjectUpdates": 1}),
        )
        .await;
    assert_eq!(
        (set["truncated"].as_bool(), updates(&set).len()),
        (Some(true), 1)
    );
    let older = watch
        .collect("CheckForUpdates", json!({"version": set["version"]}))
        .await;
    assert_fault(&older, "InvalidCollectorVersion");
    // The truncated response and its continuation were lost: the last complete version repeats everything.
    watch.wait(set["version"].as_str().unwrap()).await;
    assert_eq!(watch.changes_since(plain).await.1.len(), 2);
    for wrong in [json!(0), json!(-1), json!("5")] {
        assert_eq!(
            watch
                .wait_with(
                    "",
                    json!({"_typeName": "WaitOptions", "maxObjectUpdates": wrong})
                )
                .await
                .0,
            500
        );
    }
}
