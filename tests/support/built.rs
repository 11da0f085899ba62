//! Runs the built program without the settings of this machine.

use std::process::{Child, Command, Output, Stdio};

use vtask::simulator::Simulator;

pub fn vtask(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vtask"));
    command.args(words).stdin(Stdio::null());
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("VTASK_") || name.starts_with("GOVC_") || name.starts_with("XDG_") {
            command.env_remove(&variable);
        }
    }
    command.env("HOME", "/nonexistent");
    command
}

/// Runs a command without blocking the server of the test.
pub async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Returns a command of the program with these arguments, for this server.
pub fn command_on(simulator: &Simulator, line: &str) -> Command {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = vtask(&words);
    command
        .args(["--url", &simulator.url(), "--username", "ops"])
        .env("VTASK_PASSWORD", "secret");
    command
}

/// Starts a command with piped output.
pub fn start(mut command: Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends a signal such as `TERM` to a process.
pub fn send_signal(child: &Child, name: &str) {
    let process = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &process]).status();
    assert!(sent.unwrap().success());
}

/// Waits until a process has ended.
pub async fn wait_for_output(child: Child) -> Output {
    tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
        .await
        .unwrap()
}
