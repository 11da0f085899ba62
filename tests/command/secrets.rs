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

use crate::support::command::server_with;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};
use vtask::simulator::Simulator;

const PASSWORD: &str = "hunter2-Zq8-correct";
const WRONG: &str = "wr0ng-Zq8-horse";
const AUTHORIZATION: &str = "Bearer tok-Zq8-staple";

/// Runs the program. Returns its exit code, and its standard output and standard error.
async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, Vec<u8>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vtask"));
    command.args(arguments).envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let written = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), written)
}

/// Collects the secrets of every session of the server.
fn collect_session_secrets(simulator: &Simulator) -> Arc<Mutex<BTreeSet<String>>> {
    let secrets = Arc::new(Mutex::new(BTreeSet::new()));
    let (control, collected) = (simulator.control(), secrets.clone());
    tokio::spawn(async move {
        loop {
            collected.lock().unwrap().extend(control.session_secrets());
            sleep(Duration::from_millis(1)).await;
        }
    });
    secrets
}

fn files_below(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
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
    let mut session = crate::support::pty::Session::start_in(120, 40, &words, &environment);
    session.shows("live");
    for key in ["5", "F", "\u{3}"] {
        session.press(key);
    }
    session.exits_cleanly();
    session.output.0.lock().unwrap().bytes.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_output_contains_secrets() {
    let simulator = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), PASSWORD.to_owned()));
        options.authorization = Some(AUTHORIZATION.to_owned());
    })
    .await;
    let control = simulator.control();
    tokio::spawn(async move { crate::support::command::drive(&control).await });
    let sessions = collect_session_secrets(&simulator);
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let home = directory.path().display().to_string();
    let (url, stats) = (simulator.url(), path("stats.json"));
    let exec = format!("env > {}", path("environment"));
    let server = ["--url", &url, "--username", "ops"];
    let with_password = [
        ("VTASK_PASSWORD", PASSWORD),
        ("GOVC_PASSWORD", PASSWORD),
        ("HOME", &home),
    ];
    let with_wrong_password = [("VTASK_PASSWORD", WRONG), ("HOME", &home)];
    let with_authorization = [("VTASK_AUTHORIZATION", AUTHORIZATION), ("HOME", &home)];
    let with_expired_session = [("VTASK_SESSION", WRONG), ("HOME", &home)];
    let with_unsendable_session = [("VTASK_SESSION", "wr0ng-Zq8-horse\u{1}"), ("HOME", &home)];

    let mut written = Vec::new();
    for (words, environment, code) in [
        ("list --json", &with_password[..], 0),
        ("list -vvv", &with_password, 0),
        ("list -vvv", &with_authorization, 0),
        ("list -vvv --log-format json", &with_password, 0),
        ("list -vvv --log-format json", &with_authorization, 0),
        ("get task-3", &with_password, 0),
        ("tree task-3 --json", &with_password, 0),
        ("events task-3", &with_password, 0),
        (
            &format!("record --for 3s {}", path("record.ndjson")),
            &with_password,
            0,
        ),
        ("get task-999999", &with_password, 4),
        ("list", &with_wrong_password, 5),
        ("list", &with_authorization, 0),
        ("list", &with_expired_session, 4),
        ("list", &with_unsendable_session, 4),
    ] {
        // A session or authorization value is used only without --username.
        let has_account = environment
            .iter()
            .any(|(name, _)| *name == "VTASK_PASSWORD");
        let server = &server[..if has_account { 4 } else { 2 }];
        let words: Vec<&str> = words.split(' ').chain(server.iter().copied()).collect();
        let (exit_code, text) = run(&words, environment).await;
        assert_eq!(
            exit_code,
            code,
            "{words:?}: {}",
            String::from_utf8_lossy(&text)
        );
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
    let (exit_code, text) = run(&words, &with_password).await;
    assert_eq!(exit_code, 0, "{}", String::from_utf8_lossy(&text));
    written.push(("wait".to_owned(), text));
    let screen = tokio::task::spawn_blocking(move || use_screen(&url, &stats, &home));
    written.push(("the screen".to_owned(), screen.await.unwrap()));
    let files = files_below(directory.path());
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
    assert!(secrets.len() >= 4, "{} session secrets", secrets.len());
    secrets.extend(["Zq8", "Zq8-staple", PASSWORD, WRONG].map(str::to_owned));
    for (source, text) in &written {
        let text = String::from_utf8_lossy(text);
        for secret in &secrets {
            assert!(
                !text.contains(secret.as_str()),
                "{secret} is in {source}:\n{text}"
            );
        }
    }
}

/// A server that gives every request the same response and records the requests.
async fn recording_server(response: String) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let received = Arc::new(Mutex::new(Vec::new()));
    let collected = received.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap_or(0);
            collected.lock().unwrap().extend_from_slice(&buffer[..read]);
            let _ = stream.write_all(response.as_bytes()).await;
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
        let (redirect_target, target_received) = recording_server(gone.to_owned()).await;
        let redirect = format!(
            "HTTP/1.1 {status}\r\nLocation: http://{redirect_target}/sdk\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let (server, server_received) = recording_server(redirect).await;
        let (proxy, proxy_received) = recording_server(gone.to_owned()).await;
        let (url, proxy) = (format!("http://{server}"), format!("http://{proxy}"));
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
        assert!(!server_received.lock().unwrap().is_empty());
        assert!(target_received.lock().unwrap().is_empty(), "{status}");
        assert!(proxy_received.lock().unwrap().is_empty(), "{status}");
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
