//! Tests of drawing on absurd terminal sizes, at start and after a resize.

use crate::support::pty::Session;

#[test]
fn largest_size_is_drawn() {
    let mut session = Session::start(u16::MAX, u16::MAX, &["demo"]);
    session.shows("Relocate virtual machine");
    session.press("?");
    session.shows(" Keys ");
    session.press("q");
    session.quit();
}

#[test]
fn resizing_to_the_largest_size_and_back_works() {
    let mut session = Session::start(80, 24, &["demo"]);
    session.shows("Relocate virtual machine");
    for (columns, rows) in [(u16::MAX, u16::MAX), (u16::MAX, 1), (1, u16::MAX)] {
        session.resize(columns, rows);
        session.press("?");
        session.resize(100, 30);
        session.shows(" Keys ");
        session.press("q");
        session.hides(" Keys ");
    }
    session.quit();
}
