//! `vtask wait` against the embedded vCenter: outcomes, outages and output.

use std::{io, time::Duration};

use crate::command_support::{line, server, server_with};
use serde_json::json;
use tokio::time::sleep;
use vtask::simulator::{
    Options, Simulator,
    fault_injection::{FaultEffect, FaultPlan, FaultRule},
    scenario::Scenario,
};

/// Runs a test once per fetch mode.
macro_rules! both_ways {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn by_push() {
                super::$name("--fetch push").await;
            }

            #[tokio::test]
            async fn by_poll() {
                super::$name("--fetch poll --interval 0.05").await;
            }
        }
    )+};
}

both_ways!(
    success_and_failure,
    cancellation,
    task_removed_between_polls,
    expired_session,
    server_restart,
    new_tasks,
    new_tasks_that_cannot_be_listed,
    child_tasks,
);

async fn success_and_failure(way: &str) {
    let simulator = server().await;
    let ran = line(&format!("wait task-1 {way}")).driven(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, "", "data only where it is asked for");
    assert!(ran.err.contains("task-1 running"), "{}", ran.err);
    assert!(ran.err.contains("task-1 success"), "{}", ran.err);
    assert!(
        ran.err.ends_with("s\n") && ran.err.contains("1 of 1 ended after"),
        "{}",
        ran.err
    );
    let ran = line(&format!("wait task-1 task-2 Task:task-1 {way}"))
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("The datastore is full."), "{}", ran.err);
    assert!(ran.err.contains("1 failed"), "{}", ran.err);
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

async fn cancellation(way: &str) {
    let simulator = server().await;
    assert_eq!(line("cancel task-3 --yes").on(&simulator).await.code, 0);
    let ran = line(&format!("wait task-3 task-1 {way}"))
        .driven(&simulator)
        .await;
    assert_eq!(ran.code, 3, "{ran:?}");
}

async fn task_removed_between_polls(way: &str) {
    let simulator = server().await;
    let ran = line(&format!("wait task-5 {way}")).driven(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    // The task is removed by now and found in the history of the last day.
    let ran = line(&format!("wait task-5 --json {way}"))
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.of_type("task").last().unwrap()["outcome"], "success");
    assert_eq!(simulator.control().open_objects().histories, 0);
}

async fn expired_session(way: &str) {
    let simulator = server().await;
    let control = simulator.control();
    let killing = async {
        while control.session_count() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(50)).await;
        control.kill_sessions();
        sleep(Duration::from_secs(60)).await;
    };
    let ran = tokio::select! {
        ran = line(&format!("wait task-1 {way}")).driven(&simulator) => ran,
        () = killing => unreachable!("it ends before"),
    };
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// Connections are refused first, then the same port is served by a server without the session.
async fn server_restart(way: &str) {
    let simulator = server().await;
    let (url, listen) = (simulator.url(), simulator.address());
    let restarting = async {
        while simulator.control().session_count() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(100)).await;
        simulator.stop().await;
        sleep(Duration::from_millis(700)).await;
        let mut options =
            Options::new(Scenario::parse("test", crate::command_support::SCENARIO).unwrap())
                .manual();
        options.listen = listen;
        let simulator = Simulator::start(options).await.unwrap();
        crate::command_support::drive(&simulator.control()).await;
    };
    let ran = tokio::select! {
        ran = line(&format!("wait task-1 --json {way}")).at(&url) => ran,
        () = restarting => unreachable!("it ends before"),
    };
    assert_eq!(ran.code, 0, "{ran:?}");
    let states: Vec<_> = ran
        .of_type("link")
        .iter()
        .map(|line| line["state"].clone())
        .collect();
    assert!(states.contains(&json!("retrying")), "{states:?}");
}

