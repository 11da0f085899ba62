//! Paths, API releases and ways to authenticate.

use std::time::Duration;

use crate::simulator::support::*;
use reqwest::Method;
use serde_json::{Value, json};
use vtask::simulator::{OpenObjects, server_behavior::ServerBehavior};

#[tokio::test]
async fn hello_returns_the_first_common_release() {
    let harness = Harness::start(INVENTORY).await;
    let url = format!("{}/api/vcenter/system?action=hello", harness.base);
    let hello = |releases: Value| {
        let request = harness
            .http
            .post(&url)
            .json(&json!({"api_releases": releases}));
        async move { reply(request.send().await.unwrap()).await }
    };
    assert_eq!(
        hello(json!(["9.1.0.0", "8.0.3.0", "8.0.2.0"])).await,
        (200, json!({"api_release": "8.0.3.0"}))
    );
    assert_eq!(
        hello(json!(["7.0.0.0"])).await,
        (200, json!({"api_release": ""}))
    );
    let more = json!({"api_releases": ["8.0.3.0"]});
    let more = harness.http.post(format!("{url}&trace=1")).json(&more);
    assert_eq!(more.send().await.unwrap().status(), 200);
    assert_eq!(hello(json!("8.0.3.0")).await.0, 400);
    assert_eq!(hello(json!(vec!["8.0.3.0"; 129])).await.0, 400);
    harness
        .control
        .change_behavior(|behavior| *behavior = ServerBehavior::release_8_0_1());
    assert_eq!(
        harness
            .http
            .post(&url)
            .json(&json!({}))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    let old = format!(
        "{}/sdk/vim25/8.0.1.0/ServiceInstance/ServiceInstance/content",
        harness.base
    );
    assert_eq!(harness.http.get(old).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn service_content_is_readable_without_a_session() {
    let harness = Harness::start(INVENTORY).await;
    let (status, content) = harness.get("ServiceInstance/ServiceInstance/content").await;
    assert_eq!(status, 200);
    assert_typed(&content);
    assert_eq!(content["about"]["apiType"], "VirtualCenter");
    for manager in [
        "sessionManager",
        "taskManager",
        "propertyCollector",
        "viewManager",
        "eventManager",
        "authorizationManager",
        "rootFolder",
    ] {
        assert!(content[manager]["value"].is_string(), "{manager}");
    }
    let posted = harness
        .post(
            "ServiceInstance/ServiceInstance/RetrieveServiceContent",
            json!({}),
        )
        .await;
    assert_eq!(posted, (200, content));
    let bodiless = harness
        .raw(
            Method::POST,
            "ServiceInstance/ServiceInstance/RetrieveServiceContent",
            None,
        )
        .await;
    assert_eq!(bodiless.status(), 200);
}

#[tokio::test]
async fn session_starts_with_login_and_ends_with_logout() {
    let mut harness = Harness::start(THREE_TASKS).await;
    let refused = harness.get("Task/task-1/info").await;
    assert_fault(&refused, "NotAuthenticated");
    assert_eq!(
        (&refused.1["object"], &refused.1["privilegeId"]),
        (&task(1), &json!("System.View"))
    );
    harness.login().await;
    assert_eq!(harness.info(1).await["key"], "task-1");
    let (status, session) = harness
        .get("SessionManager/SessionManager/currentSession")
        .await;
    assert_eq!(
        (status, &session["userName"]),
        (200, &json!("VSPHERE.LOCAL\\ops"))
    );
    assert_ne!(session["key"].as_str(), harness.session.as_deref());
    assert_eq!(
        harness
            .post("SessionManager/SessionManager/Logout", json!({}))
            .await,
        (204, Value::Null)
    );
    assert_fault(&harness.get("Task/task-1/info").await, "NotAuthenticated");
    assert_eq!(harness.control.session_count(), 0);
}

#[tokio::test]
async fn wrong_credentials_are_rejected() {
    let harness = Harness::with(INVENTORY, |options| {
        options.credentials = Some(("ops".to_owned(), "right".to_owned()));
    })
    .await;
    let login = |body| harness.post("SessionManager/SessionManager/Login", body);
    assert_fault(
        &login(json!({"userName": "ops", "password": "wrong"})).await,
        "InvalidLogin",
    );
    assert_fault(&login(json!({"userName": "ops"})).await, "InvalidArgument");
    assert_fault(
        &login(json!({"userName": "ops", "password": "right", "pasword": "x"})).await,
        "InvalidRequest",
    );
    let (status, session) =
        login(json!({"userName": "ops", "password": "right", "locale": "de_DE"})).await;
    assert_eq!(
        (status, &session["_typeName"]),
        (200, &json!("UserSession"))
    );
    assert_eq!(session["locale"], "de_DE");
    let harness = Harness::start(INVENTORY).await;
    assert_fault(
        &harness
            .post(
                "SessionManager/SessionManager/Login",
                json!({"userName": "x", "password": ""}),
            )
            .await,
        "InvalidLogin",
    );
}

#[tokio::test]
async fn sessions_expire_when_idle_and_end_when_killed() {
    let mut harness = Harness::with(THREE_TASKS, |options| {
        options.session_timeout = Duration::from_secs(60);
    })
    .await;
    harness.login().await;
    harness.advance(50);
    harness.info(1).await;
    harness.advance(50);
    harness.info(1).await;
    harness.advance(61);
    assert_fault(&harness.get("Task/task-1/info").await, "NotAuthenticated");
    harness.login().await;
    assert_eq!(harness.control.kill_sessions(), 1);
    assert_fault(&harness.get("Task/task-1/info").await, "NotAuthenticated");
}

#[tokio::test]
async fn authorization_header_and_ready_session_replace_login() {
    let mut harness = Harness::with(THREE_TASKS, |options| {
        options.authorization = Some("Bearer abc".to_owned());
        options.ready_sessions = vec!["ready-made".to_owned()];
    })
    .await;
    let url = format!("{}/sdk/vim25/{RELEASE}/Task/task-1/info", harness.base);
    let with = |value: &str| harness.http.get(&url).header("Authorization", value).send();
    assert_eq!(with("Bearer abc").await.unwrap().status(), 200);
    assert_eq!(with("Bearer abd").await.unwrap().status(), 500);
    harness.session = Some("ready-made".to_owned());
    harness.info(1).await;
}

#[tokio::test]
async fn responses_are_json_without_cookies() {
    let mut harness = Harness::start(THREE_TASKS).await;
    harness.login().await;
    let response = harness.raw(Method::GET, "Task/task-1/info", None).await;
    assert!(response.headers().get("set-cookie").is_none());
    assert_eq!(response.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn objects_of_an_idle_client_are_removed() {
    let mut harness = Harness::signed_in(THREE_TASKS).await;
    let harness = &mut harness;
    let created_id = |reply: Reply| {
        assert_eq!(reply.0, 200, "{reply:?}");
        reply.1["value"].as_str().unwrap().to_owned()
    };
    let collector = harness.post(
        "PropertyCollector/propertyCollector/CreatePropertyCollector",
        json!({}),
    );
    let collector = created_id(collector.await);
    let view = harness.post(
        "ViewManager/ViewManager/CreateListView",
        json!({"obj": [task(1)]}),
    );
    let view = reference("ListView", &created_id(view.await));
    let spec = json!({"_typeName": "PropertyFilterSpec",
        "propSet": [{"_typeName": "PropertySpec", "type": "Task", "pathSet": ["info.state"]}],
        "objectSet": [{"_typeName": "ObjectSpec", "obj": view, "skip": true, "selectSet": [
            {"_typeName": "TraversalSpec", "type": "ListView", "path": "view", "skip": false}]}]});
    let filter = json!({"spec": spec, "partialUpdates": true});
    created_id(
        harness
            .post(
                &format!("PropertyCollector/{collector}/CreateFilter"),
                filter,
            )
            .await,
    );
    let history = json!({"filter": {"_typeName": "TaskFilterSpec"}});
    created_id(
        harness
            .post("TaskManager/TaskManager/CreateCollectorForTasks", history)
            .await,
    );
    let open = harness.control.open_objects();
    assert_eq!(
        (open.collectors, open.filters, open.views, open.histories),
        (1, 1, 1, 1)
    );
    harness.control.advance(Duration::from_secs(31 * 60));
    assert_eq!(harness.control.open_objects(), OpenObjects::default());
    assert_eq!(harness.control.session_count(), 0);
}
