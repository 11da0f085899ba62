use ratatui::layout::Rect;

use super::{Appearance, RenderContext, popup, scrollbar, styled_line::StyledLine, theme::Role};
use crate::{
    app::ClickTarget,
    task::row_model::{Sort, SortColumn},
};

const EXPLANATION_WIDTH: usize = 25;
const VISIBLE_ROWS: u16 = 12;

/// Returns the sort arrow of a column, with its rank if there are several: `▼²`.
pub(super) fn arrow(appearance: &Appearance, sort: &Sort, column: SortColumn) -> Option<String> {
    let (place, descending) = sort.place(column)?;
    let symbols = appearance.symbols;
    let arrow = if descending {
        symbols.descending
    } else {
        symbols.ascending
    };
    let rank = symbols.ranks.get(place - 1).filter(|_| sort.is_several());
    Some(format!("{arrow}{}", rank.unwrap_or(&"")))
}

pub(super) fn draw(ctx: &mut RenderContext, chosen: usize, screen: Rect) {
    let all = SortColumn::ALL;
    let height = u16::try_from(all.len()).unwrap_or_default();
    let height = height
        .min(VISIBLE_ROWS)
        .min(screen.height.saturating_sub(5));
    let area = popup::open(ctx, screen, 66, height, "Sort by");
    let seen = usize::from(area.height);
    let top = (chosen + 1).saturating_sub(seen);
    let symbols = ctx.appearance.symbols;
    let sort = &ctx.state.view().row_model.view().sort;
    let entries = all.iter().enumerate().skip(top);
    for ((place, column), y) in entries.zip(area.y..area.bottom()) {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        let mut strip = StyledLine::new(ctx.appearance, area.width);
        let pointer = if place == chosen {
            symbols.pointer
        } else {
            " "
        };
        strip.push(pointer, Role::Key).gap(1);
        strip.push(column.title(), Role::Text);
        if let Some(arrow) = arrow(ctx.appearance, sort, *column) {
            strip.gap(1).push(&arrow, Role::Key);
        }
        let explanation = column.explanation();
        strip.pad_to(EXPLANATION_WIDTH).push(explanation, Role::Dim);
        strip.draw(line, ctx.buffer);
        if place == chosen {
            ctx.tint(line, Role::Selected);
        }
        ctx.target(line, ClickTarget::SortEntry(place));
    }
    let edge = Rect {
        width: area.width + 2,
        ..area
    };
    if edge.right() <= ctx.buffer.area.right() {
        scrollbar::draw(ctx, edge, all.len(), top);
    }
}
