//! The task list: column titles and visible rows.

use ratatui::layout::Rect;

use super::{
    RenderContext, empty_state, group, scrollbar, sort_arrow::arrow, styled_line::StyledLine,
    table::Table, theme::Role,
};
use crate::{
    app::{ClickTarget, Column, ColumnArea, Focus, PaneMode, ScreenLayout},
    task::{
        Handle,
        row_model::{RowId, SortColumn},
    },
    text,
};

pub(super) fn draw(ctx: &mut RenderContext, areas: &ScreenLayout) {
    let (titles, area) = (areas.columns, areas.list);
    if area.height == 0 {
        return;
    }
    let rows = ctx
        .state
        .view()
        .selection
        .visible(&ctx.state.view().row_model, area.height);
    let mut table = Table::new(ctx, &rows, area.width);
    draw_titles(ctx, &table.columns, titles);
    if ctx.state.view().row_model.is_empty() {
        empty_state::draw(ctx, area);
        return;
    }
    let selected = ctx.state.selected_row();
    let selection = match ctx.state.pane_mode {
        PaneMode::Both(Focus::Details) => Role::SelectedIdle,
        _ => Role::Selected,
    };
    for ((at, row), line) in rows.iter().enumerate().zip(area.rows()) {
        ctx.target(line, ClickTarget::Row(row.id));
        match row.id {
            RowId::Group(id) => group::draw(ctx, row, id, line),
            RowId::Task(_) => table.draw_row(ctx, at, line),
        }
        if let Some(handle) = row.task() {
            draw_mark(ctx, handle, line);
        }
        if selected == Some(row.id) {
            ctx.tint(line, selection);
        }
    }
    let top = ctx.state.view().selection.top();
    // With a vertical border at the right, the scrollbar is drawn on it.
    let is_beside = !areas.border.is_empty() && areas.border.x == area.right();
    let edge = Rect {
        width: area.width + u16::from(is_beside),
        ..area
    };
    scrollbar::draw(ctx, edge, ctx.state.view().row_model.len(), top);
    ctx.drawn.columns = table.columns;
}

/// Draws the mark of a marked task at the left edge of its row, which is empty otherwise.
pub(super) fn draw_mark(ctx: &mut RenderContext, handle: Handle, line: Rect) {
    if ctx.state.view().marks.contains(&handle) {
        ctx.draw_text(ctx.appearance.symbols.mark, Role::Key, line);
    }
}

fn draw_titles(ctx: &mut RenderContext, columns: &[ColumnArea], area: Rect) {
    if area.height == 0 {
        return;
    }
    let sort = &ctx.state.view().row_model.view().sort;
    let unseen = hidden_sort_and_group(ctx, columns);
    for &ColumnArea {
        column,
        start,
        width,
    } in columns
    {
        let rect = Rect {
            x: area.x + start,
            width,
            ..area
        };
        let mut same = columns
            .iter()
            .filter(|placed| placed.column.sort_key() == column.sort_key());
        let is_first = same.next().is_some_and(|placed| placed.column == column);
        let arrow = arrow(ctx.appearance, sort, column.sort_key()).filter(|_| is_first);
        draw_title(ctx, column, arrow.as_deref().unwrap_or_default(), rect);
        if column == Column::Task && !unseen.is_empty() {
            let arrow = arrow.as_deref().map_or(0, |arrow| text::width(arrow) + 1);
            let used = text::width(column.title()) + arrow + 2;
            let used = u16::try_from(used).unwrap_or_default();
            let available = width.saturating_sub(used);
            let rect = Rect {
                x: rect.x + used,
                width: available,
                ..rect
            };
            ctx.draw_text(&unseen, Role::Faint, rect);
        }
        ctx.target(rect, ClickTarget::Column(column.sort_key()));
    }
}

/// Returns sort columns that are not visible and the grouping, for example `by Queued ▼`.
fn hidden_sort_and_group(ctx: &RenderContext, columns: &[ColumnArea]) -> String {
    let sort = &ctx.state.view().row_model.view().sort;
    let keys = sort.keys().iter().map(|key| key.column);
    let unseen = keys.filter(|key| {
        let is_seen = columns
            .iter()
            .any(|placed| placed.column.sort_key() == *key);
        !is_seen && *key != SortColumn::Urgency
    });
    let groups = ctx.state.view().row_model.grouped_by();
    let groups = groups.map(|by| format!("grouped by {}", by.name()));
    let unseen: Vec<String> = unseen
        .filter_map(|key| {
            let arrow = arrow(ctx.appearance, sort, key)?;
            Some(format!("by {} {arrow}", key.title()))
        })
        .chain(groups)
        .collect();
    unseen.join(", ")
}

/// Draws a column title with its sort arrow, which may use the gap beside the column.
fn draw_title(ctx: &mut RenderContext, column: Column, arrow: &str, rect: Rect) {
    let aside = u16::from(!arrow.is_empty());
    let left = aside.min(rect.x) * u16::from(column.is_right_aligned());
    let available = usize::from(rect.width + left + aside);
    let (title, arrow_width) = (column.title(), text::width(arrow));
    let is_roomy = text::width(title) + 1 + arrow_width <= usize::from(rect.width);
    let space = usize::from(is_roomy && aside > 0);
    let mut strip = StyledLine::new(ctx.appearance, rect.width + left + aside);
    if column.is_right_aligned() {
        let used = text::width(title) + space + arrow_width;
        let end = if is_roomy { usize::from(aside) } else { 0 };
        strip.gap(available.saturating_sub(used + end));
    }
    let title = text::prefix(title, strip.remaining().saturating_sub(space + arrow_width));
    strip.push(title, Role::Heading).gap(space);
    strip.push(arrow, Role::Key);
    let rect = Rect {
        x: rect.x - left,
        width: rect.width + left + aside,
        ..rect
    };
    ctx.draw(strip, rect);
}
