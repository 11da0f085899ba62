//! `vtask list`, `tree`, `events` and `cancel` against the embedded vCenter.

use std::{collections::HashSet, time::Duration};

use crate::command_support::{line, server, server_with};
use serde_json::json;
use vtask::simulator::{Options, Simulator, scenario::Scenario};

/// The demo with its thirty days of history.
async fn demo() -> Simulator {
    let mut options = Options::new(Scenario::load("demo").unwrap()).manual();
    options.starts_at = Some("2026-03-04T15:00:00Z".parse().unwrap());
    Simulator::start(options).await.unwrap()
}

#[tokio::test]
async fn recent_tasks_newest_first_and_stable_in_a_pipe() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let ran = line("list").on(&simulator).await;
    assert_eq!((ran.code, &*ran.err), (0, ""));
    let rows: Vec<&str> = ran.out.lines().collect();
    assert!(
        rows[0].starts_with("TASK    STATE    PROGRESS  QUEUED"),
        "{}",
        ran.out
    );
    assert!(rows[1].starts_with("task-8  success"), "{}", ran.out);
    let columns = rows
        .iter()
        .map(|row| row.split("  ").filter(|cell| !cell.is_empty()).count());
    assert_eq!(
        columns.collect::<HashSet<_>>(),
        HashSet::from([9]),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains('\u{1b}'));
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
        let ran = line(&format!("list {flags}")).on(&simulator).await;
        assert_eq!((ran.code, &*ran.out), (0, expected), "{flags}");
    }
}

#[tokio::test]
async fn list_is_written_in_every_format() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let written = async |format: &str| {
        let ran = line("list --state failed --format")
            .word(format)
            .on(&simulator)
            .await;
        assert_eq!((ran.code, &*ran.err), (0, ""), "{format}");
        ran.out
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
            .map(|one| one["moId"].clone())
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
    let simulator = demo().await;
    for columns in [60, 80, 120, 200] {
        let ran = line("list").wide(columns).on(&simulator).await;
        let widest = ran.out.lines().map(vtask::text::width).max().unwrap();
        assert!(widest <= columns, "{columns}: {widest}\n{}", ran.out);
    }
}

/// Returns the number of history bytes transferred for a list, and its output.
async fn listed(simulator: &Simulator, words: &[&str]) -> (usize, String) {
    let control = simulator.control();
    control.clear_requests();
    let start = line("list --since 10d --ids --limit 100000");
    let ran = words.iter().fold(start, |line, word| line.word(word));
    let ran = ran.on(simulator).await;
    assert_eq!((ran.code, &*ran.err), (0, ""), "{words:?}");
    let requests = control.requests();
    let pages = requests
        .iter()
        .filter(|request| request.kind.ends_with("ReadPreviousTasks"));
    (pages.map(|request| request.bytes).sum(), ran.out)
}

#[tokio::test]
async fn server_side_filter_reduces_traffic_and_keeps_result() {
    let simulator = demo().await;
    // The same filter in a form that the server can apply and in one that it cannot.
    for (filter, sorted_here) in [
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
        let (few, from_server) = listed(&simulator, &filter).await;
        let (many, from_here) = listed(&simulator, &sorted_here).await;
        assert_eq!(from_server, from_here, "{filter:?}");
        assert!(!from_here.is_empty());
        assert!(few * 2 < many, "{filter:?}: {few} of {many} bytes");
    }
}

#[tokio::test]
async fn day_names_are_accepted_as_times() {
    let simulator = demo().await;
    for words in [
        "--since yesterday",
        "--since monday --until today",
        "--since 2d --until 1d",
    ] {
        let ran = line(&format!("list {words}")).on(&simulator).await;
        assert_eq!((ran.code, &*ran.err), (0, ""), "{words}");
    }
}

