//! `--timeout` is one deadline for a whole command, sign-in and sign-out included, kept within a second, with exit code
//! 124 and a message that names the pending request.

use std::time::{Duration, Instant};

use crate::{
    command::raw_server::{self, Reply},
    support::command::{CommandOutput, line, server},
};

const COMMANDS: [&str; 9] = [
    "get task-1",
    "list",
    "tree task-1",
    "events task-1",
    "cancel task-1 --yes",
    "wait task-1",
    "wait --new",
    "wait --entity db",
    "wait task-1 --json",
];

/// Runs a command with a timeout of one second, and checks that it takes no more than two.
async fn run_with_timeout(command: &str, url: &str) -> CommandOutput {
    let began = Instant::now();
    let output = line(&format!("{command} --timeout 1s")).at(url).await;
    let elapsed = began.elapsed();
    assert!(
        elapsed >= Duration::from_millis(900),
        "{command}: {elapsed:?}"
    );
    assert!(elapsed < Duration::from_secs(2), "{command}: {elapsed:?}");
    output
}

#[tokio::test]
async fn server_that_never_responds_times_out() {
    let url = raw_server::start(|_| Reply::NoResponse).await;
    let server = url.trim_start_matches("http://");
    for command in COMMANDS {
        let output = run_with_timeout(command, &url).await;
        assert_eq!(output.code, 124, "{command}: {output:?}");
        assert!(
            output.err.contains("timed out after 1s"),
            "{command}: {output:?}"
        );
        assert!(output.err.contains(server), "{command}: {output:?}");
        let doing = ["negotiating the API release", "connecting to"];
        assert!(
            doing.iter().any(|doing| output.err.contains(doing)),
            "{command}: {output:?}"
        );
        if command.ends_with("--json") {
            assert_eq!(output.of_type("summary")[0]["exitCode"], 124);
        }
    }
}

#[tokio::test]
async fn timeout_message_names_pending_request() {
    for (call, command, doing) in [
        ("/content", "get task-1", "reading server information"),
        ("/Login", "list", "signing in as ops"),
        ("/info", "get task-1 --json", "reading task-1"),
        ("/info", "tree task-1", "reading task-1"),
        ("/recentTask", "list", "listing the recent tasks"),
        ("/CancelTask", "cancel task-1 --yes", "cancelling task-1"),
    ] {
        let url = raw_server::start(move |request| {
            if request.contains(call) {
                Reply::NoResponse
            } else {
                Reply::Regular
            }
        })
        .await;
        let output = run_with_timeout(command, &url).await;
        assert_eq!(output.code, 124, "{call}: {output:?}");
        assert!(
            output.err.contains(&format!("after 1s while {doing}")),
            "{call}: {output:?}"
        );
    }
}

#[tokio::test]
async fn cancel_timeout_reports_which_requests_were_sent() {
    let url = raw_server::start(|request| match request {
        request if request.contains("task-2/CancelTask") => Reply::NoResponse,
        request if request.contains("CancelTask") => {
            Reply::Bytes(raw_server::http("204 No Content", &[], b""))
        }
        _ => Reply::Regular,
    })
    .await;
    let output = run_with_timeout("cancel task-1 task-2 task-3 --yes --json", &url).await;
    assert_eq!(output.code, 124, "{output:?}");
    let answers = output.of_type("cancel");
    let answers: Vec<_> = answers
        .iter()
        .map(|line| (&line["moId"], &line["answer"]))
        .collect();
    let expected = [
        ("task-1", "accepted"),
        ("task-2", "failed"),
        ("task-3", "notAsked"),
    ];
    assert!(
        answers
            .iter()
            .zip(expected)
            .all(|(actual, expected)| *actual.0 == expected.0 && *actual.1 == expected.1),
        "{answers:?}"
    );
    assert_eq!(answers.len(), 3);
}

#[tokio::test]
async fn hanging_logout_keeps_output() {
    let url = raw_server::start(|request| {
        if request.contains("/Logout") {
            Reply::NoResponse
        } else {
            Reply::Regular
        }
    })
    .await;
    let output = run_with_timeout("get task-1", &url).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.out.contains("task-1"), "{output:?}");
    assert!(
        output.err.contains("signing out") && output.err.contains("no answer in time"),
        "{output:?}"
    );
    let output = run_with_timeout("wait task-1", &url).await;
    assert_eq!(output.code, 124, "{output:?}");
    assert!(output.err.contains("1 task still running"), "{output:?}");
}

#[tokio::test]
async fn timeout_while_settling_keeps_task_outcome() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let output = run_with_timeout("wait task-1 --children --settle 30s", &simulator.url()).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output
            .err
            .contains("ended; the quiet period of --settle had not passed"),
        "{output:?}"
    );
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}
