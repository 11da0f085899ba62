//! The sort menu.

use ratatui::layout::Rect;

use super::{frame, list_menu};
use crate::{
    app::SortMenu,
    task::row_model::SortColumn,
    ui::{RenderContext, sort_arrow::arrow, theme::Role},
};

const EXPLANATION_WIDTH: usize = 25;
const VISIBLE_ROWS: usize = 12;

pub(super) fn draw(ctx: &mut RenderContext, menu: &SortMenu, screen: Rect) {
    let all = SortColumn::ALL;
    let height = all.len().min(VISIBLE_ROWS);
    let area = frame::open(ctx, screen, 66, height, "Sort by");
    let (appearance, sort) = (ctx.appearance, &ctx.state.view().row_model.view().sort);
    list_menu::draw(ctx, area, all, menu.highlighted, |line, column| {
        line.push(column.title(), Role::Text);
        if let Some(arrow) = arrow(appearance, sort, *column) {
            line.gap(1).push(&arrow, Role::Key);
        }
        line.pad_to(EXPLANATION_WIDTH)
            .push(column.description(), Role::Dim);
    });
}
