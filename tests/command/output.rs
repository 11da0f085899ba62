//! Output formats of the reading commands, as used in scripts.

use std::time::Duration;

use serde_json::Value;

use crate::support::command::{line, server};

#[tokio::test]
async fn list_prints_failed_tasks_of_the_last_day_as_json() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let output = line("list --since 24h --state failed -o json")
        .on(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    let tasks: Vec<Value> = serde_json::from_str(&output.out).unwrap();
    assert!(tasks.len() >= 2 && tasks.iter().all(|task| task["status"] == "failed"));
    for task in tasks {
        // jq's fromdate requires whole seconds and Z.
        let time = task["queuedAt"].as_str().unwrap();
        assert!(
            time.len() == "2026-01-31T12:00:00Z".len() && time.ends_with('Z'),
            "{time}"
        );
    }
}

#[tokio::test]
async fn get_prints_only_root_cause() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    for format in [
        "jsonpath={.error.rootCause.message}",
        "template={{error.rootCause.message}}",
    ] {
        let output = line("get task-2 -o").word(format).on(&simulator).await;
        assert_eq!(
            (output.code, &*output.out),
            (1, "The datastore is full.\n"),
            "{format}"
        );
    }
}

#[tokio::test]
async fn list_prints_sorted_csv_without_child_tasks() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let output = line("list --since 7d -o csv --columns user,durationSeconds,task --sort user,-durationSeconds --filter")
        .word("not is:child")
        .on(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    let rows: Vec<&str> = output.out.lines().collect();
    assert_eq!(rows[0], "startedBy,durationSeconds,moId");
    assert!(
        rows.iter().all(|row| !row.ends_with(",task-7")),
        "{}",
        output.out
    );
    assert!(
        rows.iter().any(|row| row.ends_with(",task-6")),
        "{}",
        output.out
    );
    let output = line("list --since 7d -o csv").on(&simulator).await;
    let heading = output.out.lines().next().unwrap();
    for column in [
        "rootKey",
        "parentKey",
        "targetMoId",
        "error.type",
        "error.rootCause.message",
    ] {
        assert!(heading.contains(column), "{heading}");
    }
}

#[tokio::test]
async fn template_writes_metrics_for_a_textfile_collector() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(5));
    let template = "template={% if progress is not none %}vtask_progress{task=\"{{moId}}\"} {{progress}}{% endif %}";
    let output = line("list --state running -o")
        .word(template)
        .on(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output.out.contains("vtask_progress{task=\"task-1\"} 2"),
        "{}",
        output.out
    );
}

#[tokio::test]
async fn tree_is_printed_as_nested_json() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(5));
    let output = line("tree task-7 task-6 task-1 -o json")
        .on(&simulator)
        .await;
    let roots: Vec<Value> = serde_json::from_str(&output.out).unwrap();
    let ids: Vec<&Value> = roots.iter().map(|root| &root["moId"]).collect();
    assert_eq!(ids, ["task-6", "task-1"], "each tree once");
    assert_eq!(roots[0]["children"][0]["moId"], "task-7");
    assert_eq!(roots[0]["children"][0]["children"], serde_json::json!([]));
    let output = line("tree task-6 -o ids").on(&simulator).await;
    assert_eq!(output.out, "task-6\ntask-7\n");
}

#[tokio::test]
async fn wait_accepts_ids_of_another_command() {
    let simulator = server().await;
    let output = line("wait - -q")
        .input("task-1\ntask-5\n")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
}

#[tokio::test]
async fn tables_have_chosen_columns_and_errors() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let output = line("list --state failed --columns task,error.type,info.key --no-headers")
        .on(&simulator)
        .await;
    assert_eq!(
        output.out,
        "task-7  NoDiskSpace  task-7\ntask-2  NoDiskSpace  task-2\n"
    );
    let output = line("get task-2").on(&simulator).await;
    let mut lines = output.out.lines();
    assert!(lines.next().unwrap().ends_with("  ERROR"), "{}", output.out);
    assert!(
        lines.next().unwrap().ends_with("  The datastore is full."),
        "{}",
        output.out
    );
    let output = line("get task-2 -o wide").on(&simulator).await;
    for heading in ["PARENT", "ROOT", "ENDPOINT", "COMPLETED", "PHASE"] {
        assert!(output.out.contains(heading), "{}", output.out);
    }
    let output = line("get task-1 --columns tsak").on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.err.contains("did you mean “task”?"), "{output:?}");
    let output = line("events task-1 task-2 -o csv --columns task,eventType --sort -key")
        .on(&simulator)
        .await;
    assert!(
        output.out.starts_with("moId,eventType\n") && output.out.contains("task-2,"),
        "{output:?}"
    );
}

#[tokio::test]
async fn get_prints_a_task_as_markdown() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    for flag in ["--format", "-o"] {
        let output = line(&format!("get task-2 {flag} markdown"))
            .on(&simulator)
            .await;
        assert_eq!(output.code, 1, "{output:?}");
        for part in [
            "### Clone virtual machine – b",
            "- **State:** failed",
            "**Error:** NoDiskSpace",
            "**Events:**",
        ] {
            assert!(output.out.contains(part), "{part}: {}", output.out);
        }
    }
}
