//! Filters in a real pseudo-terminal: typed, corrected, dismissed, saved under a name.

use crate::support::pty::{ESCAPE, Session};

#[test]
fn filter_applies_while_typing_and_marks_errors() {
    let mut session = Session::start(80, 24, &["demo"]);
    session.shows("live");
    session.shows("Relocate");
    session.shows("Export OVF template");
    session.press("/reloc");
    session.hides("Export OVF template");
    session.shows("Relocate virtual machine");
    session.shows(" /reloc");
    session.shows(" of ");
    session.press(" statt:failed");
    session.shows("did you mean “state”?");
    session.shows("incomplete");
    // The marker is below the error.
    session.until("the marker below the error", |output| {
        let contents = output.parser.screen().contents();
        let lines: Vec<&str> = contents.lines().collect();
        let typed = lines.iter().rposition(|line| line.contains(" /reloc"));
        let column = |line: &str, part: &str| line.find(part).map(|at| line[..at].chars().count());
        typed.is_some_and(|at| {
            let below = lines.get(at + 1).copied().unwrap_or_default();
            column(lines[at], "statt").is_some()
                && column(lines[at], "statt") == column(below, "^^^^^")
        })
    });
    session.press(ESCAPE);
    session.hides("did you mean");
    session.shows("Export OVF template");
    session.press("/sta\tfai\t\r");
    session.shows(" / state:failed ");
    session.press("/\u{15}\u{1b}[A");
    session.shows(" /state:failed");
    session.press("\r");
    session.shows(" / state:failed ");
    session.press(ESCAPE);
    session.hides("state:failed");
    session.quit();
}

#[test]
fn saved_filter_is_kept_for_the_next_run() {
    let directory = tempfile::tempdir().unwrap();
    let state = ("XDG_STATE_HOME", directory.path().to_str().unwrap());
    let mut session = Session::start_in(80, 24, &["demo"], &[state]);
    session.shows("live");
    session.shows("Relocate");
    session.press("f");
    session.shows("No saved filters");
    session.press(ESCAPE);
    session.hides("No saved filters");
    session.press("/target:db-*\r");
    session.shows(" / target:db-* ");
    session.press("fs");
    session.shows("save filter as @");
    session.press("db\r");
    session.shows("Saved as @db: target:db-*");
    session.quit();
    let mut session = Session::start_in(80, 24, &["demo"], &[state]);
    session.shows("live");
    session.shows("Export OVF template");
    session.press("f");
    session.shows("target:db-*");
    session.press("G\r");
    session.shows(" / @db ");
    session.hides("Export OVF template");
    session.quit();
}
