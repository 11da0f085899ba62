//! `wait`, `tree`, `events` and `cancel` with several vCenters: two embedded ones, whose moIds are the same.

use std::time::Duration;

use crate::command_support::{Line, config, drive, line, server, server_with};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;
use vtask::simulator::Simulator;

/// Two servers, and a config file that names them `lab` and `branch`.
struct Two {
    lab: Simulator,
    branch: Simulator,
    config: String,
    _folder: TempDir,
}

impl Two {
    async fn start() -> Self {
        Self::of(server().await, server().await)
    }

    fn of(lab: Simulator, branch: Simulator) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), &[("lab", &lab), ("branch", &branch)]);
        Self {
            lab,
            branch,
            config,
            _folder: folder,
        }
    }

    /// A command line for both profiles.
    fn line(&self, words: &str) -> Line {
        self.named(&format!("{words} --profile lab --profile branch"))
    }

    /// A command line that names its profiles itself.
    fn named(&self, words: &str) -> Line {
        line(&format!("{words} --config {}", self.config))
    }

    fn all(&self) -> [&Simulator; 2] {
        [&self.lab, &self.branch]
    }

    fn sessions(&self) -> usize {
        self.all()
            .map(|server| server.control().session_count())
            .iter()
            .sum()
    }
}

/// Returns server, id and outcome of each task of a summary.
fn summed(summary: &Value) -> Vec<(String, String, Value)> {
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
    for way in ["--fetch push", "--fetch poll --interval 0.05"] {
        let two = Two::start().await;
        let words = format!("wait lab/task-1 branch/task-1 branch/task-2 --json {way}");
        let ran = two.named(&words).among(&two.all()).await;
        assert_eq!(ran.code, 1, "{ran:?}");
        let lines = ran.lines();
        let (lab, branch) = (
            two.lab.address().to_string(),
            two.branch.address().to_string(),
        );
        let summary = lines.last().unwrap();
        assert_eq!(summary["endpoint"], Value::Null);
        assert_eq!(
            summed(summary),
            [
                (lab.clone(), "task-1".to_owned(), json!("success")),
                (branch.clone(), "task-1".to_owned(), json!("success")),
                (branch.clone(), "task-2".to_owned(), json!("failed")),
            ]
        );
        for endpoint in [&lab, &branch] {
            let of = |line: &&Value| line["endpoint"] == **endpoint && line["moId"] == "task-1";
            let tasks = ran.of_type("task");
            let last = tasks.iter().rfind(of).unwrap();
            assert_eq!(last["outcome"], "success", "{endpoint}");
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
async fn bars_and_lines_name_the_server() {
    let two = Two::start().await;
    let ran = two
        .named("wait lab/task-1 branch/task-2")
        .among(&two.all())
        .await;
    assert_eq!(ran.code, 1, "{ran:?}");
    for wanted in [
        "lab/task-1 success",
        "branch/task-2 failed",
        "2 of 2 ended, 1 failed",
    ] {
        assert!(ran.err.contains(wanted), "{}", ran.err);
    }
    let ran = two
        .named("wait lab/task-1 branch/task-2")
        .variable("TERM", "xterm-256color")
        .screen(100, 24)
        .among(&two.all())
        .await;
    let mut terminal = vt100::Parser::new(24.try_into().unwrap(), 100.try_into().unwrap(), 0);
    terminal.process(ran.err.replace('\n', "\r\n").as_bytes());
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
    let two = Two::start().await;
    let words = "wait lab/task-1 branch/task-1 --max-outage 1s --json";
    let waiting = two.named(words).at("");
    let (lab, branch) = (two.lab.control(), two.branch);
    let happening = async {
        while lab.session_count() == 0 || branch.control().session_count() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        branch.stop().await;
        // The other server is still tracked after the first is lost.
        sleep(Duration::from_millis(1500)).await;
        drive(&lab).await;
    };
    let ran = tokio::select! {
        ran = waiting => ran,
        () = happening => unreachable!("time does not end"),
    };
    assert_eq!(ran.code, 4, "{ran:?}");
    let summary = ran.lines().pop().unwrap();
    let outcomes: Vec<Value> = summed(&summary)
        .into_iter()
        .map(|(.., outcome)| outcome)
        .collect();
    assert_eq!(outcomes, [json!("success"), json!("unknown")]);
    let reason = summary["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("branch: unreachable for longer than --max-outage"),
        "{reason}"
    );
    let links = ran.of_type("link");
    assert!(
        links.iter().any(|line| line["state"] == "given-up"),
        "{links:?}"
    );
    assert!(ran.err.contains("branch: unreachable"), "{}", ran.err);
}

#[tokio::test]
async fn refused_sign_in_decides_after_other_server_finishes() {
    let refusing = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "other".to_owned()));
    });
    let two = Two::of(server().await, refusing.await);
    let ran = two
        .named("wait lab/task-1 branch/task-1")
        .among(&two.all())
        .await;
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.err.contains("lab/task-1 success"), "{}", ran.err);
    assert!(
        ran.err.contains("branch: given up: ") && ran.err.contains("InvalidLogin"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn existing_and_new_tasks_are_found_on_every_server() {
    let two = Two::start().await;
    let ran = two
        .line("wait --activation-id act-7 --json")
        .among(&two.all())
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(summed(&ran.lines().pop().unwrap()).len(), 2);
    let two = Two::start().await;
    let ran = two
        .line("wait --new --entity x/y --timeout 30s --json")
        .among(&two.all())
        .await;
    // The first new task may end before the second starts, so one of them is enough.
    assert_eq!(ran.code, 0, "{ran:?}");
    // A server without a matching task is no error.
    let two = Two::start().await;
    two.branch.control().advance(Duration::from_secs(60));
    let ran = two
        .line("wait --activation-id act-7 --json")
        .among(&two.all())
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(summed(&ran.lines().pop().unwrap()).len(), 1);
    let ran = two.line("wait --entity nowhere").at("").await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert_eq!(
        ran.err.matches("no queued or running task").count(),
        2,
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn wait_accepts_ids_printed_by_list() {
    let two = Two::start().await;
    for flags in ["--ids", "--json", ""] {
        let listed = two
            .line(&format!("list --entity a --operation Relocate* {flags}"))
            .at("")
            .await;
        assert_eq!(listed.code, 0, "{listed:?}");
        let input: &'static str = Box::leak(listed.out.into_boxed_str());
        let ran = two
            .line("wait - --json")
            .input(input)
            .among(&two.all())
            .await;
        assert_eq!(ran.code, 0, "{flags}: {ran:?}");
        assert_eq!(summed(&ran.lines().pop().unwrap()).len(), 2, "{flags}");
    }
}

#[tokio::test]
async fn tree_and_events_take_server_from_task_argument() {
    let two = Two::start().await;
    two.branch.control().advance(Duration::from_secs(60));
    for command in ["tree", "events"] {
        let ran = two
            .line(&format!("{command} branch/task-2 --json"))
            .at("")
            .await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let endpoint = two.branch.address().to_string();
        assert_eq!(ran.lines()[0]["endpoint"], endpoint);
        let url = format!("{}/sdk/vim25/8.0.3.0/Task/task-2/info", two.branch.url());
        let by_url = two.line(&format!("{command} {url} --json")).at("").await;
        assert_eq!(by_url.lines()[0]["endpoint"], endpoint, "{by_url:?}");
        let ran = two.line(&format!("{command} task-2")).at("").await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.err.contains("may be on any of lab, branch"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("Write lab/task-2"), "{}", ran.err);
        let ran = two
            .line(&format!("{command} https://other.lab/Task/task-2/info"))
            .at("")
            .await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.err.contains("other.lab") && ran.err.contains("not one of"),
            "{}",
            ran.err
        );
    }
}

#[tokio::test]
async fn cancel_on_several_servers_confirms_once() {
    let two = Two::start().await;
    let ran = two
        .named("cancel lab/task-3 branch/task-3 --wait")
        .typed("yes\n")
        .among(&two.all())
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.err.matches("Cancel these 2 tasks? [y/N]").count(),
        1,
        "{}",
        ran.err
    );
    for name in ["lab", "branch"] {
        let message = format!("{name}/task-3: request accepted");
        assert!(ran.err.contains(&message), "{}", ran.err);
        assert!(
            ran.err.contains(&format!("{name}/task-3 cancelled")),
            "{}",
            ran.err
        );
    }
    // A task without a server is ambiguous: neither server gets a request.
    let ran = two.line("cancel task-4 --yes").at("").await;
    assert_eq!(ran.code, 2, "{ran:?}");
    // An unreachable server does not affect the other.
    let two = Two::start().await;
    let Two {
        lab,
        branch,
        config,
        ..
    } = two;
    branch.stop().await;
    let words = format!("cancel lab/task-3 branch/task-3 --yes --json --config {config}");
    let ran = line(&words).at("").await;
    assert_eq!(ran.code, 4, "{ran:?}");
    let answers: Vec<Value> = ran
        .lines()
        .iter()
        .map(|line| line["answer"].clone())
        .collect();
    assert_eq!(answers, [json!("failed"), json!("accepted")]);
    assert_eq!(lab.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn task_with_profile_is_requested_only_from_its_server() {
    let two = Two::start().await;
    let elsewhere = two.lab.url();
    for words in [
        "get branch/task-1",
        "cancel branch/task-3 --yes",
        "wait branch/task-1",
    ] {
        let ran = two
            .named(&format!("{words} --url {elsewhere}"))
            .at("")
            .await;
        assert_eq!(ran.code, 2, "{words}: {ran:?}");
        assert!(
            ran.err.contains("branch") && ran.err.contains("--url"),
            "{}",
            ran.err
        );
    }
}
