//! The copy menu.

use ratatui::layout::Rect;

use super::{frame, list_menu};
use crate::{
    app::{CopyItem, CopyMenu},
    ui::{RenderContext, theme::Role},
};

const NAME_WIDTH: usize = 20;
/// Maximum number of words of a text that are shown.
const MAX_WORDS: usize = 20;

pub(super) fn draw(ctx: &mut RenderContext, menu: &CopyMenu, screen: Rect) {
    let state = ctx.state;
    let subject = state.subject();
    let Some(record) = subject.and_then(|subject| state.view().store.get(subject)) else {
        return;
    };
    let (server, now) = (state.server(record.id.server), ctx.now);
    let area = frame::open(ctx, screen, 64, CopyItem::ALL.len(), "Copy");
    list_menu::draw(ctx, area, &CopyItem::ALL, menu.highlighted, |line, item| {
        let text = item.text(record, server, || state.ticket(subject?, now));
        let role = if text.is_some() {
            Role::Text
        } else {
            Role::Dim
        };
        line.push(item.name(), role).pad_to(NAME_WIDTH);
        let words = text.as_deref().map(|text| text.split_whitespace());
        let start = words.map(|words| words.take(MAX_WORDS).collect::<Vec<_>>().join(" "));
        line.push(start.as_deref().unwrap_or("none"), Role::Dim);
    });
}
