//! The copy menu.

use ratatui::layout::Rect;

use super::{RenderContext, popup, styled_line::StyledLine, theme::Role};
use crate::app::{ClickTarget, CopyItem};

pub(super) fn draw(ctx: &mut RenderContext, chosen: usize, screen: Rect) {
    let state = ctx.state;
    let Some(record) = state.selected_record() else {
        return;
    };
    let server = state.server(record.id.endpoint);
    let height = u16::try_from(CopyItem::ALL.len()).unwrap_or_default();
    let area = popup::open(ctx, screen, 64, height, "Copy");
    for ((place, clip), y) in CopyItem::ALL
        .into_iter()
        .enumerate()
        .zip(area.y..area.bottom())
    {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        let text = clip.text(record, server);
        let role = if text.is_some() {
            Role::Text
        } else {
            Role::Dim
        };
        let pointer = if place == chosen {
            ctx.appearance.symbols.pointer
        } else {
            " "
        };
        let mut strip = StyledLine::new(ctx.appearance, area.width);
        strip
            .push(pointer, Role::Key)
            .gap(1)
            .push(clip.name(), role)
            .pad_to(20);
        let first = text.as_deref().and_then(|text| text.lines().next());
        strip.push(first.unwrap_or("none"), Role::Dim);
        strip.draw(line, ctx.buffer);
        if place == chosen {
            ctx.tint(line, Role::Selected);
        }
        ctx.target(line, ClickTarget::CopyEntry(place));
    }
}
