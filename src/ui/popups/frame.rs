//! The frame of a popup: a panel in the middle of the screen.

use ratatui::{
    layout::Rect,
    text::Line,
    widgets::{Block, BorderType, Borders, Clear, Padding, Widget},
};

use crate::ui::{
    RenderContext, scrollbar,
    styled_line::{StyledLine, draw_line},
    theme::Role,
};

/// Returns the number of lines of the largest popup: all but those of the frame and the footer.
pub(super) fn max_lines(screen: Rect) -> u16 {
    screen.height.saturating_sub(3)
}

/// Clears a centered area of at most this size, draws its frame and title, and returns the area inside. Removes the
/// click targets below, except those of the footer.
pub(super) fn open(
    ctx: &mut RenderContext,
    screen: Rect,
    width: u16,
    height: usize,
    title: &str,
) -> Rect {
    ctx.drawn
        .targets
        .retain(|(area, _)| area.y + 1 == screen.bottom());
    let area = Rect {
        width: width.saturating_add(4).min(screen.width),
        height: u16::try_from(height)
            .unwrap_or(u16::MAX)
            .saturating_add(2)
            .min(screen.height.saturating_sub(1)),
        ..screen
    };
    let area = Rect {
        x: screen.x + (screen.width - area.width) / 2,
        y: screen.y + (screen.height.saturating_sub(1) - area.height) / 2,
        ..area
    };
    Clear.render(area, ctx.buffer);
    let mut heading = StyledLine::new(ctx.appearance, area.width.saturating_sub(4));
    heading.gap(1).push(title, Role::Brand).gap(1);
    let borders = if ctx.appearance.symbols.ascii {
        ratatui::symbols::border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        }
    } else {
        BorderType::Rounded.to_border_set()
    };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_set(borders)
        .border_style(ctx.appearance.style(Role::Frame))
        .style(ctx.appearance.style(Role::Panel))
        .padding(Padding::horizontal(1))
        .title(heading.line());
    let inside = block.inner(area);
    block.render(area, ctx.buffer);
    inside
}

/// Draws the visible part of `lines` with a scrollbar on the frame.
pub(super) fn scroll(ctx: &mut RenderContext, area: Rect, lines: &[Line], top: usize) {
    let height = usize::from(area.height);
    let end = lines.len().saturating_sub(height);
    ctx.drawn.popup_end = end;
    let top = top.min(end);
    for (line, row) in lines.iter().skip(top).zip(area.rows()) {
        draw_line(line, row, ctx.buffer);
    }
    draw_scrollbar(ctx, area, lines.len(), top);
}

/// Draws a scrollbar for `length` lines scrolled to `top` on the frame around `area`, if they do not all fit.
pub(super) fn draw_scrollbar(ctx: &mut RenderContext, area: Rect, length: usize, top: usize) {
    let edge = Rect {
        width: area.width + 2,
        ..area
    };
    if edge.right() <= ctx.buffer.area.right() {
        scrollbar::draw(ctx, edge, length, top);
    }
}
