//! Variants of server behavior, restricted accounts, and consistency under load.

use std::time::Duration;

use super::*;
use crate::simulator::support::*;
use serde_json::{Value, json};
use vtask::simulator::Options;
use vtask::simulator::scenario::Scenario;
use vtask::simulator::server_behavior::{Boxing, ChangeNames, Unset};

#[tokio::test]
async fn info_changes_are_reported_by_field_or_as_a_whole() {
    for (partial, names, expected) in [
        (true, ChangeNames::Leaf, "info.progress"),
        (false, ChangeNames::Leaf, "info"),
        (true, ChangeNames::Whole, "info"),
    ] {
        let watch = Watch::of(
            Harness::signed_in(THREE_TASKS).await,
            &[1],
            &["info"],
            partial,
        )
        .await;
        watch
            .harness
            .control
            .change_behavior(|behavior| behavior.change_names = names);
        let (version, first) = watch.changes_since("").await;
        assert_eq!(first[0].2["info"]["_typeName"], "TaskInfo");
        watch.harness.advance(3);
        let (_, changes) = watch.changes_since(&version).await;
        assert!(
            changes[0].2.get(expected).is_some(),
            "{expected}: {:?}",
            changes[0].2
        );
    }
}

#[tokio::test]
async fn behavior_switches_change_the_form_of_updates() {
    let watch = Watch::three().await;
    watch.harness.control.change_behavior(|behavior| {
        behavior.unset = Unset::Null;
        behavior.boxing = Boxing::Bare;
        behavior.omit_type_names = true;
        behavior.fold_changes = false;
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
    watch.harness.advance(15);
    let (_, changes) = watch.changes_since(set["version"].as_str().unwrap()).await;
    let of_three = changes.iter().filter(|update| update.1 == "task-3").count();
    assert_eq!(of_three, 3, "state, progress and error one by one");
}

#[tokio::test]
async fn collectors_and_views_can_be_denied() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness
        .control
        .change_behavior(|behavior| behavior.collector_permission = false);
    assert_fault(
        &harness
            .post(
                "PropertyCollector/propertyCollector/CreatePropertyCollector",
                json!({}),
            )
            .await,
        "NoPermission",
    );
    assert_fault(
        &harness
            .post("ViewManager/ViewManager/CreateListView", json!({"obj": []}))
            .await,
        "NoPermission",
    );
    harness.control.change_behavior(|behavior| {
        behavior.collector_permission = true;
        behavior.collectors_unauthenticated = true;
    });
    assert_fault(
        &harness
            .post("ViewManager/ViewManager/CreateListView", json!({"obj": []}))
            .await,
        "NotAuthenticated",
    );
    harness.info(1).await;
}

#[tokio::test]
async fn question_of_a_watched_machine_is_reported() {
    let scenario = format!(
        "{INVENTORY}[[task]]\nat = \"0s\"\n[task.what]\noperation = \"VirtualMachine.powerOn\"\non = \"a\"\nqueue = \"0s\"\ntakes = \"60s\"\nquestion = {{ at = 50, text = \"moved?\", choices = [\"yes\", \"no\"] }}\n"
    );
    let watch = Watch::of(
        Harness::signed_in(&scenario).await,
        &[],
        &["info.state"],
        true,
    )
    .await;
    let machine = watch.harness.info(1).await["entity"].clone();
    let mut body = watch.filter(&[], true);
    body["spec"]["propSet"] = json!([{"_typeName": "PropertySpec", "type": "VirtualMachine", "pathSet": ["name", "runtime.question"]}]);
    body["spec"]["objectSet"] = json!([{"_typeName": "ObjectSpec", "obj": machine}]);
    watch.collect("CreateFilter", body).await;
    let (version, first) = watch.changes_since("").await;
    assert_eq!(
        first[0].2,
        json!({"name": {"_typeName": "string", "_value": "a"}, "runtime.question": null})
    );
    watch.harness.advance(31);
    let (_, changes) = watch.changes_since(&version).await;
    let question = &changes[0].2["runtime.question"];
    assert_eq!(
        (
            &question["text"],
            &question["choice"]["choiceInfo"][1]["label"]
        ),
        (&json!("moved?"), &json!("no"))
    );
    assert!(watch.harness.control.answer_question("a"));
}

/// Follows the collector under load and compares the final state with the server's.
#[tokio::test]
async fn updates_under_load_lead_to_the_final_state() {
    let mut options = Options::new(Scenario::load("load").unwrap()).manual();
    options.load.tasks = Some(300);
    options.load.rate = Some(3000);
    options.load.finish = true;
    let mut harness = Harness::of(options).await;
    harness.login().await;
    let numbers: Vec<u64> = (100_000..100_300).collect();
    let watch = Watch::of(harness, &numbers, &["info.state", "info.progress"], true).await;
    let mut state = std::collections::BTreeMap::<String, Value>::new();
    let (mut version, mut responses) = (String::new(), 0);
    for round in 0..60 {
        if round < 50 {
            watch.harness.control.advance(Duration::from_millis(137));
        }
        let (status, set) = watch.wait(&version).await;
        if status == 204 {
            continue;
        }
        responses += 1;
        assert!(updates(&set).len() <= 100);
        for (kind, object, changes) in updates(&set) {
            assert_ne!(kind, "leave");
            let fields = state.entry(object).or_insert_with(|| json!({}));
            for (name, value) in changes.as_object().unwrap() {
                fields[name] = value["_value"].clone();
            }
        }
        version = set["version"].as_str().unwrap().to_owned();
    }
    assert!(responses > 40);
    let expected = watch.harness.control.expected_tasks();
    for info in expected
        .iter()
        .filter(|info| state.contains_key(info["key"].as_str().unwrap()))
    {
        let actual = &state[info["key"].as_str().unwrap()];
        assert_eq!(
            (&actual["info.state"], &actual["info.progress"]),
            (&info["state"], &info["progress"]),
            "{info}"
        );
    }
    assert_eq!(state.len(), 300);
}
