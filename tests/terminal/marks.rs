//! Marked tasks and the timeline in a real pseudo-terminal.

use crate::support::pty::{ESCAPE, Session};

#[test]
fn marked_tasks_are_cancelled_with_one_confirmation() {
    let mut session = Session::start(120, 40, &["demo"]);
    session.shows("live");
    session.shows("Relocate");
    session.press("/is:cancelable\r");
    session.press("M");
    session.shows(" marked");
    session.press("M");
    session.hides(" marked");
    session.press("M");
    session.until("marks at the edge", |output| {
        let contents = output.parser.screen().contents();
        contents
            .lines()
            .filter(|line| line.starts_with('◆'))
            .count()
            >= 2
    });
    session.press("c");
    session.shows("marked tasks?");
    session.press("\r");
    session.shows("marked tasks?");
    session.press("y");
    session.shows("cancel requests sent");
    session.hides("◆");
    session.shows("is:cancelable");
    session.press("m");
    session.shows("1 marked");
    session.press(ESCAPE);
    session.hides("1 marked");
    session.shows("is:cancelable");
    session.press(ESCAPE);
    session.hides("is:cancelable");
    session.press("/state:cancelled\r");
    session.until("tasks that were cancelled", |output| {
        let contents = output.parser.screen().contents();
        contents.lines().any(|line| line.contains("cancelled"))
    });
    session.quit();
}

#[test]
fn timeline_opens_and_returns_to_the_list() {
    let mut session = Session::start(120, 40, &["demo"]);
    session.shows("live");
    session.shows("Relocate");
    session.press("T");
    session.shows("│now");
    session.shows("shown: all done by ~");
    session.press("+");
    session.press("\u{1b}[C");
    session.press("\u{1b}[B");
    session.press("\r");
    session.hides("│now");
    session.press("T");
    session.shows("│now");
    session.press("q");
    session.hides("│now");
    session.quit();
}
