//! `vtask list`, `tree`, `events` and `cancel` against the embedded vCenter.

use std::{collections::HashSet, time::Duration};

use crate::support::command::{demo_server, line, server, server_with, server_with_fault};
use serde_json::json;
use vtask::simulator::Simulator;
use vtask::simulator::fault_injection::{FaultEffect, FaultRule};

#[tokio::test]
async fn recent_tasks_newest_first_and_stable_in_a_pipe() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let output = line("list").on(&simulator).await;
    assert_eq!((output.code, &*output.err), (0, ""));
    let rows: Vec<&str> = output.out.lines().collect();
    assert!(
        rows[0].starts_with("TASK    STATE    PROGRESS  QUEUED"),
        "{}",
        output.out
    );
    assert!(rows[1].starts_with("task-8  success"), "{}", output.out);
    let columns = rows
        .iter()
        .map(|row| row.split("  ").filter(|cell| !cell.is_empty()).count());
    assert_eq!(
        columns.collect::<HashSet<_>>(),
        HashSet::from([9]),
        "{}",
        output.out
    );
    assert!(!output.out.contains('\u{1b}'));
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn options_filter_list() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    for (flags, expected) in [
        ("--state failed --ids", "task-7\ntask-2\n"),
        ("--state success,failed --entity b --ids", "task-2\n"),
        ("--state active --ids", "task-4\ntask-3\n"),
        ("--operation relocate* --user *kim --ids", "task-1\n"),
        ("--activation-id act-7 --ids", "task-1\n"),
        ("--limit 1 --ids", "task-8\n"),
        ("--limit 3 --sort id --ids", "task-1\ntask-2\ntask-3\n"),
        (
            "--state failed,active --sort state,-id --ids",
            "task-4\ntask-3\ntask-7\ntask-2\n",
        ),
        ("--entity nowhere --ids", ""),
    ] {
        let output = line(&format!("list {flags}")).on(&simulator).await;
        assert_eq!((output.code, &*output.out), (0, expected), "{flags}");
    }
}

#[tokio::test]
async fn list_is_written_in_every_format() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let written = async |format: &str| {
        let output = line("list --state failed --format")
            .word(format)
            .on(&simulator)
            .await;
        assert_eq!((output.code, &*output.err), (0, ""), "{format}");
        output.out
    };
    let csv = written("csv").await;
    let rows: Vec<&str> = csv.lines().collect();
    assert!(
        rows[0].starts_with("moId,status,operation,target,progress"),
        "{csv}"
    );
    assert!(
        rows[1].starts_with("task-7,failed,") && rows[2].starts_with("task-2,failed,"),
        "{csv}"
    );
    assert_eq!(rows.len(), 3, "{csv}");
    let markdown = written("markdown").await;
    assert!(markdown.starts_with("| Task | Operation |"), "{markdown}");
    assert!(markdown.contains("| task-7 |"), "{markdown}");
    let array: Vec<serde_json::Value> = serde_json::from_str(&written("json").await).unwrap();
    let lines = line("list --state failed --json")
        .on(&simulator)
        .await
        .lines();
    let ids = |all: &[serde_json::Value]| {
        all.iter()
            .map(|task| task["moId"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&array), ids(&lines));
    let table = line("list --state failed").on(&simulator).await.out;
    assert_eq!(written("table").await, table);
    let both = ["vtask", "list", "--json", "--format", "csv"];
    assert!(<vtask::cli::Cli as clap::Parser>::try_parse_from(both).is_err());
}

#[tokio::test]
async fn lines_fit_terminal_width() {
    let simulator = demo_server().await;
    for columns in [60, 80, 120, 200] {
        let output = line("list").output_width(columns).on(&simulator).await;
        let widest = output.out.lines().map(vtask::text::width).max().unwrap();
        assert!(widest <= columns, "{columns}: {widest}\n{}", output.out);
    }
}

