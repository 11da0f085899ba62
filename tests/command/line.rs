//! The built program: exit codes, the config file, the manual.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::built_support::{err, run, send_signal, vtask};
use crate::command_support::{server, until};

#[tokio::test]
async fn exit_codes_reach_the_shell() {
    let simulator = server().await;
    simulator
        .control()
        .advance(std::time::Duration::from_secs(30));
    let url = simulator.url();
    for (words, code) in [
        (&["wait", "task-1"][..], 0),
        (&["wait", "task-2"], 1),
        (&["wait"], 2),
        (&["wait", "vm:1"], 2),
        (&["wait", "task-1", "--any", "--children"], 2),
        (&["wait", "task-1", "--new"], 2),
        (&["wait", "task-1", "--timeout", "0"], 2),
        (&["wait", "task-99"], 4),
        (&["wait", "task-4", "--timeout", "1"], 124),
        (&["list"], 0),
        (&["tree", "task-6"], 0),
        (&["events", "task-2"], 0),
        (&["report", "task-2", "--html", "-"], 0),
        (&["cancel", "task-4", "--yes"], 1),
        (&["cancel", "task-3", "--yes"], 0),
    ] {
        let mut command = vtask(words);
        command
            .args(["--url", &url, "--username", "ops"])
            .env("VTASK_PASSWORD", "secret");
        let output = run(command).await;
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words:?}: {}",
            err(&output)
        );
        assert!(!err(&output).contains("secret"));
    }
    simulator
        .control()
        .advance(std::time::Duration::from_secs(30));
    let mut command = vtask(&["wait", "task-3"]);
    command
        .args(["--url", &url, "--username", "ops"])
        .env("VTASK_PASSWORD", "secret");
    assert_eq!(run(command).await.status.code(), Some(3));
    let no_connection = run(vtask(&["wait", "task-1"])).await;
    assert_eq!(no_connection.status.code(), Some(2));
    assert!(err(&no_connection).contains("--url"));
}

#[tokio::test]
async fn refused_sign_in_has_own_exit_code_in_every_command() {
    let simulator = crate::command_support::server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "other".to_owned()));
    })
    .await;
    let url = simulator.url();
    for words in [
        &["wait", "task-1"][..],
        &["get", "task-1"],
        &["list"],
        &["tree", "task-1"],
        &["events", "task-1"],
        &["report", "task-1", "--html", "-"],
        &["stream"],
        &["exporter", "--listen", "127.0.0.1:0"],
        &["cancel", "task-1", "--yes"],
    ] {
        let mut command = vtask(words);
        command
            .args(["--url", &url, "--username", "ops"])
            .env("VTASK_PASSWORD", "secret");
        let output = run(command).await;
        let stderr = err(&output);
        assert_eq!(output.status.code(), Some(5), "{words:?}: {stderr}");
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
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(
        err(&output).contains("unknown host") || err(&output).contains("--url"),
        "{}",
        err(&output)
    );
}

#[cfg(unix)]
#[tokio::test]
async fn signals_end_a_wait_signed_out() {
    let simulator = server().await;
    let url = simulator.url();
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let mut command = vtask(&["wait", "task-4", "--url", &url, "--username", "ops"]);
        let mut child = command
            .env("VTASK_PASSWORD", "secret")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until(|| simulator.control().pending_waits() > 0).await;
        send_signal(&child, signal);
        let status = tokio::task::spawn_blocking(move || child.wait().unwrap())
            .await
            .unwrap();
        assert_eq!(status.code(), Some(code), "{signal}");
        assert_eq!(
            simulator.control().session_count(),
            0,
            "signed out after {signal}"
        );
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn full_disk_is_reported_and_closed_pipe_is_silent() {
    let simulator = server().await;
    simulator
        .control()
        .advance(std::time::Duration::from_secs(30));
    let url = simulator.url();
    for words in [
        &["list", "--json"][..],
        &["wait", "task-1", "--json"],
        &["tree", "task-6"],
    ] {
        let mut command = vtask(words);
        command
            .args(["--url", &url, "--username", "ops"])
            .env("VTASK_PASSWORD", "secret");
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = {
            let mut command = command;
            command.stdout(full).stderr(Stdio::piped());
            tokio::task::spawn_blocking(move || {
                command.spawn().unwrap().wait_with_output().unwrap()
            })
            .await
            .unwrap()
        };
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", err(&output));
        assert!(
            err(&output).contains("standard output cannot be written"),
            "{}",
            err(&output)
        );
        let mut command = vtask(words);
        command
            .args(["--url", &url, "--username", "ops"])
            .env("VTASK_PASSWORD", "secret");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = tokio::task::spawn_blocking(move || {
            command.stdout(writer).stderr(Stdio::piped());
            command.spawn().unwrap().wait_with_output().unwrap()
        })
        .await
        .unwrap();
        assert_eq!(
            (output.status.code(), &*err(&output)),
            (Some(141), ""),
            "{words:?}"
        );
    }
}

#[tokio::test]
async fn config_file_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
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
    assert_eq!(good.status.code(), Some(0), "{}", err(&good));
    assert!(String::from_utf8_lossy(&good.stdout).contains("lab (default): ops on vc01.lab"));
    let misspelt = check("[defaults]\nbell = true\nmax-outtage = \"30m\"\n").await;
    assert_eq!(misspelt.status.code(), Some(2));
    let stderr = err(&misspelt);
    assert!(
        stderr.contains("line 3: defaults.max-outtage")
            && stderr.contains("did you mean “max-outage”?"),
        "{stderr}"
    );
    let wrong = check("[defaults]\ntimeout = \"soon\"\n").await;
    assert!(
        err(&wrong).contains("line 2") && err(&wrong).contains("10m"),
        "{}",
        err(&wrong)
    );
    // The same file is refused by every other command, with the same words.
    let other = run(vtask(&["list", "--config", path.to_str().unwrap()])).await;
    assert_eq!(other.status.code(), Some(2));
}

