//! `wait`, `tree`, `events` and `cancel` with several vCenters: two embedded ones, whose moIds are the same.

use std::time::Duration;

use crate::support::command::{CommandLine, config, drive, line, server, server_with};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;
use vtask::simulator::Simulator;

/// Two servers, and a config file that names them `lab` and `branch`.
struct TwoServers {
    lab: Simulator,
    branch: Simulator,
    config: String,
    _directory: TempDir,
}

impl TwoServers {
    async fn start() -> Self {
        Self::of(server().await, server().await)
    }

    fn of(lab: Simulator, branch: Simulator) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path(), &[("lab", &lab), ("branch", &branch)]);
        Self {
            lab,
            branch,
            config,
            _directory: directory,
        }
    }

    /// Returns a command line for both profiles.
    fn line(&self, words: &str) -> CommandLine {
        self.line_without_profiles(&format!("{words} --profile lab --profile branch"))
    }

    /// Returns a command line whose arguments name the profiles.
    fn line_without_profiles(&self, words: &str) -> CommandLine {
        line(&format!("{words} --config {}", self.config))
    }

    fn servers(&self) -> [&Simulator; 2] {
        [&self.lab, &self.branch]
    }

    fn sessions(&self) -> usize {
        self.servers()
            .map(|server| server.control().session_count())
            .iter()
            .sum()
    }
}

