//! `RetrievePropertiesEx` of a property collector.

use crate::simulator::support::*;
use serde_json::{Value, json};
use vtask::simulator::server_behavior::{Boxing, ErrorForm};

const RETRIEVE: &str = "PropertyCollector/propertyCollector/RetrievePropertiesEx";

fn object_spec(object: &Value, skip: bool, select: Value) -> Value {
    json!({"_typeName": "ObjectSpec", "obj": object, "skip": skip, "selectSet": select})
}

fn request(properties: Value, objects: Value) -> Value {
    json!({
        "specSet": [{"_typeName": "PropertyFilterSpec", "propSet": properties, "objectSet": objects}],
        "options": {"_typeName": "RetrieveOptions"},
    })
}

#[tokio::test]
async fn leaf_properties_of_tasks_are_boxed() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness.advance(20);
    let body = request(
        json!([property_spec(
            "Task",
            &["info.state", "info.progress", "info.locked", "info.error"]
        )]),
        json!([object_spec(&task(1), false, json!([]))]),
    );
    let (status, result) = harness.post(RETRIEVE, body).await;
    assert_eq!(
        (status, &result["_typeName"]),
        (200, &json!("RetrieveResult"))
    );
    let properties = &result["objects"][0]["propSet"];
    assert_eq!(
        properties[0],
        json!({"_typeName": "DynamicProperty", "name": "info.state", "val": {"_typeName": "TaskInfoState", "_value": "running"}})
    );
    assert_eq!(
        properties[1]["val"],
        json!({"_typeName": "int", "_value": 19})
    );
    assert_eq!(
        properties[2]["val"]["_typeName"],
        "ArrayOfManagedObjectReference"
    );
    assert_eq!(properties.as_array().unwrap().len(), 3, "unset is left out");
    harness.control.change_behavior(|behavior| {
        behavior.boxing = Boxing::Bare;
        behavior.omit_type_names = true;
        behavior.server_guid_in_references = true;
    });
    let (_, lean) = harness
        .post(
            RETRIEVE,
            request(
                json!([property_spec("Task", &["info.progress"])]),
                json!([object_spec(&task(1), false, json!([]))]),
            ),
        )
        .await;
    assert_eq!(
        lean["objects"][0]["propSet"],
        json!([{"name": "info.progress", "val": 19}])
    );
    assert!(lean["objects"][0]["obj"]["serverGuid"].is_string());
}

#[tokio::test]
async fn traversals_start_at_the_task_manager_or_a_list_view() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let (_, view) = harness
        .post(
            "ViewManager/ViewManager/CreateListView",
            json!({"obj": [task(2), task(1), task(77)]}),
        )
        .await;
    assert_eq!(view["type"], "ListView");
    for (start, path) in [
        (
            reference("TaskManager", "TaskManager"),
            ("TaskManager", "recentTask"),
        ),
        (view.clone(), ("ListView", "view")),
    ] {
        let body = request(
            json!([property_spec("Task", &["info"])]),
            json!([object_spec(
                &start,
                true,
                json!([traversal(path.0, path.1)])
            )]),
        );
        let (_, result) = harness.post(RETRIEVE, body).await;
        let first = if path.0 == "ListView" { (2, 2) } else { (1, 3) };
        assert_eq!(result["objects"][0]["obj"], task(first.0));
        assert_eq!(result["objects"].as_array().unwrap().len(), first.1);
        assert_eq!(
            result["objects"][0]["propSet"][0]["val"]["_typeName"],
            "TaskInfo"
        );
    }
    let id = view["value"].as_str().unwrap();
    let (_, unresolved) = harness
        .post(
            &format!("ListView/{id}/ModifyListView"),
            json!({"add": [task(3), task(78)], "remove": [task(2)]}),
        )
        .await;
    assert_eq!(unresolved, json!([task(78)]));
    assert_eq!(
        harness.get(&format!("ListView/{id}/view")).await,
        (200, json!([task(1), task(3)]))
    );
    harness
        .post(
            &format!("ListView/{id}/ResetListView"),
            json!({"obj": [task(2)]}),
        )
        .await;
    assert_eq!(
        harness.get(&format!("ListView/{id}/view")).await,
        (200, json!([task(2)]))
    );
    assert_eq!(harness.control.open_objects().views, 1);
    assert_eq!(
        harness
            .post(&format!("ListView/{id}/DestroyView"), json!({}))
            .await
            .0,
        204
    );
    assert_fault(
        &harness.get(&format!("ListView/{id}/view")).await,
        "ManagedObjectNotFound",
    );
}

