//! Task manager, clock, inventory and privileges.

use crate::simulator::support::*;
use serde_json::{Value, json};
use vtask::simulator::server_behavior::EmptyList;

#[tokio::test]
async fn unknown_members_are_faults_and_unknown_paths_html() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    assert_fault(&harness.get("Task/task-1/color").await, "MethodNotFound");
    assert_fault(
        &harness.get("Task/task-1/info.state").await,
        "MethodNotFound",
    );
    assert_fault(
        &harness.post("Task/task-1/Explode", json!({})).await,
        "MethodNotFound",
    );
    assert_fault(&harness.get("Gadget/g-1/info").await, "InvalidRequest");
    let broken = harness.http.post(format!(
        "{}/sdk/vim25/{RELEASE}/Task/task-1/CancelTask",
        harness.base
    ));
    let broken = broken
        .header("vmware-api-session-id", harness.session.as_ref().unwrap())
        .body("{\"a\":");
    assert_fault(&reply(broken.send().await.unwrap()).await, "InvalidRequest");
    let unknown_release = harness.http.get(format!(
        "{}/sdk/vim25/7.0.0.0/ServiceInstance/ServiceInstance/content",
        harness.base
    ));
    assert_fault(
        &reply(unknown_release.send().await.unwrap()).await,
        "InvalidRequest",
    );
    for path in ["/", "/ui", "/sdk/vim25/8.0.3.0/Task/task-1"] {
        let response = harness
            .http
            .get(format!("{}{path}", harness.base))
            .send()
            .await
            .unwrap();
        assert_eq!(
            (
                response.status().as_u16(),
                response.headers()["content-type"].to_str().unwrap()
            ),
            (404, "text/html")
        );
    }
}

#[tokio::test]
async fn methods_and_parameters_exist_since_their_release() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let call = async |release: &str, method: &str, body: &Value| {
        let request = harness
            .http
            .post(format!("{}/sdk/vim25/{release}/{method}", harness.base));
        let request = request.header("vmware-api-session-id", harness.session.as_ref().unwrap());
        reply(request.json(body).send().await.unwrap()).await
    };
    let delayed = json!({"_typeName": "EventFilterSpec", "delayedInit": false});
    let view =
        json!({"_typeName": "EventManagerViewByStartId", "startEventId": 1, "isForward": true});
    for (since, method, body, fault) in [
        (
            "8.0.3.0",
            "TaskManager/TaskManager/CreateCollectorWithInfoFilterForTasks",
            json!({"filter": {"_typeName": "TaskFilterSpec"}}),
            "MethodNotFound",
        ),
        (
            "8.0.3.0",
            "EventManager/EventManager/CreateCollectorForEvents",
            json!({"filter": delayed}),
            "InvalidRequest",
        ),
        (
            "8.0.3.0",
            "EventManager/EventManager/QueryEvents",
            json!({"filter": delayed}),
            "InvalidRequest",
        ),
        (
            "9.0.0.0",
            "EventManager/EventManager/QueryEvents",
            json!({"filter": {"_typeName": "EventFilterSpec"}, "eventViewSpec": view}),
            "InvalidRequest",
        ),
    ] {
        for release in ["8.0.1.0", "8.0.2.0", "8.0.3.0", "9.0.0.0"] {
            let answer = call(release, method, &body).await;
            if release < since {
                assert_fault(&answer, fault);
            } else {
                assert_eq!(answer.0, 200, "{method} {release}: {}", answer.1);
            }
        }
    }
}

#[tokio::test]
async fn task_manager_and_server_time_are_readable() {
    let harness = Harness::with(THREE_TASKS, |options| {
        options.starts_at = Some("2026-03-04T15:00:00Z".parse().unwrap());
    })
    .await;
    let mut harness = harness;
    harness.login().await;
    let (_, description) = harness.get("TaskManager/TaskManager/description").await;
    assert_typed(&description);
    let clone = description["methodInfo"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == "VirtualMachine.clone");
    assert_eq!(clone.unwrap()["label"], "Clone virtual machine");
    assert_eq!(
        harness.get("TaskManager/TaskManager/maxCollector").await,
        (200, json!(32))
    );
    harness.advance(90);
    assert_eq!(
        harness
            .post("ServiceInstance/ServiceInstance/CurrentTime", json!({}))
            .await,
        (200, json!("2026-03-04T15:01:30Z"))
    );
    assert_eq!(harness.info(1).await["queueTime"], "2026-03-04T15:00:00Z");
}

