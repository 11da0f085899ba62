//! The built program: exit codes, the config file, the manual.

use std::{fs, process::Command, time::Duration};

use crate::support::built::{command_on, run, send_signal, start, stderr, vtask, wait_for_output};
use crate::support::command::{server, server_with, wait_until};
#[cfg(unix)]
use crate::support::pty::Session;

#[tokio::test]
async fn exit_codes_reach_the_shell() {
    let simulator = server().await;
    let control = simulator.control();
    control.advance(Duration::from_secs(30));
    for (line, code) in [
        ("wait task-1", 0),
        ("wait task-2", 1),
        ("wait", 2),
        ("wait vm:1", 2),
        ("wait task-1 --any --children", 2),
        ("wait task-1 --new", 2),
        ("wait task-1 --timeout 0", 2),
        ("wait task-99", 4),
        ("wait task-4 --timeout 1", 124),
        ("list", 0),
        ("tree task-6", 0),
        ("events task-2", 0),
        ("report task-2 --html -", 0),
        ("cancel task-4 --yes", 1),
        ("cancel task-3 --yes", 0),
    ] {
        let output = run(command_on(&simulator, line)).await;
        let stderr = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {stderr}");
        assert!(!stderr.contains("secret"), "{stderr}");
    }
    control.advance(Duration::from_secs(30));
    let cancelled = run(command_on(&simulator, "wait task-3")).await;
    assert_eq!(cancelled.status.code(), Some(3));
    let no_connection = run(vtask(&["wait", "task-1"])).await;
    assert_eq!(no_connection.status.code(), Some(2));
    assert!(stderr(&no_connection).contains("--url"));
}

#[tokio::test]
async fn refused_sign_in_has_own_exit_code_in_every_command() {
    let simulator = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "other".to_owned()));
    })
    .await;
    for line in [
        "wait task-1",
        "get task-1",
        "list",
        "tree task-1",
        "events task-1",
        "report task-1 --html -",
        "stream",
        "exporter --listen 127.0.0.1:0",
        "cancel task-1 --yes",
    ] {
        let output = run(command_on(&simulator, line)).await;
        let stderr = stderr(&output);
        assert_eq!(output.status.code(), Some(5), "{line}: {stderr}");
        assert!(!stderr.contains("secret"), "{stderr}");
    }
}

#[tokio::test]
async fn unresolvable_host_fails_at_once() {
    let mut command = vtask(&[
        "wait",
        "task-1",
        "--url",
        "no-such-host.invalid",
        "--username",
        "ops",
    ]);
    command.env("VTASK_PASSWORD", "secret");
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("unknown host") || stderr(&output).contains("--url"),
        "{}",
        stderr(&output)
    );
}

#[cfg(unix)]
#[tokio::test]
async fn signals_end_a_wait_and_sign_out() {
    let simulator = server().await;
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let child = start(command_on(&simulator, "wait task-4"));
        wait_until(|| simulator.control().pending_waits() > 0).await;
        send_signal(&child, signal);
        let output = wait_for_output(child).await;
        assert_eq!(output.status.code(), Some(code), "{signal}");
        assert_eq!(
            simulator.control().session_count(),
            0,
            "signed out after {signal}"
        );
    }
}

#[tokio::test]
async fn config_file_is_checked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let check = async |text: &str| {
        fs::write(&path, text).unwrap();
        run(vtask(&[
            "config",
            "check",
            "--config",
            path.to_str().unwrap(),
        ]))
        .await
    };
    let good = check("[profiles.lab]\nurl = \"vc01.lab\"\nusername = \"ops\"\n[defaults]\nmax-outage = \"30m\"\n").await;
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    assert!(String::from_utf8_lossy(&good.stdout).contains("lab (default): ops on vc01.lab"));
    let misspelt = check("[defaults]\nbell = true\nmax-outtage = \"30m\"\n").await;
    assert_eq!(misspelt.status.code(), Some(2));
    let message = stderr(&misspelt);
    assert!(
        message.contains("line 3: defaults.max-outtage")
            && message.contains("did you mean “max-outage”?"),
        "{message}"
    );
    let wrong = check("[defaults]\ntimeout = \"soon\"\n").await;
    assert!(
        stderr(&wrong).contains("line 2") && stderr(&wrong).contains("10m"),
        "{}",
        stderr(&wrong)
    );
    // The same file is refused by every other command, with the same message.
    let other = run(vtask(&["list", "--config", path.to_str().unwrap()])).await;
    assert_eq!(other.status.code(), Some(2));
}

