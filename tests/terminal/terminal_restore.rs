//! Tests that the terminal is restored on every exit: main screen, cursor, no mouse capture, no raw mode.
//!
//! Not covered, because only a signal handler in unsafe code could restore it: SIGKILL, and `abort` without a panic.

use std::{
    env,
    io::{self, Read},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use vtask::{
    app::{
        filter_history::FilterHistoryFile, last_seen_times::LastSeenFile,
        progress_curve_file::ProgressCurveFile, saved_filter_file::SavedFilterFile,
    },
    tui::{StateFiles, TerminalGuard},
};

use crate::support::pty::Session;

/// Environment variable that selects how the child process ends.
const EXIT_BY: &str = "VTASK_TEST_EXIT_BY";

/// Starts the demo and waits until it has set the terminal modes.
fn demo() -> Session {
    let session = Session::start(80, 24, &["demo"]);
    session.shows("live");
    assert_modes_set(&session);
    session
}

/// Waits until the terminal modes are set.
fn assert_modes_set(session: &Session) {
    session.until("the terminal modes", |output| {
        let screen = output.parser.screen();
        screen.alternate_screen()
            && screen.bracketed_paste()
            && output.reports_focus()
            && screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None
    });
    assert!(session.is_raw());
}

#[test]
fn restored_after_quit() {
    let mut session = demo();
    session.quit();
}

#[test]
fn restored_after_ctrl_c() {
    let mut session = demo();
    session.press("\u{3}");
    assert_eq!(session.exits_cleanly().exit_code(), 130);
}

#[test]
fn restored_after_signals() {
    for (signal, code) in [
        (Signal::INT, 130),
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::QUIT, 143),
    ] {
        let mut session = demo();
        let process = session.child.process_id().unwrap();
        let process = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
        kill_process(process, signal).unwrap();
        assert_eq!(session.exits_cleanly().exit_code(), code, "{signal:?}");
    }
}

/// Starts [`child_program`] so that it ends in the given way, and waits for its end.
fn run_child(exit_by: &str) -> Session {
    let tests = env::current_exe().unwrap();
    let arguments = [
        "--exact",
        "terminal::terminal_restore::child_program",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    let tests = tests.to_str().unwrap();
    let environment = [(EXIT_BY, exit_by), ("RUST_BACKTRACE", "0")];
    let mut session = Session::of_program(tests, 80, 40, &arguments, &environment);
    assert_modes_set(&session);
    session.press("x");
    assert!(!session.exits_cleanly().success(), "{exit_by}");
    session
}

/// Asserts that a panic was reported after the terminal had been restored.
fn assert_reported(session: &Session, report: &str) {
    let output = session.output.0.lock().unwrap();
    let text = String::from_utf8_lossy(&output.bytes);
    let (_, after) = text.split_once("\u{1b}[?1049l").unwrap();
    assert!(after.contains(report), "{after}");
}

#[test]
fn restored_after_panic() {
    assert_reported(&run_child("panic"), "the end of the program");
}

#[test]
fn restored_after_panic_of_another_thread() {
    assert_reported(&run_child("thread"), "the end of a thread");
}

#[test]
fn restored_after_panic_within_a_panic() {
    assert_reported(&run_child("abort"), "the end of the program");
}

/// Sets the terminal modes until a key is pressed, then ends as the environment variable requests.
#[test]
#[ignore = "the program that other tests start"]
fn child_program() {
    struct PanicOnDrop;

    impl Drop for PanicOnDrop {
        fn drop(&mut self) {
            panic!("a panic within a panic");
        }
    }

    let Ok(exit_by) = env::var(EXIT_BY) else {
        return;
    };
    let nothing = |_: &str| None;
    let files = StateFiles {
        filter_history: FilterHistoryFile::from_environment(nothing),
        saved_filters: SavedFilterFile::from_environment(nothing),
        last_seen: LastSeenFile::default(),
        progress_curves: ProgressCurveFile::default(),
    };
    let session = TerminalGuard::enter(files, None).unwrap();
    io::stdin().read_exact(&mut [0]).unwrap();
    match exit_by.as_str() {
        "thread" => {
            let thread = thread::spawn(|| panic!("the end of a thread"));
            assert!(thread.join().is_ok());
        }
        "abort" => {
            let _first = PanicOnDrop;
            panic!("the end of the program");
        }
        _ => panic!("the end of the program"),
    }
    drop(session);
}
