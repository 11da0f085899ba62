//! The notices of this session, the newest first.

use ratatui::{layout::Rect, text::Line};

use super::{
    Canvas,
    ink::{Strip, prose},
    overlay,
    theme::Role,
    words,
};
use crate::app::Gravity;

pub(super) fn draw(canvas: &mut Canvas, top: usize, screen: Rect) {
    let height = screen.height.saturating_sub(6).max(3);
    let width = screen.width.saturating_sub(8).min(120);
    let area = overlay::open(canvas, screen, width, height, "Notices");
    let lines = lines(canvas, area.width);
    overlay::scroll(canvas, area, &lines, top);
}

fn lines(canvas: &Canvas, columns: u16) -> Vec<Line<'static>> {
    let zone = &canvas.state.options.time_zone;
    let mut lines = Vec::new();
    for notice in canvas.state.notices.iter() {
        let mut first = Strip::new(canvas.look, columns);
        first.put(&words::moment(notice.at, canvas.clock, zone), Role::Dim);
        if notice.gravity == Gravity::Warning {
            first.gap(1).put(canvas.look.symbols.warning, Role::Warning);
        }
        if notice.times > 1 {
            first
                .gap(1)
                .put(&format!("{} times", notice.times), Role::Dim);
        }
        lines.push(first.line());
        let indented = format!("  {}", notice.text);
        lines.extend(prose(canvas.look, &indented, columns, Role::Text));
    }
    if lines.is_empty() {
        lines.extend(prose(
            canvas.look,
            "Nothing was said yet.",
            columns,
            Role::Dim,
        ));
    }
    lines
}
