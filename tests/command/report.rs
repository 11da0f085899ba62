//! `vtask report` against the embedded vCenter.

use std::{fs, time::Duration};

use vtask::simulator::Simulator;

use crate::support::command::{CommandOutput, config, line, server};

/// A server on which tasks have failed.
async fn finished_server() -> Simulator {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    simulator
}

/// Returns the section of a page by its ID.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) = page
        .split_once(&format!("<h2 id=\"{id}\">"))
        .unwrap_or_else(|| panic!("no section {id}: {page}"));
    rest.split_once("</section>").unwrap().0
}

fn assert_success(output: &CommandOutput) {
    assert_eq!((output.code, &*output.err), (0, ""), "{}", output.out);
}

#[tokio::test]
async fn report_has_failures_with_their_errors_and_events() {
    let simulator = finished_server().await;
    let output = line("report --title Night --html -").on(&simulator).await;
    assert_success(&output);
    assert!(output.out.contains("<h1>Night</h1>"), "{}", output.out);
    let failures = section(&output.out, "failures");
    assert_eq!(failures.matches("<article").count(), 2, "{failures}");
    assert!(failures.contains("<code>NoDiskSpace</code>"), "{failures}");
    assert!(
        failures.contains("<p>The datastore is full.</p>"),
        "{failures}"
    );
    assert!(
        failures.contains("Task: Clone virtual machine"),
        "{failures}"
    );
    let tasks = section(&output.out, "tasks");
    for task in [
        "task-1", "task-2", "task-3", "task-4", "task-6", "task-7", "task-8",
    ] {
        assert!(tasks.contains(&format!("<code>{task}</code>")), "{task}");
    }
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn flags_select_the_same_tasks_as_list() {
    let simulator = finished_server().await;
    for (flags, expected) in [
        ("--state failed", "task-2\ntask-7\n"),
        ("--entity b", "task-2\ntask-3\n"),
        ("--since 1h --operation relocate* --entity x/y", "task-8\n"),
        ("--filter state:failed --limit 1", "task-7\n"),
        // A named task comes with its children.
        ("task-6", "task-6\ntask-7\n"),
        ("task-6 task-1", "task-1\ntask-6\ntask-7\n"),
        ("task-6 --entity x/y", "task-6\ntask-7\ntask-8\n"),
    ] {
        let output = line(&format!("report {flags} --html -"))
            .on(&simulator)
            .await;
        assert_eq!(output.code, 0, "{flags}: {}", output.err);
        let mut found: Vec<&str> = section(&output.out, "tasks")
            .split("<td class=\"nowrap\"><code>")
            .skip(1)
            .filter_map(|rest| rest.split_once('<'))
            .map(|(id, _)| id)
            .collect();
        found.sort_unstable();
        let listed: Vec<&str> = expected.lines().collect();
        assert_eq!(found, listed, "{flags}");
    }
}

#[tokio::test]
async fn both_formats_are_written_to_files() {
    let simulator = finished_server().await;
    simulator.control().advance(Duration::from_secs(1));
    let cancelled = line("cancel task-3 --yes").on(&simulator).await;
    assert_eq!(cancelled.code, 0, "{}", cancelled.err);
    simulator.control().advance(Duration::from_secs(5));
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (html, markdown) = (file("a.html"), file("a.md"));
    fs::write(&html, "old").unwrap();
    let output = line("report --since 1h --html")
        .word(&html)
        .word("--markdown")
        .word(&markdown)
        .on(&simulator)
        .await;
    assert_success(&output);
    assert_eq!(output.out, "");
    let (html, markdown) = (
        fs::read_to_string(html).unwrap(),
        fs::read_to_string(markdown).unwrap(),
    );
    assert!(section(&html, "cancellations").contains("task-3"), "{html}");
    assert!(
        markdown.starts_with("# vSphere task report\n"),
        "{markdown}"
    );
    for heading in [
        "## Failures",
        "### Clone virtual machine – b",
        "## Cancellations",
        "## Tasks",
    ] {
        assert!(markdown.contains(heading), "{heading}: {markdown}");
    }
    for text in [html, markdown] {
        assert!(!text.contains('\u{1b}') && text.contains("evil␛"), "{text}");
    }
}

#[tokio::test]
async fn unreachable_server_is_an_outage_of_the_report() {
    let simulator = finished_server().await;
    let stopped_server = server().await;
    let directory = tempfile::tempdir().unwrap();
    let config = config(
        directory.path(),
        &[("lab", &simulator), ("branch", &stopped_server)],
    );
    drop(stopped_server);
    let words =
        format!("report --html - --profile lab --profile branch --config {config} --timeout 20s");
    let output = line(&words).at("").await;
    assert!([4, 124].contains(&output.code), "{}", output.err);
    assert!(
        section(&output.out, "connection").contains("open"),
        "{}",
        output.out
    );
    assert!(
        output.out.contains("This report is incomplete."),
        "{}",
        output.out
    );
    assert!(
        section(&output.out, "tasks").contains("task-2"),
        "{}",
        output.out
    );
}

#[tokio::test]
async fn missing_tasks_and_files_are_errors() {
    let simulator = finished_server().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.html").to_str().unwrap().to_owned();
    let output = line("report task-99 --html")
        .word(&file)
        .on(&simulator)
        .await;
    assert_eq!(output.code, 4, "{}", output.err);
    assert!(output.err.contains("task-99"), "{}", output.err);
    assert!(!directory.path().join("a.html").exists());
    let output = line("report task-99 task-2 --html -").on(&simulator).await;
    assert_eq!(output.code, 4, "{}", output.err);
    assert!(
        section(&output.out, "failures").contains("task-2"),
        "{}",
        output.out
    );
    let output = line("report --html")
        .word(&format!("{file}/x"))
        .on(&simulator)
        .await;
    assert_eq!(output.code, 2, "{}", output.err);
    assert!(output.err.contains("cannot be written"), "{}", output.err);
    let output = line("report --html - --markdown -").on(&simulator).await;
    assert_eq!(output.code, 2, "{}", output.err);
}
