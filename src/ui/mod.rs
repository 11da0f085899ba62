//! Draws the screen from the state and the time, without side effects. One file per panel.
//!
//! [`draw`] returns a [`FrameMap`] of the clickable areas and scroll ranges of the frame.

mod appearance;
mod ascii;
mod cancel_dialog;
mod cells;
mod chart;
mod column_editor;
mod command_palette;
mod copy_menu;
mod details;
mod empty_state;
mod filter_menu;
mod filter_prompt;
mod footer;
mod gauge;
mod group;
mod header;
mod help;
mod history;
mod labels;
mod list;
mod metrics;
mod notifications;
mod popup;
mod render_context;
mod row;
mod scrollbar;
mod sort_menu;
mod styled_line;
mod summary;
mod symbols;
mod theme;
mod time_travel_banner;

use jiff::Timestamp;
use ratatui::{Frame, layout::Size};

use crate::app::{AppState, FrameMap, Popup};
use render_context::RenderContext;

pub use appearance::Appearance;
pub use symbols::Symbols;
pub use theme::{Role, Theme};

/// Draws the whole screen. `now` is the local time.
pub fn draw(
    state: &AppState,
    appearance: &Appearance,
    frame: &mut Frame,
    now: Timestamp,
) -> FrameMap {
    let area = frame.area();
    let size = Size::new(area.width, area.height);
    let areas = state.layout_for(size);
    let mut ctx = RenderContext {
        state,
        appearance,
        now: state.displayed_time(now),
        clock: now,
        buffer: frame.buffer_mut(),
        drawn: FrameMap::default(),
    };
    ctx.tint(area, Role::Ground);
    match (state.views.time_travel(), state.views.history()) {
        (Some(past), _) => time_travel_banner::draw(&mut ctx, past, areas.header),
        (None, Some(history)) => history::draw_header(&mut ctx, history, areas.header),
        (None, None) => header::draw(&mut ctx, areas.header),
    }
    if let Some(Popup::Summary(page)) = &state.popup {
        summary::draw(&mut ctx, page, areas.body);
    } else {
        details::draw_border(&mut ctx, areas.border);
        list::draw(&mut ctx, &areas);
        if let Some(history) = state.views.history() {
            history::draw_status(&mut ctx, history, areas.status);
        }
        details::draw(&mut ctx, &areas);
    }
    let mut typing = footer::draw(&mut ctx, areas.footer);
    match &state.popup {
        Some(Popup::CancelDialog(dialog)) => cancel_dialog::draw(&mut ctx, dialog, area),
        Some(Popup::SortMenu { chosen }) => sort_menu::draw(&mut ctx, *chosen, area),
        Some(Popup::ColumnEditor(editor)) => column_editor::draw(&mut ctx, editor, area),
        Some(Popup::CopyMenu { chosen }) => copy_menu::draw(&mut ctx, *chosen, area),
        Some(Popup::Help { top }) => help::draw(&mut ctx, *top, area),
        Some(Popup::Notifications { top }) => notifications::draw(&mut ctx, *top, area),
        Some(Popup::Metrics { top }) => metrics::draw(&mut ctx, *top, area),
        Some(Popup::FilterMenu { chosen }) => filter_menu::draw(&mut ctx, *chosen, area),
        Some(Popup::CommandPalette(palette)) => {
            typing = command_palette::draw(&mut ctx, palette, area);
        }
        Some(Popup::Prompt(_) | Popup::Summary(_)) | None => {}
    }
    if appearance.symbols.ascii {
        ascii::restrict(ctx.buffer);
    }
    let drawn = ctx.drawn;
    if let Some(place) = typing {
        frame.set_cursor_position(place);
    }
    drawn
}

#[cfg(test)]
mod tests;
