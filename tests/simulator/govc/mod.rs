//! Read commands of other vSphere clients: every test makes the calls of a govc command.

use crate::simulator::support::*;
use reqwest::Method;
use serde_json::{Value, json};

mod events;

/// Two tasks on virtual machines, one of them with a pending question, and two networks.
const SITE: &str = r#"
about = "test"
first_task = 1
[inventory]
datacenter = "paris"
datastores = ["ds1", "ds2"]
networks = ["front", "back"]
clusters = [{ name = "c1", hosts = ["h1", "h2"] }, { name = "c2", hosts = ["h3"] }]
machine_folders = [
  { name = "web", cluster = "c1", machines = ["w1", "w2", "w3"] },
  { name = "db", cluster = "c2", machines = ["d1"] },
]
[[task]]
at = "0s"
what = { operation = "VirtualMachine.relocate", on = "w1", queue = "0s", takes = "10s", by = { user = "LAB\\kim" } }
[[task]]
at = "1s"
what = { operation = "VirtualMachine.powerOn", on = "d1", queue = "0s", takes = "100s", by = { user = "LAB\\ops" }, question = { at = 5, text = "Copied?", choices = ["yes", "no"] } }
"#;

async fn start_site() -> Harness {
    Harness::signed_in(SITE).await
}

/// Returns the objects below `start` in the order of the response.
async fn retrieve(harness: &Harness, start: &Value, through: Value, specs: Value) -> Vec<Value> {
    let body = json!({"specSet": [{
        "_typeName": "PropertyFilterSpec",
        "propSet": specs,
        "objectSet": [{"_typeName": "ObjectSpec", "obj": start, "skip": through != json!([]), "selectSet": through}],
    }]});
    let call = "PropertyCollector/propertyCollector/RetrieveProperties";
    let (status, objects) = harness.post(call, body).await;
    assert_eq!(status, 200, "{objects}");
    assert_typed(&objects);
    objects.as_array().unwrap().clone()
}

fn names(objects: &[Value]) -> Vec<&str> {
    let name = |object: &'_ Value| object["propSet"][0]["val"]["_value"].as_str().map(str::len);
    assert!(objects.iter().all(|object| name(object).is_some()));
    objects
        .iter()
        .filter_map(|object| object["propSet"][0]["val"]["_value"].as_str())
        .collect()
}

async fn find(harness: &Harness, path: &str) -> Value {
    let call = "SearchIndex/SearchIndex/FindByInventoryPath";
    let (status, found) = harness.post(call, json!({"inventoryPath": path})).await;
    assert!(matches!(status, 200 | 204), "{found}");
    found
}

fn id(reference: &Value) -> String {
    let text = |field: &str| reference[field].as_str().unwrap();
    format!("{}/{}", text("type"), text("value"))
}

#[tokio::test]
async fn ls_traverses_the_inventory() {
    let harness = start_site().await;
    let (_, content) = harness
        .post(
            "ServiceInstance/ServiceInstance/RetrieveServiceContent",
            json!({}),
        )
        .await;
    assert_eq!(
        content["searchIndex"],
        reference("SearchIndex", "SearchIndex")
    );
    let datacenter = find(&harness, "/paris").await;
    let folder = traversal("Folder", "childEntity");
    // Includes types without objects here, as govc does.
    let children = [
        "Folder",
        "Datacenter",
        "VirtualApp",
        "VirtualMachine",
        "Network",
        "ComputeResource",
        "ClusterComputeResource",
        "Datastore",
        "DistributedVirtualSwitch",
    ]
    .map(|kind| property_spec(kind, &["name"]));
    let root = content["rootFolder"].clone();
    for (start, through, expected) in [
        (root, json!([folder]), &["paris"][..]),
        (
            datacenter,
            json!(
                ["vmFolder", "hostFolder", "datastoreFolder", "networkFolder"]
                    .map(|path| traversal("Datacenter", path))
            ),
            &["vm", "host", "datastore", "network"],
        ),
        (
            find(&harness, "paris/vm").await,
            json!([folder]),
            &["web", "db"],
        ),
        (
            find(&harness, "/paris/vm/web/").await,
            json!([folder]),
            &["w1", "w2", "w3"],
        ),
        (
            find(&harness, "paris/network").await,
            json!([folder]),
            &["front", "back"],
        ),
        (
            find(&harness, "paris/datastore").await,
            json!([folder]),
            &["ds1", "ds2"],
        ),
    ] {
        let objects = retrieve(&harness, &start, through, json!(children)).await;
        assert_eq!(names(&objects), expected);
    }
    let below = [
        "HostSystem",
        "Network",
        "ResourcePool",
        "Datastore",
        "VirtualMachine",
    ]
    .map(|kind| property_spec(kind, &["name"]));
    let compute =
        ["host", "network", "resourcePool"].map(|path| traversal("ComputeResource", path));
    let cluster = find(&harness, "paris/host/c1").await;
    let objects = retrieve(&harness, &cluster, json!(compute), json!(below)).await;
    assert_eq!(names(&objects), ["h1", "h2", "front", "back", "Resources"]);
    let host = find(&harness, "paris/host/c1/h1").await;
    let through = ["datastore", "network", "vm"].map(|path| traversal("HostSystem", path));
    let objects = retrieve(&harness, &host, json!(through), json!(below)).await;
    assert_eq!(names(&objects), ["ds1", "ds2", "front", "back", "w1", "w3"]);
}

