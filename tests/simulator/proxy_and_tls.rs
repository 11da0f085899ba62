//! Compression, invalid requests, lost responses, TLS and the request log.

use crate::simulator::support::*;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vtask::simulator::server_behavior::VoidResponse;

#[tokio::test]
async fn responses_are_compressed_on_request() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let url = format!(
        "{}/sdk/vim25/{RELEASE}/TaskManager/TaskManager/description",
        harness.base
    );
    let get = || {
        let request = harness.http.get(&url).header("Accept-Encoding", "gzip");
        request
            .header("vmware-api-session-id", harness.session.as_ref().unwrap())
            .send()
    };
    assert_eq!(get().await.unwrap().headers()["content-encoding"], "gzip");
    harness
        .control
        .change_behavior(|behavior| behavior.gzip = false);
    assert!(
        get()
            .await
            .unwrap()
            .headers()
            .get("content-encoding")
            .is_none()
    );
    let plain = harness
        .raw(Method::GET, "TaskManager/TaskManager/description", None)
        .await;
    assert!(plain.headers().get("content-encoding").is_none());
}

#[tokio::test]
async fn unsupported_method_is_refused_with_the_allowed_ones() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let response = harness.raw(Method::DELETE, "Task/task-1/info", None).await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET, POST");
}

#[tokio::test]
async fn malformed_body_is_a_bad_request() {
    let harness = Harness::start(THREE_TASKS).await;
    let address = harness.simulator.address();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /sdk/vim25/{RELEASE}/SessionManager/SessionManager/Login HTTP/1.1\r\nhost: x\r\n\
         transfer-encoding: chunked\r\n\r\nxyz\r\n{{}}\r\n0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 400");
}

#[tokio::test]
async fn body_of_several_megabytes_is_read() {
    let harness = Harness::start(THREE_TASKS).await;
    let body = json!({"userName": "ops", "password": "x".repeat(4 << 20)});
    let login = "SessionManager/SessionManager/Login";
    let response = harness.raw(Method::POST, login, Some(&body)).await;
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn lost_responses_replace_results() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness.control.lose_responses(1);
    assert!(
        harness
            .is_connection_broken("Task/task-1/CancelTask", &json!({}))
            .await
    );
    assert_eq!(harness.info(1).await["cancelled"], true);
    harness
        .control
        .change_behavior(|behavior| behavior.void_response = VoidResponse::EmptyOk);
    assert_eq!(
        harness
            .post("SessionManager/SessionManager/Logout", json!({}))
            .await,
        (200, Value::Null)
    );
}

#[tokio::test]
async fn request_log_has_kind_and_status() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness.control.clear_requests();
    harness.info(1).await;
    harness.get("Task/task-9/info").await;
    let log = harness.control.requests();
    let logged: Vec<_> = log
        .iter()
        .map(|request| (request.kind.as_str(), request.status))
        .collect();
    assert_eq!(logged, [("Task/info", 200), ("Task/info", 500)]);
    assert_eq!(harness.control.expected_tasks().len(), 3);
    assert_eq!(harness.control.expected_tasks()[0], harness.info(1).await);
}

#[tokio::test]
async fn https_uses_the_generated_certificate() {
    let harness = Harness::with(THREE_TASKS, |options| options.tls = true).await;
    assert!(harness.base.starts_with("https://"));
    // Never completes the handshake; other clients must not wait for it.
    let idle = tokio::net::TcpStream::connect(harness.simulator.address())
        .await
        .unwrap();
    let pem = harness.simulator.certificate_pem().unwrap();
    let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let trusting_client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
        .build()
        .unwrap();
    let url = format!(
        "{}/sdk/vim25/{RELEASE}/ServiceInstance/ServiceInstance/content",
        harness.base
    );
    assert_eq!(
        trusting_client.get(&url).send().await.unwrap().status(),
        200
    );
    let distrusting_client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    assert!(distrusting_client.get(&url).send().await.is_err());
    assert_eq!(harness.simulator.fingerprint().unwrap().len(), 95);
    drop(idle);
    harness.simulator.stop().await;
    assert!(trusting_client.get(&url).send().await.is_err());
}
