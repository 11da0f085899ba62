//! The panels in every layout.

use insta::assert_snapshot;

use super::{
    draw_text,
    panels::{labelled, press, watched},
};
use crate::{
    app::{DetailsPosition, PaneLayout, Screen},
    ui::tests::draw_buffer,
};

fn join_columns(mut state: Screen) -> Screen {
    state.pane_layout = PaneLayout::new(DetailsPosition::Beside, None);
    state
}

#[test]
fn details_beside_the_list() {
    assert_snapshot!("beside_100x24", draw_text(&join_columns(labelled(100, 24))));
    let mut state = join_columns(watched(120, 40));
    press(&mut state, "\n");
    assert_snapshot!("beside_120x40", draw_text(&state));
    press(&mut state, "2");
    assert_snapshot!("beside_lineage_120x40", draw_text(&state));
    press(&mut state, "}}}");
    assert_snapshot!("beside_smaller_120x40", draw_text(&state));
    // Low and wide: one below the other, only one of the panels would fit.
    assert_snapshot!("beside_120x9", draw_text(&labelled(120, 9)));
}

#[test]
fn details_move_below_without_space() {
    assert_eq!(
        draw_text(&join_columns(labelled(80, 24))),
        draw_text(&labelled(80, 24))
    );
    let mut narrow = labelled(80, 24);
    press(&mut narrow, "v");
    assert_snapshot!("details_only_80x24", draw_text(&narrow));
    press(&mut narrow, "v");
    assert_snapshot!("list_only_80x24", draw_text(&narrow));
    let mut below = labelled(200, 60);
    press(&mut below, "vvv");
    assert_snapshot!("below_200x60", draw_text(&below));
}

#[test]
fn scrollbar_is_on_the_border() {
    let mut state = join_columns(labelled(100, 12));
    state.options.ascii = true;
    let buffer = draw_buffer(&state);
    assert!(
        buffer.content.iter().all(
            |cell| cell.symbol().is_ascii() || cell.symbol().chars().all(char::is_alphanumeric)
        )
    );
    let border = state.layout().border;
    let bar: String = (border.y..border.bottom())
        .map(|y| buffer[(border.x, y)].symbol())
        .collect();
    assert_eq!(bar.trim(), bar);
    assert!(bar.contains('#') && bar.starts_with('|'), "{bar}");
}
