//! Groups of the flat list.

use insta::assert_snapshot;

use super::{
    draw_text,
    panels::{labelled, press},
};
use crate::{app::test_support::twins, task::row_model::GroupBy};

#[test]
fn groups() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        for (number, by) in GroupBy::ALL.into_iter().take(5).enumerate() {
            let mut state = labelled(width, height);
            press(&mut state, &"b".repeat(number + 1));
            press(&mut state, "g");
            let name = format!("by_{}_{width}x{height}", by.name());
            assert_snapshot!(name, draw_text(&state));
        }
    }
    for (width, height) in [(20, 5), (3, 3), (1, 1), (40, 12)] {
        let mut state = labelled(width, height);
        press(&mut state, "bbb");
        draw_text(&state);
    }
}

#[test]
fn collapsed_group_in_ascii() {
    let mut state = labelled(80, 24);
    state.options.ascii = true;
    press(&mut state, "bbb-z");
    let text = draw_text(&state);
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!("details_ascii_80x24", text);
    press(&mut state, "z");
    assert_snapshot!("closed_ascii_80x24", draw_text(&state));
}

#[test]
fn groups_of_two_servers() {
    let mut state = twins(120, 24);
    press(&mut state, "bb");
    assert_snapshot!("several_120x24", draw_text(&state));
}
