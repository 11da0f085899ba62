//! Every command, `wait` included, fails at once if the server is not a vCenter or the scheme is wrong; unusual but
//! valid responses of a vCenter are accepted.

use std::time::{Duration, Instant};

use tokio::{io::AsyncWriteExt, net::TcpListener};

use crate::{
    command::raw_server::{self, Reply, http},
    support::command::{line, server, server_with},
};

const HTML: &[u8] = b"<!DOCTYPE html><title>Welcome</title>";

/// Commands that send requests.
const COMMANDS: [&str; 5] = [
    "get task-1",
    "list",
    "wait task-1",
    "wait --new",
    "wait --entity db",
];

/// Checks that all commands end soon with an exit code and a message on standard error.
async fn assert_all_fail_at_once(url: &str, code: u8, words: &str) {
    for command in COMMANDS {
        let began = Instant::now();
        let output = line(command).at(url).await;
        assert_eq!(output.code, code, "{command}: {output:?}");
        assert!(output.err.contains(words), "{command}: {output:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{command}");
    }
}

#[tokio::test]
async fn a_web_server_without_the_api_ends_every_command_at_once() {
    for (status, code, words) in [
        ("404 Not Found", 4, "there is no such address (HTTP 404)"),
        ("200 OK", 4, "the response is not JSON"),
        ("403 Forbidden", 5, "it forbids this (HTTP 403)"),
        ("410 Gone", 4, "(HTTP 410)"),
    ] {
        let url = raw_server::start(move |_| Reply::Bytes(http(status, &[], HTML))).await;
        assert_all_fail_at_once(&url, code, words).await;
    }
}

/// Checks the suggestion of `--release` for a server that answers `hello` with one status and the next request with
/// another.
async fn assert_release_is_suggested(
    hello: &'static str,
    next: &'static str,
    code: u8,
    words: &str,
) {
    let url = raw_server::start(move |request| match request {
        request if request.contains("action=hello") => Reply::Bytes(http(hello, &[], HTML)),
        request if request.contains("/8.0.1.0/") => Reply::Bytes(http(next, &[], HTML)),
        _ => Reply::Regular,
    })
    .await;
    let output = line("list").at(&url).await;
    assert_eq!(output.code, code, "{hello}, {next}: {output:?}");
    let is_suggested = output.err.contains("--release");
    assert_eq!(
        is_suggested,
        !words.is_empty(),
        "{hello}, {next}: {output:?}"
    );
    assert!(output.err.contains(words), "{hello}, {next}: {output:?}");
    let output = line("list --release 9.0.0.0").at(&url).await;
    assert_eq!(output.code, 0, "{hello}: {output:?}");
}

#[tokio::test]
async fn release_is_suggested_where_it_is_not_negotiated() {
    for (hello, next, code, words) in [
        (
            "403 Forbidden",
            "200 OK",
            5,
            "it forbids this (HTTP 403). If other requests are allowed, give the release with --release.",
        ),
        (
            "404 Not Found",
            "404 Not Found",
            4,
            "The server does not negotiate the API release: give one that it supports with --release.",
        ),
        ("404 Not Found", "403 Forbidden", 5, ""),
        ("404 Not Found", "503 Service Unavailable", 4, ""),
    ] {
        assert_release_is_suggested(hello, next, code, words).await;
    }
}

#[tokio::test]
async fn http_to_tls_port_suggests_https() {
    let page = b"<h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port";
    let url = raw_server::start(|_| Reply::Bytes(http("400 Bad Request", &[], page))).await;
    assert_all_fail_at_once(&url, 4, "Give https:// in --url.").await;
    // A server that responds with TLS records, as most do.
    let simulator = server_with(|options| options.tls = true).await;
    let url = simulator.url().replace("https://", "http://");
    assert_all_fail_at_once(&url, 4, "give https:// in --url").await;
    // A server with another protocol.
    let url = raw_server::start(|_| Reply::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())).await;
    assert_all_fail_at_once(&url, 4, "the response is not HTTP").await;
}

#[tokio::test]
async fn https_to_plain_port_suggests_http() {
    let simulator = server().await;
    let url = simulator.url().replace("http://", "https://");
    assert_all_fail_at_once(&url, 4, "give http:// in it if plain HTTP is meant").await;
    // A server that closes the connection without a response.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.shutdown().await;
        }
    });
    let output = line("get task-1").at(&url).await;
    assert_eq!(output.code, 4, "{output:?}");
    assert!(output.err.contains("give http:// in --url"), "{output:?}");
}

