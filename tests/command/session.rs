//! `--keep-session`, `vtask logout` and the keyring against the embedded vCenter.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use vtask::simulator::fault_injection::{FaultEffect, FaultPlan, FaultRule};

use crate::support::command::{
    CommandLine, count_requests, line, server, server_with, server_with_fault,
};

/// Returns a command line that keeps sessions in this directory.
fn line_in(directory: &Path, words: &str) -> CommandLine {
    line(words).variable("XDG_RUNTIME_DIR", directory.to_str().unwrap())
}

#[tokio::test]
async fn runs_share_session_until_logout() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    for command in [
        "list --keep-session",
        "get task-1 --keep-session",
        "tree task-6 --keep-session",
        "wait task-4 --timeout 200ms --keep-session",
        "cancel task-3 --yes --keep-session",
    ] {
        let output = line_in(directory.path(), command).on(&simulator).await;
        let code = if command.starts_with("wait") { 124 } else { 0 };
        assert_eq!(output.code, code, "{command}: {output:?}");
    }
    assert_eq!(count_requests(&simulator.control(), "/Login"), 1);
    assert_eq!(count_requests(&simulator.control(), "/Logout"), 0);
    assert_eq!(simulator.control().session_count(), 1, "left open");
    assert_eq!(simulator.control().open_objects().views, 0);
    let logout = line("logout")
        .without_password()
        .variable("XDG_RUNTIME_DIR", directory.path().to_str().unwrap());
    let output = logout.on(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.err.contains("is ended"), "{}", output.err);
    assert_eq!(simulator.control().session_count(), 0);
    let output = line_in(directory.path(), "logout").on(&simulator).await;
    assert!(output.err.contains("no session"), "{}", output.err);
}

#[tokio::test]
async fn expired_session_is_replaced() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    for logins in [1, 2] {
        let output = line_in(directory.path(), "list --keep-session")
            .on(&simulator)
            .await;
        assert_eq!(output.code, 0, "{output:?}");
        assert_eq!(count_requests(&simulator.control(), "/Login"), logins);
        simulator.control().kill_sessions();
    }
    // Without `--keep-session` no saved session is used or written.
    let output = line_in(directory.path(), "list").on(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(simulator.control().session_count(), 0);
}

#[tokio::test]
async fn partly_dead_session_is_replaced() {
    for (kind, command) in [
        ("TaskManager/recentTask", "list"),
        ("Task/info", "get task-3 --json"),
        ("TaskManager/CreateCollectorForTasks", "list --since 1h"),
        ("TaskHistoryCollector/ResetCollector", "list --since 1h"),
        ("TaskHistoryCollector/ReadPreviousTasks", "tree task-6"),
        ("EventManager/QueryEvents", "events task-1"),
        ("PropertyCollector/RetrievePropertiesEx", "list --location"),
        (
            "PropertyCollector/ContinueRetrievePropertiesEx",
            "list --location",
        ),
        ("Task/CancelTask", "cancel task-3 --yes"),
    ] {
        let start = |faults| {
            server_with(|options| {
                options.starts_at = Some("2026-03-04T15:00:00Z".parse().unwrap());
                options.behavior.retrieve_cap = Some(1);
                options.faults = faults;
            })
        };
        let expected = line(command).on(&start(FaultPlan::default()).await).await;
        let refused = FaultEffect::Fault("NotAuthenticated".to_owned());
        let rule = FaultRule::new(kind, refused).times(1);
        let simulator = start(FaultPlan::default().with(rule)).await;
        let directory = tempfile::tempdir().unwrap();
        for run in [command, "list"] {
            let output = line_in(directory.path(), &format!("{run} --keep-session"))
                .on(&simulator)
                .await;
            assert_eq!(output.code, 0, "{kind}: {output:?}");
            if run == command {
                let both = (&*output.out, &*output.err);
                assert_eq!(both, (&*expected.out, &*expected.err), "{kind}");
            }
        }
        let control = simulator.control();
        assert_eq!(control.faults_injected(), 1, "{kind}");
        assert_eq!(count_requests(&control, "/Login"), 2, "{kind}");
        assert_eq!(control.session_count(), 1, "{kind}: the dead one is ended");
    }
}

#[tokio::test]
async fn session_is_renewed_once() {
    let refused = FaultEffect::Fault("NotAuthenticated".to_owned());
    let simulator = server_with_fault(FaultRule::new("Task/*", refused)).await;
    let output = line("get task-1 task-2 task-3").on(&simulator).await;
    assert_eq!(output.code, 4, "{output:?}");
    assert_eq!(count_requests(&simulator.control(), "/Login"), 2);
    assert_eq!(simulator.control().session_count(), 0);
}

#[tokio::test]
async fn session_that_cannot_be_checked_is_replaced() {
    for (effect, left) in [
        (FaultEffect::status(404), 1),
        (FaultEffect::Fault("NoPermission".to_owned()), 1),
        // Such a session is not logged out.
        (FaultEffect::status(401), 2),
    ] {
        let rule = FaultRule::new("SessionManager/currentSession", effect.clone());
        let simulator = server_with_fault(rule).await;
        let directory = tempfile::tempdir().unwrap();
        for logins in [1, 2] {
            let output = line_in(directory.path(), "list --keep-session")
                .on(&simulator)
                .await;
            assert_eq!(output.code, 0, "{effect:?}: {output:?}");
            assert_eq!(count_requests(&simulator.control(), "/Login"), logins);
        }
        assert_eq!(simulator.control().session_count(), left, "{effect:?}");
    }
}

