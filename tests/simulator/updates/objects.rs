//! Views, collectors and filters, and objects added to and removed from them.

use super::*;
use crate::simulator::support::*;
use serde_json::{Value, json};
use vtask::simulator::OpenObjects;

#[tokio::test]
async fn updates_report_objects_added_removed_and_expired() {
    let watch = Watch::tasks(&[1, 3], &["info.state"]).await;
    let (version, _) = watch.changes_since("").await;
    assert_eq!(watch.modify(&[2, 50], &[1]).await, json!([task(50)]));
    let (version, changes) = watch.changes_since(&version).await;
    assert_eq!(kinds(&changes), [("enter", "task-2"), ("leave", "task-1")]);
    // Removal and addition between two waits cancel out.
    watch.modify(&[1], &[]).await;
    watch.modify(&[], &[1]).await;
    assert_eq!(watch.wait(&version).await.0, 204);
    watch.harness.control.remove_task("task-3");
    let (version, changes) = watch.changes_since(&version).await;
    assert_eq!(kinds(&changes), [("leave", "task-3")]);
    let body = json!({"obj": []});
    assert_eq!(
        watch
            .harness
            .post(&format!("ListView/{}/ResetListView", watch.view), body)
            .await,
        (200, json!([]))
    );
    assert_eq!(
        kinds(&watch.changes_since(&version).await.1),
        [("leave", "task-2")]
    );
}

#[tokio::test]
async fn view_change_wakes_a_running_wait_if_enabled() {
    let watch = Watch::tasks(&[1], &["info.cancelled"]).await;
    let (version, _) = watch.changes_since("").await;
    let add = async {
        watch.until_pending_waits(1).await;
        watch.modify(&[2], &[]).await;
    };
    let ((_, set), ()) = tokio::join!(watch.wait_with(&version, wait_options(60)), add);
    assert_eq!(kinds(&updates(&set)), [("enter", "task-2")]);

    watch
        .harness
        .control
        .change_behavior(|behavior| behavior.wake_on_view_change = false);
    let version = set["version"].as_str().unwrap();
    let add = async {
        watch.until_pending_waits(1).await;
        watch.modify(&[3], &[]).await;
        watch.harness.advance(1);
        let cancel = watch.collect("CancelWaitForUpdates", json!({})).await;
        assert_eq!(cancel, (204, Value::Null));
    };
    let (cancelled, ()) = tokio::join!(watch.wait_with(version, wait_options(60)), add);
    assert_fault(&cancelled, "RequestCanceled");
    assert_eq!(
        kinds(&watch.changes_since(version).await.1),
        [("enter", "task-3")]
    );
}

#[tokio::test]
async fn session_end_cancels_waits_and_destroys_objects() {
    for by_logout in [true, false] {
        let watch = Watch::tasks(&[2], &["info.progress"]).await;
        let (version, _) = watch.changes_since("").await;
        let expected = OpenObjects {
            collectors: 1,
            filters: 1,
            views: 1,
            ..OpenObjects::default()
        };
        assert_eq!(watch.harness.control.open_objects(), expected);
        let waiting = watch.wait_with(&version, wait_options(60));
        let end = async {
            watch.until_pending_waits(1).await;
            if by_logout {
                watch
                    .harness
                    .post("SessionManager/SessionManager/Logout", json!({}))
                    .await;
            } else {
                watch.harness.control.kill_sessions();
            }
        };
        assert_fault(&tokio::join!(waiting, end).0, "RequestCanceled");
        assert_fault(&watch.wait(&version).await, "NotAuthenticated");
        assert_eq!(watch.harness.control.open_objects(), OpenObjects::default());
        let mut harness = watch.harness;
        harness.login().await;
        let old = harness
            .post(
                &format!("PropertyCollector/{}/WaitForUpdatesEx", watch.collector),
                json!({"version": ""}),
            )
            .await;
        assert_fault(&old, "ManagedObjectNotFound");
    }
}

