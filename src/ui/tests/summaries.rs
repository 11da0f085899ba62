//! The summary page.

use insta::assert_snapshot;

use super::{
    draw_buffer, draw_text,
    panels::{labelled, press, watched},
};
use crate::app::{
    Screen,
    test_support::{empty, twins},
};

fn summed(mut state: Screen) -> Screen {
    press(&mut state, "o");
    state
}

#[test]
fn summary() {
    assert_snapshot!("summary_80x24", draw_text(&summed(labelled(80, 24))));
    assert_snapshot!("summary_120x40", draw_text(&summed(watched(120, 40))));
    assert_snapshot!("summary_200x60", draw_text(&summed(watched(200, 60))));
    assert_snapshot!("summary_40x12", draw_text(&summed(labelled(40, 12))));
    assert_snapshot!("summary_20x5", draw_text(&summed(labelled(20, 5))));
    assert_snapshot!("summary_several_160x30", draw_text(&summed(twins(160, 30))));
    assert_snapshot!("summary_empty_80x24", draw_text(&summed(empty(80, 24))));
}

#[test]
fn selected_summary_entry_is_visible() {
    let mut state = summed(labelled(80, 24));
    press(&mut state, "G");
    let text = draw_text(&state);
    assert!(text.contains("STARTED BY"), "{text}");
    assert!(!text.contains("OPERATIONS"), "{text}");
}

#[test]
fn summary_fits_every_size() {
    for width in (0..60).chain([79, 139, 140, 199]) {
        for height in 0..12 {
            let mut state = summed(labelled(width, height));
            draw_buffer(&state);
            press(&mut state, "G");
            draw_buffer(&state);
        }
    }
    let mut ascii = summed(labelled(120, 30));
    ascii.options.ascii = true;
    let buffer = draw_buffer(&ascii);
    let plain = |text: &str| text.is_ascii() || text.chars().all(char::is_alphanumeric);
    assert!(buffer.content.iter().all(|cell| plain(cell.symbol())));
}
