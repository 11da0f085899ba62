//! Reports changes made while the terminal had no focus, and between two runs.

use std::{fs, path::Path, time::Duration};

use vtask::simulator::{Control, Options, Simulator, scenario::Scenario};

use crate::support::pty::{ESCAPE, Session};

const FOCUS_LOST: &str = "\u{1b}[O";
const FOCUS_GAINED: &str = "\u{1b}[I";
/// Time after which the clone of the scenario, which runs from the start, has ended.
const CLONE_ENDS: Duration = Duration::from_secs(6 * 60);

/// Starts a vCenter whose clock is advanced by hand.
async fn start_server() -> (Simulator, Control) {
    let options = Options::new(Scenario::load("quiet").unwrap()).manual();
    let simulator = Simulator::start(options).await.unwrap();
    let control = simulator.control();
    (simulator, control)
}

fn watch(simulator: &Simulator, state: &Path) -> Session {
    let url = simulator.url();
    let words = ["--url", &url, "--username", "ops"];
    let environment = [
        ("VTASK_PASSWORD", "any"),
        ("XDG_STATE_HOME", state.to_str().unwrap()),
    ];
    let session = Session::start_in(100, 24, &words, &environment);
    session.shows("till-01");
    session.shows("live");
    session
}

#[tokio::test(flavor = "multi_thread")]
async fn report_appears_without_focus_and_opens_the_list() {
    let (simulator, control) = start_server().await;
    let state = tempfile::tempdir().unwrap();
    let mut session = watch(&simulator, state.path());
    session.press(FOCUS_LOST);
    control.advance(CLONE_ENDS);
    session.until("the report", |output| {
        let contents = output.parser.screen().contents();
        let line = contents.lines().nth(1).unwrap_or_default();
        line.starts_with(" Since ") && line.contains(" finished") && line.contains("N show")
    });
    session.press(FOCUS_GAINED);
    session.press("N");
    session.shows("all tasks");
    session.shows("till-01");
    session.press(ESCAPE);
    session.hides(" Since ");
    session.quit();
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn next_run_reports_tasks_that_ended_since_the_last_run() {
    let (simulator, control) = start_server().await;
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("vtask/last-seen");
    for end in ["q", "\u{3}"] {
        let mut session = watch(&simulator, state.path());
        session.press(end);
        session.exits_cleanly();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(&simulator.url()), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    control.advance(CLONE_ENDS);
    let mut session = watch(&simulator, state.path());
    session.until("the report", |output| {
        let contents = output.parser.screen().contents();
        let line = contents.lines().nth(1).unwrap_or_default();
        line.starts_with(" Since ") && line.contains(" finished")
    });
    session.press(ESCAPE);
    session.hides(" Since ");
    session.press("q");
    session.exits_cleanly();
    fs::write(&file, b"\xff\x00 later format").unwrap();
    let mut session = watch(&simulator, state.path());
    session.press("q");
    session.exits_cleanly();
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 1);
    simulator.stop().await;
}

#[test]
fn demo_saves_nothing() {
    let state = tempfile::tempdir().unwrap();
    let environment = [("XDG_STATE_HOME", state.path().to_str().unwrap())];
    let mut session = Session::start_in(80, 24, &["demo"], &environment);
    session.shows("live");
    session.press("q");
    session.exits_cleanly();
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
}