#[tokio::test]
async fn collectors_filters_and_views_are_destroyed() {
    let watch = Watch::three().await;
    let (_, filters) = watch
        .harness
        .get(&format!("PropertyCollector/{}/filter", watch.collector))
        .await;
    let filter = id(&filters[0]);
    let (_, spec) = watch
        .harness
        .get(&format!("PropertyFilter/{filter}/spec"))
        .await;
    assert_eq!(spec["_typeName"], "PropertyFilterSpec");
    assert_eq!(
        watch
            .harness
            .post(
                &format!("PropertyFilter/{filter}/DestroyPropertyFilter"),
                json!({})
            )
            .await
            .0,
        204
    );
    assert_eq!(watch.changes_since("").await.1.len(), 0);
    assert_eq!(
        watch
            .harness
            .post(&format!("ListView/{}/DestroyView", watch.view), json!({}))
            .await
            .0,
        204
    );
    assert_eq!(
        watch.collect("DestroyPropertyCollector", json!({})).await.0,
        204
    );
    assert_fault(&watch.wait("").await, "ManagedObjectNotFound");
    assert_eq!(watch.harness.control.open_objects(), OpenObjects::default());
}

#[tokio::test]
async fn missing_objects_of_a_filter_are_reported() {
    let watch = Watch::three().await;
    let mut body = watch.filter(&["info.state"], true);
    body["spec"]["objectSet"] = json!([
        {"_typeName": "ObjectSpec", "obj": task(2)},
        {"_typeName": "ObjectSpec", "obj": task(77)},
    ]);
    assert_eq!(watch.collect("CreateFilter", body.clone()).await.0, 200);
    let (_, set) = watch.wait("").await;
    let missing = &set["filterSet"][1]["missingSet"];
    assert_eq!(
        (&missing[0]["obj"], &missing[0]["fault"]["_typeName"]),
        (&task(77), &json!("ManagedObjectNotFound"))
    );
    watch.harness.control.remove_task("task-2");
    let (_, set) = watch.wait(set["version"].as_str().unwrap()).await;
    let direct = &set["filterSet"][1];
    assert_eq!(
        (
            &direct["objectSet"][0]["kind"],
            &direct["missingSet"][0]["obj"]
        ),
        (&json!("leave"), &task(2))
    );
    body["spec"]["reportMissingObjectsInResults"] = json!(false);
    assert_fault(
        &watch.collect("CreateFilter", body.clone()).await,
        "ManagedObjectNotFound",
    );
    body.as_object_mut().unwrap().remove("partialUpdates");
    assert_fault(
        &watch.collect("CreateFilter", body).await,
        "InvalidArgument",
    );
}

#[tokio::test]
async fn unreadable_properties_of_a_filter_are_reported() {
    let watch = Watch::three().await;
    watch
        .harness
        .control
        .change_behavior(|behavior| behavior.unreadable_types = vec!["VirtualMachine".to_owned()]);
    let machine = watch.harness.info(1).await["entity"].clone();
    let mut body = watch.filter(&[], true);
    body["spec"]["propSet"] = json!([property_spec("VirtualMachine", &["name"])]);
    body["spec"]["objectSet"] = json!([{"_typeName": "ObjectSpec", "obj": machine}]);
    assert_eq!(watch.collect("CreateFilter", body).await.0, 200);
    let (_, set) = watch.wait("").await;
    let update = &set["filterSet"][1]["objectSet"][0];
    let missing = &update["missingSet"][0];
    assert_eq!(
        (&update["kind"], &missing["path"]),
        (&json!("enter"), &json!("name"))
    );
    assert_eq!(missing["fault"]["_typeName"], "NoPermission");
    assert!(update["changeSet"].is_null(), "{update}");
}

#[tokio::test]
async fn changes_have_the_requested_path_once() {
    for (paths, partial, expected) in [
        (
            vec!["info.description.message"],
            true,
            vec!["info.description.message"],
        ),
        (
            vec![
                "info.description.key",
                "info.description.message",
                "info.description",
            ],
            false,
            vec![
                "info.description",
                "info.description.key",
                "info.description.message",
            ],
        ),
        (
            vec!["info", "info.description"],
            true,
            vec!["info.description"],
        ),
        (vec!["info", "info.description"], false, vec!["info"]),
    ] {
        let watch = Watch::of(Harness::signed_in(THREE_TASKS).await, &[1], &paths, partial).await;
        let (version, _) = watch.changes_since("").await;
        watch.harness.advance(52);
        let (_, set) = watch.wait(&version).await;
        let changes = &set["filterSet"][0]["objectSet"][0]["changeSet"];
        let changes = changes.as_array().unwrap();
        let mut names: Vec<_> = changes
            .iter()
            .map(|change| change["name"].as_str().unwrap())
            .filter(|name| *name == "info" || name.starts_with("info.description"))
            .collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{paths:?} {partial}: {set}");
    }
}