#[tokio::test]
async fn open_session_needs_no_password() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    let without_password = || {
        line("list --keep-session --ids")
            .without_password()
            .variable("XDG_RUNTIME_DIR", directory.path().to_str().unwrap())
    };
    let output = without_password().on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    line_in(directory.path(), "list --keep-session")
        .on(&simulator)
        .await;
    let output = without_password().on(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(count_requests(&simulator.control(), "/Login"), 1);
    assert_eq!(simulator.control().session_count(), 1, "left open");
    simulator.control().kill_sessions();
    let output = without_password().on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.err.contains("no password"), "{}", output.err);
}

#[tokio::test]
async fn session_file_readable_by_others_is_refused() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    line_in(directory.path(), "list --keep-session")
        .on(&simulator)
        .await;
    let sessions = directory.path().join("vtask/sessions");
    let file = fs::read_dir(&sessions).unwrap().next().unwrap().unwrap();
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let output = line_in(directory.path(), "list --keep-session")
        .on(&simulator)
        .await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        output.err.contains("accessible to other users"),
        "{}",
        output.err
    );
    let session = fs::read_to_string(file.path()).unwrap();
    let session: serde_json::Value = serde_json::from_str(&session).unwrap();
    assert!(!output.err.contains(session["session"].as_str().unwrap()));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn unsaved_session_is_reported_once_and_ended() {
    for command in ["list", "cancel task-3 --yes --wait", "wait task-1 --json"] {
        let simulator = server().await;
        let output = line(&format!("{command} --keep-session"))
            // Cannot be written, not even by root.
            .variable("XDG_RUNTIME_DIR", "/proc")
            .with_running_clock(&simulator)
            .await;
        assert_eq!(output.code, 0, "{command}: {output:?}");
        let count = output
            .err
            .matches("the session cannot be kept in /proc/vtask/sessions")
            .count();
        assert_eq!(count, 1, "{command}: {}", output.err);
        assert_eq!(
            simulator.control().session_count(),
            0,
            "{command}: signed out"
        );
    }
}

/// A keyring with one file per entry and the interface of `secret-tool`.
const SECRET_TOOL: &str = r#"#!/bin/sh
verb=$1; shift
[ "$verb" = store ] && shift 2
echo "$verb $*" >> "$KEYRING/calls"
file="$KEYRING/$(echo "$*" | tr ' /' '__')"
case $verb in
    store) cat > "$file" ;;
    lookup) [ -e "$file" ] && cat "$file" ;;
    clear) rm -f "$file" ;;
esac
"#;

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_password_in_the_keyring_signs_in() {
    let simulator = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "hunter 2".to_owned()));
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let tool = directory.path().join("secret-tool");
    fs::write(&tool, SECRET_TOOL).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o700)).unwrap();
    let config = directory.path().join("config.toml");
    let text = format!(
        "[profiles.lab]\nurl = \"{}\"\nusername = \"ops\"\npassword-keyring = true\n",
        simulator.url()
    );
    fs::write(&config, text).unwrap();
    let run = async |words: &[&str], input: &str, path: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vtask"));
        command.args(words).arg("--config").arg(&config);
        command
            .env_clear()
            .env("PATH", path)
            .env("KEYRING", directory.path());
        let file = directory.path().join("input");
        fs::write(&file, input).unwrap();
        command.stdin(Stdio::from(fs::File::open(&file).unwrap()));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = output.await.unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), err)
    };
    let path = format!("{}:/usr/bin:/bin", directory.path().display());
    let (code, err) = run(&["list", "--ids"], "", &path).await;
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("vtask config set-password"), "{err}");
    let (code, err) = run(&["config", "set-password", "lab"], "hunter 2\n", &path).await;
    assert_eq!(code, 0, "{err}");
    let (code, err) = run(&["list", "--ids"], "", &path).await;
    assert_eq!(code, 0, "{err}");
    let calls = fs::read_to_string(directory.path().join("calls")).unwrap();
    assert!(calls.contains("service vtask account ops on"), "{calls}");
    assert!(!calls.contains("hunter"), "not in arguments");
    let (code, err) = run(&["config", "forget-password", "lab"], "", &path).await;
    assert!(code == 0 && err.contains("removed the password"), "{err}");
    let (code, err) = run(&["config", "set-password", "lab"], "\n", &path).await;
    assert!(code == 2 && err.contains("nothing was changed"), "{err}");
    let (code, err) = run(&["list", "--ids"], "", "/nonexistent").await;
    assert_eq!(code, 2);
    assert!(
        err.contains("cannot be run") && err.contains("password-file"),
        "{err}"
    );
    fs::write(
        &tool,
        "#!/bin/sh\necho 'Cannot autolaunch D-Bus without X11' >&2; exit 1\n",
    )
    .unwrap();
    let (code, err) = run(&["list", "--ids"], "", &path).await;
    assert_eq!(code, 2);
    assert!(err.contains("Cannot autolaunch"), "{err}");
}
