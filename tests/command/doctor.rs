//! `vtask doctor` against the embedded vCenter.

use std::{fs, path::Path};

use crate::support::command::{CommandOutput, line, server, server_with};

/// Returns the lines of the report that begin with `!`.
fn problems(output: &CommandOutput) -> Vec<&str> {
    output
        .out
        .lines()
        .filter(|line| line.starts_with('!'))
        .collect()
}

fn config(directory: &Path, text: &str) -> String {
    let path = directory.join("config.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_working_server_has_no_problem_and_no_secret_is_shown() {
    let simulator = server().await;
    let output = line("doctor")
        .variable("HOME", "/nonexistent")
        .variable("VTASK_PASSWORD", "hunter2")
        .variable("GOVC_URL", "https://kim:hunter2@vc09.lab/sdk")
        .with_running_clock(&simulator)
        .await;
    assert_eq!((output.code, problems(&output)), (0, vec![]), "{output:?}");
    for text in [
        concat!("vtask ", env!("CARGO_PKG_VERSION")),
        "  API release   9.0.0.0",
        "  Session       ops, locale en",
        "Global.CancelTask on the root folder: granted",
        "  Long poll     available with the list of recent tasks; a wait ended after",
        "VTASK_PASSWORD=(set, not shown)",
        "/nonexistent/.local/state/vtask",
        "vc09.lab",
    ] {
        assert!(output.out.contains(text), "{text}: {}", output.out);
    }
    assert!(!output.out.contains("hunter2"), "{}", output.out);
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn problems_of_clock_privilege_and_long_poll_are_reported() {
    let simulator = server_with(|options| {
        options.clock_offset = jiff::SignedDuration::from_mins(-7);
        options.behavior.collector_permission = false;
        options.behavior.cancel_privilege = false;
    })
    .await;
    let output = line("doctor")
        .variable("HOME", "/nonexistent")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 4, "{output:?}");
    let [clock, poll] = problems(&output)[..] else {
        panic!("{}", output.out)
    };
    assert!(clock.starts_with("! Clock"), "{clock}");
    assert!(clock.contains("behind this machine's"), "{clock}");
    assert!(poll.starts_with("! Long poll     not available"), "{poll}");
    assert!(poll.contains("NoPermission"), "{poll}");
    assert!(
        output.out.contains("root folder: not granted"),
        "{}",
        output.out
    );
}

#[tokio::test]
async fn refused_sign_in_and_unreachable_server_have_their_exit_codes() {
    let account = ("ops".to_owned(), "other".to_owned());
    let simulator = server_with(|options| options.credentials = Some(account)).await;
    let home = |line: crate::support::command::CommandLine| line.variable("HOME", "/nonexistent");
    let refused = home(line("doctor")).with_running_clock(&simulator).await;
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(problems(&refused)[0].starts_with("! Session"));
    let unreachable = home(line("doctor")).at("http://127.0.0.1:9").await;
    assert_eq!(unreachable.code, 4, "{unreachable:?}");
    assert!(problems(&unreachable)[0].starts_with("! Connection"));
}

#[tokio::test]
async fn without_a_server_only_this_machine_is_checked() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().to_str().unwrap();
    let path = config(directory.path(), "[defaults]\ntheme = \"light\"\n");
    let output = line("doctor --config")
        .word(&path)
        .variable("HOME", home)
        .at("")
        .await;
    assert_eq!((output.code, problems(&output)), (0, vec![]), "{output:?}");
    assert!(output.out.contains("  Not checked"), "{}", output.out);
    let path = config(directory.path(), "[defaults]\ntheme = \"lihgt\"\n");
    let output = line("doctor --config")
        .word(&path)
        .variable("HOME", home)
        .at("")
        .await;
    assert_eq!((output.code, problems(&output).len()), (2, 1), "{output:?}");
    assert!(output.err.contains("1 problem found"), "{}", output.err);
}
