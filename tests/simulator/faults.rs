//! Injected faults as seen by an HTTP client and by a raw TCP client.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::simulator::support::{Harness, RELEASE, THREE_TASKS};
use jiff::SignedDuration;
use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use vtask::simulator::fault_injection::{
    CloseMode, CutPoint, FaultEffect, FaultEvent, FaultPlan, FaultRule, ServerEvent,
};

const INFO: &str = "Task/task-1/info";

async fn harness_with_fault(rule: FaultRule) -> Harness {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness.control.inject(&FaultPlan::default().with(rule));
    harness
}

async fn respond_with(effect: FaultEffect) -> (Harness, Response) {
    let harness = harness_with_fault(FaultRule::new("Task/info", effect)).await;
    let response = harness.raw(Method::GET, INFO, None).await;
    (harness, response)
}

/// Sends a request over a raw socket; returns the received bytes and the end of the stream.
fn send_raw(harness: &Harness, method: &str, path: &str) -> (String, Result<(), ErrorKind>) {
    let mut stream = TcpStream::connect(harness.simulator.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let session = harness.session.as_deref().unwrap();
    write!(
        stream,
        "{method} /sdk/vim25/{RELEASE}/{path} HTTP/1.1\r\nhost: x\r\nvmware-api-session-id: {session}\r\n\
         content-length: 0\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(read) => received.extend_from_slice(&buffer[..read]),
            Err(error) => break Err(error.kind()),
        }
    };
    (String::from_utf8_lossy(&received).into_owned(), end)
}

fn send_raw_in_place(
    harness: &Harness,
    method: &'static str,
    path: &'static str,
) -> (String, Result<(), ErrorKind>) {
    tokio::task::block_in_place(|| send_raw(harness, method, path))
}