/// Returns the number of history bytes transferred for a list, and its output.
async fn listed(simulator: &Simulator, words: &[&str]) -> (usize, String) {
    let control = simulator.control();
    control.clear_requests();
    let start = line("list --since 10d --ids --limit 100000");
    let output = words.iter().fold(start, |line, word| line.word(word));
    let output = output.on(simulator).await;
    assert_eq!((output.code, &*output.err), (0, ""), "{words:?}");
    let requests = control.requests();
    let pages = requests
        .iter()
        .filter(|request| request.kind.ends_with("ReadPreviousTasks"));
    (pages.map(|request| request.bytes).sum(), output.out)
}

#[tokio::test]
async fn server_side_filter_reduces_traffic_and_keeps_result() {
    let simulator = demo_server().await;
    // The same filter in a form that the server can apply and in one that it cannot.
    for (filter, applied_locally) in [
        (
            ["--filter", r"user=VSPHERE.LOCAL\kim"],
            ["--filter", r"user=VSPHERE.LOCAL\ki?"],
        ),
        (
            ["--user", r"VSPHERE.LOCAL\kim"],
            ["--user", r"VSPHERE.LOCAL\kim*"],
        ),
        (
            ["--filter", "state:failed"],
            ["--filter", "not (not state:failed)"],
        ),
        (
            ["--state", "failed"],
            ["--filter", "not (not state:failed)"],
        ),
    ] {
        let (filtered_bytes, server_filtered) = listed(&simulator, &filter).await;
        let (all_bytes, locally_filtered) = listed(&simulator, &applied_locally).await;
        assert_eq!(server_filtered, locally_filtered, "{filter:?}");
        assert!(!locally_filtered.is_empty());
        assert!(
            filtered_bytes * 2 < all_bytes,
            "{filter:?}: {filtered_bytes} of {all_bytes} bytes"
        );
    }
}

#[tokio::test]
async fn day_names_are_accepted_as_times() {
    let simulator = demo_server().await;
    for words in [
        "--since yesterday",
        "--since monday --until today",
        "--since 2d --until 1d",
    ] {
        let output = line(&format!("list {words}")).on(&simulator).await;
        assert_eq!((output.code, &*output.err), (0, ""), "{words}");
    }
}

