//! Paths, API releases and ways to authenticate.

use std::time::Duration;

use crate::support::*;
use reqwest::Method;
use serde_json::{Value, json};
use vtask::simulator::behavior::ServerBehavior;

#[tokio::test]
async fn hello_gives_the_first_release_that_both_know() {
    let bench = Bench::start(ESTATE).await;
    let url = format!("{}/api/vcenter/system?action=hello", bench.base);
    let hello = |releases: Value| {
        let request = bench
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
    assert_eq!(hello(json!("8.0.3.0")).await.0, 400);
    assert_eq!(hello(json!(vec!["8.0.3.0"; 129])).await.0, 400);
    bench
        .control
        .change_behavior(|behavior| *behavior = ServerBehavior::release_8_0_1());
    assert_eq!(
        bench
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
        bench.base
    );
    assert_eq!(bench.http.get(old).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_content_is_there_before_sign_in_by_both_ways() {
    let bench = Bench::start(ESTATE).await;
    let (status, content) = bench.get("ServiceInstance/ServiceInstance/content").await;
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
    let posted = bench
        .post(
            "ServiceInstance/ServiceInstance/RetrieveServiceContent",
            json!({}),
        )
        .await;
    assert_eq!(posted, (200, content));
    let bodiless = bench
        .raw(
            Method::POST,
            "ServiceInstance/ServiceInstance/RetrieveServiceContent",
            None,
        )
        .await;
    assert_eq!(bodiless.status(), 200);
}

#[tokio::test]
async fn a_session_begins_with_login_and_ends_with_logout() {
    let mut bench = Bench::start(THREE).await;
    let refused = bench.get("Task/task-1/info").await;
    assert_fault(&refused, "NotAuthenticated");
    assert_eq!(
        (&refused.1["object"], &refused.1["privilegeId"]),
        (&task(1), &json!("System.View"))
    );
    bench.login().await;
    assert_eq!(bench.info(1).await["key"], "task-1");
    let (status, session) = bench
        .get("SessionManager/SessionManager/currentSession")
        .await;
    assert_eq!(
        (status, &session["userName"]),
        (200, &json!("VSPHERE.LOCAL\\ops"))
    );
    assert_ne!(session["key"].as_str(), bench.session.as_deref());
    assert_eq!(
        bench
            .post("SessionManager/SessionManager/Logout", json!({}))
            .await,
        (204, Value::Null)
    );
    assert_fault(&bench.get("Task/task-1/info").await, "NotAuthenticated");
    assert_eq!(bench.control.session_count(), 0);
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let bench = Bench::with(ESTATE, |options| {
        options.credentials = Some(("ops".to_owned(), "right".to_owned()));
    })
    .await;
    let login = |body| bench.post("SessionManager/SessionManager/Login", body);
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
    let any = Bench::start(ESTATE).await;
    assert_fault(
        &any.post(
            "SessionManager/SessionManager/Login",
            json!({"userName": "x", "password": ""}),
        )
        .await,
        "InvalidLogin",
    );
}

#[tokio::test]
async fn sessions_expire_when_idle_and_die_when_killed() {
    let mut bench = Bench::with(THREE, |options| {
        options.session_timeout = Duration::from_secs(60);
    })
    .await;
    bench.login().await;
    bench.advance(50);
    bench.info(1).await;
    bench.advance(50);
    bench.info(1).await;
    bench.advance(61);
    assert_fault(&bench.get("Task/task-1/info").await, "NotAuthenticated");
    bench.login().await;
    assert_eq!(bench.control.kill_sessions(), 1);
    assert_fault(&bench.get("Task/task-1/info").await, "NotAuthenticated");
}

#[tokio::test]
async fn other_ways_in_are_an_authorization_value_and_a_ready_session() {
    let mut bench = Bench::with(THREE, |options| {
        options.authorization = Some("Bearer abc".to_owned());
        options.ready_sessions = vec!["ready-made".to_owned()];
    })
    .await;
    let url = format!("{}/sdk/vim25/{RELEASE}/Task/task-1/info", bench.base);
    let with = |value: &str| bench.http.get(&url).header("Authorization", value).send();
    assert_eq!(with("Bearer abc").await.unwrap().status(), 200);
    assert_eq!(with("Bearer abd").await.unwrap().status(), 500);
    bench.session = Some("ready-made".to_owned());
    bench.info(1).await;
}

#[tokio::test]
async fn no_cookies_and_the_right_content_type() {
    let mut bench = Bench::start(THREE).await;
    bench.login().await;
    let response = bench.raw(Method::GET, "Task/task-1/info", None).await;
    assert!(response.headers().get("set-cookie").is_none());
    assert_eq!(response.headers()["content-type"], "application/json");
}
