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

use crate::pty_support::Session;

/// Environment variable that selects how the child process ends.
const ENDS_BY: &str = "VTASK_TEST_ENDS_BY";

/// Starts the demo and waits until it has set the terminal modes.
fn demo() -> Session {
    let session = Session::start(80, 24, &["demo"]);
    session.shows("live");
    assert_held(&session);
    session
}

/// Checks that the modes are set before the test of restoring them.
fn assert_held(session: &Session) {
    session.until("a terminal that is held", |seen| {
        let screen = seen.parser.screen();
        screen.alternate_screen()
            && screen.bracketed_paste()
            && seen.reports_focus()
            && screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None
    });
    assert!(session.is_raw());
}

#[test]
fn quitting() {
    let mut session = demo();
    session.press("q");
    assert!(session.ends_cleanly().success());
}

#[test]
fn ctrl_c() {
    let mut session = demo();
    session.press("\u{3}");
    assert_eq!(session.ends_cleanly().exit_code(), 130);
}

#[test]
fn signals() {
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
        assert_eq!(session.ends_cleanly().exit_code(), code, "{signal:?}");
    }
}

/// Starts [`program`] so that it ends in the given way, and waits for its end.
fn ends_by(way: &str) -> Session {
    let tests = env::current_exe().unwrap();
    let arguments = [
        "--exact",
        "restoring::program",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    let tests = tests.to_str().unwrap();
    let environment = [(ENDS_BY, way), ("RUST_BACKTRACE", "0")];
    let mut session = Session::of_program(tests, 80, 40, &arguments, &environment);
    assert_held(&session);
    session.press("x");
    assert!(!session.ends_cleanly().success(), "{way}");
    session
}

/// A panic report is readable: it is printed after the terminal was restored.
fn assert_reported(session: &Session, report: &str) {
    let seen = session.seen.0.lock().unwrap();
    let text = String::from_utf8_lossy(&seen.bytes);
    let (_, after) = text.split_once("\u{1b}[?1049l").unwrap();
    assert!(after.contains(report), "{after}");
}

#[test]
fn panic() {
    assert_reported(&ends_by("panic"), "the end of the program");
}

#[test]
fn panic_of_another_thread() {
    assert_reported(&ends_by("thread"), "the end of a thread");
}

#[test]
fn panic_within_a_panic() {
    assert_reported(&ends_by("abort"), "the end of the program");
}

/// Sets the terminal modes until a key is pressed, then ends as the environment variable requests.
#[test]
#[ignore = "the program that other tests start"]
fn program() {
    struct PanicsToo;

    impl Drop for PanicsToo {
        fn drop(&mut self) {
            panic!("the end within the end");
        }
    }

    let Ok(way) = env::var(ENDS_BY) else { return };
    let nothing = |_: &str| None;
    let files = StateFiles {
        filter_history: FilterHistoryFile::from_environment(nothing),
        saved_filters: SavedFilterFile::from_environment(nothing),
        last_seen: LastSeenFile::default(),
        progress_curves: ProgressCurveFile::default(),
    };
    let session = TerminalGuard::enter(files, None).unwrap();
    io::stdin().read_exact(&mut [0]).unwrap();
    match way.as_str() {
        "thread" => {
            let thread = thread::spawn(|| panic!("the end of a thread"));
            assert!(thread.join().is_ok());
        }
        "abort" => {
            let _first = PanicsToo;
            panic!("the end of the program");
        }
        _ => panic!("the end of the program"),
    }
    drop(session);
}
