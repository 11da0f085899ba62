//! The line of a text input.

use ratatui::layout::{Position, Rect};

use crate::{
    app::TextInput,
    text::suffix,
    ui::{RenderContext, styled_line::StyledLine, theme::Role},
};

/// Returns a line with a prefix and an input, whose end before the cursor stays visible, and the position of the cursor.
pub(super) fn input_line<'a>(
    ctx: &RenderContext<'a>,
    prefix: &str,
    input: &TextInput,
    area: Rect,
) -> (StyledLine<'a>, Position) {
    let mut line = StyledLine::new(ctx.appearance, area.width);
    line.push(prefix, Role::Key);
    let before = suffix(input.before(), line.remaining().saturating_sub(1));
    line.push(before, Role::Text);
    let x = area.x + u16::try_from(line.width()).unwrap_or_default();
    line.push(input.after(), Role::Text);
    let cursor = Position::new(x.min(area.right().saturating_sub(1)), area.y);
    (line, cursor)
}
