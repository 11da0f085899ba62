//! Several vCenters at once: the commands, and the built program in a pseudo-terminal.

use std::time::Duration;

use crate::command_support::{config, line, server};

#[tokio::test]
async fn list_and_get_name_server() {
    let (lab, branch) = (server().await, server().await);
    let folder = tempfile::tempdir().unwrap();
    let config = config(
        folder.path(),
        &[("lab", &lab), ("branch", &branch), ("again", &lab)],
    );
    let both = format!("--profile lab --profile branch --config {config}");
    let ran = line(&format!("list --ids {both}")).at("").await;
    assert_eq!(ran.code, 0, "{ran:?}");
    for id in ["lab/task-1\n", "branch/task-1\n"] {
        assert_eq!(ran.out.matches(id).count(), 1, "{}", ran.out);
    }
    // `get` accepts the ids that `list` prints.
    let ran = line(&format!("get branch/task-1 lab/task-2 {both}"))
        .at("")
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("lab/task-2") && ran.out.contains("branch/task-1"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("lab/task-1"), "{}", ran.out);
    let ran = line(&format!("get task-1 {both}")).at("").await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("Write lab/task-1"), "{}", ran.err);
    let ran = line(&format!("list --json {both}")).at("").await;
    let endpoints: std::collections::BTreeSet<String> = ran
        .lines()
        .iter()
        .map(|line| line["endpoint"].to_string())
        .collect();
    assert_eq!(endpoints.len(), 2);
    let again = format!("list --ids --profile lab,again --config {config}");
    let ran = line(&again).at("").await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err.contains("lab and again are the same vCenter"),
        "{}",
        ran.err
    );
    assert_eq!(ran.out.matches("lab/task-1\n").count(), 1);
    assert_eq!(
        lab.control().session_count() + branch.control().session_count(),
        0
    );
    // An unreachable server does not keep the other from being listed.
    branch.stop().await;
    let ran = line(&format!("list --ids {both}")).at("").await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.out.contains("lab/task-1\n"), "{ran:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn screen_keeps_running_when_one_of_two_servers_stops() {
    use std::io::{Read, Write};
    use std::sync::{Arc, Mutex};

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    let (lab, branch) = (server().await, server().await);
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &[("lab", &lab), ("branch", &branch)]);
    let size = PtySize {
        rows: 30,
        cols: 100,
        ..PtySize::default()
    };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_vtask"));
    command.args([
        "--profile",
        "lab",
        "--profile",
        "branch",
        "--config",
        &config,
    ]);
    command.env("VTASK_PASSWORD", "secret");
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.env("HOME", "/nonexistent");
    command.env_remove("LC_ALL");
    command.cwd(env!("CARGO_MANIFEST_DIR"));
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let screen = vt100::Parser::new(30.try_into().unwrap(), 100.try_into().unwrap(), 0);
    let screen = Arc::new(Mutex::new(screen));
    let filled = screen.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        // The end of a pseudo-terminal is an error on some systems.
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            filled.lock().unwrap().process(&buffer[..read]);
        }
    });
    let until = async |what: &str, wanted: &dyn Fn(&str) -> bool| {
        for _ in 0..1500 {
            let text = screen.lock().unwrap().screen().contents();
            if wanted(&text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!(
            "never seen: {what}\n{}",
            screen.lock().unwrap().screen().contents()
        );
    };
    let rows = |text: &str, name: &str| {
        text.lines()
            .filter(|line| line.trim_start().starts_with(name))
            .count()
    };
    until("rows of both", &|text| {
        rows(text, "lab ") >= 4 && rows(text, "branch ") >= 4
    })
    .await;
    until("both live", &|text| {
        text.contains("● lab") && text.contains("● branch")
    })
    .await;
    branch.stop().await;
    until("branch away", &|text| {
        let header = text.lines().next().unwrap_or_default();
        header.contains("● lab") && header.contains("branch ") && !header.contains("● branch")
    })
    .await;
    until("rows of both still", &|text| rows(text, "branch ") >= 4).await;
    writer.write_all(b"q").unwrap();
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap());
    assert_eq!(status.await.unwrap().exit_code(), 0);
    assert_eq!(lab.control().session_count(), 0, "signed out");
}
