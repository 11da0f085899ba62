//! Runs the built program and searches its output, its files, its screen and the environment of the commands that it
//! starts for secrets.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::command_support::server_with;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};
use vtask::simulator::Simulator;

const PASSWORD: &str = "hunter2-Zq8-correct";
const WRONG: &str = "wr0ng-Zq8-horse";
const AUTHORIZATION: &str = "Bearer tok-Zq8-staple";

/// Standard output and standard error of a run.
async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, Vec<u8>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vtask"));
    command.args(arguments).envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let written = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), written)
}

/// Collects the secrets of every session of the server.
fn collect(simulator: &Simulator) -> Arc<Mutex<BTreeSet<String>>> {
    let secrets = Arc::new(Mutex::new(BTreeSet::new()));
    let (control, kept) = (simulator.control(), secrets.clone());
    tokio::spawn(async move {
        loop {
            kept.lock().unwrap().extend(control.session_secrets());
            sleep(Duration::from_millis(1)).await;
        }
    });
    secrets
}

fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found
}

/// Runs the screen and returns what it wrote to the terminal.
fn use_screen(url: &str, stats: &str, home: &str) -> Vec<u8> {
    let words = ["--url", url, "--username", "ops", "--stats", stats];
    let environment = [("VTASK_PASSWORD", PASSWORD), ("HOME", home)];
    let mut session = crate::pty_support::Session::start_in(120, 40, &words, &environment);
    session.shows("live");
    for key in ["5", "F", "\u{3}"] {
        session.press(key);
    }
    session.ends_cleanly();
    session.seen.0.lock().unwrap().bytes.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_output_contains_secrets() {
    let simulator = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), PASSWORD.to_owned()));
        options.authorization = Some(AUTHORIZATION.to_owned());
    })
    .await;
    let control = simulator.control();
    tokio::spawn(async move { crate::command_support::drive(&control).await });
    let sessions = collect(&simulator);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let home = folder.path().display().to_string();
    let (url, stats) = (simulator.url(), path("stats.json"));
    let exec = format!("env > {}", path("environment"));
    let server = ["--url", &url, "--username", "ops"];
    let good = [
        ("VTASK_PASSWORD", PASSWORD),
        ("GOVC_PASSWORD", PASSWORD),
        ("HOME", &home),
    ];
    let wrong = [("VTASK_PASSWORD", WRONG), ("HOME", &home)];
    let ready = [("VTASK_AUTHORIZATION", AUTHORIZATION), ("HOME", &home)];
    let dead = [("VTASK_SESSION", WRONG), ("HOME", &home)];
    let unsendable = [("VTASK_SESSION", "wr0ng-Zq8-horse\u{1}"), ("HOME", &home)];

    let mut written = Vec::new();
    for (words, environment, code) in [
        ("list --json", &good[..], 0),
        ("list -vvv", &good, 0),
        ("list -vvv", &ready, 0),
        ("list -vvv --log-format json", &good, 0),
        ("list -vvv --log-format json", &ready, 0),
        ("get task-3", &good, 0),
        ("tree task-3 --json", &good, 0),
        ("events task-3", &good, 0),
        (
            &format!("record --for 3s {}", path("record.ndjson")),
            &good,
            0,
        ),
        ("get task-999999", &good, 4),
        ("list", &wrong, 5),
        ("list", &ready, 0),
        ("list", &dead, 4),
        ("list", &unsendable, 4),
    ] {
        // A ready session or value is used where no account was typed.
        let has_account = environment
            .iter()
            .any(|(name, _)| *name == "VTASK_PASSWORD");
        let server = &server[..if has_account { 4 } else { 2 }];
        let words: Vec<&str> = words.split(' ').chain(server.iter().copied()).collect();
        let (ended, text) = run(&words, environment).await;
        assert_eq!(ended, code, "{words:?}: {}", String::from_utf8_lossy(&text));
        written.push((words.join(" "), text));
    }
    let (log, waited) = (path("log"), path("wait.ndjson"));
    let wait = [
        "wait",
        "task-8",
        "--json",
        "--exec",
        &exec,
        "-vvv",
        "--log-file",
        &log,
        "--record",
        &waited,
    ];
    let words = [&wait[..], &server].concat();
    let (ended, text) = run(&words, &good).await;
    assert_eq!(ended, 0, "{}", String::from_utf8_lossy(&text));
    written.push(("wait".to_owned(), text));
    let seen = tokio::task::spawn_blocking(move || use_screen(&url, &stats, &home));
    written.push(("the screen".to_owned(), seen.await.unwrap()));
    let files = files_below(folder.path());
    for name in ["environment", "stats.json", "record.ndjson", "wait.ndjson"] {
        assert!(
            files
                .iter()
                .any(|(path, text)| path.ends_with(name) && !text.is_empty()),
            "{name}"
        );
    }
    written.extend(files);

    let mut secrets = sessions.lock().unwrap().clone();
    assert!(secrets.len() >= 4, "sessions were seen: {}", secrets.len());
    secrets.extend(["Zq8", "Zq8-staple", PASSWORD, WRONG].map(str::to_owned));
    for (what, text) in &written {
        let text = String::from_utf8_lossy(text);
        for secret in &secrets {
            assert!(
                !text.contains(secret.as_str()),
                "{secret} is in {what}:\n{text}"
            );
        }
    }
}

/// A server that gives every request the same response and records the requests.
async fn recording_server(answer: String) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let received = Arc::new(Mutex::new(Vec::new()));
    let kept = received.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap_or(0);
            kept.lock().unwrap().extend_from_slice(&buffer[..read]);
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, received)
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed_and_localhost_bypasses_proxy() {
    let gone = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for status in [
        "301 Moved",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let (elsewhere, heard_elsewhere) = recording_server(gone.to_owned()).await;
        let answer = format!(
            "HTTP/1.1 {status}\r\nLocation: http://{elsewhere}/sdk\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let (here, heard_here) = recording_server(answer).await;
        let (proxy, heard_proxy) = recording_server(gone.to_owned()).await;
        let (url, proxy) = (format!("http://{here}"), format!("http://{proxy}"));
        let environment = [
            ("VTASK_AUTHORIZATION", AUTHORIZATION),
            ("HTTP_PROXY", &proxy),
            ("http_proxy", &proxy),
            ("ALL_PROXY", &proxy),
        ];
        let (code, written) = run(
            &["list", "--url", &url, "--release", "8.0.3.0"],
            &environment,
        )
        .await;
        let written = String::from_utf8_lossy(&written);
        assert_eq!(code, 4, "{written}");
        assert!(written.contains("redirects are not followed"), "{written}");
        assert!(!heard_here.lock().unwrap().is_empty());
        assert!(heard_elsewhere.lock().unwrap().is_empty(), "{status}");
        assert!(heard_proxy.lock().unwrap().is_empty(), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_to_tls_server_sees_no_secret() {
    let refused = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (proxy, received) = recording_server(refused.to_owned()).await;
    let proxy = format!("http://{proxy}");
    let environment = [
        ("VTASK_AUTHORIZATION", AUTHORIZATION),
        ("HTTPS_PROXY", &proxy),
        ("https_proxy", &proxy),
    ];
    let (code, written) = run(&["list", "--url", "https://vc01.invalid"], &environment).await;
    assert_eq!(code, 4, "{}", String::from_utf8_lossy(&written));
    let received = String::from_utf8_lossy(&received.lock().unwrap()).into_owned();
    assert!(
        received.starts_with("CONNECT vc01.invalid:443"),
        "{received}"
    );
    assert!(
        !received.contains("Zq8") && !received.contains("Bearer"),
        "{received}"
    );
}