#[tokio::test]
async fn starting_server_is_retried() {
    let simulator = server().await;
    let port = simulator.address();
    simulator.stop().await;
    let output = line("wait task-1 --max-outage 1s")
        .at(&format!("http://{port}"))
        .await;
    assert_eq!(output.code, 4, "{output:?}");
    assert!(
        output.err.contains("longer than --max-outage"),
        "{output:?}"
    );
    let busy = http("503 Service Unavailable", &[], HTML);
    let url = raw_server::start(move |_| Reply::Bytes(busy.clone())).await;
    let output = line("wait task-1 --max-outage 1s").at(&url).await;
    assert!(
        output.err.contains("longer than --max-outage"),
        "{output:?}"
    );
}

#[tokio::test]
async fn empty_compressed_body_is_empty() {
    let url = raw_server::start(|request| {
        let headers = [("content-encoding", "gzip")];
        if request.contains("/Logout") {
            Reply::Bytes(b"HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n".to_vec())
        } else if request.contains("/CancelTask") {
            Reply::Bytes(http("200 OK", &headers, b""))
        } else {
            Reply::Regular
        }
    })
    .await;
    let output = line("cancel task-1 --yes").at(&url).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.err.contains("request accepted"), "{output:?}");
    assert!(
        !output.err.contains("compression") && !output.err.contains("signing out"),
        "{output:?}"
    );
}

#[tokio::test]
async fn old_name_of_gzip_is_known() {
    let url = raw_server::start(|request| {
        if request.contains("/info ") {
            let body = raw_server::gzip(raw_server::task_info("task-1").to_string().as_bytes());
            Reply::Bytes(http("200 OK", &[("content-encoding", "x-gzip")], &body))
        } else {
            Reply::Regular
        }
    })
    .await;
    let output = line("get task-1").at(&url).await;
    assert_eq!(output.code, 0, "{output:?}");
}

#[tokio::test]
async fn status_is_reported_if_body_cannot_be_decompressed() {
    let url = raw_server::start(|_| {
        let headers = [
            ("content-encoding", "gzip"),
            ("retry-after", "18446744073709551615"),
        ];
        Reply::Bytes(http("503 Service Unavailable", &headers, HTML))
    })
    .await;
    let output = line("get task-1").at(&url).await;
    assert_eq!(output.code, 4, "{output:?}");
    assert!(output.err.contains("(HTTP 503)"), "{output:?}");
    assert!(
        output.err.contains("vtask waits 600 s at most"),
        "{output:?}"
    );
    assert!(!output.err.contains("18446744073709551615"), "{output:?}");
    let output = line("wait task-1 --timeout 1s").at(&url).await;
    assert_eq!(output.code, 124, "{output:?}");
    assert!(
        output.err.contains("vtask waits 600 s at most"),
        "{output:?}"
    );
}

#[tokio::test]
async fn extreme_server_clock_is_harmless() {
    for time in [
        "\"9999-12-30T22:00:00.999999999Z\"",
        "\"-009999-01-02T01:59:59Z\"",
        "\"0001-01-01T00:00:00Z\"",
    ] {
        let url = raw_server::start(move |request| {
            if request.contains("/CurrentTime") {
                Reply::Bytes(http("200 OK", &[], time.as_bytes()))
            } else if request.contains("/recentTask") {
                let task = br#"[{"_typeName": "ManagedObjectReference", "type": "Task", "value": "task-1"}]"#;
                Reply::Bytes(http("200 OK", &[], task))
            } else {
                Reply::Regular
            }
        })
        .await;
        for command in [
            "get task-1",
            "list",
            "list --since 24h --json",
            "list --filter elapsed>1h",
            "tree task-1",
        ] {
            let output = line(command).at(&url).await;
            assert!(matches!(output.code, 0 | 4), "{time} {command}: {output:?}");
            assert!(
                !output.out.is_empty() || command.contains("since") || command.contains("filter"),
                "{time} {command}: {output:?}"
            );
        }
        let output = line("wait task-1 --json --timeout 1s").at(&url).await;
        assert_eq!(output.code, 124, "{time}: {output:?}");
    }
}
