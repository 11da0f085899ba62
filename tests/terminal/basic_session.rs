//! The built program in a real pseudo-terminal: starting, navigating, exiting.

use std::{
    io::Read,
    thread,
    time::{Duration, Instant},
};

use portable_pty::{CommandBuilder, native_pty_system};

use crate::support::pty::{ESCAPE, Session, TIMEOUT, size};

const DOWN: &str = "\u{1b}[B";

#[test]
fn demo_is_navigated_by_keys() {
    let mut session = Session::start(120, 40, &["demo"]);
    session.shows("Relocate virtual machine");
    session.shows("live");

    // Moving the selection changes the details.
    let before = session.line("Overview");
    session.press(DOWN);
    session.until("another task's details", |output| {
        let contents = output.parser.screen().contents();
        contents
            .lines()
            .any(|line| line.contains("Overview") && line != before)
    });

    // Every tab.
    for (key, text) in [
        ("2", "Lineage"),
        ("5", "TaskEvent"),
        ("6", "\"_typeName\""),
        ("1", "Started by"),
    ] {
        session.press(key);
        session.shows(text);
    }

    session.press("?");
    session.shows("Show the keys");
    session.press(ESCAPE);
    session.hides("Show the keys");
    session.resize(80, 24);
    session.until("a screen of 80x24", |output| {
        let contents = output.parser.screen().contents();
        contents.contains("TASK") && contents.contains("Relocate") && contents.lines().count() == 24
    });
    session.quit();
}

#[test]
fn cancelled_task_ends_cancelled() {
    let mut session = Session::start(120, 40, &["demo", "--speed", "4"]);
    session.shows("Relocate virtual machine");
    session.press("/");
    session.press("Clone virtual machine state:running");
    session.press("\r");
    session.hides("Relocate virtual machine");
    session.shows("yes ");
    session.press("c");
    session.shows("This operation can be cancelled.");
    session.press("\r");
    session.shows("Cancel “Clone virtual machine”");
    session.press("y");
    session.until("the server's answer", |output| {
        let contents = output.parser.screen().contents();
        contents.contains("accepted")
            || contents.contains("Cancellation requested")
            || contents.contains("cancelled")
    });
    session.press(ESCAPE);
    session.shows("⊘");
    session.quit();
}

#[test]
fn tiny_terminal_works() {
    let mut session = Session::start(20, 5, &["demo"]);
    session.until("any text", |output| {
        !output.parser.screen().contents().trim().is_empty()
    });
    session.resize(1, 1);
    session.resize(120, 40);
    session.shows("Relocate virtual machine");
    session.quit();
}

#[test]
fn server_texts_are_escaped_on_the_terminal() {
    let mut session = Session::start(160, 60, &["demo"]);
    session.shows("Relocate virtual machine");
    for keys in ["+", "G", "5", "1", "g"] {
        session.press(keys);
    }
    session.press("q");
    session.exits_cleanly();
    let output = session.output.0.lock().unwrap();
    let text = String::from_utf8(output.bytes.clone()).expect("nothing but UTF-8");
    for (index, _) in text.match_indices('\u{1b}') {
        let after: String = text[index + 1..].chars().take(12).collect();
        let is_ours = after.starts_with('[')
            || after.starts_with("]52")
            || after.starts_with("]11;?")
            || after.starts_with('\\')
            || after.starts_with(['7', '8', '(']);
        assert!(is_ours, "unexpected escape sequence: {after:?}");
    }
    assert!(!text.contains("\u{1b}]0;") && !text.contains("\u{1b}[2J\u{1b}[31m"));
}

#[test]
fn unreachable_server_is_shown() {
    let arguments = [
        "--url",
        "http://127.0.0.1:9",
        "--username",
        "ops",
        "--password-file",
        "Cargo.toml",
    ];
    let mut session = Session::start(120, 30, &arguments);
    session.shows("refused");
    session.quit();
}

#[test]
fn closed_terminal_ends_the_program() {
    // Without a reader on this side, closing the master closes the terminal.
    let pair = native_pty_system().openpty(size(80, 24)).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_vtask"));
    command.args(["demo"]);
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut output = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&output).contains("Relocate") {
        let read = reader.read(&mut buffer).unwrap();
        assert!(read > 0, "it draws before the terminal is closed");
        output.extend_from_slice(&buffer[..read]);
    }
    drop(reader);
    drop(pair.master);
    let end = Instant::now() + TIMEOUT;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < end, "it does not exit without a terminal");
        thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.exit_code(), 129, "{status:?}");
}
