//! The history view.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;

use super::draw_text;
use crate::{
    app::{
        Event, Screen,
        test_support::{HERE, THERE, apply_change, apply_update, busy, now, past_page, twins},
        update,
    },
    watch::{HistoryPage, Update},
};

fn press(state: &mut Screen, keys: &str) {
    for character in keys.chars() {
        let code = match character {
            '\n' => KeyCode::Enter,
            character => KeyCode::Char(character),
        };
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        update(state, Event::Key(key), now());
    }
}

fn page(state: &mut Screen, page: Result<HistoryPage, &str>) {
    let search = state.views.history().unwrap().number;
    let page = page.map_err(Into::into);
    apply_update(state, Update::HistoryPage { search, page });
}

fn history(width: u16, height: u16) -> Screen {
    let mut state = busy(width, height);
    press(&mut state, "H");
    page(&mut state, Ok(past_page(900, 100)));
    state
}

#[test]
fn history_view() {
    assert_snapshot!("history_80x24", draw_text(&history(80, 24)));
    assert_snapshot!("history_120x40", draw_text(&history(120, 40)));
    assert_snapshot!("history_20x5", draw_text(&history(20, 5)));
    let mut state = history(80, 24);
    state.options.ascii = true;
    assert_snapshot!("history_ascii", draw_text(&state));
}

#[test]
fn history_progress() {
    let mut state = busy(120, 24);
    press(&mut state, "H");
    assert_snapshot!("history_loading", draw_text(&state));
    page(&mut state, Ok(past_page(900, 3)));
    assert_snapshot!("history_reading_on", draw_text(&state));
    let end = HistoryPage {
        unreadable: 2,
        is_end: true,
        ..past_page(800, 2)
    };
    page(&mut state, Ok(end));
    assert_snapshot!("history_end", draw_text(&state));
    press(&mut state, "/ op:nothing");
    assert_snapshot!("history_typing", draw_text(&state));
    press(&mut state, "\n");
    assert_snapshot!("history_no_match", draw_text(&state));
    press(
        &mut state,
        "/ until:2026-09-21T08:00:00Z state:failed user=LAB\\kim\n",
    );
    page(
        &mut state,
        Ok(HistoryPage {
            is_end: true,
            ..past_page(0, 0)
        }),
    );
    assert_snapshot!("history_nothing", draw_text(&state));
}

#[test]
fn history_errors() {
    let reason = "NotSupported: The operation is not supported on the object. This server keeps no task history; a \
                  vCenter does, an ESXi host does not.";
    for (name, width) in [("history_failed_80x24", 80), ("history_failed_120x24", 120)] {
        let mut state = busy(width, 24);
        press(&mut state, "H");
        page(&mut state, Err(reason));
        assert_snapshot!(name, draw_text(&state));
    }
    let mut state = history(120, 24);
    page(&mut state, Err(reason));
    assert_snapshot!("history_failed_later", draw_text(&state));
}

#[test]
fn history_of_several_servers() {
    let mut state = twins(120, 24);
    press(&mut state, "H");
    let search = state.views.history().unwrap().number;
    for server in [HERE, THERE] {
        let page = Ok(past_page(900, 3));
        apply_change(&mut state, server, Update::HistoryPage { search, page });
    }
    assert_snapshot!("history_several", draw_text(&state));
}