#[tokio::test]
async fn inventory_is_read_by_recursive_traversal_and_container_view() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let (_, content) = harness.get("ServiceInstance/ServiceInstance/content").await;
    let root = &content["rootFolder"];
    let named = json!({"_typeName": "SelectionSpec", "name": "folders"});
    let select = json!([
        {"_typeName": "TraversalSpec", "name": "folders", "type": "Folder", "path": "childEntity", "skip": false, "selectSet": [named, {"_typeName": "SelectionSpec", "name": "machines"}]},
        {"_typeName": "TraversalSpec", "name": "machines", "type": "Datacenter", "path": "vmFolder", "skip": false, "selectSet": [named]},
    ]);
    let body = request(
        json!([property_spec(
            "VirtualMachine",
            &["name", "runtime.powerState"]
        )]),
        json!([object_spec(root, true, select)]),
    );
    let (_, result) = harness.post(RETRIEVE, body).await;
    let machines: Vec<_> = result["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| &object["propSet"][0]["val"]["_value"])
        .collect();
    assert_eq!(machines, ["a", "b", "x/y"]);
    assert_eq!(
        result["objects"][0]["propSet"][1]["val"]["_typeName"],
        "VirtualMachinePowerState"
    );

    let (_, view) = harness
        .post(
            "ViewManager/ViewManager/CreateContainerView",
            json!({"container": root, "type": ["HostSystem"], "recursive": true}),
        )
        .await;
    let body = request(
        json!([{"_typeName": "PropertySpec", "type": "ManagedEntity", "all": false, "pathSet": ["name"]}]),
        json!([object_spec(
            &view,
            true,
            json!([traversal("ContainerView", "view")])
        )]),
    );
    let (_, result) = harness.post(RETRIEVE, body).await;
    assert_eq!(result["objects"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn container_views_of_hosts_clusters_and_pools_have_their_machines() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let machine = harness.info(1).await["entity"]["value"].clone();
    let path = format!("VirtualMachine/{}/runtime", machine.as_str().unwrap());
    let host = harness.get(&path).await.1["host"].clone();
    let cluster = harness.info(2).await["reason"]["entity"].clone();
    let property = async |object: &Value, name: &str| {
        let [kind, id] = ["type", "value"].map(|field| object[field].as_str().unwrap());
        harness.get(&format!("{kind}/{id}/{name}")).await.1
    };
    let pool = property(&cluster, "resourcePool").await;
    let of_pool = property(&pool, "vm").await;
    let of_host = property(&host, "vm").await;
    assert!(of_pool.as_array().unwrap().len() > of_host.as_array().unwrap().len());
    for (container, machines) in [(&host, &of_host), (&cluster, &of_pool), (&pool, &of_pool)] {
        for recursive in [true, false] {
            let body =
                json!({"container": container, "type": ["VirtualMachine"], "recursive": recursive});
            let call = "ViewManager/ViewManager/CreateContainerView";
            let (_, view) = harness.post(call, body).await;
            let found = property(&view, "view").await;
            assert_eq!(&found, machines, "{container} {recursive}");
        }
    }
}

#[tokio::test]
async fn supertypes_select_their_subtypes_and_have_only_their_own_properties() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let retrieve = async |kind: &str, path: &str| {
        let properties = json!([property_spec(kind, &[path])]);
        let objects = json!([object_spec(&task(1), false, json!([]))]);
        harness.post(RETRIEVE, request(properties, objects)).await
    };
    let (status, result) = retrieve("ExtensibleManagedObject", "availableField").await;
    assert_eq!((status, &result["objects"][0]["obj"]), (200, &task(1)));
    for (kind, path) in [
        ("ExtensibleManagedObject", "name"),
        ("ManagedEntity", "childEntity"),
        ("HistoryCollector", "latestPage"),
    ] {
        assert_fault(&retrieve(kind, path).await, "InvalidProperty");
    }
    for (kind, path) in [
        ("Network", "name"),
        ("VirtualApp", "vm"),
        ("ManagedEntity", "name"),
    ] {
        assert_eq!(retrieve(kind, path).await, (204, Value::Null), "{kind}");
    }
    let (_, content) = harness.get("ServiceInstance/ServiceInstance/content").await;
    for (kind, status) in [("Network", 200), ("Netwrok", 500)] {
        let view = json!({"container": content["rootFolder"], "type": [kind], "recursive": true});
        let call = "ViewManager/ViewManager/CreateContainerView";
        assert_eq!(harness.post(call, view).await.0, status, "{kind}");
    }
}

#[tokio::test]
async fn an_object_of_several_filters_is_returned_once_with_the_properties_of_all() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let object = |number| object_spec(&task(number), false, json!([]));
    let mut body = request(
        json!([property_spec("Task", &["info.key", "info.state"])]),
        json!([object(1), object(2)]),
    );
    let second = request(
        json!([property_spec("Task", &["info.state", "info.name"])]),
        json!([object(3), object(1)]),
    );
    let specs = body["specSet"].as_array_mut().unwrap();
    specs.push(second["specSet"][0].clone());
    let retrieved = |objects: &Value| -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let objects = objects.as_array().unwrap().iter();
        objects
            .map(|object| {
                let properties = object["propSet"].as_array().unwrap().iter();
                let names = properties.map(|property| text(&property["name"]));
                let names: Vec<String> = names.collect();
                format!("{} {}", text(&object["obj"]["value"]), names.join(" "))
            })
            .collect()
    };
    let expected = [
        "task-1 info.key info.state info.name",
        "task-2 info.key info.state",
        "task-3 info.state info.name",
    ];
    let (_, result) = harness.post(RETRIEVE, body.clone()).await;
    assert_eq!(retrieved(&result["objects"]), expected);
    body.as_object_mut().unwrap().remove("options");
    let call = "PropertyCollector/propertyCollector/RetrieveProperties";
    let (_, objects) = harness.post(call, body).await;
    assert_eq!(retrieved(&objects), expected);
}

