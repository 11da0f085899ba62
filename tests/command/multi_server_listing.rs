//! Several vCenters at once: the commands, and the built program in a pseudo-terminal.

use crate::support::command::{config, line, server};
#[cfg(unix)]
use crate::support::pty::Session;

#[tokio::test]
async fn list_and_get_name_server() {
    let (lab, branch) = (server().await, server().await);
    let directory = tempfile::tempdir().unwrap();
    let config = config(
        directory.path(),
        &[("lab", &lab), ("branch", &branch), ("lab2", &lab)],
    );
    let both = format!("--profile lab --profile branch --config {config}");
    let output = line(&format!("list --ids {both}")).at("").await;
    assert_eq!(output.code, 0, "{output:?}");
    for id in ["lab/task-1\n", "branch/task-1\n"] {
        assert_eq!(output.out.matches(id).count(), 1, "{}", output.out);
    }
    // `get` accepts the ids that `list` prints.
    let output = line(&format!("get branch/task-1 lab/task-2 {both}"))
        .at("")
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output.out.contains("lab/task-2") && output.out.contains("branch/task-1"),
        "{}",
        output.out
    );
    assert!(!output.out.contains("lab/task-1"), "{}", output.out);
    let output = line(&format!("get task-1 {both}")).at("").await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.err.contains("Write lab/task-1"), "{}", output.err);
    let output = line(&format!("list --json {both}")).at("").await;
    let servers: std::collections::BTreeSet<String> = output
        .lines()
        .iter()
        .map(|line| line["endpoint"].to_string())
        .collect();
    assert_eq!(servers.len(), 2);
    let duplicates = format!("list --ids --profile lab,lab2 --config {config}");
    let output = line(&duplicates).at("").await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output.err.contains("lab and lab2 are the same vCenter"),
        "{}",
        output.err
    );
    assert_eq!(output.out.matches("lab/task-1\n").count(), 1);
    assert_eq!(
        lab.control().session_count() + branch.control().session_count(),
        0
    );
    // An unreachable server does not keep the other from being listed.
    branch.stop().await;
    let output = line(&format!("list --ids {both}")).at("").await;
    assert_eq!(output.code, 4, "{output:?}");
    assert!(output.out.contains("lab/task-1\n"), "{output:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn screen_keeps_running_when_one_of_two_servers_stops() {
    let (lab, branch) = (server().await, server().await);
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), &[("lab", &lab), ("branch", &branch)]);
    let arguments = [
        "--profile",
        "lab",
        "--profile",
        "branch",
        "--config",
        &config,
    ];
    let environment = [("VTASK_PASSWORD", "secret"), ("HOME", "/nonexistent")];
    let mut session = Session::start_in(100, 30, &arguments, &environment);
    let rows = |text: &str, name: &str| {
        text.lines()
            .filter(|line| line.trim_start().starts_with(name))
            .count()
    };
    session.until("rows of both", |output| {
        let text = output.parser.screen().contents();
        rows(&text, "lab ") >= 4 && rows(&text, "branch ") >= 4
    });
    session.shows("● lab");
    session.shows("● branch");
    branch.stop().await;
    session.until("the outage of branch", |output| {
        let text = output.parser.screen().contents();
        let header = text.lines().next().unwrap_or_default();
        header.contains("● lab") && header.contains("branch ") && !header.contains("● branch")
    });
    session.until("rows of branch", |output| {
        rows(&output.parser.screen().contents(), "branch ") >= 4
    });
    session.quit();
    assert_eq!(lab.control().session_count(), 0, "signed out");
}
