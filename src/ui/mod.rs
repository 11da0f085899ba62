//! Draws the screen from the state and the time, without side effects. One file per panel.
//!
//! [`draw`] returns a [`FrameMap`] of the clickable areas and scroll ranges of the frame.

mod appearance;
mod ascii;
mod away_report;
mod cells;
mod chart;
mod details;
mod empty_state;
mod footer;
mod gauge;
mod group;
mod header;
mod labels;
mod list;
mod popups;
mod progress;
mod render_context;
mod row;
mod row_context;
mod scrollbar;
mod sort_arrow;
mod sparkline;
mod styled_line;
mod symbols;
mod table;
mod theme;
mod time_axis;
mod timestamp;
mod views;

use jiff::Timestamp;
use ratatui::{Frame, layout::Size};

use crate::app::{FrameMap, Popup, Screen};
use render_context::RenderContext;
use views::{history, summary_page, timeline};

pub use appearance::Appearance;
pub use symbols::Symbols;
pub use theme::{Role, Theme};

/// Draws the whole screen. `now` is the local time.
pub fn draw(
    screen: &Screen,
    appearance: &Appearance,
    frame: &mut Frame,
    now: Timestamp,
) -> FrameMap {
    let area = frame.area();
    let size = Size::new(area.width, area.height);
    let (state, popup) = (&screen.state, screen.popup.as_ref());
    let areas = state.layout_for(size);
    let mut ctx = RenderContext {
        state,
        popup,
        context: screen.context(),
        appearance,
        now,
        buffer: frame.buffer_mut(),
        drawn: FrameMap::default(),
    };
    ctx.tint(area, Role::Ground);
    match state.views.history() {
        None => header::draw(&mut ctx, areas.header),
        Some(history) => history::draw_header(&mut ctx, history, areas.header),
    }
    if let Some(Popup::Summary(page)) = popup {
        summary_page::draw(&mut ctx, page, areas.body);
    } else if let Some(Popup::Timeline(timeline)) = popup {
        timeline::draw(&mut ctx, timeline, areas.body);
    } else {
        details::draw_border(&mut ctx, areas.border);
        away_report::draw(&mut ctx, areas.report);
        list::draw(&mut ctx, &areas);
        if let Some(history) = state.views.history() {
            history::draw_status(&mut ctx, history, areas.status);
        }
        details::draw(&mut ctx, &areas);
    }
    if !matches!(popup, Some(Popup::Prompt(_))) {
        footer::draw(&mut ctx, areas.footer);
    }
    let cursor = popup.and_then(|popup| popups::draw(&mut ctx, popup, &areas, area));
    if appearance.symbols.ascii {
        ascii::restrict(ctx.buffer);
    }
    let drawn = ctx.drawn;
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    drawn
}

#[cfg(test)]
mod tests;