#[tokio::test(flavor = "multi_thread")]
async fn connection_is_cut_at_the_given_point() {
    for (at, begins) in [
        (CutPoint::Request, ""),
        (CutPoint::Answer, ""),
        (CutPoint::Headers, "HTTP/1.1 200 OK"),
        (CutPoint::Body, "HTTP/1.1 200 OK\r\n"),
    ] {
        for (close_mode, end) in [
            (CloseMode::Reset, Err(ErrorKind::ConnectionReset)),
            (CloseMode::Close, Ok(())),
        ] {
            let harness = harness_with_fault(FaultRule::new(
                "Task/info",
                FaultEffect::cut(close_mode, at),
            ))
            .await;
            let (received, ended) = send_raw_in_place(&harness, "GET", INFO);
            // A reset may discard bytes that were sent before it.
            if close_mode == CloseMode::Close || !received.is_empty() {
                assert!(
                    received.starts_with(begins),
                    "{at:?} {close_mode:?}: {received}"
                );
                assert_eq!(
                    received.is_empty(),
                    begins.is_empty(),
                    "{at:?} {close_mode:?}: {received}"
                );
            }
            if at == CutPoint::Body && close_mode == CloseMode::Close {
                let (head, body) = received.split_once("\r\n\r\n").unwrap();
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.unwrap().parse().unwrap();
                assert_eq!(body.len(), length / 2);
            }
            assert_eq!(ended, end, "{at:?}");
            harness.control.clear_faults();
            assert_eq!(harness.get(INFO).await.0, 200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_after_the_request_keeps_its_effect() {
    for (effect, cancelled) in [
        (FaultEffect::cut(CloseMode::Reset, CutPoint::Request), false),
        (FaultEffect::cut(CloseMode::Reset, CutPoint::Answer), true),
        (FaultEffect::status(504), false),
        (
            FaultEffect::Status {
                code: 504,
                retry_after: None,
                as_date: false,
                reached: true,
            },
            true,
        ),
    ] {
        let harness = harness_with_fault(FaultRule::new("Task/CancelTask", effect.clone())).await;
        let _response = send_raw_in_place(&harness, "POST", "Task/task-1/CancelTask");
        assert_eq!(harness.info(1).await["cancelled"], cancelled, "{effect:?}");
        let requests = harness.control.requests();
        let logged = requests
            .iter()
            .find(|request| request.kind == "Task/CancelTask")
            .unwrap();
        let expected = if matches!(effect, FaultEffect::Cut { .. }) {
            0
        } else {
            504
        };
        assert_eq!(logged.status, expected);
    }
}

#[tokio::test]
async fn status_and_page_faults_replace_the_response() {
    for (code, as_date) in [
        (401, false),
        (403, true),
        (404, false),
        (408, false),
        (429, true),
        (500, false),
        (502, false),
        (503, true),
    ] {
        let retry_after = Some(SignedDuration::from_secs(30));
        let (harness, response) = respond_with(FaultEffect::Status {
            code,
            retry_after,
            as_date,
            reached: false,
        })
        .await;
        assert_eq!(response.status(), code);
        let retry_after = response.headers()[RETRY_AFTER].to_str().unwrap().to_owned();
        if as_date {
            let date = jiff::fmt::rfc2822::parse(&retry_after.replace("GMT", "+0000"))
                .unwrap()
                .timestamp();
            let delay = date.duration_since(jiff::Timestamp::now()).as_secs();
            assert!((20..=30).contains(&delay), "{retry_after}");
        } else {
            assert_eq!(retry_after, "30");
        }
        assert!(
            response
                .text()
                .await
                .unwrap()
                .starts_with("<!DOCTYPE html>")
        );
        assert_eq!(harness.control.faults_injected(), 1);
    }
    let (_harness, response) = respond_with(FaultEffect::Page).await;
    assert_eq!(response.status(), 200);
    assert!(response.text().await.unwrap().contains("<h1>Sign in</h1>"));
}

#[tokio::test]
async fn bodies_are_truncated_malformed_or_mislabelled() {
    let whole = Harness::signed_in(THREE_TASKS)
        .await
        .info(1)
        .await
        .to_string();
    let (_harness, response) = respond_with(FaultEffect::Truncated).await;
    let text = response.text().await.unwrap();
    assert!(
        serde_json::from_str::<Value>(&text).is_err()
            && text.len() < whole.len()
            && text.starts_with('{')
    );
    let (_harness, response) = respond_with(FaultEffect::Malformed).await;
    let bytes = response.bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&bytes).is_err());
    let (_harness, response) = respond_with(FaultEffect::ContentType("text/html".to_owned())).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "text/html");
    assert!(response.json::<Value>().await.unwrap()["key"] == "task-1");
}

#[tokio::test]
async fn bodies_are_huge_or_endless() {
    let (_harness, response) = respond_with(FaultEffect::Huge {
        megabytes: 3,
        compressed: false,
    })
    .await;
    assert_eq!(response.bytes().await.unwrap().len(), 3_000_002);
    let harness = harness_with_fault(FaultRule::new(
        "Task/info",
        FaultEffect::Huge {
            megabytes: 3,
            compressed: true,
        },
    ))
    .await;
    let url = format!("{}/sdk/vim25/{RELEASE}/{INFO}", harness.base);
    let response = harness
        .http
        .get(url)
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(response.bytes().await.unwrap().len() < 10_000);
    let (_harness, mut response) = respond_with(FaultEffect::Endless {
        bytes_per_second: 1_000_000,
    })
    .await;
    assert_eq!(response.content_length(), None);
    let mut read = 0;
    while read < 100_000 {
        read += response.chunk().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn body_stalls_and_resumes() {
    let time = Some(Duration::from_millis(300).into());
    let (_harness, mut response) = respond_with(FaultEffect::Stall { after: 0.5, time }).await;
    let length = usize::try_from(response.content_length().unwrap()).unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert_eq!(first.len(), length / 2);
    let began = Instant::now();
    let second = response.chunk().await.unwrap().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(200));
    assert_eq!(first.len() + second.len(), length);
}

#[tokio::test]
async fn requests_and_connections_are_delayed() {
    let delay = || FaultEffect::Delay(Duration::from_millis(200).into());
    for on in ["Task/info", "connect"] {
        let harness = Harness::signed_in(THREE_TASKS).await;
        harness
            .control
            .inject(&FaultPlan::default().with(FaultRule::new(on, delay())));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let began = Instant::now();
        let url = format!("{}/sdk/vim25/{RELEASE}/{INFO}", harness.base);
        http.get(url).send().await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(200), "{on}");
    }
}

#[tokio::test]
async fn redirect_fault_sets_the_location() {
    let harness = harness_with_fault(FaultRule::new(
        "Task/info",
        FaultEffect::Redirect("https://elsewhere.example/".to_owned()),
    ))
    .await;
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    let url = format!("{}/sdk/vim25/{RELEASE}/{INFO}", harness.base);
    let response = http.build().unwrap().get(url).send().await.unwrap();
    assert_eq!(response.headers()[LOCATION], "https://elsewhere.example/");
}

#[tokio::test]
async fn sessions_are_killed_or_lose_their_collectors() {
    let mut harness = Harness::signed_in(THREE_TASKS).await;
    let create = "PropertyCollector/propertyCollector/CreatePropertyCollector";
    let content = harness
        .get("ServiceInstance/ServiceInstance/content")
        .await
        .1;
    let own = content["propertyCollector"]["value"]
        .as_str()
        .unwrap()
        .to_owned();
    let create = create.replace("/propertyCollector/", &format!("/{own}/"));
    assert_eq!(harness.post(&create, json!({})).await.0, 200);
    harness.control.trigger(&ServerEvent::KillSessionsInPart);
    assert_eq!(
        harness.post(&create, json!({})).await.1["_typeName"],
        "NotAuthenticated"
    );
    assert_eq!(harness.get(INFO).await.0, 200);
    harness.login().await;
    assert_eq!(
        harness.post(&create, json!({})).await.0,
        200,
        "a new session works immediately"
    );
    harness.control.trigger(&ServerEvent::KillSessions);
    assert_eq!(harness.get(INFO).await.1["_typeName"], "NotAuthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_refuses_connections_and_keeps_tasks() {
    let mut harness = Harness::signed_in(THREE_TASKS).await;
    harness.advance(5);
    let before = harness.info(1).await;
    let address = harness.simulator.address();
    harness
        .control
        .trigger(&ServerEvent::Restart(Duration::from_millis(400).into()));
    let began = Instant::now();
    let mut refused = 0;
    loop {
        match TcpStream::connect(address) {
            // A connection may succeed before the listener has closed.
            Ok(_) if refused > 0 => break,
            Ok(_) => {}
            // A connection that waits to be accepted is reset when the listener closes.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
                refused += 1;
            }
        }
        assert!(began.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(refused > 5 && began.elapsed() >= Duration::from_millis(300));
    assert_eq!(harness.get(INFO).await.1["_typeName"], "NotAuthenticated");
    harness.login().await;
    assert_eq!(harness.info(1).await, before);
}

#[tokio::test]
async fn clock_jump_keeps_earlier_times() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness.advance(5);
    let time = async || {
        let now = harness
            .post("ServiceInstance/ServiceInstance/CurrentTime", json!({}))
            .await
            .1;
        now.as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    let (before, started) = (time().await, harness.info(1).await["startTime"].clone());
    harness
        .control
        .trigger(&ServerEvent::JumpClock(SignedDuration::from_secs(-3600)));
    harness.advance(10);
    assert_eq!(time().await.duration_since(before).as_secs(), 10 - 3600);
    assert_eq!(harness.info(1).await["startTime"], started);
    let completed = harness.info(3).await["completeTime"]
        .as_str()
        .unwrap()
        .to_owned();
    let completed: jiff::Timestamp = completed.parse().unwrap();
    assert!(completed < started.as_str().unwrap().parse().unwrap());
}

#[tokio::test]
async fn renewed_certificate_applies_to_new_connections() {
    let mut options = vtask::simulator::Options::new(
        vtask::simulator::scenario::Scenario::load("quiet").unwrap(),
    );
    options.tls = true;
    let simulator = vtask::simulator::Simulator::start(options).await.unwrap();
    let control = simulator.control();
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let pem = simulator.certificate_pem().unwrap().to_owned();
    let client_trusting_server = || {
        let own = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
        let builder = reqwest::Client::builder().no_proxy().tls_certs_only([own]);
        builder.build().unwrap()
    };
    let url = format!(
        "{}/sdk/vim25/{RELEASE}/ServiceInstance/ServiceInstance/content",
        simulator.url()
    );
    let old = client_trusting_server();
    assert!(old.get(&url).send().await.unwrap().status().is_success());
    let before = control.fingerprint();
    control.trigger(&ServerEvent::RenewCertificate);
    assert_ne!(control.fingerprint(), before);
    assert!(
        client_trusting_server().get(&url).send().await.is_err(),
        "a new connection gets the new certificate"
    );
    assert!(
        old.get(&url).send().await.is_ok(),
        "an open connection stays usable"
    );
}

#[tokio::test]
async fn events_are_triggered_on_schedule() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    let event = FaultEvent {
        every: Some(SignedDuration::from_millis(50)),
        ..FaultEvent::once(SignedDuration::from_millis(50), ServerEvent::KillSessions)
    };
    harness.control.inject(&FaultPlan::default().and(event));
    let end = Instant::now() + Duration::from_secs(20);
    while harness.control.session_count() > 0 {
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    harness.control.clear_faults();
}
