//! The notifications of this session, newest first.

use ratatui::{layout::Rect, text::Line};

use crate::app::{Severity, TextPopup};
use crate::ui::{
    RenderContext,
    popups::frame,
    styled_line::{StyledLine, paragraph},
    theme::Role,
    timestamp,
};

pub(super) fn draw(ctx: &mut RenderContext, popup: &TextPopup, screen: Rect) {
    let width = screen.width.saturating_sub(8).min(120);
    let lines = lines(ctx, width);
    let maximum = usize::from(screen.height.saturating_sub(6));
    let height = lines.len().min(maximum).max(3);
    let area = frame::open(ctx, screen, width, height, "Messages");
    frame::scroll(ctx, area, &lines, popup.top);
}

fn lines(ctx: &RenderContext, columns: u16) -> Vec<Line<'static>> {
    let zone = &ctx.state.options.time_zone;
    let mut lines = Vec::new();
    for notice in ctx.state.notifications.iter() {
        let mut first = StyledLine::new(ctx.appearance, columns);
        first.push(&timestamp::moment(notice.at, ctx.now, zone), Role::Dim);
        if notice.severity == Severity::Warning {
            first
                .gap(1)
                .push(ctx.appearance.symbols.warning, Role::Warning);
        }
        if notice.count > 1 {
            first
                .gap(1)
                .push(&format!("{} times", notice.count), Role::Dim);
        }
        lines.push(first.line());
        let indented = format!("  {}", notice.text);
        lines.extend(paragraph(ctx.appearance, &indented, columns, Role::Text));
    }
    if lines.is_empty() {
        lines.extend(paragraph(
            ctx.appearance,
            "No messages yet.",
            columns,
            Role::Dim,
        ));
    }
    lines
}
