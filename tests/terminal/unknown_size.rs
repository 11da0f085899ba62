//! Tests that a terminal of 0×0 is treated as `COLUMNS`×`LINES`, else 80×24, by every command and the full screen.

use vtask::simulator::{Options, Simulator, scenario::Scenario};

use crate::pty_support::Session;

const PASSWORD: (&str, &str) = ("VTASK_PASSWORD", "secret");

/// Starts a server with a stopped clock; returns it and one of its running tasks.
async fn server() -> (Simulator, String) {
    let options = Options::new(Scenario::load("demo").unwrap()).manual();
    let simulator = Simulator::start(options).await.unwrap();
    let truth = simulator.control().expected_tasks();
    let task = truth
        .iter()
        .find(|info| info["state"] == "running")
        .unwrap();
    let task = task["key"].as_str().unwrap().to_owned();
    (simulator, task)
}

/// Runs a command on a terminal of 0×0 and returns its output.
fn written(simulator: &Simulator, line: &str, environment: &[(&str, &str)]) -> String {
    let url = simulator.url();
    let mut words: Vec<&str> = line.split_whitespace().collect();
    words.extend(["--url", &url, "--username", "ops"]);
    let environment = [environment, &[PASSWORD]].concat();
    let mut session = Session::start_in(0, 0, &words, &environment);
    session.until("the end", |seen| seen.ended);
    session.ends();
    let seen = session.seen.0.lock().unwrap();
    String::from_utf8(seen.bytes.clone()).unwrap()
}

fn widest(text: &str) -> usize {
    let lines = text.lines().map(|line| line.trim_end().chars().count());
    lines.max().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_assume_80_columns() {
    let (simulator, task) = server().await;
    for command in ["get", "list", "tree", "events", "wait --timeout 2s"] {
        let line = match command {
            "list" => "list".to_owned(),
            _ => format!("{command} {task}"),
        };
        let text = written(&simulator, &line, &[]);
        let has_text = text.lines().any(|line| line.trim().len() > 10);
        assert!(has_text, "{line} writes nothing: {text:?}");
        if !command.starts_with("wait") {
            assert!(widest(&text) <= 80, "{line}: {text}");
        }
        if command == "list" {
            assert!(text.contains(&task), "{text}");
        }
    }
    let text = written(&simulator, "wait --timeout 2s task-1", &[]);
    assert!(text.contains("task-1"), "{text:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_variable_sets_the_width() {
    let (simulator, _) = server().await;
    let narrow = written(&simulator, "list", &[]);
    let wide = written(&simulator, "list", &[("COLUMNS", "200")]);
    assert!(widest(&wide) > widest(&narrow), "{wide}\n{narrow}");
    assert!(widest(&wide) <= 200, "{wide}");
}

#[test]
fn full_screen_draws_and_quits() {
    let mut session = Session::start(0, 0, &["demo"]);
    session.shows("Relocate virtual machine");
    session.shows("live");
    session.press("q");
    assert!(session.ends_cleanly().success());
}
