//! The report of what changed while the user was away.

use insta::assert_snapshot;

use super::{draw_text, panels::press};
use crate::app::{
    Event, PaneMode, Screen,
    test_support::{empty, fill, now},
    update,
};

fn returned(width: u16, height: u16) -> Screen {
    let mut state = empty(width, height);
    let left = now() - jiff::SignedDuration::from_mins(20);
    state.pane_mode = PaneMode::List;
    update(&mut state, Event::FocusLost, left);
    fill(&mut state);
    update(&mut state, Event::FocusGained, now());
    state
}

#[test]
fn report_is_above_the_list() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let mut state = returned(width, height);
        assert_snapshot!(format!("absence_{width}x{height}"), draw_text(&state));
        press(&mut state, "N");
        assert_snapshot!(format!("absence_shown_{width}x{height}"), draw_text(&state));
    }
}

#[test]
fn counts_take_precedence_over_the_keys() {
    let text = draw_text(&returned(60, 16));
    let line = text.lines().nth(1).unwrap();
    assert!(line.ends_with("expired"), "{line}");
    let text = draw_text(&returned(60, 5));
    assert!(!text.contains("Since"), "{text}");
}