#[tokio::test]
async fn inventory_paths_follow_parents() {
    let harness = start_site().await;
    let machine = find(&harness, "paris/vm/web/w2").await;
    assert_eq!(machine["type"], "VirtualMachine");
    let up = json!([
        {"_typeName": "TraversalSpec", "name": "up", "type": "ManagedEntity", "path": "parent", "skip": false,
            "selectSet": [{"_typeName": "SelectionSpec", "name": "up"}]},
        {"_typeName": "TraversalSpec", "type": "VirtualMachine", "path": "parentVApp", "skip": false,
            "selectSet": [{"_typeName": "SelectionSpec", "name": "up"}]},
    ]);
    let specs = json!([property_spec("ManagedEntity", &["name", "parent"])]);
    let objects = retrieve(&harness, &machine, up, specs).await;
    assert_eq!(names(&objects), ["web", "vm", "paris", "Datacenters"]);
    // Properties that govc uses to filter by host, cluster, pool and datacenter.
    let specs = json!([property_spec(
        "VirtualMachine",
        &[
            "runtime.host",
            "resourcePool",
            "parent",
            "datastore",
            "network"
        ]
    )]);
    let objects = retrieve(&harness, &machine, json!([]), specs).await;
    let value = |index: usize| &objects[0]["propSet"][index]["val"];
    assert_eq!(*value(0), find(&harness, "paris/host/c1/h2").await);
    assert_eq!(*value(1), find(&harness, "paris/host/c1/Resources").await);
    assert_eq!(*value(2), find(&harness, "paris/vm/web").await);
    assert_eq!(
        value(3)["_value"],
        json!([find(&harness, "paris/datastore/ds2").await])
    );
    assert_eq!(
        value(4)["_value"],
        json!([find(&harness, "paris/network/back").await])
    );
    let pool = id(value(1));
    let (_, machines) = harness.get(&format!("{pool}/vm")).await;
    assert_eq!(machines.as_array().unwrap().len(), 3);
    let (_, owner) = harness.get(&format!("{pool}/owner")).await;
    assert_eq!(owner, find(&harness, "paris/host/c1").await);
}

#[tokio::test]
async fn find_uses_a_container_view() {
    let harness = start_site().await;
    let root = find(&harness, "/").await;
    for (kinds, expected) in [
        (json!(["Network"]), 2),
        (json!(["VirtualMachine", "HostSystem"]), 7),
        (json!(["ComputeResource"]), 2),
        (json!(["ManagedEntity"]), 22),
        (json!(["DistributedVirtualPortgroup"]), 0),
    ] {
        let body = json!({"container": root, "type": kinds, "recursive": true});
        let (_, view) = harness
            .post("ViewManager/ViewManager/CreateContainerView", body)
            .await;
        let through = json!([traversal("ContainerView", "view")]);
        let specs = json!([property_spec("ManagedEntity", &["name"])]);
        let found = retrieve(&harness, &view, through, specs).await;
        assert_eq!(found.len(), expected, "{kinds}");
        let destroy = format!("{}/DestroyView", id(&view));
        assert_eq!(harness.post(&destroy, json!({})).await.0, 204);
    }
}