#[tokio::test]
async fn history_is_read_in_pages_without_duplicates() {
    let simulator = demo_server().await;
    let all = line("list --since 30d --limit 100000 --json")
        .on(&simulator)
        .await;
    assert_eq!(all.code, 0, "{}", all.err);
    let lines = all.lines();
    let unique: HashSet<String> = lines.iter().map(|line| line["moId"].to_string()).collect();
    assert!(lines.len() > 1000, "{}", lines.len());
    assert_eq!(unique.len(), lines.len());
    let queued = |line: &serde_json::Value| {
        line["queuedAt"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    assert!(lines.is_sorted_by(|a, b| queued(a) >= queued(b)));
    let day = line(
        "list --since 2026-03-03T00:00:00Z --until 2026-03-03T12:00:00Z --state failed --json",
    )
    .on(&simulator)
    .await;
    let day = day.lines();
    assert!(!day.is_empty());
    for line in &day {
        assert_eq!(line["outcome"], "failed");
        let queued = line["queuedAt"].as_str().unwrap();
        assert!(queued.starts_with("2026-03-03T"), "{queued}");
        assert_eq!(line["info"]["state"], "error");
    }
    assert_eq!(simulator.control().open_objects().histories, 0);
}

#[tokio::test]
async fn missing_history_falls_back_to_recent_tasks_with_warning() {
    let simulator = server_with(|options| options.behavior.history = false).await;
    let output = line("list --since 1h --ids").on(&simulator).await;
    assert_eq!(output.code, 4);
    assert!(output.out.contains("task-1\n"));
    assert!(
        output.err.contains("Only the recent tasks"),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn unreadable_recent_tasks_fall_back_to_the_history_with_warning() {
    for effect in [
        FaultEffect::Page,
        FaultEffect::Fault("NoPermission".to_owned()),
    ] {
        let simulator = server_with_fault(FaultRule::new("TaskManager/recentTask", effect)).await;
        let output = line("list --since 1h --ids").on(&simulator).await;
        assert_eq!(output.code, 4, "{output:?}");
        assert!(output.out.contains("task-1\n"), "{output:?}");
        assert!(
            output
                .err
                .contains("Only the tasks of the history are listed."),
            "{output:?}"
        );
        let output = line("list").on(&simulator).await;
        assert_ne!(output.code, 0, "{output:?}");
        assert!(output.err.contains("--since 24h reads"), "{output:?}");
        // Without the history the first error is reported.
        simulator
            .control()
            .change_behavior(|behavior| behavior.history = false);
        let output = line("list --since 1h").on(&simulator).await;
        assert_ne!(output.code, 0, "{output:?}");
        assert!(
            output.err.contains("listing the recent tasks"),
            "{output:?}"
        );
        assert!(!output.err.contains("are listed"), "{output:?}");
    }
}

#[tokio::test]
async fn contradictory_times_are_refused() {
    let simulator = server().await;
    let output = line("list --since 2026-03-04 --until 2026-03-03")
        .on(&simulator)
        .await;
    assert_eq!(output.code, 2, "{output:?}");
}

#[tokio::test]
async fn tree_of_any_member_shows_all_related_tasks() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(3));
    let from_child = line("tree task-7")
        .variable("LANG", "C.UTF-8")
        .on(&simulator)
        .await;
    assert_eq!(from_child.code, 0, "{from_child:?}");
    let rows: Vec<&str> = from_child.out.lines().collect();
    assert_eq!(rows.len(), 2, "{}", from_child.out);
    assert!(
        rows[0].starts_with("▶ Enter maintenance mode  task-6  h1  running"),
        "{}",
        from_child.out
    );
    assert!(
        rows[1].starts_with("└ ▶ ") && rows[1].ends_with("← requested"),
        "{}",
        from_child.out
    );
    let json = line("tree task-6 --json").on(&simulator).await;
    let lines = json.lines();
    assert_eq!(lines[1]["parentMoId"], "task-6");
    assert_eq!(
        (&lines[0]["depth"], &lines[1]["depth"]),
        (&json!(0), &json!(1))
    );
    let ascii = line("tree task-6")
        .variable("LANG", "C")
        .on(&simulator)
        .await;
    assert!(ascii.out.is_ascii(), "{}", ascii.out);
}

#[tokio::test]
async fn tree_of_removed_tasks_is_read_from_history() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(3600));
    let is_removed = simulator
        .control()
        .expected_tasks()
        .iter()
        .all(|info| info["key"] != "task-6");
    assert!(is_removed, "the objects have been removed");
    let output = line("tree task-7 --json").on(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    let keys: Vec<_> = output
        .lines()
        .iter()
        .map(|line| line["moId"].clone())
        .collect();
    assert_eq!(keys, ["task-6", "task-7"]);
    let output = line("tree task-99").on(&simulator).await;
    assert_eq!(output.code, 4, "{output:?}");
}

#[tokio::test]
async fn events_are_printed_oldest_first() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let output = line("events task-2").on(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output.out.starts_with("TIME") && output.out.lines().count() > 1,
        "{}",
        output.out
    );
    let json = line("events task-2 --json").on(&simulator).await;
    let lines = json.lines();
    assert!(
        lines
            .iter()
            .all(|line| line["type"] == "event" && line["version"] == 1)
    );
    assert!(lines[0]["event"]["chainId"].is_number());
    let output = line("events task-99").on(&simulator).await;
    assert_eq!(output.code, 4);
}