/// Returns server, id and outcome of each task of a summary.
fn summary_outcomes(summary: &Value) -> Vec<(String, String, Value)> {
    let tasks = summary["tasks"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    tasks
        .map(|task| {
            (
                text(&task["endpoint"]),
                text(&task["moId"]),
                task["outcome"].clone(),
            )
        })
        .collect()
}

#[tokio::test]
async fn same_task_id_is_awaited_on_both_servers() {
    for fetch_flags in ["--fetch push", "--fetch poll --interval 0.05"] {
        let two = TwoServers::start().await;
        let words = format!("wait lab/task-1 branch/task-1 branch/task-2 --json {fetch_flags}");
        let output = two
            .line_without_profiles(&words)
            .on_servers(&two.servers())
            .await;
        assert_eq!(output.code, 1, "{output:?}");
        let lines = output.lines();
        let (lab, branch) = (
            two.lab.address().to_string(),
            two.branch.address().to_string(),
        );
        let summary = lines.last().unwrap();
        assert_eq!(summary["endpoint"], Value::Null);
        assert_eq!(
            summary_outcomes(summary),
            [
                (lab.clone(), "task-1".to_owned(), json!("success")),
                (branch.clone(), "task-1".to_owned(), json!("success")),
                (branch.clone(), "task-2".to_owned(), json!("failed")),
            ]
        );
        for server in [&lab, &branch] {
            let of = |line: &&Value| line["endpoint"] == **server && line["moId"] == "task-1";
            let tasks = output.of_type("task");
            let last = tasks.iter().rfind(of).unwrap();
            assert_eq!(last["outcome"], "success", "{server}");
        }
        assert_eq!(
            lines
                .iter()
                .filter(|line| line["type"] == "summary")
                .count(),
            1
        );
        assert_eq!(two.sessions(), 0, "signed out everywhere");
    }
}

#[tokio::test]
async fn progress_bars_and_lines_name_the_server() {
    let two = TwoServers::start().await;
    let output = two
        .line_without_profiles("wait lab/task-1 branch/task-2")
        .on_servers(&two.servers())
        .await;
    assert_eq!(output.code, 1, "{output:?}");
    for expected in [
        "lab/task-1 success",
        "branch/task-2 failed",
        "2 of 2 ended, 1 failed",
    ] {
        assert!(output.err.contains(expected), "{}", output.err);
    }
    let output = two
        .line_without_profiles("wait lab/task-1 branch/task-2")
        .variable("TERM", "xterm-256color")
        .terminal(100, 24)
        .on_servers(&two.servers())
        .await;
    let mut terminal = vt100::Parser::new(24.try_into().unwrap(), 100.try_into().unwrap(), 0);
    terminal.process(output.err.replace('\n', "\r\n").as_bytes());
    let screen = terminal.screen().contents();
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(lines.len(), 3, "one set of bars:\n{screen}");
    assert!(
        lines[0].contains("lab · Relocate virtual machine"),
        "{screen}"
    );
    assert!(
        lines[1].contains("branch · Clone virtual machine"),
        "{screen}"
    );
    assert!(lines[2].starts_with("2 of 2 ended, 1 failed"), "{screen}");
}

#[tokio::test]
async fn unreachable_server_does_not_affect_other() {
    let two = TwoServers::start().await;
    let words = "wait lab/task-1 branch/task-1 --max-outage 1s --json";
    let waiting = two.line_without_profiles(words).at("");
    let (lab, branch) = (two.lab.control(), two.branch);
    let outage = async {
        while lab.session_count() == 0 || branch.control().session_count() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        branch.stop().await;
        // The other server is still tracked after the first is lost.
        sleep(Duration::from_millis(1500)).await;
        drive(&lab).await;
    };
    let output = tokio::select! {
        output = waiting => output,
        () = outage => unreachable!("the clock advances without end"),
    };
    assert_eq!(output.code, 4, "{output:?}");
    let summary = output.lines().pop().unwrap();
    let outcomes: Vec<Value> = summary_outcomes(&summary)
        .into_iter()
        .map(|(.., outcome)| outcome)
        .collect();
    assert_eq!(outcomes, [json!("success"), json!("unknown")]);
    let reason = summary["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("branch: unreachable for longer than --max-outage"),
        "{reason}"
    );
    let links = output.of_type("link");
    assert!(
        links.iter().any(|line| line["state"] == "given-up"),
        "{links:?}"
    );
    assert!(output.err.contains("branch: unreachable"), "{}", output.err);
}

#[tokio::test]
async fn refused_sign_in_is_the_result_after_other_server_finishes() {
    let refusing = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "other".to_owned()));
    });
    let two = TwoServers::of(server().await, refusing.await);
    let output = two
        .line_without_profiles("wait lab/task-1 branch/task-1")
        .on_servers(&two.servers())
        .await;
    assert_eq!(output.code, 5, "{output:?}");
    assert!(output.err.contains("lab/task-1 success"), "{}", output.err);
    assert!(
        output.err.contains("branch: given up: ") && output.err.contains("InvalidLogin"),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn existing_and_new_tasks_are_found_on_every_server() {
    let two = TwoServers::start().await;
    let output = two
        .line("wait --activation-id act-7 --json")
        .on_servers(&two.servers())
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(summary_outcomes(&output.lines().pop().unwrap()).len(), 2);
    let two = TwoServers::start().await;
    let output = two
        .line("wait --new --entity x/y --timeout 30s --json")
        .on_servers(&two.servers())
        .await;
    // The first new task may end before the second starts, so one of them is enough.
    assert_eq!(output.code, 0, "{output:?}");
    // A server without a matching task is no error.
    let two = TwoServers::start().await;
    two.branch.control().advance(Duration::from_secs(60));
    let output = two
        .line("wait --activation-id act-7 --json")
        .on_servers(&two.servers())
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(summary_outcomes(&output.lines().pop().unwrap()).len(), 1);
    let output = two.line("wait --entity nowhere").at("").await;
    assert_eq!(output.code, 4, "{output:?}");
    assert_eq!(
        output.err.matches("no queued or running task").count(),
        2,
        "{}",
        output.err
    );
}

#[tokio::test]
async fn wait_accepts_ids_printed_by_list() {
    let two = TwoServers::start().await;
    for flags in ["--ids", "--json", ""] {
        let listed = two
            .line(&format!("list --entity a --operation Relocate* {flags}"))
            .at("")
            .await;
        assert_eq!(listed.code, 0, "{listed:?}");
        let input: &'static str = Box::leak(listed.out.into_boxed_str());
        let output = two
            .line("wait - --json")
            .input(input)
            .on_servers(&two.servers())
            .await;
        assert_eq!(output.code, 0, "{flags}: {output:?}");
        assert_eq!(
            summary_outcomes(&output.lines().pop().unwrap()).len(),
            2,
            "{flags}"
        );
    }
}

#[tokio::test]
async fn tree_and_events_take_server_from_task_argument() {
    let two = TwoServers::start().await;
    two.branch.control().advance(Duration::from_secs(60));
    for command in ["tree", "events"] {
        let output = two
            .line(&format!("{command} branch/task-2 --json"))
            .at("")
            .await;
        assert_eq!(output.code, 0, "{output:?}");
        let server = two.branch.address().to_string();
        assert_eq!(output.lines()[0]["endpoint"], server);
        let url = format!("{}/sdk/vim25/8.0.3.0/Task/task-2/info", two.branch.url());
        let by_url = two.line(&format!("{command} {url} --json")).at("").await;
        assert_eq!(by_url.lines()[0]["endpoint"], server, "{by_url:?}");
        let output = two.line(&format!("{command} task-2")).at("").await;
        assert_eq!(output.code, 2, "{output:?}");
        assert!(
            output.err.contains("may be on any of lab, branch"),
            "{}",
            output.err
        );
        assert!(output.err.contains("Write lab/task-2"), "{}", output.err);
        let output = two
            .line(&format!("{command} https://other.lab/Task/task-2/info"))
            .at("")
            .await;
        assert_eq!(output.code, 2, "{output:?}");
        assert!(
            output.err.contains("other.lab") && output.err.contains("not one of"),
            "{}",
            output.err
        );
    }
}

#[tokio::test]
async fn cancel_on_several_servers_confirms_once() {
    let two = TwoServers::start().await;
    let output = two
        .line_without_profiles("cancel lab/task-3 branch/task-3 --wait")
        .type_input("yes\n")
        .on_servers(&two.servers())
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(
        output.err.matches("Cancel these 2 tasks? [y/N]").count(),
        1,
        "{}",
        output.err
    );
    for name in ["lab", "branch"] {
        let message = format!("{name}/task-3: request accepted");
        assert!(output.err.contains(&message), "{}", output.err);
        assert!(
            output.err.contains(&format!("{name}/task-3 cancelled")),
            "{}",
            output.err
        );
    }
    // A task without a server is ambiguous: neither server gets a request.
    let output = two.line("cancel task-4 --yes").at("").await;
    assert_eq!(output.code, 2, "{output:?}");
    // An unreachable server does not affect the other.
    let two = TwoServers::start().await;
    let TwoServers {
        lab,
        branch,
        config,
        ..
    } = two;
    branch.stop().await;
    let words = format!("cancel lab/task-3 branch/task-3 --yes --json --config {config}");
    let output = line(&words).at("").await;
    assert_eq!(output.code, 4, "{output:?}");
    let answers: Vec<Value> = output
        .lines()
        .iter()
        .map(|line| line["answer"].clone())
        .collect();
    assert_eq!(answers, [json!("failed"), json!("accepted")]);
    assert_eq!(lab.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn task_with_profile_is_requested_only_from_its_server() {
    let two = TwoServers::start().await;
    let other_url = two.lab.url();
    for words in [
        "get branch/task-1",
        "cancel branch/task-3 --yes",
        "wait branch/task-1",
    ] {
        let output = two
            .line_without_profiles(&format!("{words} --url {other_url}"))
            .at("")
            .await;
        assert_eq!(output.code, 2, "{words}: {output:?}");
        assert!(
            output.err.contains("branch") && output.err.contains("--url"),
            "{}",
            output.err
        );
    }
}
