//! Scrollbar at the right edge of a panel.

use ratatui::layout::Rect;

use super::{RenderContext, theme::Role};

/// Draws a scrollbar for `length` lines scrolled to `top`, if they do not all fit.
pub(super) fn draw(ctx: &mut RenderContext, area: Rect, length: usize, top: usize) {
    let height = usize::from(area.height);
    if height == 0 || area.width == 0 || length <= height {
        return;
    }
    let thumb = (height * height / length).clamp(1, height);
    let travel = height - thumb;
    let hidden = length - height;
    let start = (top.min(hidden) * travel + hidden / 2) / hidden;
    let symbols = ctx.appearance.symbols;
    for line in 0..area.height {
        let on = (start..start + thumb).contains(&usize::from(line));
        let (symbol, role) = if on {
            (symbols.thumb, Role::Frame)
        } else {
            (symbols.rail, Role::Faint)
        };
        let style = ctx.appearance.style(role);
        let position = (area.right() - 1, area.y + line);
        ctx.buffer[position].set_symbol(symbol).set_style(style);
    }
}
