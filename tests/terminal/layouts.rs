//! Position and size of the panels in a real pseudo-terminal.

use std::fs;

use crate::support::pty::{Session, TerminalOutput};

/// Returns the column of the border between list and details.
fn border(output: &TerminalOutput) -> Option<usize> {
    let contents = output.parser.screen().contents();
    let names = contents.lines().nth(1)?;
    let at = names.find("│ Overview")?;
    Some(names.get(..at)?.chars().count())
}

/// Returns the line of the tabs below the list.
fn tabs(output: &TerminalOutput) -> Option<usize> {
    let contents = output.parser.screen().contents();
    contents
        .lines()
        .position(|line| line.starts_with(" Overview"))
}

#[test]
fn layout_is_changed_by_key_and_mouse() {
    let mut session = Session::start(120, 30, &["demo"]);
    session.shows("live");
    session.shows("Relocate");
    session.until("details below", |output| tabs(output) == Some(21));
    session.press("v");
    session.until("details beside", |output| border(output) == Some(72));
    // Pressed on the border, moved, released; then moved without a button. Mouse coordinates start at 1.
    session.press(
        "\u{1b}[<0;73;9M\u{1b}[<32;66;12M\u{1b}[<32;61;12M\u{1b}[<0;61;12m\u{1b}[<35;90;12M",
    );
    session.until("a wider half", |output| border(output) == Some(60));
    session.press("}");
    session.until("a step back", |output| border(output) == Some(66));
    session.press("v");
    session.until("details only", |output| tabs(output) == Some(1));
    session.press("v");
    session.hides("Overview");
    session.press("v");
    session.until("below again", |output| tabs(output) == Some(21));
    session.press("\u{1b}[<0;10;21M\u{1b}[<32;10;11M\u{1b}[<0;10;11m");
    session.until("more below", |output| tabs(output) == Some(11));
    session.resize(120, 40);
    session.until("the same share", |output| tabs(output) == Some(14));
    session.quit();
}

#[test]
fn layout_is_read_from_the_config() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    let arguments = ["demo", "--config", config.to_str().unwrap()];
    fs::write(
        &config,
        "[defaults]\nlayout = \"beside\"\ndetails-size = 50\n",
    )
    .unwrap();
    let mut session = Session::start(120, 30, &arguments);
    session.until("details beside", |output| border(output) == Some(60));
    session.resize(80, 24);
    session.shows("Details beside the list need 100 columns; the screen has 80");
    session.until("details below", |output| tabs(output).is_some());
    session.resize(140, 24);
    session.until("beside again", |output| border(output) == Some(70));
    session.quit();
    fs::write(&config, "[defaults]\nlayout = \"besides\"\n").unwrap();
    let mut session = Session::start(120, 30, &arguments);
    session.shows("“besides” is not one of auto, below, beside; did you mean “beside”?");
    session.quit();
}

#[test]
fn summary_opens_tasks_and_filters() {
    let mut session = Session::start(80, 24, &["demo"]);
    session.shows("live");
    session.shows("Relocate");
    session.press("o");
    session.shows("OPERATIONS");
    session.shows("RUNNING LONGEST");
    session.press("\r");
    session.shows(" / op=");
    session.press("\u{1b}");
    session.hides(" / op=");
    session.press("o\t\r");
    session.hides("OPERATIONS");
    session.shows("Overview");
    session.press(":");
    session.shows("Commands");
    session.press("summary\r");
    session.shows("OPERATIONS");
    session.press("q");
    session.hides("OPERATIONS");
    session.quit();
}