#[cfg(unix)]
#[tokio::test]
async fn a_profile_signs_in_by_a_command_that_prints_the_password() {
    let simulator = crate::command_support::server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "hunter 2".to_owned()));
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
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
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
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
    assert_eq!(open.status.code(), Some(2), "{}", err(&open));
    assert!(err(&open).contains("chmod 600"), "{}", err(&open));
    assert!(
        Command::new("chmod")
            .arg("600")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let mut own = vtask(&["list", "--ids", "--config", path.to_str().unwrap()]);
    own.env("XDG_STATE_HOME", folder.path());
    let own = run(own).await;
    assert_eq!(own.status.code(), Some(0), "{}", err(&own));
    assert!(
        err(&own).contains("warning") && !err(&own).contains("hunter"),
        "{}",
        err(&own)
    );
}

#[tokio::test]
async fn every_command_has_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let main = run(vtask(&["man"])).await;
    assert!(String::from_utf8_lossy(&main.stdout).starts_with(".ie"));
    let wait = run(vtask(&["man", "wait"])).await;
    assert!(String::from_utf8_lossy(&wait.stdout).contains("max\\-outage"));
    assert_eq!(run(vtask(&["man", "wiat"])).await.status.code(), Some(2));
    let all = run(vtask(&["man", "--dir", folder.path().to_str().unwrap()])).await;
    assert_eq!(all.status.code(), Some(0));
    assert!(folder.path().join("vtask-wait.1").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn screen_notifies_and_restores_title() {
    use std::io::{Read, Write};

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    let simulator = server().await;
    let folder = tempfile::tempdir().unwrap();
    let outcomes = folder.path().join("outcomes");
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_vtask"));
    command.args([
        "task-2",
        "--url",
        &simulator.url(),
        "--username",
        "ops",
        "--bell",
        "--title",
    ]);
    command.args([
        "--exec",
        "echo \"$VTASK_MOID $VTASK_OUTCOME\" >> \"$OUTCOMES\"",
    ]);
    command.env("VTASK_PASSWORD", "secret");
    command.env("TERM", "xterm-256color");
    command.env("TERM_PROGRAM", "ghostty");
    command.env("HOME", "/nonexistent");
    command.cwd(env!("CARGO_MANIFEST_DIR"));
    command.env("OUTCOMES", &outcomes);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // The end of a pseudo-terminal is an error on some systems.
        let _ = reader.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let control = simulator.control();
    let drive = async {
        while !fs::read_to_string(&outcomes).is_ok_and(|text| text.ends_with('\n')) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            if control.session_count() > 0 {
                control.advance(std::time::Duration::from_millis(500));
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), drive)
        .await
        .expect("the command has run");
    assert_eq!(fs::read_to_string(&outcomes).unwrap(), "task-2 failed\n");
    writer.write_all(b"q").unwrap();
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap())
        .await
        .unwrap();
    assert_eq!(status.exit_code(), 0);
    let seen = reading.join().unwrap();
    assert!(seen.contains("\u{1b}]2;vtask: "), "the title");
    assert!(seen.contains("\u{1b}]9;4;3;0\u{7}"), "the tab");
    assert!(
        seen.contains("\u{1b}]9;4;0;0\u{7}\u{1b}]2;\u{7}\u{1b}[23;2t"),
        "taken away"
    );
}