async fn new_tasks(way: &str) {
    let simulator = server().await;
    let ran = line(&format!("wait --new --entity x/y --json {way}"))
        .driven(&simulator)
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let summary = ran.lines().pop().unwrap();
    assert_eq!(summary["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(ran.of_type("task")[0]["target"], "x/y");
}

async fn child_tasks(way: &str) {
    let simulator = server().await;
    let ran = line(&format!("wait task-6 --children --settle 600ms {way}"))
        .driven(&simulator)
        .await;
    assert_eq!(ran.code, 1, "the child failed: {ran:?}");
    assert!(ran.err.contains("2 of 2 ended"), "{}", ran.err);
    let ran = line(&format!("wait task-6 {way}")).on(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// `wait --new` ends if the list of recent tasks is always refused.
async fn new_tasks_that_cannot_be_listed(way: &str) {
    let simulator = server().await;
    let rule = FaultRule::new(
        "TaskManager/recentTask",
        FaultEffect::Fault("NoPermission".to_owned()),
    );
    simulator.control().inject(&FaultPlan::default().with(rule));
    let ran = line(&format!("wait --new --timeout 50s {way}"))
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.err.contains("--new cannot discover tasks") && ran.err.contains("NoPermission"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn filter_selects_awaited_tasks() {
    let simulator = server().await;
    let ran = line("wait --filter")
        .word("op:relocate target:a user=LAB\\kim")
        .driven(&simulator)
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("task-1 success"), "{}", ran.err);
    assert!(!ran.err.contains("task-2"), "{}", ran.err);
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let named = folder.path().join("vtask/named-filters.toml");
    std::fs::create_dir(folder.path().join("vtask")).unwrap();
    std::fs::write(named, "full = \"op:clone user:ops\"\n").unwrap();
    let simulator = server().await;
    let ran = line("wait --filter @full").variable("XDG_STATE_HOME", state);
    let ran = ran.driven(&simulator).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("task-2 failed"), "{}", ran.err);
    let ran = line("wait --filter stat:failed").on(&simulator).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("did you mean “state”?"), "{}", ran.err);
    assert!(ran.err.contains("^^^^"), "with its place: {}", ran.err);
}

#[tokio::test]
async fn any_ends_with_first_finished_task() {
    let simulator = server().await;
    let ran = line("wait task-1 task-2 task-4 --any --json")
        .driven(&simulator)
        .await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let summary = ran.lines().pop().unwrap();
    assert_eq!(summary["tasks"][2]["outcome"], json!(null));
    assert_eq!(summary["tasks"][1]["error"]["type"], "NoDiskSpace");
}

#[tokio::test]
async fn missing_task_has_unknown_outcome() {
    let simulator = server().await;
    let ran = line("wait task-1 task-99 --json").driven(&simulator).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    let summary = ran.lines().pop().unwrap();
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["outcome"], "unknown");
    assert_eq!(summary["exitCode"], 4);
    assert_eq!(summary["tasks"][0]["outcome"], "success");
    assert_eq!(summary["tasks"][1]["outcome"], "unknown");
    let ran = line("wait task-99").on(&simulator).await;
    assert!(ran.err.contains("task-99 unknown: "), "{}", ran.err);
    let ran = line("wait task-99").screen(60, 24).on(&simulator).await;
    let message = "outcome of task-99 unknown";
    assert!(ran.err.contains(message), "{}", ran.err);
}

#[tokio::test]
async fn lagging_history_is_retried_and_missing_history_is_reported() {
    let simulator =
        server_with(|options| options.behavior.history_lag = Duration::from_secs(60)).await;
    let ran = line("wait task-5").driven(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let simulator = server_with(|options| options.behavior.history = false).await;
    let ran = line("wait task-5").driven(&simulator).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.err.contains("disappeared") && ran.err.contains("NotSupported"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn timeout_ends_waiting() {
    let simulator = server().await;
    let ran = line("wait task-4 --timeout 300ms --json")
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 124, "{ran:?}");
    assert_eq!(ran.lines().pop().unwrap()["outcome"], "timeout");
    assert!(ran.err.contains("timed out after 300ms"), "{}", ran.err);
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn outage_longer_than_limit_ends_waiting() {
    // No server listens on this port.
    let simulator = server().await;
    let url = simulator.url();
    simulator.stop().await;
    let ran = line("wait task-1 --max-outage 500ms").at(&url).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.err.contains("--max-outage") && ran.err.contains("refused"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn refused_sign_in_is_reported_and_not_retried() {
    let simulator = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "other".to_owned()));
    })
    .await;
    let ran = line("wait task-1 --json").on(&simulator).await;
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.err.contains("InvalidLogin") && !ran.err.contains("secret"),
        "{}",
        ran.err
    );
    let requests = simulator.control().requests();
    let logins = requests
        .iter()
        .filter(|request| format!("{request:?}").contains("Login"));
    assert_eq!(logins.count(), 1);
}

#[tokio::test]
async fn interrupt_signs_out() {
    let simulator = server().await;
    let ran = line("wait task-4 --json")
        .interrupted(Duration::from_millis(300))
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 130, "{ran:?}");
    assert_eq!(ran.lines().pop().unwrap()["outcome"], "interrupted");
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn every_change_is_json_line_with_original_info() {
    let simulator = server().await;
    let ran = line("wait task-1 task-2 --json").driven(&simulator).await;
    assert_eq!(ran.err, "", "no talk beside the data");
    for line in ran.lines() {
        assert_eq!(line["version"], 1);
        assert_eq!(
            line["endpoint"].as_str().unwrap(),
            simulator.address().to_string()
        );
    }
    let tasks = ran.of_type("task");
    let of = |mo_id: &str| {
        tasks
            .iter()
            .filter(|line| line["moId"] == mo_id)
            .collect::<Vec<_>>()
    };
    let progress: Vec<_> = of("task-1")
        .iter()
        .filter_map(|line| line["progress"].as_i64())
        .collect();
    assert!(progress.len() > 2 && progress.is_sorted(), "{progress:?}");
    let truth = simulator.control().expected_tasks();
    let last = of("task-1").pop().unwrap();
    assert_eq!(last["info"], truth[0]);
    assert_eq!(last["durationSeconds"], 20);
    assert_eq!(last["startedBy"], "LAB\\kim");
    assert_eq!(
        of("task-2").pop().unwrap()["error"]["message"],
        "The datastore is full."
    );
    assert_eq!(
        ran.lines()
            .iter()
            .filter(|line| line["type"] == "summary")
            .count(),
        1
    );
}

#[tokio::test]
async fn terminal_bars_keep_position() {
    let simulator = server().await;
    let ran = line("wait task-1 task-2 task-5")
        .variable("TERM", "xterm-256color")
        .screen(80, 24)
        .driven(&simulator)
        .await;
    let mut terminal = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
    terminal.process(ran.err.replace('\n', "\r\n").as_bytes());
    let screen = terminal.screen().contents();
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(lines.len(), 4, "{screen}");
    assert!(
        lines[0].contains("✓") && lines[0].contains("done"),
        "{screen}"
    );
    assert!(
        lines[1].contains("✗") && lines[1].contains("failed"),
        "{screen}"
    );
    assert!(lines[3].starts_with("3 of 3 ended, 1 failed"), "{screen}");
    assert!(!ran.err.contains("evil\u{1b}"), "names are made safe");
}

#[tokio::test]
async fn title_and_notification_are_shown_and_title_is_restored() {
    let simulator = server().await;
    let wait = || {
        line("wait task-2 --title --bell --notify --quiet")
            .variable("TERM_PROGRAM", "ghostty")
            .screen(80, 24)
    };
    let ran = wait().driven(&simulator).await;
    assert!(
        ran.err.contains("\u{1b}]2;") && ran.err.contains("\u{1b}]9;4;"),
        "{:?}",
        ran.err
    );
    assert!(ran.err.contains("\u{1b}]9;vtask: failed"), "{:?}", ran.err);
    let cleared = "\u{1b}]9;4;0;0\u{7}\u{1b}]2;\u{7}\u{1b}[23;2t";
    assert_eq!(ran.err.matches(cleared).count(), 1, "{:?}", ran.err);
    let simulator = server().await;
    let ran = wait()
        .interrupted(Duration::from_millis(400))
        .on(&simulator)
        .await;
    assert!(ran.err.ends_with(cleared), "{:?}", ran.err);
}

#[cfg(unix)]
#[tokio::test]
async fn command_runs_for_each_finished_task() {
    let simulator = server().await;
    let ran = line("wait task-1 task-2 --exec")
        .word("echo \"$VTASK_MOID|$VTASK_OPERATION|$VTASK_TARGET|$VTASK_OUTCOME|$VTASK_ERROR\"")
        .driven(&simulator)
        .await;
    assert!(
        ran.err
            .contains("task-2|Clone virtual machine|b|failed|The datastore is full."),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("task-1|Relocate virtual machine|a|success|\n"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn tasks_are_selected_by_entity_user_or_operation() {
    let simulator = server().await;
    for (flags, code) in [
        ("--activation-id act-7", 0),
        ("--operation Clone*", 1),
        ("--user *kim --entity a", 0),
        ("--entity nowhere", 4),
    ] {
        let ran = line(&format!("wait {flags}")).driven(&simulator).await;
        assert_eq!(ran.code, code, "{flags}: {ran:?}");
        // Finished tasks are not awaited.
        let again = line(&format!("wait {flags}")).on(&simulator).await;
        assert_eq!(again.code, 4, "{flags}: {again:?}");
        assert!(
            again.err.contains("no queued or running task"),
            "{}",
            again.err
        );
        if code == 0 {
            break;
        }
    }
}

#[tokio::test]
async fn tasks_are_read_from_standard_input() {
    let simulator = server().await;
    let ran = line("wait -")
        .input("Task:task-2\n{\"moId\":\"task-1\"}\n")
        .driven(&simulator)
        .await;
    assert_eq!(ran.code, 1, "{ran:?}");
    for input in ["", "VirtualMachine:vm-1\n"] {
        let ran = line("wait -").input(input).on(&simulator).await;
        assert_eq!(ran.code, 2, "{ran:?}");
    }
}

/// A writer that fails with one kind of error.
struct Broken(io::ErrorKind);

impl io::Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn broken_pipe_is_silent_and_full_disk_is_reported() {
    let simulator = server().await;
    let ran = line("wait task-1 --json")
        .into(Broken(io::ErrorKind::BrokenPipe))
        .on(&simulator)
        .await;
    assert_eq!((ran.code, &*ran.err), (141, ""));
    let ran = line("wait task-1 --json")
        .into(Broken(io::ErrorKind::StorageFull))
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("cannot be written") && ran.err.contains("full"),
        "{}",
        ran.err
    );
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}
