//! Compression, proxy responses, login pages, TLS and the request log.

use crate::support::*;
use reqwest::Method;
use serde_json::{Value, json};
use vtask::simulator::behavior::{ProxyResponse, VoidResponse};

#[tokio::test]
async fn answers_are_compressed_when_asked_for() {
    let bench = Bench::signed_in(THREE).await;
    let url = format!(
        "{}/sdk/vim25/{RELEASE}/TaskManager/TaskManager/description",
        bench.base
    );
    let get = || {
        let request = bench.http.get(&url).header("Accept-Encoding", "gzip");
        request
            .header("vmware-api-session-id", bench.session.as_ref().unwrap())
            .send()
    };
    assert_eq!(get().await.unwrap().headers()["content-encoding"], "gzip");
    bench
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
    let plain = bench
        .raw(Method::GET, "TaskManager/TaskManager/description", None)
        .await;
    assert!(plain.headers().get("content-encoding").is_none());
}

#[tokio::test]
async fn what_stands_in_front_answers_in_its_own_way() {
    let bench = Bench::signed_in(THREE).await;
    bench
        .control
        .fail_next(ProxyResponse::service_unavailable(Some("3")));
    let response = bench.raw(Method::GET, "Task/task-1/info", None).await;
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["retry-after"]
        ),
        (503, &"3".parse().unwrap())
    );
    bench.info(1).await;
    bench.control.lose_responses(1);
    assert!(bench.breaks("Task/task-1/CancelTask", &json!({})).await);
    assert_eq!(bench.info(1).await["cancelled"], true);
    bench
        .control
        .change_behavior(|behavior| behavior.void_response = VoidResponse::EmptyOk);
    assert_eq!(
        bench
            .post("SessionManager/SessionManager/Logout", json!({}))
            .await,
        (200, Value::Null)
    );
}

#[tokio::test]
async fn login_pages_and_redirects_come_instead_of_answers() {
    let bench = Bench::signed_in(THREE).await;
    bench.control.fail_next(ProxyResponse::login_page());
    let page = bench.raw(Method::GET, "Task/task-1/info", None).await;
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-type"]),
        (200, &"text/html".parse().unwrap())
    );
    bench.control.fail_next(ProxyResponse::login_redirect());
    let staying = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let url = format!("{}/sdk/vim25/{RELEASE}/Task/task-1/info", bench.base);
    let redirect = staying.get(url).send().await.unwrap();
    assert_eq!(
        (redirect.status().as_u16(), &redirect.headers()["location"]),
        (301, &"/ui/login".parse().unwrap())
    );
}

#[tokio::test]
async fn the_log_tells_what_was_asked() {
    let bench = Bench::signed_in(THREE).await;
    bench.control.clear_requests();
    bench.info(1).await;
    bench.get("Task/task-9/info").await;
    let log = bench.control.requests();
    let seen: Vec<_> = log
        .iter()
        .map(|request| (request.kind.as_str(), request.status))
        .collect();
    assert_eq!(seen, [("Task/info", 200), ("Task/info", 500)]);
    assert_eq!(bench.control.expected_tasks().len(), 3);
    assert_eq!(bench.control.expected_tasks()[0], bench.info(1).await);
}

#[tokio::test]
async fn https_with_a_certificate_made_at_the_start() {
    let bench = Bench::with(THREE, |options| options.tls = true).await;
    assert!(bench.base.starts_with("https://"));
    // Never completes the handshake; other clients must not wait for it.
    let idle = tokio::net::TcpStream::connect(bench.simulator.address())
        .await
        .unwrap();
    let pem = bench.simulator.certificate_pem().unwrap();
    let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
        .build()
        .unwrap();
    let url = format!(
        "{}/sdk/vim25/{RELEASE}/ServiceInstance/ServiceInstance/content",
        bench.base
    );
    assert_eq!(trusting.get(&url).send().await.unwrap().status(), 200);
    let distrusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    assert!(distrusting.get(&url).send().await.is_err());
    assert_eq!(bench.simulator.fingerprint().unwrap().len(), 95);
    drop(idle);
    bench.simulator.stop().await;
    assert!(trusting.get(&url).send().await.is_err());
}
