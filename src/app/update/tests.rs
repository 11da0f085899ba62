//! Keys, clicks and updates, without a terminal.

mod added_tasks;
mod away_report;
mod grouping;
mod keys;
mod list;
mod locations;
mod mouse;
mod new_failures;
mod notifications;
mod panes;
mod playback;
mod server_update;

use crate::app::{event::ExitReason, test_support::*};

#[test]
fn ctrl_c_quits_from_everywhere() {
    for keys in ["", "c", "?", "s", "/x", "a", "<enter>", "z"] {
        let mut state = busy(80, 24);
        press(&mut state, keys);
        let effects = control(&mut state, 'c');
        assert!(
            effects.contains(&Effect::Quit(ExitReason::Interrupted)),
            "after {keys}"
        );
    }
    let mut state = busy(80, 24);
    assert_eq!(press(&mut state, "q"), [Effect::Quit(ExitReason::Quit)]);
}

#[test]
fn escape_steps_back() {
    let mut state = busy(80, 24);
    press(&mut state, "/db<enter><enter>");
    assert_eq!(state.pane_mode, PaneMode::Both(Focus::Details));
    press(&mut state, "<esc>");
    assert_eq!(state.pane_mode, PaneMode::Both(Focus::List));
    assert_eq!(state.view().row_model.view().filter.text(), "db");
    press(&mut state, "<esc>");
    assert!(state.view().row_model.view().filter.is_empty());
}

#[test]
fn tabs_wrap_around() {
    let mut state = busy(80, 24);
    press(&mut state, "6");
    assert_eq!(state.tab, Tab::Json);
    press(&mut state, "<tab>");
    assert_eq!(state.tab, Tab::Overview);
    press(&mut state, "<enter><left>");
    assert_eq!(state.tab, Tab::Json);
}

#[test]
fn details_scroll_stops_at_the_end() {
    let mut state = busy(80, 24);
    press(&mut state, "5<enter>");
    state.frame.details_end = 7;
    press(&mut state, "<end><down><down><pgdn>");
    assert_eq!(state.view().details.top, 7);
    press(&mut state, "<up>");
    assert_eq!(state.view().details.top, 6);
    press(&mut state, "<esc><down>");
    assert_eq!(
        state.view().details.top,
        0,
        "another task begins at the top"
    );
}

#[test]
fn selecting_a_tab_shows_the_details_on_a_low_screen() {
    let mut state = busy(80, 8);
    press(&mut state, "2");
    assert_eq!(state.pane_mode, PaneMode::Both(Focus::Details));
}

#[test]
fn zoom_toggles() {
    let mut state = busy(80, 24);
    press(&mut state, "z");
    assert_eq!(state.pane_mode, PaneMode::Details);
    press(&mut state, "z");
    assert_eq!(state.pane_mode, PaneMode::Both(Focus::List));
    press(&mut state, "<enter><esc>");
    assert_eq!(state.pane_mode, PaneMode::Both(Focus::List));
    press(&mut state, "dd");
    assert_eq!(state.pane_mode, PaneMode::Both(Focus::List));
}

#[test]
fn copies_the_contents_of_the_open_tab() {
    let mut state = busy(80, 24);
    assert_eq!(state.tab, Tab::Overview);
    assert_eq!(press(&mut state, "Y"), [Effect::Copy("task-4711".into())]);
    press(&mut state, "/4740<enter>3");
    let copied = press(&mut state, "Y");
    let [Effect::Copy(text)] = &copied[..] else {
        panic!("{copied:?}");
    };
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("InsufficientHostCpuCapacityFault: Not enough"));
    assert!(lines.contains(&"  unreserved: 1200"), "{text}");
    assert!(text.contains("caused by NotEnoughCpus") && text.contains("caused by SystemError"));
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn pause_and_refresh_are_sent_to_every_server() {
    let mut state = busy(80, 24);
    assert_eq!(
        press(&mut state, "p"),
        [Effect::Send(HERE, Command::Pause(true))]
    );
    assert_eq!(
        press(&mut state, "p"),
        [Effect::Send(HERE, Command::Pause(false))]
    );
    assert_eq!(
        press(&mut state, "r"),
        [Effect::Send(HERE, Command::Refresh(Vec::new()))]
    );
    press(&mut state, "pr");
    let notifications = state.notifications.iter();
    let texts: Vec<_> = notifications.map(|found| &*found.text).collect();
    assert!(texts.contains(&"Refreshing"), "{texts:?}");
    assert!(texts.contains(&"Updates are paused"), "{texts:?}");
}

#[test]
fn all_keys_work_without_a_connection() {
    let all =
        "jkgG<enter><left><right><space>-+c/x<enter><esc>sSt*xrpdz<tab>12345y?<esc>n<esc>a<enter>";
    let mut state = Screen::new(Options::default(), []);
    press(&mut state, all);
    let mut state = crate::app::test_support::connecting(0, 0);
    press(&mut state, all);
}