#[tokio::test]
async fn cancel_names_tasks_and_asks_for_confirmation() {
    let simulator = server().await;
    let output = line("cancel task-3").type_input("n\n").on(&simulator).await;
    assert_eq!(output.code, 130, "{output:?}");
    assert!(
        output
            .err
            .contains("cancelable (cancelable: true, cancelled: false)"),
        "{}",
        output.err
    );
    assert!(
        output
            .err
            .contains("Cancel Relocate virtual machine of b (task-3)? [y/N]"),
        "{}",
        output.err
    );
    let is_cancelled = || simulator.control().expected_tasks()[2]["cancelled"] == true;
    assert!(!is_cancelled());
    let output = line("cancel task-3").type_input("y\n").on(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(is_cancelled());
}

#[tokio::test]
async fn cancel_reports_each_task_and_one_exit_code() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(15));
    let output = line("cancel task-3 task-4 task-2 task-99 --yes --json")
        .on(&simulator)
        .await;
    assert_eq!(output.code, 1, "{output:?}");
    let mut answers: Vec<_> = output
        .lines()
        .iter()
        .map(|line| {
            format!(
                "{} {}",
                line["moId"].as_str().unwrap(),
                line["answer"].as_str().unwrap()
            )
        })
        .collect();
    answers.sort();
    assert_eq!(
        answers,
        [
            "task-2 notAsked",
            "task-3 accepted",
            "task-4 notSupported",
            "task-99 gone"
        ]
    );
    let output = line("cancel task-3 --yes").on(&simulator).await;
    assert!(output.err.contains("requested before"), "{}", output.err);
    let simulator = server_with(|options| options.behavior.cancel_privilege = false).await;
    let output = line("cancel task-3 --yes").on(&simulator).await;
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.err.contains("NoPermission"), "{}", output.err);
}

#[tokio::test]
async fn cancel_can_wait_for_end() {
    let simulator = server().await;
    let output = line("cancel task-3 --yes --wait")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.err.contains("1 cancelled"), "{}", output.err);
}

#[tokio::test]
async fn cancel_without_terminal_needs_yes() {
    let simulator = server().await;
    for (words, input) in [("cancel task-3", ""), ("cancel -", "task-3\n")] {
        let output = line(words).input(input).on(&simulator).await;
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.err.contains("--yes"), "{}", output.err);
    }
    assert_eq!(simulator.control().request_count(), 0);
}

#[tokio::test]
async fn recent_tasks_complete_partial_history() {
    let simulator = server_with(|options| options.behavior.history_gaps = true).await;
    simulator.control().advance(Duration::from_secs(30));
    let past = line("list --since 1h --ids").on(&simulator).await;
    let recent = line("list --ids").on(&simulator).await;
    assert_eq!(past.code, 0, "{past:?}");
    for task in recent.out.lines() {
        assert!(past.out.contains(&format!("{task}\n")), "{task}: {past:?}");
    }
}

#[tokio::test]
async fn every_response_variant_of_lists_is_accepted() {
    use vtask::simulator::server_behavior::{Boxing, EmptyList, VoidResponse};

    for (empty, boxing, void) in [
        (EmptyList::Null, Boxing::Bare, VoidResponse::EmptyOk),
        (
            EmptyList::NoContent,
            Boxing::DataObjectsToo,
            VoidResponse::NoContent,
        ),
        (
            EmptyList::Array,
            Boxing::ElementKeyed,
            VoidResponse::NoContent,
        ),
        (EmptyList::Array, Boxing::Nested, VoidResponse::NoContent),
    ] {
        let simulator = server_with(|options| {
            options.behavior.empty_list = empty;
            options.behavior.boxing = boxing;
            options.behavior.void_response = void;
        })
        .await;
        for words in ["list --since 1h --ids", "tree task-6", "events task-1"] {
            let output = line(words).on(&simulator).await;
            assert_eq!(output.code, 0, "{words} {empty:?}: {output:?}");
        }
        let nothing = line("list --since 2020-01-01 --until 2020-01-02 --ids");
        let nothing = nothing.on(&simulator).await;
        assert_eq!((nothing.code, &*nothing.out), (0, ""), "{empty:?}");
        assert_eq!(simulator.control().open_objects().histories, 0);
    }
}
