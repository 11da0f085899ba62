//! Watching tasks through a property collector of one's own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod simulator_support;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::*;
use vtask::simulator::behaviour::{Boxing, ChangeNames, Outage, Unset, WaitCut};
use vtask::simulator::scenario::Scenario;
use vtask::simulator::{OpenObjects, Options};

const LEAVES: [&str; 6] = [
    "info.state",
    "info.progress",
    "info.description",
    "info.cancelled",
    "info.cancelable",
    "info.error",
];

/// A session's collector, view and filter.
struct Watch {
    bench: Bench,
    collector: String,
    view: String,
}

fn id(reference: &Value) -> String {
    reference["value"].as_str().unwrap().to_owned()
}

impl Watch {
    async fn of(bench: Bench, tasks: &[u64], paths: &[&str], partial: bool) -> Self {
        let (_, collector) = bench
            .post(
                "PropertyCollector/propertyCollector/CreatePropertyCollector",
                json!({}),
            )
            .await;
        let tasks: Vec<Value> = tasks.iter().map(|number| task(*number)).collect();
        let (_, view) = bench
            .post(
                "ViewManager/ViewManager/CreateListView",
                json!({"obj": tasks}),
            )
            .await;
        let watch = Self {
            bench,
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

    async fn three() -> Self {
        Self::of(Bench::signed_in(THREE).await, &[1, 2, 3], &LEAVES, true).await
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
        self.bench
            .post(
                &format!("PropertyCollector/{}/{method}", self.collector),
                body,
            )
            .await
    }

    async fn wait(&self, version: &str) -> Reply {
        self.wait_with(
            version,
            json!({"_typeName": "WaitOptions", "maxWaitSeconds": 0}),
        )
        .await
    }

    async fn wait_with(&self, version: &str, options: Value) -> Reply {
        self.collect(
            "WaitForUpdatesEx",
            json!({"version": version, "options": options}),
        )
        .await
    }

    /// What is new since `version`, which must be something: the next version, and `(kind, moId, changes)`.
    async fn news(&self, version: &str) -> (String, Vec<(String, String, Value)>) {
        let (status, set) = self.wait(version).await;
        assert_eq!(status, 200, "{set}");
        (set["version"].as_str().unwrap().to_owned(), updates(&set))
    }

    async fn modify(&self, add: &[u64], remove: &[u64]) -> Value {
        let refs = |numbers: &[u64]| {
            numbers
                .iter()
                .map(|number| task(*number))
                .collect::<Vec<_>>()
        };
        let body = json!({"add": refs(add), "remove": refs(remove)});
        self.bench
            .post(&format!("ListView/{}/ModifyListView", self.view), body)
            .await
            .1
    }
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

#[tokio::test]
async fn first_everything_then_only_what_changed() {
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
    watch.bench.advance(5);
    let (version, news) = watch.news(version).await;
    assert_eq!(
        kinds(&news),
        [("modify", "task-3"), ("modify", "task-1")],
        "in the order of their newest change"
    );
    assert_eq!(
        news[1].2,
        json!({"info.progress": {"_typeName": "int", "_value": 4}}),
        "folded into one update"
    );
    watch.bench.advance(6);
    let (_, news) = watch.news(&version).await;
    let failed = &news.iter().find(|news| news.1 == "task-3").unwrap().2;
    assert_eq!(failed["info.state"]["_value"], "error");
    assert_eq!(failed["info.error"]["_typeName"], "InvalidPowerState");
    assert!(failed.get("info.cancelled").is_none());
}

#[tokio::test]
async fn a_wait_wakes_when_something_changes() {
    let watch = Watch::three().await;
    let (version, _) = watch.news("").await;
    let waiting = watch.wait_with(
        &version,
        json!({"_typeName": "WaitOptions", "maxWaitSeconds": 60}),
    );
    let change = async {
        eventually(|| async { (watch.bench.control.waiting() == 1).then_some(()) }).await;
        watch.bench.advance(3);
    };
    let ((status, set), ()) = tokio::join!(waiting, change);
    assert_eq!(status, 200);
    assert!(!updates(&set).is_empty());
}

#[tokio::test]
async fn a_wait_ends_empty_when_its_time_is_over() {
    let watch = Watch::of(
        Bench::signed_in(THREE).await,
        &[2],
        &["info.progress"],
        true,
    )
    .await;
    let (version, _) = watch.news("").await;
    let waiting = watch.wait_with(
        &version,
        json!({"_typeName": "WaitOptions", "maxWaitSeconds": 30}),
    );
    let time = async {
        eventually(|| async { (watch.bench.control.waiting() == 1).then_some(()) }).await;
        watch.bench.advance(31);
    };
    assert_eq!(tokio::join!(waiting, time).0, (204, Value::Null));
    watch
        .bench
        .control
        .behave(|ways| ways.waits_end_after = Some(Duration::ZERO));
    assert_eq!(
        watch
            .wait_with(
                &version,
                json!({"_typeName": "WaitOptions", "maxWaitSeconds": 30})
            )
            .await
            .0,
        204
    );
}

#[tokio::test]
async fn proxies_cut_waits_and_nothing_is_lost_by_it() {
    let watch = Watch::of(
        Bench::signed_in(THREE).await,
        &[1],
        &["info.progress"],
        true,
    )
    .await;
    let (version, _) = watch.news("").await;
    let long = json!({"_typeName": "WaitOptions", "maxWaitSeconds": 60});
    let after = Duration::from_millis(20);
    let answer = Some(Outage::page(408, "408 Request Timeout"));
    watch
        .bench
        .control
        .behave(|ways| ways.waits_cut = Some(WaitCut { after, answer }));
    let path = format!("PropertyCollector/{}/WaitForUpdatesEx", watch.collector);
    let body = json!({"version": version, "options": long});
    let cut = watch.bench.raw(Method::POST, &path, Some(&body)).await;
    assert_eq!(cut.status(), 408);
    let broken = WaitCut {
        after,
        answer: None,
    };
    watch
        .bench
        .control
        .behave(|ways| ways.waits_cut = Some(broken));
    assert!(watch.bench.breaks(&path, &body).await);
    eventually(|| async { (watch.bench.control.waiting() == 0).then_some(()) }).await;
    watch.bench.advance(5);
    assert_eq!(kinds(&watch.news(&version).await.1), [("modify", "task-1")]);
}

#[tokio::test]
async fn real_time_moves_waits_too() {
    let mut bench = Bench::of(Options::new(Scenario::parse("test", THREE).unwrap())).await;
    bench.login().await;
    let watch = Watch::of(bench, &[1], &["info.progress"], true).await;
    let (version, _) = watch.news("").await;
    let (status, set) = watch
        .wait_with(
            &version,
            json!({"_typeName": "WaitOptions", "maxWaitSeconds": 20}),
        )
        .await;
    assert_eq!((status, updates(&set).len()), (200, 1));
}

#[tokio::test]
async fn a_plain_version_may_be_used_again_and_gives_all_since() {
    let watch = Watch::three().await;
    let (first, _) = watch.news("").await;
    watch.bench.advance(3);
    let (_lost, news) = watch.news(&first).await;
    watch.bench.advance(20);
    let (second, again) = watch.news(&first).await;
    let of = |news: &[(String, String, Value)], object: &str| {
        news.iter()
            .find(|update| update.1 == object)
            .map(|update| update.2["info.progress"]["_value"].clone())
    };
    assert_eq!(
        (of(&news, "task-1"), of(&again, "task-1")),
        (Some(json!(2)), Some(json!(22)))
    );
    assert_eq!(
        again.iter().find(|update| update.1 == "task-3").unwrap().2["info.state"]["_value"],
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
async fn an_answer_lost_on_the_way_is_given_again() {
    let watch = Watch::three().await;
    let (first, _) = watch.news("").await;
    watch.modify(&[], &[2]).await;
    watch.bench.advance(15);
    watch.bench.control.lose_answers(1);
    let path = format!("PropertyCollector/{}/WaitForUpdatesEx", watch.collector);
    let options = json!({"_typeName": "WaitOptions", "maxWaitSeconds": 0});
    assert!(
        watch
            .bench
            .breaks(&path, &json!({"version": first, "options": options}))
            .await
    );
    let (_, again) = watch.news(&first).await;
    let mut again = kinds(&again);
    again.sort_unstable();
    assert_eq!(
        again,
        [
            ("leave", "task-2"),
            ("modify", "task-1"),
            ("modify", "task-3")
        ]
    );
}

#[tokio::test]
async fn unknown_versions_are_refused_and_the_empty_one_starts_again() {
    let watch = Watch::three().await;
    assert_fault(&watch.wait("bogus").await, "InvalidCollectorVersion");
    let (version, _) = watch.news("").await;
    assert_fault(
        &watch.wait(&format!("{version}0")).await,
        "InvalidCollectorVersion",
    );
    let (again, news) = watch.news("").await;
    assert_eq!(news.len(), 3);
    assert_fault(&watch.wait(&version).await, "InvalidCollectorVersion");
    assert_eq!(watch.wait(&again).await.0, 204);
}

#[tokio::test]
async fn the_older_methods_know_no_limits() {
    let watch = Watch::three().await;
    watch.bench.control.behave(|ways| ways.update_cap = Some(1));
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
    watch.bench.advance(5);
    let (_, set) = watch
        .collect("WaitForUpdates", json!({"version": version}))
        .await;
    assert_eq!(updates(&set).len(), 2);
}

#[tokio::test]
async fn more_than_fits_is_truncated_and_such_a_version_works_once() {
    let watch = Watch::three().await;
    watch.bench.control.behave(|ways| ways.update_cap = Some(2));
    let (_, set) = watch.wait("").await;
    assert_eq!(
        (set["truncated"].as_bool(), updates(&set).len()),
        (Some(true), 2)
    );
    let truncated = set["version"].as_str().unwrap().to_owned();
    let (_, rest) = watch.wait(&truncated).await;
    assert_eq!((rest.get("truncated"), updates(&rest).len()), (None, 1));
    assert_fault(&watch.wait(&truncated).await, "InvalidCollectorVersion");
    watch.bench.advance(5);
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
    // The truncated answer and what followed were lost: from the last plain version everything comes again.
    watch.wait(set["version"].as_str().unwrap()).await;
    assert_eq!(watch.news(plain).await.1.len(), 2);
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

#[tokio::test]
async fn views_gain_and_lose_objects_and_objects_vanish() {
    let watch = Watch::of(
        Bench::signed_in(THREE).await,
        &[1, 3],
        &["info.state"],
        true,
    )
    .await;
    let (version, _) = watch.news("").await;
    assert_eq!(watch.modify(&[2, 50], &[1]).await, json!([task(50)]));
    let (version, news) = watch.news(&version).await;
    assert_eq!(kinds(&news), [("enter", "task-2"), ("leave", "task-1")]);
    // In and out again between two waits is nothing.
    watch.modify(&[1], &[]).await;
    watch.modify(&[], &[1]).await;
    assert_eq!(watch.wait(&version).await.0, 204);
    watch.bench.control.remove_task("task-3");
    let (version, news) = watch.news(&version).await;
    assert_eq!(kinds(&news), [("leave", "task-3")]);
    let body = json!({"obj": []});
    assert_eq!(
        watch
            .bench
            .post(&format!("ListView/{}/ResetListView", watch.view), body)
            .await,
        (200, json!([]))
    );
    assert_eq!(kinds(&watch.news(&version).await.1), [("leave", "task-2")]);
}

#[tokio::test]
async fn a_running_wait_notices_a_modified_view_or_not() {
    let watch = Watch::of(
        Bench::signed_in(THREE).await,
        &[1],
        &["info.cancelled"],
        true,
    )
    .await;
    let (version, _) = watch.news("").await;
    let long = json!({"_typeName": "WaitOptions", "maxWaitSeconds": 60});
    let add = async {
        eventually(|| async { (watch.bench.control.waiting() == 1).then_some(()) }).await;
        watch.modify(&[2], &[]).await;
    };
    let ((_, set), ()) = tokio::join!(watch.wait_with(&version, long.clone()), add);
    assert_eq!(kinds(&updates(&set)), [("enter", "task-2")]);

    watch
        .bench
        .control
        .behave(|ways| ways.wake_on_view_change = false);
    let version = set["version"].as_str().unwrap();
    let add = async {
        eventually(|| async { (watch.bench.control.waiting() == 1).then_some(()) }).await;
        watch.modify(&[3], &[]).await;
        watch.bench.advance(1);
        let cancel = watch.collect("CancelWaitForUpdates", json!({})).await;
        assert_eq!(cancel, (204, Value::Null));
    };
    let (cancelled, ()) = tokio::join!(watch.wait_with(version, long), add);
    assert_fault(&cancelled, "RequestCanceled");
    assert_eq!(kinds(&watch.news(version).await.1), [("enter", "task-3")]);
}

#[tokio::test]
async fn the_end_of_a_session_ends_its_waits_and_everything_it_made() {
    for by_logout in [true, false] {
        let watch = Watch::of(
            Bench::signed_in(THREE).await,
            &[2],
            &["info.progress"],
            true,
        )
        .await;
        let (version, _) = watch.news("").await;
        let expected = OpenObjects {
            collectors: 1,
            filters: 1,
            views: 1,
            ..OpenObjects::default()
        };
        assert_eq!(watch.bench.control.open_objects(), expected);
        let waiting = watch.wait_with(
            &version,
            json!({"_typeName": "WaitOptions", "maxWaitSeconds": 60}),
        );
        let end = async {
            eventually(|| async { (watch.bench.control.waiting() == 1).then_some(()) }).await;
            if by_logout {
                watch
                    .bench
                    .post("SessionManager/SessionManager/Logout", json!({}))
                    .await;
            } else {
                watch.bench.control.kill_sessions();
            }
        };
        assert_fault(&tokio::join!(waiting, end).0, "RequestCanceled");
        assert_fault(&watch.wait(&version).await, "NotAuthenticated");
        assert_eq!(watch.bench.control.open_objects(), OpenObjects::default());
        let mut bench = watch.bench;
        bench.login().await;
        let old = bench
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
        .bench
        .get(&format!("PropertyCollector/{}/filter", watch.collector))
        .await;
    let filter = id(&filters[0]);
    let (_, spec) = watch
        .bench
        .get(&format!("PropertyFilter/{filter}/spec"))
        .await;
    assert_eq!(spec["_typeName"], "PropertyFilterSpec");
    assert_eq!(
        watch
            .bench
            .post(
                &format!("PropertyFilter/{filter}/DestroyPropertyFilter"),
                json!({})
            )
            .await
            .0,
        204
    );
    assert_eq!(watch.news("").await.1.len(), 0);
    assert_eq!(
        watch
            .bench
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
    assert_eq!(watch.bench.control.open_objects(), OpenObjects::default());
}

#[tokio::test]
async fn calls_on_one_collector_take_turns() {
    let watch = Watch::of(
        Bench::signed_in(THREE).await,
        &[2],
        &["info.progress"],
        true,
    )
    .await;
    let (version, _) = watch.news("").await;
    let waiting = watch.wait_with(
        &version,
        json!({"_typeName": "WaitOptions", "maxWaitSeconds": 60}),
    );
    let second = async {
        eventually(|| async { (watch.bench.control.waiting() == 1).then_some(()) }).await;
        let create = watch.collect("CreateFilter", watch.filter(&["info.state"], true));
        let release = async {
            // Other objects of the session answer meanwhile, so the second call is not merely slow.
            watch.bench.info(2).await;
            watch.collect("CancelWaitForUpdates", json!({})).await
        };
        tokio::join!(create, release).0
    };
    let (first, second) = tokio::join!(waiting, second);
    assert_fault(&first, "RequestCanceled");
    assert_eq!(second.0, 200);
}

#[tokio::test]
async fn whole_info_by_parts_or_as_a_whole() {
    for (partial, names, expected) in [
        (true, ChangeNames::Leaf, "info.progress"),
        (false, ChangeNames::Leaf, "info"),
        (true, ChangeNames::Whole, "info"),
    ] {
        let watch = Watch::of(Bench::signed_in(THREE).await, &[1], &["info"], partial).await;
        watch.bench.control.behave(|ways| ways.change_names = names);
        let (version, first) = watch.news("").await;
        assert_eq!(first[0].2["info"]["_typeName"], "TaskInfo");
        watch.bench.advance(3);
        let (_, news) = watch.news(&version).await;
        assert!(
            news[0].2.get(expected).is_some(),
            "{expected}: {:?}",
            news[0].2
        );
    }
}

#[tokio::test]
async fn the_ways_of_other_servers() {
    let watch = Watch::three().await;
    watch.bench.control.behave(|ways| {
        ways.unset = Unset::Null;
        ways.boxing = Boxing::Bare;
        ways.lean_type_names = true;
        ways.fold_changes = false;
    });
    let (_, set) = watch.wait("").await;
    let enter = &set["filterSet"][0]["objectSet"][0];
    assert!(enter.get("_typeName").is_none() && enter["obj"].get("_typeName").is_none());
    assert_eq!(
        enter["changeSet"][1],
        json!({"name": "info.progress", "op": "assign", "val": 0})
    );
    assert_eq!(
        enter["changeSet"][5],
        json!({"name": "info.error", "op": "assign", "val": null})
    );
    watch.bench.advance(15);
    let (_, news) = watch.news(set["version"].as_str().unwrap()).await;
    let of_three = news.iter().filter(|update| update.1 == "task-3").count();
    assert_eq!(of_three, 3, "state, progress and error one by one");
}

#[tokio::test]
async fn objects_named_directly_may_be_missing() {
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
    watch.bench.control.remove_task("task-2");
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
async fn accounts_that_may_not_collect() {
    let bench = Bench::signed_in(THREE).await;
    bench.control.behave(|ways| ways.property_collector = false);
    assert_fault(
        &bench
            .post(
                "PropertyCollector/propertyCollector/CreatePropertyCollector",
                json!({}),
            )
            .await,
        "NoPermission",
    );
    assert_fault(
        &bench
            .post("ViewManager/ViewManager/CreateListView", json!({"obj": []}))
            .await,
        "NoPermission",
    );
    bench.control.behave(|ways| {
        ways.property_collector = true;
        ways.collectors_signed_out = true;
    });
    assert_fault(
        &bench
            .post("ViewManager/ViewManager/CreateListView", json!({"obj": []}))
            .await,
        "NotAuthenticated",
    );
    bench.info(1).await;
}

#[tokio::test]
async fn a_machine_that_asks_is_seen_by_whoever_watches_it() {
    let scenario = format!(
        "{ESTATE}[[task]]\nat = \"0s\"\n[task.what]\noperation = \"VirtualMachine.powerOn\"\non = \"a\"\nqueue = \"0s\"\ntakes = \"60s\"\nquestion = {{ at = 50, text = \"moved?\", choices = [\"yes\", \"no\"] }}\n"
    );
    let watch = Watch::of(
        Bench::signed_in(&scenario).await,
        &[],
        &["info.state"],
        true,
    )
    .await;
    let machine = watch.bench.info(1).await["entity"].clone();
    let mut body = watch.filter(&[], true);
    body["spec"]["propSet"] = json!([{"_typeName": "PropertySpec", "type": "VirtualMachine", "pathSet": ["name", "runtime.question"]}]);
    body["spec"]["objectSet"] = json!([{"_typeName": "ObjectSpec", "obj": machine}]);
    watch.collect("CreateFilter", body).await;
    let (version, first) = watch.news("").await;
    assert_eq!(
        first[0].2,
        json!({"name": {"_typeName": "string", "_value": "a"}, "runtime.question": null})
    );
    watch.bench.advance(31);
    let (_, news) = watch.news(&version).await;
    let question = &news[0].2["runtime.question"];
    assert_eq!(
        (
            &question["text"],
            &question["choice"]["choiceInfo"][1]["label"]
        ),
        (&json!("moved?"), &json!("no"))
    );
    assert!(watch.bench.control.answer_question("a"));
}

/// Follows the collector like a client would, and ends up with what is true.
#[tokio::test]
async fn a_follower_of_a_heavy_load_ends_up_with_the_truth() {
    let mut options = Options::new(Scenario::load("load").unwrap()).manual();
    options.load.tasks = Some(300);
    options.load.rate = Some(3000);
    options.load.finish = true;
    let mut bench = Bench::of(options).await;
    bench.login().await;
    let numbers: Vec<u64> = (100_000..100_300).collect();
    let watch = Watch::of(bench, &numbers, &["info.state", "info.progress"], true).await;
    let mut board = std::collections::BTreeMap::<String, Value>::new();
    let (mut version, mut answers) = (String::new(), 0);
    for round in 0..60 {
        if round < 50 {
            watch.bench.control.advance(Duration::from_millis(137));
        }
        let (status, set) = watch.wait(&version).await;
        if status == 204 {
            continue;
        }
        answers += 1;
        assert!(updates(&set).len() <= 100);
        for (kind, object, changes) in updates(&set) {
            assert_ne!(kind, "leave");
            let known = board.entry(object).or_insert_with(|| json!({}));
            for (name, value) in changes.as_object().unwrap() {
                known[name] = value["_value"].clone();
            }
        }
        version = set["version"].as_str().unwrap().to_owned();
    }
    assert!(answers > 40);
    let truth = watch.bench.control.truth();
    for info in truth
        .iter()
        .filter(|info| board.contains_key(info["key"].as_str().unwrap()))
    {
        let seen = &board[info["key"].as_str().unwrap()];
        assert_eq!(
            (&seen["info.state"], &seen["info.progress"]),
            (&info["state"], &info["progress"]),
            "{info}"
        );
    }
    assert_eq!(board.len(), 300);
}
