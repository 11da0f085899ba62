//! Keys, colors and commands in a real pseudo-terminal.

use std::fs;

use crate::support::pty::{ESCAPE, Session, TerminalOutput};
use vt100::Color;

/// Returns the background of the selected row (the first row of the list).
fn selection(output: &TerminalOutput) -> Option<Color> {
    Some(output.parser.screen().cell(2, 1)?.bgcolor())
}

const DARK: Color = Color::Rgb(0x28, 0x40, 0x5f);
const LIGHT: Color = Color::Rgb(0xcf, 0xe3, 0xfd);
const TRUE_COLOR: (&str, &str) = ("COLORTERM", "truecolor");

#[test]
fn background_color_selects_the_theme() {
    let mut session = Session::start_in(80, 24, &["demo"], &[TRUE_COLOR]);
    session.until("the background query", |output| {
        let text = String::from_utf8_lossy(&output.bytes);
        text.contains("\u{1b}]11;?\u{1b}\\")
    });
    session.shows("Relocate");
    session.until("dark colors", |output| selection(output) == Some(DARK));
    session.press("\u{1b}]11;rgb:fdfd/f6f6/e3e3\u{1b}\\");
    session.until("light colors", |output| selection(output) == Some(LIGHT));
    session.shows("Overview");
    session.quit();
}

#[test]
fn environment_or_option_selects_the_theme() {
    let light = [TRUE_COLOR, ("COLORFGBG", "0;15")];
    let high = [TRUE_COLOR, ("VTASK_THEME", "high-contrast-light")];
    let white = Color::Rgb(0xb8, 0xd8, 0xff);
    for (variables, color) in [(&light[..], LIGHT), (&high[..], white)] {
        let mut session = Session::start_in(80, 24, &["demo"], variables);
        session.shows("Relocate");
        session.until("its colors", |output| selection(output) == Some(color));
        session.quit();
    }
}

#[test]
fn sixteen_colors_and_no_color_are_supported() {
    let sixteen = [("TERM", "xterm")];
    let mut session = Session::start_in(80, 24, &["demo"], &sixteen);
    session.shows("Relocate");
    session.until("cyan", |output| selection(output) == Some(Color::Idx(6)));
    session.press("q");
    session.exits_cleanly();
    let none = [TRUE_COLOR, ("NO_COLOR", "1")];
    let mut session = Session::start_in(80, 24, &["demo"], &none);
    session.shows("Relocate");
    session.until("a reversed row", |output| {
        let cell = output.parser.screen().cell(2, 1).unwrap();
        cell.inverse() && cell.bgcolor() == Color::Default
    });
    session.press("q");
    session.exits_cleanly();
}

#[test]
fn command_palette_finds_by_name() {
    let mut session = Session::start(80, 24, &["demo"]);
    session.shows("live");
    session.press(":");
    session.shows("Commands");
    session.press("pause");
    session.shows("Pause or resume updates");
    session.press("\r");
    session.hides("Commands");
    session.shows("paused");
    session.press(":");
    session.shows("Commands");
    session.press(ESCAPE);
    session.hides("Commands");
    session.press(":quit\r");
    assert!(session.exits_cleanly().success());
}

#[test]
fn custom_keys_and_theme_are_used_and_problems_reported() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    fs::create_dir(directory.path().join("themes")).unwrap();
    let theme = "based-on = \"dark\"\n[selected]\nbg = \"#113322\"\n[failed]\nfg = \"rde\"\n";
    fs::write(directory.path().join("themes/mine.toml"), theme).unwrap();
    let text = "[defaults]\ntheme = \"mine\"\n[keys.screen]\nquit = [\"Q\"]\nhelp = [\"ö\"]\npinn = [\"ö\"]\n";
    fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let mut session = Session::start_in(120, 30, &["demo", "--config", config], &[TRUE_COLOR]);
    session.shows("2 problems in the config file");
    session.until("the custom color", |output| {
        selection(output) == Some(Color::Rgb(0x11, 0x33, 0x22))
    });
    session.press("n");
    session.shows("did you mean “pin”?");
    session.shows("line 5: [failed] fg: “rde” is not a color");
    session.press(ESCAPE);
    session.hides("did you mean");
    session.press("qö");
    session.shows("Show the keys");
    session.press(ESCAPE);
    session.hides("Show the keys");
    session.press("Q");
    assert!(session.exits_cleanly().success());
}