#[tokio::test]
async fn history_is_read_in_pages_without_duplicates() {
    let simulator = demo().await;
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
    assert!(lines.is_sorted_by(|one, other| queued(one) >= queued(other)));
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
    let ran = line("list --since 1h --ids").on(&simulator).await;
    assert_eq!(ran.code, 4);
    assert!(ran.out.contains("task-1\n"));
    assert!(ran.err.contains("Only the recent tasks"), "{}", ran.err);
}

#[tokio::test]
async fn contradictions_are_refused() {
    let simulator = server().await;
    let ran = line("list --since 2026-03-04 --until 2026-03-03")
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 2, "{ran:?}");
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
async fn tree_of_finished_tasks_is_read_from_history() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(3600));
    let gone = simulator
        .control()
        .expected_tasks()
        .iter()
        .all(|info| info["key"] != "task-6");
    assert!(gone, "the objects are gone by now");
    let ran = line("tree task-7 --json").on(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let keys: Vec<_> = ran
        .lines()
        .iter()
        .map(|line| line["moId"].clone())
        .collect();
    assert_eq!(keys, ["task-6", "task-7"]);
    let ran = line("tree task-99").on(&simulator).await;
    assert_eq!(ran.code, 4, "{ran:?}");
}

#[tokio::test]
async fn events_are_printed_oldest_first() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let ran = line("events task-2").on(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.starts_with("TIME") && ran.out.lines().count() > 1,
        "{}",
        ran.out
    );
    let json = line("events task-2 --json").on(&simulator).await;
    let lines = json.lines();
    assert!(
        lines
            .iter()
            .all(|line| line["type"] == "event" && line["version"] == 1)
    );
    assert!(lines[0]["event"]["chainId"].is_number());
    let ran = line("events task-99").on(&simulator).await;
    assert_eq!(ran.code, 4);
}

#[tokio::test]
async fn cancel_names_tasks_and_asks_for_confirmation() {
    let simulator = server().await;
    let ran = line("cancel task-3").typed("n\n").on(&simulator).await;
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(
        ran.err
            .contains("cancelable (cancelable: true, cancelled: false)"),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("Cancel Relocate virtual machine of b (task-3)? [y/N]"),
        "{}",
        ran.err
    );
    let is_cancelled = || simulator.control().expected_tasks()[2]["cancelled"] == true;
    assert!(!is_cancelled());
    let ran = line("cancel task-3").typed("y\n").on(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(is_cancelled());
}

#[tokio::test]
async fn cancel_reports_each_task_and_one_exit_code() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(15));
    let ran = line("cancel task-3 task-4 task-2 task-99 --yes --json")
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let mut answers: Vec<_> = ran
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
    let ran = line("cancel task-3 --yes").on(&simulator).await;
    assert!(ran.err.contains("requested before"), "{}", ran.err);
    let simulator = server_with(|options| options.behavior.cancel_privilege = false).await;
    let ran = line("cancel task-3 --yes").on(&simulator).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("NoPermission"), "{}", ran.err);
}

#[tokio::test]
async fn cancel_can_wait_for_end() {
    let simulator = server().await;
    let ran = line("cancel task-3 --yes --wait").driven(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("1 cancelled"), "{}", ran.err);
}

#[tokio::test]
async fn cancel_without_terminal_needs_yes() {
    let simulator = server().await;
    for (words, input) in [("cancel task-3", ""), ("cancel -", "task-3\n")] {
        let ran = line(words).input(input).on(&simulator).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("--yes"), "{}", ran.err);
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
async fn every_response_variant_of_lists_is_understood() {
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
            let ran = line(words).on(&simulator).await;
            assert_eq!(ran.code, 0, "{words} {empty:?}: {ran:?}");
        }
        let nothing = line("list --since 2020-01-01 --until 2020-01-02 --ids");
        let nothing = nothing.on(&simulator).await;
        assert_eq!((nothing.code, &*nothing.out), (0, ""), "{empty:?}");
        assert_eq!(simulator.control().open_objects().histories, 0);
    }
}
