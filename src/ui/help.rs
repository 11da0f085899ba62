//! The help popup, generated from the key map.

use ratatui::{layout::Rect, text::Line};

use super::{RenderContext, popup, styled_line::StyledLine, theme::Role};
use crate::{
    app::{Action, Context},
    task::Status,
};

const KEY_WIDTH: usize = 23;

pub(super) fn draw(canvas: &mut RenderContext, top: usize, screen: Rect) {
    let width = screen.width.saturating_sub(8).min(84);
    let height = screen.height.saturating_sub(5).max(3);
    let area = popup::open(canvas, screen, width, height, "Keys");
    let lines = lines(canvas, area.width);
    popup::scroll(canvas, area, &lines, top);
}

fn lines(canvas: &RenderContext, columns: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for context in Context::ALL {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        let mut title = StyledLine::new(canvas.look, columns);
        title.put(context.title(), Role::Strong);
        lines.push(title.line());
        for action in Action::ALL {
            let keys = canvas.state.keymap.keys(context, *action);
            if keys.is_empty() {
                continue;
            }
            let labels = keys.iter().map(|key| key.label(canvas.look.symbols.ascii));
            let labels: Vec<String> = labels.collect();
            let mut line = StyledLine::new(canvas.look, columns);
            line.gap(2).put(&labels.join("  "), Role::Key).gap(2);
            line.pad_to(KEY_WIDTH).put(action.help(), Role::Text);
            lines.push(line.line());
        }
    }
    lines.push(Line::default());
    lines.extend(legend(canvas, columns));
    lines
}

/// Explains the symbols of the list.
fn legend(canvas: &RenderContext, columns: u16) -> Vec<Line<'static>> {
    let symbols = canvas.look.symbols;
    let mut title = StyledLine::new(canvas.look, columns);
    title.put("The signs", Role::Strong);
    let mut lines = vec![title.line()];
    for status in Status::ALL {
        let mut line = StyledLine::new(canvas.look, columns);
        line.gap(2)
            .put(symbols.status(status), super::labels::role(status));
        line.pad_to(KEY_WIDTH).put(status.word(), Role::Text);
        lines.push(line.line());
    }
    for (sign, meaning) in [
        (
            symbols.about,
            "the mean of the children, as the task itself reports no figure",
        ),
        (symbols.hatch, "no figure: the operation reports none"),
        (symbols.pin, "pinned: kept whatever has to make room"),
    ] {
        let mut line = StyledLine::new(canvas.look, columns);
        line.gap(2)
            .put(sign, Role::Dim)
            .pad_to(KEY_WIDTH)
            .put(meaning, Role::Text);
        lines.push(line.line());
    }
    lines
}
