//! The entries of a menu: pointer, highlight, click targets and scrollbar.

use ratatui::layout::Rect;

use super::frame;
use crate::{
    app::ClickTarget,
    ui::{RenderContext, styled_line::StyledLine, theme::Role},
};

/// Draws the entries, each after a place for the pointer to the highlighted one, which is kept visible.
pub(super) fn draw<'a, T>(
    ctx: &mut RenderContext<'a>,
    area: Rect,
    entries: &[T],
    highlighted: usize,
    mut content: impl FnMut(&mut StyledLine<'a>, &T),
) {
    let pointer = ctx.appearance.symbols.pointer;
    draw_without_pointer(
        ctx,
        area,
        entries,
        highlighted,
        |line, entry, is_highlighted| {
            line.push(if is_highlighted { pointer } else { " " }, Role::Key)
                .gap(1);
            content(line, entry);
        },
    );
}

/// Draws the entries without a pointer. The last argument of `content` is true for the highlighted entry.
pub(super) fn draw_without_pointer<'a, T>(
    ctx: &mut RenderContext<'a>,
    area: Rect,
    entries: &[T],
    highlighted: usize,
    mut content: impl FnMut(&mut StyledLine<'a>, &T, bool),
) {
    let top = (highlighted + 1).saturating_sub(usize::from(area.height));
    let visible = entries.iter().enumerate().skip(top);
    for ((index, entry), row) in visible.zip(area.rows()) {
        let mut line = StyledLine::new(ctx.appearance, area.width);
        content(&mut line, entry, index == highlighted);
        ctx.draw(line, row);
        if index == highlighted {
            ctx.tint(row, Role::Selected);
        }
        ctx.target(row, ClickTarget::PopupEntry(index));
    }
    frame::draw_scrollbar(ctx, area, entries.len(), top);
}