#[tokio::test]
async fn server_clock_can_be_offset() {
    let mut harness = Harness::with(THREE_TASKS, |options| {
        options.clock_offset = jiff::SignedDuration::from_mins(-7);
    })
    .await;
    harness.login().await;
    let (_, time) = harness
        .post("ServiceInstance/ServiceInstance/CurrentTime", json!({}))
        .await;
    let time: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
    let behind = jiff::Timestamp::now().duration_since(time);
    assert!((6 * 60..8 * 60).contains(&behind.as_secs()), "{behind:?}");
}

#[tokio::test]
async fn inventory_is_readable_by_property() {
    let harness = Harness::signed_in(INVENTORY).await;
    let (_, content) = harness.get("ServiceInstance/ServiceInstance/content").await;
    let root = content["rootFolder"]["value"].as_str().unwrap();
    let (_, datacenters) = harness.get(&format!("Folder/{root}/childEntity")).await;
    let datacenter = datacenters[0]["value"].as_str().unwrap();
    assert_eq!(
        harness.get(&format!("Folder/{root}/parent")).await,
        (204, Value::Null)
    );
    let (_, folder) = harness
        .get(&format!("Datacenter/{datacenter}/vmFolder"))
        .await;
    let (_, folders) = harness
        .get(&format!(
            "Folder/{}/childEntity",
            folder["value"].as_str().unwrap()
        ))
        .await;
    let (_, machines) = harness
        .get(&format!(
            "Folder/{}/childEntity",
            folders[0]["value"].as_str().unwrap()
        ))
        .await;
    let machine = |index: usize| machines[index]["value"].as_str().unwrap().to_owned();
    assert_eq!(
        harness
            .get(&format!("VirtualMachine/{}/name", machine(2)))
            .await,
        (200, json!("x/y"))
    );
    assert_eq!(
        harness
            .get(&format!("VirtualMachine/{}/name", machine(3)))
            .await,
        (200, json!("evil\u{1b}[31m"))
    );
    let (_, runtime) = harness
        .get(&format!("VirtualMachine/{}/runtime", machine(0)))
        .await;
    assert_eq!(runtime["host"]["type"], "HostSystem");
    assert_eq!(
        harness
            .get(&format!("VirtualMachine/{}/recentTask", machine(0)))
            .await,
        (200, json!([]))
    );
    harness
        .control
        .change_behavior(|behavior| behavior.empty_list = EmptyList::NoContent);
    assert_eq!(
        harness
            .get(&format!("VirtualMachine/{}/recentTask", machine(0)))
            .await,
        (204, Value::Null)
    );
    harness
        .control
        .change_behavior(|behavior| behavior.empty_list = EmptyList::Null);
    assert_eq!(
        harness
            .get(&format!("VirtualMachine/{}/recentTask", machine(0)))
            .await,
        (200, Value::Null)
    );
}

#[tokio::test]
async fn privileges_are_those_of_a_live_session() {
    let mut harness = Harness::signed_in(THREE_TASKS).await;
    let current = "SessionManager/SessionManager/currentSession";
    let (_, other) = harness.get(current).await;
    harness.login().await;
    let (_, own) = harness.get(current).await;
    let entity = harness.info(1).await["entity"].clone();
    let is_granted = async |key: &Value| {
        let body = json!({"entity": [entity], "sessionId": key, "privId": ["Global.CancelTask"]});
        let (status, answer) = harness
            .post(
                "AuthorizationManager/AuthorizationManager/HasPrivilegeOnEntities",
                body,
            )
            .await;
        assert_eq!(status, 200, "{answer}");
        assert_typed(&answer);
        answer[0]["privAvailability"][0]["isGranted"].clone()
    };
    assert_eq!(is_granted(&own["key"]).await, true);
    assert_eq!(is_granted(&other["key"]).await, true);
    assert_eq!(is_granted(&json!("unknown")).await, false);
    let task = json!({"_typeName": "ManagedObjectReference", "type": "Task", "value": "task-1"});
    for (entity, fault) in [
        (Value::Null, "InvalidArgument"),
        (json!([task]), "InvalidRequest"),
    ] {
        let body =
            json!({"entity": entity, "sessionId": own["key"], "privId": ["Global.CancelTask"]});
        let path = "AuthorizationManager/AuthorizationManager/HasPrivilegeOnEntities";
        let (status, answer) = harness.post(path, body).await;
        assert_eq!(
            (status, &answer["_typeName"]),
            (500, &json!(fault)),
            "{answer}"
        );
    }
    harness
        .control
        .change_behavior(|behavior| behavior.cancel_privilege = false);
    assert_eq!(is_granted(&own["key"]).await, false);
}