#[tokio::test]
async fn vm_info_and_object_collect_read_all_properties() {
    let harness = start_site().await;
    let machine = find(&harness, "paris/vm/db/d1").await;
    let all = json!([{"_typeName": "PropertySpec", "type": "VirtualMachine", "all": true}]);
    let objects = retrieve(&harness, &machine, json!([]), all).await;
    let properties = objects[0]["propSet"].as_array().unwrap();
    let value = |name: &str| {
        let property = properties.iter().find(|property| property["name"] == name);
        property.unwrap_or_else(|| panic!("no {name}"))["val"].clone()
    };
    let summary = value("summary");
    assert_eq!(summary["_typeName"], "VirtualMachineSummary");
    assert_eq!(summary["config"]["name"], "d1");
    assert_eq!(summary["runtime"]["powerState"], "poweredOn");
    assert_eq!(value("config")["uuid"], summary["config"]["uuid"]);
    assert_eq!(
        value("triggeredAlarmState")["_typeName"],
        "ArrayOfAlarmState"
    );
    assert_eq!(
        value("overallStatus"),
        json!({"_typeName": "ManagedEntityStatus", "_value": "green"})
    );
    for (path, kind) in [
        ("summary.config.numCpu", "int"),
        ("config.hardware.memoryMB", "int"),
        ("guest.ipAddress", "string"),
        ("guest.net", "ArrayOfGuestNicInfo"),
        ("runtime.bootTime", "dateTime"),
        ("summary.storage.committed", "long"),
        ("guest.toolsStatus", "VirtualMachineToolsStatus"),
        ("runtime.host", "ManagedObjectReference"),
    ] {
        let specs = json!([property_spec("VirtualMachine", &[path])]);
        let objects = retrieve(&harness, &machine, json!([]), specs).await;
        assert_eq!(objects[0]["propSet"][0]["val"]["_typeName"], kind, "{path}");
    }
}

#[tokio::test]
async fn method_labels_are_read_by_property_path() {
    let harness = start_site().await;
    let manager = reference("TaskManager", "TaskManager");
    let specs = json!([property_spec("TaskManager", &["description.methodInfo"])]);
    let objects = retrieve(&harness, &manager, json!([]), specs).await;
    let rows = &objects[0]["propSet"][0];
    assert_eq!(rows["name"], "description.methodInfo");
    assert_eq!(rows["val"]["_typeName"], "ArrayOfElementDescription");
    let (_, whole) = harness.get("TaskManager/TaskManager/description").await;
    assert_eq!(rows["val"]["_value"], whole["methodInfo"]);
}

#[tokio::test]
async fn search_index_finds_by_uuid_address_and_name() {
    let harness = start_site().await;
    let machine = find(&harness, "paris/vm/web/w3").await;
    let (_, config) = harness.get(&format!("{}/config", id(&machine))).await;
    let (_, guest) = harness.get(&format!("{}/guest", id(&machine))).await;
    let datacenter = find(&harness, "paris").await;
    for (method, body) in [
        ("ByUuid", json!({"uuid": config["uuid"], "vmSearch": true})),
        (
            "ByUuid",
            json!({"uuid": config["instanceUuid"], "vmSearch": true, "instanceUuid": true}),
        ),
        (
            "ByIp",
            json!({"ip": guest["ipAddress"], "vmSearch": true, "datacenter": datacenter}),
        ),
        ("ByDnsName", json!({"dnsName": "w3", "vmSearch": true})),
    ] {
        let call = |find: &str| format!("SearchIndex/SearchIndex/{find}{method}");
        let one = harness.post(&call("Find"), body.clone()).await;
        assert_eq!(one, (200, machine.clone()), "{method}");
        let all = harness.post(&call("FindAll"), body.clone()).await;
        assert_eq!(all, (200, json!([machine])), "{method}");
        let mut hosts = body;
        hosts["vmSearch"] = json!(false);
        assert_eq!(harness.post(&call("Find"), hosts).await.0, 204, "{method}");
    }
    let child = |entity: &Value, name: &str| {
        let body = json!({"entity": entity, "name": name});
        harness.post("SearchIndex/SearchIndex/FindChild", body)
    };
    let folder = find(&harness, "paris/vm/web").await;
    assert_eq!(child(&folder, "w3").await, (200, machine));
    assert_eq!(child(&folder, "w4").await, (204, Value::Null));
    let missing = reference("Folder", "group-d999");
    assert_fault(&child(&missing, "w3").await, "ManagedObjectNotFound");
    assert_eq!(find(&harness, "paris/vm/nowhere/w3").await, Value::Null);
    let call = "SearchIndex/SearchIndex/FindByInventoryPath";
    assert_fault(&harness.post(call, json!({})).await, "InvalidArgument");
}