#[tokio::test]
async fn missing_objects_are_faults_or_skipped() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let properties = json!([property_spec("Task", &["info.key"])]);
    let objects = json!([
        object_spec(&task(1), false, json!([])),
        object_spec(&task(99), false, json!([]))
    ]);
    assert_fault(
        &harness
            .post(RETRIEVE, request(properties.clone(), objects.clone()))
            .await,
        "ManagedObjectNotFound",
    );
    let mut tolerant = request(properties.clone(), objects);
    tolerant["specSet"][0]["reportMissingObjectsInResults"] = json!(true);
    assert_eq!(
        harness.post(RETRIEVE, tolerant).await.1["objects"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let other_type = request(
        json!([property_spec("Folder", &["name"])]),
        json!([object_spec(&task(1), false, json!([]))]),
    );
    assert_eq!(harness.post(RETRIEVE, other_type).await, (204, Value::Null));
}

#[tokio::test]
async fn invalid_filter_specs_are_rejected() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let objects = json!([object_spec(&task(1), false, json!([]))]);
    let retrieve =
        |properties: Value, objects: Value| harness.post(RETRIEVE, request(properties, objects));
    for path in ["info.color", "state", "info.entity.value", "info.state.x"] {
        let fault = retrieve(json!([property_spec("Task", &[path])]), objects.clone()).await;
        assert_fault(&fault, "InvalidProperty");
        assert_eq!(fault.1["name"], path);
    }
    assert_fault(
        &retrieve(json!([property_spec("Tusk", &["info"])]), objects.clone()).await,
        "InvalidType",
    );
    assert_fault(
        &retrieve(json!([]), objects.clone()).await,
        "InvalidArgument",
    );
    assert_fault(
        &retrieve(
            json!([{"type": "Task", "pathSet": ["info"]}]),
            objects.clone(),
        )
        .await,
        "InvalidRequest",
    );
    for (kind, path, fault) in [
        ("ListVeiw", "view", "InvalidType"),
        ("ListView", "veiw", "InvalidArgument"),
    ] {
        let objects = json!([object_spec(&task(1), false, json!([traversal(kind, path)]))]);
        let reply = retrieve(json!([property_spec("Task", &["info"])]), objects).await;
        assert_fault(&reply, fault);
    }
    let untyped = json!([object_spec(
        &task(1),
        false,
        json!([{"type": "Task", "path": "info"}])
    )]);
    harness
        .control
        .change_behavior(|behavior| behavior.require_type_names = false);
    assert_fault(
        &retrieve(json!([{"type": "Task", "pathSet": ["info"]}]), untyped).await,
        "InvalidRequest",
    );
    assert_eq!(
        retrieve(
            json!([{"type": "Task", "pathSet": ["info"]}]),
            json!([{"obj": {"type": "Task", "value": "task-1"}}])
        )
        .await
        .0,
        200
    );
    let no_options = json!({"specSet": [{"_typeName": "PropertyFilterSpec", "propSet": [property_spec("Task", &["info"])], "objectSet": objects}]});
    assert_fault(&harness.post(RETRIEVE, no_options).await, "InvalidArgument");
}