#[cfg(unix)]
#[tokio::test]
async fn a_profile_signs_in_by_a_command_that_prints_the_password() {
    let simulator = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "hunter 2".to_owned()));
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let text = format!(
        "[profiles.lab]\nurl = \"{}\"\nusername = \"ops\"\npassword-command = \"printf 'hunter 2'\"\n",
        simulator.url()
    );
    fs::write(&path, text).unwrap();
    let output = run(vtask(&[
        "list",
        "--ids",
        "--config",
        path.to_str().unwrap(),
    ]))
    .await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = format!(
        "[profiles.lab]\nurl = \"{}\"\nusername = \"ops\"\npassword = \"hunter 2\"\n",
        simulator.url()
    );
    fs::write(&path, text).unwrap();
    let open = run(vtask(&[
        "list",
        "--ids",
        "--config",
        path.to_str().unwrap(),
    ]))
    .await;
    assert_eq!(open.status.code(), Some(2), "{}", stderr(&open));
    assert!(stderr(&open).contains("chmod 600"), "{}", stderr(&open));
    assert!(
        Command::new("chmod")
            .arg("600")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let mut own = vtask(&["list", "--ids", "--config", path.to_str().unwrap()]);
    own.env("XDG_STATE_HOME", directory.path());
    let own = run(own).await;
    assert_eq!(own.status.code(), Some(0), "{}", stderr(&own));
    assert!(
        stderr(&own).contains("warning") && !stderr(&own).contains("hunter"),
        "{}",
        stderr(&own)
    );
}

#[tokio::test]
async fn every_command_has_manual_page() {
    let directory = tempfile::tempdir().unwrap();
    let main = run(vtask(&["man"])).await;
    assert!(String::from_utf8_lossy(&main.stdout).starts_with(".ie"));
    let wait = run(vtask(&["man", "wait"])).await;
    assert!(String::from_utf8_lossy(&wait.stdout).contains("max\\-outage"));
    assert_eq!(run(vtask(&["man", "wiat"])).await.status.code(), Some(2));
    let all = run(vtask(&["man", "--dir", directory.path().to_str().unwrap()])).await;
    assert_eq!(all.status.code(), Some(0));
    assert!(directory.path().join("vtask-wait.1").exists());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn screen_notifies_and_restores_title() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    let outcomes = directory.path().join("outcomes");
    let arguments = [
        "task-2",
        "--url",
        &simulator.url(),
        "--username",
        "ops",
        "--bell",
        "--title",
        "--exec",
        "echo \"$VTASK_MOID $VTASK_OUTCOME\" >> \"$OUTCOMES\"",
    ];
    let environment = [
        ("VTASK_PASSWORD", "secret"),
        ("TERM_PROGRAM", "ghostty"),
        ("HOME", "/nonexistent"),
        ("OUTCOMES", outcomes.to_str().unwrap()),
    ];
    let mut session = Session::start_in(80, 24, &arguments, &environment);
    let control = simulator.control();
    let has_outcome = || fs::read_to_string(&outcomes).is_ok_and(|text| text.ends_with('\n'));
    wait_until(|| {
        if control.session_count() > 0 {
            control.advance(Duration::from_millis(500));
        }
        has_outcome()
    })
    .await;
    assert_eq!(fs::read_to_string(&outcomes).unwrap(), "task-2 failed\n");
    session.quit();
    let output = session.output.0.lock().unwrap();
    let output = String::from_utf8_lossy(&output.bytes);
    assert!(output.contains("\u{1b}]2;vtask: "), "the title");
    assert!(output.contains("\u{1b}]9;4;3;0\u{7}"), "the progress");
    assert!(
        output.contains("\u{1b}]9;4;0;0\u{7}\u{1b}]2;\u{7}\u{1b}[23;2t"),
        "title and progress are reset"
    );
}
