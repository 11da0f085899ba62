//! Snapshot tests of the panels, as text and with styles.

mod away_report;
mod cancel;
mod columns;
mod degenerate_sizes;
mod groups;
mod history;
mod hostile;
mod layouts;
mod lookups;
mod multi_server;
mod overview;
mod panels;
mod rows;
mod styles;
mod summaries;
mod timeline;

use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};

use super::*;
use crate::app::test_support::now;

/// Draws a state with the default appearance.
pub(super) fn draw_buffer(state: &Screen) -> Buffer {
    draw_with(state, &Appearance::new(&state.options))
}

/// Draws a state with a given appearance.
pub(super) fn draw_with(state: &Screen, appearance: &Appearance) -> Buffer {
    let backend = TestBackend::new(state.size.width, state.size.height);
    let mut terminal = Terminal::new(backend).unwrap();
    terminal
        .draw(|frame| {
            draw(state, appearance, frame, now());
        })
        .unwrap();
    terminal.backend().buffer().clone()
}

/// Draws a state as the event loop does, which keeps the click targets and columns of the frame.
pub(super) fn draw_frame(state: &mut Screen) {
    let backend = TestBackend::new(state.size.width, state.size.height);
    let mut terminal = Terminal::new(backend).unwrap();
    let appearance = Appearance::new(&state.options);
    let mut drawn = FrameMap::default();
    terminal
        .draw(|frame| drawn = draw(state, &appearance, frame, now()))
        .unwrap();
    state.frame = drawn;
}

/// Returns a drawn state as text without colors.
pub(super) fn draw_text(state: &Screen) -> String {
    let buffer = draw_buffer(state);
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut covered = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if covered == 0 {
                line.push_str(symbol);
                covered = crate::text::width(symbol).max(1);
            }
            covered -= 1;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
