//! `vtask report` against the embedded vCenter.

use std::{fs, time::Duration};

use vtask::simulator::Simulator;

use crate::command_support::{Ran, config, line, server};

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

fn assert_success(ran: &Ran) {
    assert_eq!((ran.code, &*ran.err), (0, ""), "{}", ran.out);
}

#[tokio::test]
async fn report_has_failures_with_their_errors_and_events() {
    let simulator = finished_server().await;
    let ran = line("report --title Night --html -").on(&simulator).await;
    assert_success(&ran);
    assert!(ran.out.contains("<h1>Night</h1>"), "{}", ran.out);
    let failures = section(&ran.out, "failures");
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
    let tasks = section(&ran.out, "tasks");
    for task in [
        "task-1", "task-2", "task-3", "task-4", "task-6", "task-7", "task-8",
    ] {
        assert!(tasks.contains(&format!("<code>{task}</code>")), "{task}");
    }
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn flags_select_tasks_as_in_a_list() {
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
        let ran = line(&format!("report {flags} --html -"))
            .on(&simulator)
            .await;
        assert_eq!(ran.code, 0, "{flags}: {}", ran.err);
        let mut found: Vec<&str> = section(&ran.out, "tasks")
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
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (html, markdown) = (file("a.html"), file("a.md"));
    fs::write(&html, "old").unwrap();
    let ran = line("report --since 1h --html")
        .word(&html)
        .word("--markdown")
        .word(&markdown)
        .on(&simulator)
        .await;
    assert_success(&ran);
    assert_eq!(ran.out, "");
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
    let gone = server().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &[("lab", &simulator), ("branch", &gone)]);
    drop(gone);
    let words =
        format!("report --html - --profile lab --profile branch --config {config} --timeout 20s");
    let ran = line(&words).at("").await;
    assert!([4, 124].contains(&ran.code), "{}", ran.err);
    assert!(
        section(&ran.out, "connection").contains("open"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("This report is incomplete."),
        "{}",
        ran.out
    );
    assert!(section(&ran.out, "tasks").contains("task-2"), "{}", ran.out);
}

#[tokio::test]
async fn missing_tasks_and_files_are_errors() {
    let simulator = finished_server().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.html").to_str().unwrap().to_owned();
    let ran = line("report task-99 --html")
        .word(&file)
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("task-99"), "{}", ran.err);
    assert!(!folder.path().join("a.html").exists());
    let ran = line("report task-99 task-2 --html -").on(&simulator).await;
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(
        section(&ran.out, "failures").contains("task-2"),
        "{}",
        ran.out
    );
    let ran = line("report --html")
        .word(&format!("{file}/x"))
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("cannot be written"), "{}", ran.err);
    let ran = line("report --html - --markdown -").on(&simulator).await;
    assert_eq!(ran.code, 2, "{}", ran.err);
}
