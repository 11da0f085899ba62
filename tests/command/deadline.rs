//! `--timeout` is one deadline for a whole command, sign-in and sign-out included, kept within a second, with exit code
//! 124 and a message that names the pending request.

use std::time::{Duration, Instant};

use crate::{
    command_support::{Ran, line, server},
    raw_server::{self, Reply},
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
async fn in_a_second(command: &str, url: &str) -> Ran {
    let began = Instant::now();
    let ran = line(&format!("{command} --timeout 1s")).at(url).await;
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(900), "{command}: {took:?}");
    assert!(took < Duration::from_secs(2), "{command}: {took:?}");
    ran
}

#[tokio::test]
async fn server_that_never_responds_times_out() {
    let url = raw_server::start(|_| Reply::Silence).await;
    let server = url.trim_start_matches("http://");
    for command in COMMANDS {
        let ran = in_a_second(command, &url).await;
        assert_eq!(ran.code, 124, "{command}: {ran:?}");
        assert!(ran.err.contains("timed out after 1s"), "{command}: {ran:?}");
        assert!(ran.err.contains(server), "{command}: {ran:?}");
        let doing = ["negotiating the API release", "connecting to"];
        assert!(
            doing.iter().any(|doing| ran.err.contains(doing)),
            "{command}: {ran:?}"
        );
        if command.ends_with("--json") {
            assert_eq!(ran.of_type("summary")[0]["exitCode"], 124);
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
                Reply::Silence
            } else {
                Reply::Honest
            }
        })
        .await;
        let ran = in_a_second(command, &url).await;
        assert_eq!(ran.code, 124, "{call}: {ran:?}");
        assert!(
            ran.err.contains(&format!("after 1s while {doing}")),
            "{call}: {ran:?}"
        );
    }
}

#[tokio::test]
async fn cancel_timeout_reports_which_requests_were_sent() {
    let url = raw_server::start(|request| match request {
        hangs if hangs.contains("task-2/CancelTask") => Reply::Silence,
        taken if taken.contains("CancelTask") => {
            Reply::Bytes(raw_server::http("204 No Content", &[], b""))
        }
        _ => Reply::Honest,
    })
    .await;
    let ran = in_a_second("cancel task-1 task-2 task-3 --yes --json", &url).await;
    assert_eq!(ran.code, 124, "{ran:?}");
    let answers = ran.of_type("cancel");
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
            .all(|(is, should)| *is.0 == should.0 && *is.1 == should.1),
        "{answers:?}"
    );
    assert_eq!(answers.len(), 3);
}

#[tokio::test]
async fn hanging_logout_keeps_output() {
    let url = raw_server::start(|request| {
        if request.contains("/Logout") {
            Reply::Silence
        } else {
            Reply::Honest
        }
    })
    .await;
    let ran = in_a_second("get task-1", &url).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("task-1"), "{ran:?}");
    assert!(
        ran.err.contains("signing out") && ran.err.contains("no answer in time"),
        "{ran:?}"
    );
    let ran = in_a_second("wait task-1", &url).await;
    assert_eq!(ran.code, 124, "{ran:?}");
    assert!(ran.err.contains("1 task still running"), "{ran:?}");
}

#[tokio::test]
async fn timeout_while_settling_keeps_task_outcome() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let ran = in_a_second("wait task-1 --children --settle 30s", &simulator.url()).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err
            .contains("ended; the quiet period of --settle had not passed"),
        "{ran:?}"
    );
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}
