//! The help, generated from the key map.

use ratatui::{layout::Rect, text::Line};

use crate::ui::{RenderContext, popups::frame, styled_line::StyledLine, theme::Role};
use crate::{
    app::{Action, Context, TextPopup},
    task::Status,
};

const KEY_WIDTH: usize = 23;

pub(super) fn draw(ctx: &mut RenderContext, popup: &TextPopup, screen: Rect) {
    let width = screen.width.saturating_sub(8).min(84);
    let height = screen.height.saturating_sub(5).max(3);
    let area = frame::open(ctx, screen, width, height, "Keys");
    let lines = lines(ctx, area.width);
    frame::scroll(ctx, area, &lines, popup.top);
}

fn lines(ctx: &RenderContext, columns: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for context in Context::ALL {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        let mut title = StyledLine::new(ctx.appearance, columns);
        title.push(context.title(), Role::Strong);
        lines.push(title.line());
        for action in Action::ALL {
            let keys = ctx.state.keymap.keys(context, *action);
            if keys.is_empty() {
                continue;
            }
            let labels = keys
                .iter()
                .map(|key| key.label(ctx.appearance.symbols.ascii));
            let labels: Vec<String> = labels.collect();
            let mut line = StyledLine::new(ctx.appearance, columns);
            line.gap(2).push(&labels.join("  "), Role::Key).gap(2);
            line.pad_to(KEY_WIDTH).push(action.help(), Role::Text);
            lines.push(line.line());
        }
    }
    lines.push(Line::default());
    lines.extend(legend(ctx, columns));
    lines
}

/// Explains the symbols of the list.
fn legend(ctx: &RenderContext, columns: u16) -> Vec<Line<'static>> {
    let symbols = ctx.appearance.symbols;
    let mut title = StyledLine::new(ctx.appearance, columns);
    title.push("Symbols", Role::Strong);
    let mut lines = vec![title.line()];
    for status in Status::ALL {
        let mut line = StyledLine::new(ctx.appearance, columns);
        line.gap(2)
            .push(symbols.status(status), crate::ui::labels::role(status));
        line.pad_to(KEY_WIDTH).push(status.word(), Role::Text);
        lines.push(line.line());
    }
    for (sign, meaning) in [
        (
            symbols.about,
            "mean of the children; the task itself reports no progress",
        ),
        (symbols.hatch, "no progress reported"),
        (symbols.pin, "pinned: never removed to make room"),
    ] {
        let mut line = StyledLine::new(ctx.appearance, columns);
        line.gap(2)
            .push(sign, Role::Dim)
            .pad_to(KEY_WIDTH)
            .push(meaning, Role::Text);
        lines.push(line.line());
    }
    lines
}
