//! `vtask doctor` against the embedded vCenter.

use std::{fs, path::Path};

use crate::command_support::{Ran, line, server, server_with};

/// Returns the lines of the report that begin with `!`.
fn problems(ran: &Ran) -> Vec<&str> {
    ran.out
        .lines()
        .filter(|line| line.starts_with('!'))
        .collect()
}

fn config(folder: &Path, text: &str) -> String {
    let path = folder.join("config.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_working_server_has_no_problem_and_no_secret_is_shown() {
    let simulator = server().await;
    let ran = line("doctor")
        .variable("HOME", "/nonexistent")
        .variable("VTASK_PASSWORD", "hunter2")
        .variable("GOVC_URL", "https://kim:hunter2@vc09.lab/sdk")
        .driven(&simulator)
        .await;
    assert_eq!((ran.code, problems(&ran)), (0, vec![]), "{ran:?}");
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
        assert!(ran.out.contains(text), "{text}: {}", ran.out);
    }
    assert!(!ran.out.contains("hunter2"), "{}", ran.out);
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
    let ran = line("doctor")
        .variable("HOME", "/nonexistent")
        .driven(&simulator)
        .await;
    assert_eq!(ran.code, 4, "{ran:?}");
    let [clock, poll] = problems(&ran)[..] else {
        panic!("{}", ran.out)
    };
    assert!(clock.starts_with("! Clock"), "{clock}");
    assert!(clock.contains("behind this machine's"), "{clock}");
    assert!(poll.starts_with("! Long poll     not available"), "{poll}");
    assert!(poll.contains("NoPermission"), "{poll}");
    assert!(ran.out.contains("root folder: not granted"), "{}", ran.out);
}

#[tokio::test]
async fn refusals_and_dead_servers_have_their_exit_codes() {
    let account = ("ops".to_owned(), "other".to_owned());
    let simulator = server_with(|options| options.credentials = Some(account)).await;
    let home = |line: crate::command_support::Line| line.variable("HOME", "/nonexistent");
    let refused = home(line("doctor")).driven(&simulator).await;
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(problems(&refused)[0].starts_with("! Session"));
    let dead = home(line("doctor")).at("http://127.0.0.1:9").await;
    assert_eq!(dead.code, 4, "{dead:?}");
    assert!(problems(&dead)[0].starts_with("! Connection"));
}

#[tokio::test]
async fn without_a_server_only_this_machine_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    let path = config(folder.path(), "[defaults]\ntheme = \"light\"\n");
    let ran = line("doctor --config")
        .word(&path)
        .variable("HOME", home)
        .at("")
        .await;
    assert_eq!((ran.code, problems(&ran)), (0, vec![]), "{ran:?}");
    assert!(ran.out.contains("  Not checked"), "{}", ran.out);
    let path = config(folder.path(), "[defaults]\ntheme = \"lihgt\"\n");
    let ran = line("doctor --config")
        .word(&path)
        .variable("HOME", home)
        .at("")
        .await;
    assert_eq!((ran.code, problems(&ran).len()), (2, 1), "{ran:?}");
    assert!(ran.err.contains("1 problem found"), "{}", ran.err);
}