#[test]
fn curl_command_is_copied_and_rows_are_exported() {
    let directory = tempfile::tempdir().unwrap();
    let clip = directory.path().join("clip");
    let config = directory.path().join("config.toml");
    let text = format!(
        "[defaults]\nclipboard-command = \"cat > '{}'\"\n",
        clip.display()
    );
    fs::write(&config, text).unwrap();
    let arguments = ["demo", "--config", config.to_str().unwrap()];
    let mut session = Session::start(80, 24, &arguments);
    session.shows("live");
    session.shows("Relocate");
    session.press("y");
    session.shows("curl --silent");
    session.press("\u{1b}[B\u{1b}[B\u{1b}[B\u{1b}[B\u{1b}[B\r");
    session.shows("Copied curl command");
    session.press("w");
    session.shows("save rows as vtask-");
    let sheet = directory.path().join("rows.csv");
    session.press(&format!("\u{15}{}\r", sheet.display()));
    session.until("the file", |_| sheet.exists());
    session.press("w");
    session.shows("save rows as vtask-");
    session.press(&format!("\u{15}{}\r", sheet.display()));
    session.shows("already exists; choose");
    session.quit();
    let copied = fs::read_to_string(clip).unwrap();
    assert!(copied.contains("/Task/task-") && copied.contains("$VTASK_SESSION"));
    let sheet = fs::read_to_string(sheet).unwrap();
    assert!(sheet.starts_with("moId,status,") && sheet.lines().count() > 5);
}

#[test]
fn copied_text_is_sent_to_the_terminal() {
    let mut session = Session::start(80, 24, &["demo"]);
    session.shows("live");
    session.shows("Relocate");
    session.press("Y");
    session.until("an OSC 52 with a task's id", |output| {
        // “task-” in base64.
        String::from_utf8_lossy(&output.bytes).contains("\u{1b}]52;c;dGFzay")
    });
    session.quit();
}

#[test]
fn past_is_shown_and_left() {
    const COPY: &str = "─ ▶ Copy disk";
    let mut session = Session::start(80, 24, &["demo", "--speed", "20"]);
    session.shows("live");
    session.shows("Relocate");
    session.shows(COPY);
    // There is a past once the progress of a copied disk has changed.
    let percent = |line: &str| {
        let mut words = line.split_whitespace();
        words.find(|word| word.ends_with('%')).map(str::to_owned)
    };
    let before = percent(&session.line(COPY));
    session.until("another progress", |output| {
        let contents = output.parser.screen().contents();
        let line = contents.lines().find(|line| line.contains(COPY));
        line.and_then(percent) != before
    });
    session.press("p");
    session.shows("paused");
    session.press("<");
    session.shows(" paused 20");
    session.press("<<c");
    session.shows("Not available in the past");
    session.shows(" paused 20");
    session.press("0");
    session.hides(" paused 20");
    session.press("[");
    session.shows(" paused 20");
    session.press(ESCAPE);
    session.hides(" paused 20");
    session.quit();
}

#[test]
fn rows_are_sorted_by_several_columns() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    fs::write(&config, "[defaults]\nsort = [\"stat\", \"-elapsed\"]\n").unwrap();
    let config = config.to_str().unwrap();
    let mut session = Session::start(80, 24, &["demo", "--config", config]);
    session.shows("live");
    session.shows("ELAPSED▼");
    session.press("n");
    session.shows("unknown sort column “stat”");
    session.press(ESCAPE);
    session.hides("unknown sort column");
    session.press("s");
    session.shows("Sort by");
    session.press("gj \u{1b}[B\u{1b}[B\u{1b}[B S");
    session.shows("Target ▼³");
    session.shows("State ▲²");
    session.press(ESCAPE);
    session.hides("Sort by");
    session.shows("ELAPSED▼¹");
    session.shows("TARGET ▼³");
    session.shows("by State ▲²");
    session.quit();
    let mut session = Session::start(80, 24, &["demo", "--sort", "-progress"]);
    session.shows("PROGRESS ▼");
    session.quit();
}

#[test]
fn columns_are_set_by_config_and_editor() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    let text = "[columns]\nall = [\"id\", \"stat\", \"task\"]\n";
    fs::write(&config, text).unwrap();
    let arguments = ["demo", "--config", config.to_str().unwrap()];
    let mut session = Session::start(80, 24, &arguments);
    session.shows("live");
    session.shows("TASK ID    TASK");
    session.press("n");
    session.shows("line 2: [columns] all: unknown column “stat”");
    session.press(ESCAPE);
    session.hides("unknown column");
    session.press("C");
    session.shows("Columns");
    // The entry two further down is the state.
    session.press("jj <");
    session.shows("TASK ID    STATE");
    session.press("y");
    session.shows("[\"id\", \"state\", \"task\"]");
    session.press("r");
    session.shows("TASK ID    TASK");
    session.press(ESCAPE);
    session.hides("Columns");
    session.quit();
}

#[test]
fn flat_list_is_grouped() {
    let mut session = Session::start(80, 24, &["demo"]);
    session.shows("live");
    session.shows("Relocate");
    session.press("bbb");
    session.shows("grouped by user");
    session.press("g");
    session.shows("Tasks ");
    session.press("-");
    session.shows("▸ ");
    session.press("gc");
    session.shows("one of its tasks");
    session.press(" ");
    session.shows("▾ ");
    session.press("b");
    session.shows("grouped by operation");
    for group in ["vCenter", "host", "cluster"] {
        session.press("b");
        session.shows(&format!("grouped by {group}"));
    }
    session.press("b");
    session.hides("grouped by");
    session.quit();
}
