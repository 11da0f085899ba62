//! Watches tasks through a property collector.

mod objects;
mod server_behavior;
mod versions;
mod waits;

use crate::simulator::support::*;
use serde_json::{Value, json};

const LEAVES: [&str; 6] = [
    "info.state",
    "info.progress",
    "info.description",
    "info.cancelled",
    "info.cancelable",
    "info.error",
];

/// A collector, view and filter of a session.
struct Watch {
    harness: Harness,
    collector: String,
    view: String,
}

fn id(reference: &Value) -> String {
    reference["value"].as_str().unwrap().to_owned()
}

impl Watch {
    async fn of(harness: Harness, tasks: &[u64], paths: &[&str], partial: bool) -> Self {
        let (_, collector) = harness
            .post(
                "PropertyCollector/propertyCollector/CreatePropertyCollector",
                json!({}),
            )
            .await;
        let tasks: Vec<Value> = tasks.iter().map(|number| task(*number)).collect();
        let (_, view) = harness
            .post(
                "ViewManager/ViewManager/CreateListView",
                json!({"obj": tasks}),
            )
            .await;
        let watch = Self {
            harness,
            collector: id(&collector),
            view: id(&view),
        };
        let (status, filter) = watch
            .collect("CreateFilter", watch.filter(paths, partial))
            .await;
        assert_eq!(
            (status, &filter["type"]),
            (200, &json!("PropertyFilter")),
            "{filter}"
        );
        watch
    }

    /// Watches these properties of tasks of [`THREE_TASKS`].
    async fn tasks(tasks: &[u64], paths: &[&str]) -> Self {
        Self::of(Harness::signed_in(THREE_TASKS).await, tasks, paths, true).await
    }

    async fn three() -> Self {
        Self::tasks(&[1, 2, 3], &LEAVES).await
    }

    fn filter(&self, paths: &[&str], partial: bool) -> Value {
        json!({
            "spec": {
                "_typeName": "PropertyFilterSpec",
                "propSet": [{"_typeName": "PropertySpec", "type": "Task", "pathSet": paths}],
                "objectSet": [{
                    "_typeName": "ObjectSpec",
                    "obj": reference("ListView", &self.view),
                    "skip": true,
                    "selectSet": [{"_typeName": "TraversalSpec", "type": "ListView", "path": "view", "skip": false}],
                }],
                "reportMissingObjectsInResults": true,
            },
            "partialUpdates": partial,
        })
    }

    async fn collect(&self, method: &str, body: Value) -> Reply {
        self.harness
            .post(
                &format!("PropertyCollector/{}/{method}", self.collector),
                body,
            )
            .await
    }

    async fn wait(&self, version: &str) -> Reply {
        self.wait_with(version, wait_options(0)).await
    }

    async fn wait_with(&self, version: &str, options: Value) -> Reply {
        self.collect(
            "WaitForUpdatesEx",
            json!({"version": version, "options": options}),
        )
        .await
    }

    /// Waits for changes after `version`, which must exist; returns the next version and `(kind, moId, changes)`.
    async fn changes_since(&self, version: &str) -> (String, Vec<(String, String, Value)>) {
        let (status, set) = self.wait(version).await;
        assert_eq!(status, 200, "{set}");
        (set["version"].as_str().unwrap().to_owned(), updates(&set))
    }

    /// Waits until the server has this number of pending waits.
    async fn until_pending_waits(&self, count: usize) {
        eventually(|| async { (self.harness.control.pending_waits() == count).then_some(()) })
            .await;
    }

    async fn modify(&self, add: &[u64], remove: &[u64]) -> Value {
        let refs = |numbers: &[u64]| {
            numbers
                .iter()
                .map(|number| task(*number))
                .collect::<Vec<_>>()
        };
        let body = json!({"add": refs(add), "remove": refs(remove)});
        self.harness
            .post(&format!("ListView/{}/ModifyListView", self.view), body)
            .await
            .1
    }
}

fn wait_options(max_seconds: u64) -> Value {
    json!({"_typeName": "WaitOptions", "maxWaitSeconds": max_seconds})
}

fn updates(set: &Value) -> Vec<(String, String, Value)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let filters = list(&set["filterSet"]);
    let objects = filters.iter().flat_map(|filter| list(&filter["objectSet"]));
    objects
        .map(|update| {
            let changes: serde_json::Map<String, Value> = list(&update["changeSet"])
                .iter()
                .map(|change| {
                    (
                        change["name"].as_str().unwrap().to_owned(),
                        change["val"].clone(),
                    )
                })
                .collect();
            (
                update["kind"].as_str().unwrap().to_owned(),
                id(&update["obj"]),
                Value::Object(changes),
            )
        })
        .collect()
}

fn kinds(updates: &[(String, String, Value)]) -> Vec<(&str, &str)> {
    updates
        .iter()
        .map(|(kind, object, _)| (kind.as_str(), object.as_str()))
        .collect()
}