#[tokio::test]
async fn faults_of_unreadable_properties_have_the_chosen_form() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let machine = harness.get("Task/task-1/info").await.1["entity"].clone();
    for (form, path) in [
        (ErrorForm::Bare, "/fault/_typeName"),
        (ErrorForm::Wrapped, "/fault/fault/_typeName"),
    ] {
        harness.control.change_behavior(|behavior| {
            behavior.error_form = form;
            behavior.unreadable_types = vec!["VirtualMachine".to_owned()];
        });
        let body = request(
            json!([property_spec("VirtualMachine", &["name"])]),
            json!([object_spec(&machine, false, json!([]))]),
        );
        let (_, result) = harness.post(RETRIEVE, body).await;
        let missing = &result["objects"][0]["missingSet"][0];
        assert_eq!(
            missing.pointer(path),
            Some(&json!("NoPermission")),
            "{result}"
        );
    }
}

#[tokio::test]
async fn large_results_are_continued_by_token() {
    let mut harness = Harness::of({
        let mut options = vtask::simulator::Options::new(
            vtask::simulator::scenario::Scenario::load("load").unwrap(),
        )
        .manual();
        options.load.tasks = Some(250);
        options
    })
    .await;
    harness.login().await;
    let objects = json!([object_spec(
        &reference("TaskManager", "TaskManager"),
        true,
        json!([traversal("TaskManager", "recentTask")])
    )]);
    let (_, first) = harness
        .post(
            RETRIEVE,
            request(
                json!([property_spec("Task", &["info.key"])]),
                objects.clone(),
            ),
        )
        .await;
    let mut seen = first["objects"].as_array().unwrap().len();
    assert_eq!(seen, 100);
    let mut token = first["token"].clone();
    assert_eq!(harness.control.open_objects().retrievals, 1);
    while token.is_string() {
        let (_, next) = harness
            .post(
                "PropertyCollector/propertyCollector/ContinueRetrievePropertiesEx",
                json!({"token": token}),
            )
            .await;
        seen += next["objects"].as_array().unwrap().len();
        assert_ne!(next["token"], token, "each portion has its own");
        token = next["token"].clone();
    }
    assert_eq!((seen, harness.control.open_objects().retrievals), (250, 0));
    let mut few = request(json!([property_spec("Task", &["info.key"])]), objects);
    few["options"]["maxObjects"] = json!(7);
    let (_, first) = harness.post(RETRIEVE, few).await;
    assert_eq!(first["objects"].as_array().unwrap().len(), 7);
    let cancel = || {
        harness.post(
            "PropertyCollector/propertyCollector/CancelRetrievePropertiesEx",
            json!({"token": first["token"]}),
        )
    };
    assert_eq!(cancel().await.0, 204);
    assert_fault(&cancel().await, "InvalidArgument");
}
