//! The notifications of this session, newest first.

use ratatui::{layout::Rect, text::Line};

use super::{
    RenderContext, labels, popup,
    styled_line::{StyledLine, paragraph},
    theme::Role,
};
use crate::app::Severity;

pub(super) fn draw(canvas: &mut RenderContext, top: usize, screen: Rect) {
    let height = screen.height.saturating_sub(6).max(3);
    let width = screen.width.saturating_sub(8).min(120);
    let area = popup::open(canvas, screen, width, height, "Notices");
    let lines = lines(canvas, area.width);
    popup::scroll(canvas, area, &lines, top);
}

fn lines(canvas: &RenderContext, columns: u16) -> Vec<Line<'static>> {
    let zone = &canvas.state.options.time_zone;
    let mut lines = Vec::new();
    for notice in canvas.state.notifications.iter() {
        let mut first = StyledLine::new(canvas.look, columns);
        first.put(&labels::moment(notice.at, canvas.clock, zone), Role::Dim);
        if notice.severity == Severity::Warning {
            first.gap(1).put(canvas.look.symbols.warning, Role::Warning);
        }
        if notice.count > 1 {
            first
                .gap(1)
                .put(&format!("{} times", notice.count), Role::Dim);
        }
        lines.push(first.line());
        let indented = format!("  {}", notice.text);
        lines.extend(paragraph(canvas.look, &indented, columns, Role::Text));
    }
    if lines.is_empty() {
        lines.extend(paragraph(
            canvas.look,
            "Nothing was said yet.",
            columns,
            Role::Dim,
        ));
    }
    lines
}
