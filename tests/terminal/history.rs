//! The history in a real pseudo-terminal: a task of yesterday opens like a current one.

use crate::support::pty::{Session, TerminalOutput};

fn line(output: &TerminalOutput, at: usize) -> String {
    let contents = output.parser.screen().contents();
    contents.lines().nth(at).unwrap_or_default().to_owned()
}

#[test]
fn history_is_searched_and_closed() {
    let mut session = Session::start(120, 30, &["demo"]);
    session.shows("live");
    session.shows("Relocate");
    session.press("H");
    session.until("the history", |output| {
        line(output, 0).starts_with(" HISTORY ") && line(output, 1).contains("QUEUED")
    });
    session.shows("so far, back to");
    // Of the current tasks only those queued in the period remain; the failed ones are requested from the server.
    session.press("/");
    session.press("\u{15}since:7d state:failed\r");
    session.shows("filtered on the server: time, state");
    session.until("failures only", |output| line(output, 2).contains('✗'));
    session.press("3");
    session.shows("Error");
    session.press("5");
    session.shows("TaskEvent");
    session.press("/");
    session.press("\u{15}since:8d until:9d\r");
    session.shows("must be before until:");
    session.press("\u{1b}");
    session.hides("must be before until:");
    session.press("H");
    session.shows("live");
    session.until("the live list", |output| {
        line(output, 0).starts_with(" vtask")
    });
    session.quit();
}
