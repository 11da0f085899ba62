//! The timeline and marked tasks.

use insta::assert_snapshot;

use super::{
    draw_buffer, draw_text,
    panels::{labelled, press, watched},
};
use crate::{
    app::{
        Screen,
        test_support::{busy, choose, empty, now, twins},
    },
    ui::{Appearance, Role},
};

/// Opens the timeline and brings it up to date like the event loop.
fn opened(mut state: Screen, keys: &str) -> Screen {
    press(&mut state, "T");
    press(&mut state, keys);
    let displayed = now();
    state.refresh_insights(displayed);
    state
}

#[test]
fn timeline() {
    assert_snapshot!("timeline_80x24", draw_text(&opened(labelled(80, 24), "")));
    assert_snapshot!("timeline_120x40", draw_text(&opened(watched(120, 40), "")));
    assert_snapshot!("timeline_200x50", draw_text(&opened(watched(200, 50), "")));
    assert_snapshot!("timeline_40x12", draw_text(&opened(labelled(40, 12), "")));
    assert_snapshot!("timeline_20x5", draw_text(&opened(labelled(20, 5), "")));
    assert_snapshot!("timeline_empty", draw_text(&opened(empty(80, 24), "")));
    assert_snapshot!("timeline_several", draw_text(&opened(twins(120, 24), "")));
    assert_snapshot!(
        "timeline_later",
        draw_text(&opened(labelled(80, 24), "+lll"))
    );
    let mut ascii = labelled(80, 24);
    ascii.options.ascii = true;
    assert_snapshot!("timeline_ascii", draw_text(&opened(ascii, "m")));
    let mut groups = labelled(120, 24);
    press(&mut groups, "bbb");
    assert_snapshot!("timeline_groups", draw_text(&opened(groups, "")));
}

#[test]
fn marked_rows() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let mut state = labelled(width, height);
        for id in ["task-4711", "task-4713", "task-4740"] {
            choose(&mut state, id);
            press(&mut state, "m");
        }
        let name = format!("marked_{width}x{height}");
        assert_snapshot!(name, draw_text(&state));
        press(&mut state, "c");
        let name = format!("cancel_marked_{width}x{height}");
        assert_snapshot!(name, draw_text(&state));
        let timeline = opened(
            {
                press(&mut state, "\u{1b}");
                state
            },
            "",
        );
        let text = draw_text(&timeline);
        assert!(text.contains("3 marked: all done by ~"), "{text}");
    }
}

#[test]
fn marks_and_bars_are_ascii_and_not_only_colors() {
    let mut state = labelled(120, 40);
    state.options.ascii = true;
    choose(&mut state, "task-4740");
    press(&mut state, "m");
    let text = draw_text(&state);
    let row = text.lines().find(|line| line.contains("web-11")).unwrap();
    assert!(row.starts_with('#'), "{row}");
    assert!(text.contains("# 1 marked"), "{text}");
}

#[test]
fn read_only_confirmation_has_no_actions() {
    let mut state = labelled(80, 24);
    state.options.read_only = true;
    press(&mut state, "Mc");
    let text = draw_text(&state);
    assert!(
        text.contains("None of the 12 marked tasks can be cancelled."),
        "{text}"
    );
    assert!(
        text.contains("Read-only: cancelling is disabled."),
        "{text}"
    );
    assert!(!text.contains("cancel marked tasks"), "{text}");
}

#[test]
fn confirmation_names_the_vcenter_if_there_are_several() {
    let mut state = twins(120, 24);
    press(&mut state, "Mc");
    let text = draw_text(&state);
    for name in ["lab/task-1", "branch/task-1"] {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn timeline_fits_every_size() {
    for width in (0..24).chain([40, 79, 99, 100, 199]) {
        for height in (0..8).chain([12]) {
            let state = opened(labelled(width, height), "G");
            draw_buffer(&state);
            let mut state = opened(twins(width, height), "---hhhh");
            draw_buffer(&state);
            press(&mut state, "Mc");
            draw_buffer(&state);
        }
    }
}

#[test]
fn now_line_marks_the_displayed_time() {
    let state = opened(busy(120, 30), "");
    let buffer = draw_buffer(&state);
    let focus = Appearance::new(&state.options).style(Role::Focus);
    let line = |y: u16| {
        let mut columns = 0..buffer.area.width;
        columns.find(|x| {
            let cell = &buffer[(*x, y)];
            cell.symbol() == "│" && Some(cell.fg) == focus.fg
        })
    };
    let label = line(1).unwrap();
    let lines: Vec<_> = (2..14).filter_map(line).collect();
    assert!(
        lines.len() >= 6 && lines.iter().all(|x| *x == label),
        "{lines:?}"
    );
}