#[tokio::test]
async fn sessions_and_roles_are_listed() {
    let mut harness = start_site().await;
    let own = harness.session.take().unwrap();
    // A client without a user agent is accepted too.
    for agent in ["", "govc/0.50.0"] {
        let url = format!(
            "{}/sdk/vim25/{RELEASE}/SessionManager/SessionManager/Login",
            harness.base
        );
        let body = json!({"userName": "LAB\\kim", "password": "secret"});
        let request = harness.http.request(Method::POST, url).json(&body);
        let response = request.header("User-Agent", agent).send().await.unwrap();
        let (status, session) = reply(response).await;
        assert_eq!((status, &session["userAgent"]), (200, &json!(agent)));
    }
    harness.session = Some(own);
    let manager = reference("SessionManager", "SessionManager");
    let specs = json!([property_spec(
        "SessionManager",
        &["sessionList", "currentSession"]
    )]);
    let objects = retrieve(&harness, &manager, json!([]), specs).await;
    let value = |index: usize| &objects[0]["propSet"][index]["val"];
    assert_eq!(value(0)["_typeName"], "ArrayOfUserSession");
    let sessions = value(0)["_value"].as_array().unwrap();
    let users: Vec<&Value> = sessions
        .iter()
        .map(|session| &session["userName"])
        .collect();
    assert_eq!(users.len(), 3);
    assert_eq!(users.iter().filter(|user| **user == "LAB\\kim").count(), 2);
    let current = &value(1)["key"];
    assert_eq!(
        sessions
            .iter()
            .filter(|session| session["key"] == *current)
            .count(),
        1
    );

    let (_, roles) = harness
        .get("AuthorizationManager/AuthorizationManager/roleList")
        .await;
    assert_typed(&roles);
    let names: Vec<&Value> = roles
        .as_array()
        .unwrap()
        .iter()
        .map(|role| &role["name"])
        .collect();
    assert_eq!(
        names,
        ["Admin", "ReadOnly", "View", "Anonymous", "NoAccess"]
    );
    let machine = find(&harness, "paris/vm/web/w1").await;
    let (_, own_roles) = harness
        .get(&format!("{}/effectiveRole", id(&machine)))
        .await;
    assert_eq!(own_roles[0], roles[0]["roleId"]);
}

#[tokio::test]
async fn history_is_filtered_by_folder() {
    let harness = start_site().await;
    harness.advance(60);
    let folder = find(&harness, "paris/vm/db").await;
    let (_, now) = harness
        .post("ServiceInstance/ServiceInstance/CurrentTime", json!({}))
        .await;
    assert!(now.is_string());
    let filter = json!({"_typeName": "TaskFilterSpec",
        "entity": {"_typeName": "TaskFilterSpecByEntity", "entity": folder, "recursion": "all"},
        "time": {"_typeName": "TaskFilterSpecByTime", "timeType": "startedTime", "beginTime": "2020-01-01T00:00:00Z"}});
    let (_, collector) = harness
        .post(
            "TaskManager/TaskManager/CreateCollectorForTasks",
            json!({"filter": filter}),
        )
        .await;
    let call = format!("{}/ReadNextTasks", id(&collector));
    let (_, tasks) = harness.post(&call, json!({"maxCount": 10})).await;
    let names: Vec<&Value> = tasks
        .as_array()
        .unwrap()
        .iter()
        .map(|task| &task["entityName"])
        .collect();
    assert_eq!(names, ["d1"]);
}

#[tokio::test]
async fn referenced_browsers_exist() {
    let harness = start_site().await;
    for (path, browser_property) in [
        ("paris/vm/web/w1", "environmentBrowser"),
        ("paris/host/c1", "environmentBrowser"),
        ("paris/host/c1/h1", "datastoreBrowser"),
        ("paris/datastore/ds1", "browser"),
    ] {
        let owner = find(&harness, path).await;
        let (_, browser) = harness
            .get(&format!("{}/{browser_property}", id(&owner)))
            .await;
        let kind = browser["type"].as_str().unwrap();
        let property = if kind == "EnvironmentBrowser" {
            "datastoreBrowser"
        } else {
            "datastore"
        };
        let (status, _) = harness.get(&format!("{}/{property}", id(&browser))).await;
        assert!(matches!(status, 200 | 204), "{path}");
    }
    for missing in [
        "EnvironmentBrowser/envbrowser-1",
        "HostDatastoreBrowser/datastoreBrowser-999",
    ] {
        let reply = harness.get(&format!("{missing}/datastoreBrowser")).await;
        assert_fault(&reply, "ManagedObjectNotFound");
    }
}
