//! Draws the screen from the state and the time, without side effects. One file per panel.
//!
//! [`draw`] returns a [`FrameMap`] of the clickable areas and scroll ranges of the frame.

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
mod row;
mod scrollbar;
mod sort_menu;
mod styled_line;
mod summary;
mod symbols;
mod theme;
mod time_travel_banner;

use jiff::Timestamp;
use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Rect, Size},
    style::{Color, Style},
};

use crate::app::{AppState, ClickTarget, FrameMap, Options, Popup, ScreenLayout};

pub use symbols::Symbols;
pub use theme::{Role, Theme};

/// Theme and symbols for this terminal.
#[derive(Debug, Clone)]
pub struct Appearance {
    pub theme: Theme,
    pub symbols: Symbols,
}

impl Appearance {
    pub fn new(options: &Options) -> Self {
        Self {
            theme: Theme::load(options.theme(), options.colors),
            symbols: Symbols::new(options.ascii),
        }
    }

    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }
}

/// The state to draw, the buffer to draw on, and the click targets so far.
struct RenderContext<'a> {
    state: &'a AppState,
    appearance: &'a Appearance,
    /// The displayed time: now, or the time that is viewed in time travel.
    now: Timestamp,
    /// The current time.
    clock: Timestamp,
    buffer: &'a mut Buffer,
    drawn: FrameMap,
}

impl RenderContext<'_> {
    /// Registers a click target.
    fn target(&mut self, area: Rect, target: ClickTarget) {
        self.drawn.targets.push((area, target));
    }

    /// Sets the background of an area. The role's foreground replaces default text colors, and with 16 colors all of
    /// them.
    fn tint(&mut self, area: Rect, role: Role) {
        let style = self.appearance.style(role);
        let plain = Style { fg: None, ..style };
        self.buffer.set_style(area, plain);
        let Some(fg) = style.fg else { return };
        let ground = self
            .appearance
            .style(Role::Ground)
            .fg
            .unwrap_or(Color::Reset);
        let area = area.intersection(self.buffer.area);
        for place in area.positions() {
            let cell = &mut self.buffer[place];
            if !self.appearance.theme.keeps_text_colors()
                || cell.fg == Color::Reset
                || cell.fg == ground
            {
                cell.set_fg(fg);
            }
        }
    }
}

/// Draws the whole screen. `now` is the local time.
pub fn draw(
    state: &AppState,
    appearance: &Appearance,
    frame: &mut Frame,
    now: Timestamp,
) -> FrameMap {
    let area = frame.area();
    let size = Size::new(area.width, area.height);
    let areas = ScreenLayout::for_size(state, size);
    let mut ctx = RenderContext {
        state,
        appearance,
        now: state.displayed_time(now),
        clock: now,
        buffer: frame.buffer_mut(),
        drawn: FrameMap::default(),
    };
    ctx.tint(area, Role::Ground);
    match (&state.time_travel, &state.history) {
        (Some(past), _) => time_travel_banner::draw(&mut ctx, past, areas.header),
        (None, Some(history)) => history::draw_header(&mut ctx, history, areas.header),
        (None, None) => header::draw(&mut ctx, areas.header),
    }
    if let Some(Popup::Summary(page)) = &state.popup {
        summary::draw(&mut ctx, page, areas.body);
    } else {
        details::draw_border(&mut ctx, areas.border);
        list::draw(&mut ctx, &areas);
        if let Some(history) = &state.history {
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
