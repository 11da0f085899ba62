//! A read-only connection sends nothing that changes something on the server, whatever the command and the source of
//! the setting.

use std::{fs, process::Output};

use vtask::simulator::Simulator;

use crate::support::{
    built::{command_on, run, stderr},
    command::server,
};

/// Methods allowed in a read-only run: reads, and calls about its own session, views and collectors.
const ALLOWED: [&str; 20] = [
    "hello",
    "ServiceInstance/content",
    "ServiceInstance/CurrentTime",
    "SessionManager/Login",
    "SessionManager/Logout",
    "SessionManager/currentSession",
    "TaskManager/description",
    "TaskManager/recentTask",
    "TaskManager/CreateCollectorForTasks",
    "TaskHistoryCollector/ResetCollector",
    "TaskHistoryCollector/ReadPreviousTasks",
    "TaskHistoryCollector/DestroyCollector",
    "Task/info",
    "EventManager/QueryEvents",
    "PropertyCollector/CreatePropertyCollector",
    "PropertyCollector/CreateFilter",
    "PropertyCollector/WaitForUpdatesEx",
    "PropertyCollector/CancelWaitForUpdates",
    "PropertyCollector/DestroyPropertyCollector",
    "PropertyCollector/RetrievePropertiesEx",
];

/// Runs a cancellation with this config file, these flags and these variables.
async fn cancel(
    simulator: &Simulator,
    config: &str,
    flags: &[&str],
    variables: &[(&str, &str)],
) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    fs::write(&path, config.replace("URL", &simulator.url())).unwrap();
    let mut command = command_on(simulator, "cancel --yes task-3");
    command.args(flags).env("VTASK_CONFIG", &path);
    command.envs(variables.iter().copied());
    run(command).await
}

#[tokio::test]
async fn read_only_from_any_source_blocks_cancel() {
    let simulator = server().await;
    let profile = "[profiles.lab]\nurl = \"URL\"\nread-only = true\n";
    for (config, flags, variables) in [
        ("", &["--read-only"][..], &[][..]),
        ("", &[], &[("VTASK_READ_ONLY", "1")]),
        ("", &[], &[("VTASK_READ_ONLY", "true")]),
        ("", &[], &[("VTASK_READ_ONLY", "Yes")]),
        ("", &[], &[("VTASK_READ_ONLY", "on")]),
        ("", &["--read-only"], &[("VTASK_READ_ONLY", "0")]),
        ("[defaults]\nread-only = true\n", &[], &[]),
        (
            "[defaults]\nread-only = true\n",
            &[],
            &[("VTASK_READ_ONLY", "no")],
        ),
        (profile, &[], &[]),
        (profile, &["--profile", "lab"], &[]),
    ] {
        let output = cancel(&simulator, config, flags, variables).await;
        let stderr = stderr(&output);
        let context = format!("{config:?} {flags:?} {variables:?}: {stderr}");
        assert_eq!(output.status.code(), Some(2), "{context}");
        assert!(stderr.contains("nothing can be cancelled"), "{context}");
        assert!(stderr.to_lowercase().contains("read"), "{context}");
    }
    assert_eq!(simulator.control().request_count(), 0);
}

#[tokio::test]
async fn invalid_read_only_value_is_refused() {
    let simulator = server().await;
    let output = cancel(&simulator, "", &[], &[("VTASK_READ_ONLY", "ture")]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("expected 1, true"),
        "{}",
        stderr(&output)
    );
    assert_eq!(simulator.control().request_count(), 0);
}

#[tokio::test]
async fn read_only_off_allows_cancel() {
    for value in ["0", "false", "no", "off", ""] {
        let simulator = server().await;
        let output = cancel(&simulator, "", &[], &[("VTASK_READ_ONLY", value)]).await;
        assert_eq!(
            output.status.code(),
            Some(0),
            "{value}: {}",
            stderr(&output)
        );
    }
}

#[tokio::test]
async fn other_commands_work_and_send_only_read_requests() {
    let simulator = server().await;
    simulator
        .control()
        .advance(std::time::Duration::from_secs(30));
    for (words, code) in [
        ("get task-1", 0),
        ("list --since 1h", 0),
        ("tree task-6", 0),
        ("events task-2", 0),
        ("wait task-1 task-2", 1),
        ("wait task-1 --fetch poll", 0),
    ] {
        let mut command = command_on(&simulator, words);
        command.env("VTASK_READ_ONLY", "true");
        let output = run(command).await;
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words}: {}",
            stderr(&output)
        );
    }
    let requests = simulator.control().requests();
    assert!(requests.len() > 20, "{}", requests.len());
    for request in requests {
        let is_view =
            request.kind.starts_with("ViewManager/") || request.kind.starts_with("ListView/");
        assert!(
            is_view || ALLOWED.contains(&request.kind.as_str()),
            "{}",
            request.kind
        );
    }
}
