//! Tests that a terminal of 0×0 is treated as `COLUMNS`×`LINES`, else 80×24, by every command and the full screen.

use vtask::simulator::{Options, Simulator, scenario::Scenario};

use crate::support::pty::Session;

const PASSWORD: (&str, &str) = ("VTASK_PASSWORD", "secret");

/// Starts a server with a stopped clock; returns it and one of its running tasks.
async fn server() -> (Simulator, String) {
    let options = Options::new(Scenario::load("demo").unwrap()).manual();
    let simulator = Simulator::start(options).await.unwrap();
    let expected = simulator.control().expected_tasks();
    let task = expected
        .iter()
        .find(|info| info["state"] == "running")
        .unwrap();
    let task = task["key"].as_str().unwrap().to_owned();
    (simulator, task)
}

/// Runs a command on a terminal of 0×0 and returns its output.
fn output_of(simulator: &Simulator, line: &str, environment: &[(&str, &str)]) -> String {
    let url = simulator.url();
    let mut words: Vec<&str> = line.split_whitespace().collect();
    words.extend(["--url", &url, "--username", "ops"]);
    let environment = [environment, &[PASSWORD]].concat();
    let mut session = Session::start_in(0, 0, &words, &environment);
    session.until("the end", |output| output.has_ended);
    session.wait_for_exit();
    let output = session.output.0.lock().unwrap();
    String::from_utf8(output.bytes.clone()).unwrap()
}

fn max_width(text: &str) -> usize {
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
        let text = output_of(&simulator, &line, &[]);
        let has_text = text.lines().any(|line| line.trim().len() > 10);
        assert!(has_text, "{line} writes nothing: {text:?}");
        if !command.starts_with("wait") {
            assert!(max_width(&text) <= 80, "{line}: {text}");
        }
        if command == "list" {
            assert!(text.contains(&task), "{text}");
        }
    }
    let text = output_of(&simulator, "wait --timeout 2s task-1", &[]);
    assert!(text.contains("task-1"), "{text:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_variable_sets_the_width() {
    let (simulator, _) = server().await;
    let narrow = output_of(&simulator, "list", &[]);
    let wide = output_of(&simulator, "list", &[("COLUMNS", "200")]);
    assert!(max_width(&wide) > max_width(&narrow), "{wide}\n{narrow}");
    assert!(max_width(&wide) <= 200, "{wide}");
}

#[test]
fn full_screen_draws_and_quits() {
    let mut session = Session::start(0, 0, &["demo"]);
    session.shows("Relocate virtual machine");
    session.shows("live");
    session.quit();
}
