//! The state to draw, the buffer to draw on, and the click targets so far.

use jiff::Timestamp;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Style},
};

use super::{
    appearance::Appearance,
    styled_line::{StyledLine, draw_line},
    theme::Role,
};
use crate::app::{AppState, ClickTarget, Context, FrameMap, Popup};

/// The state to draw, the buffer to draw on, and the click targets so far.
pub(super) struct RenderContext<'a> {
    pub(super) state: &'a AppState,
    pub(super) popup: Option<&'a Popup>,
    /// The context whose key bindings apply.
    pub(super) context: Context,
    pub(super) appearance: &'a Appearance,
    /// The displayed time: the present one, or that of a record.
    pub(super) now: Timestamp,
    pub(super) buffer: &'a mut Buffer,
    pub(super) drawn: FrameMap,
}

impl RenderContext<'_> {
    /// Draws a line at the top of an area, clipped to the buffer, and registers its click targets.
    pub(super) fn draw(&mut self, line: StyledLine, area: Rect) {
        self.drawn.targets.extend(line.targets(area));
        draw_line(&line.line(), area, self.buffer);
    }

    /// Draws a text at the top of an area, truncated to its width.
    pub(super) fn draw_text(&mut self, text: &str, role: Role, area: Rect) {
        let mut line = StyledLine::new(self.appearance, area.width);
        line.push(text, role);
        self.draw(line, area);
    }

    /// Registers a click target.
    pub(super) fn target(&mut self, area: Rect, target: ClickTarget) {
        self.drawn.targets.push((area, target));
    }

    /// Sets the background of an area. The role's foreground replaces default text colors, and with 16 colors all of
    /// them.
    pub(super) fn tint(&mut self, area: Rect, role: Role) {
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
        for position in area.positions() {
            let cell = &mut self.buffer[position];
            if !self.appearance.theme.keeps_text_colors()
                || cell.fg == Color::Reset
                || cell.fg == ground
            {
                cell.set_fg(fg);
            }
        }
    }
}
