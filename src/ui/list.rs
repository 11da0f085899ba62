//! The list: the names of the columns, and a row for each task that is in sight.

use ratatui::layout::Rect;

use super::{
    Canvas,
    columns::{Column, columns},
    endpoints,
    ink::Strip,
    message, row, scrollbar,
    theme::Role,
};
use crate::{
    app::{Areas, Focus, Panes, Target},
    task::outline::{Layout, SortColumn},
};

pub(super) fn draw(canvas: &mut Canvas, areas: &Areas) {
    let (titles, area) = (areas.columns, areas.list);
    if area.height == 0 {
        return;
    }
    let (titles, whole) = (endpoints::narrowed(canvas, titles), area);
    endpoints::draw_title(canvas, area, titles);
    let area = endpoints::narrowed(canvas, area);
    let columns = columns(area.width);
    draw_titles(canvas, &columns, titles);
    if canvas.state.outline.is_empty() {
        message::draw(canvas, area);
        return;
    }
    let rows = canvas
        .state
        .cursor
        .visible(&canvas.state.outline, area.height);
    let selected = canvas.state.selected();
    let selection = match canvas.state.panes {
        Panes::Both(Focus::Details) => Role::SelectedIdle,
        _ => Role::Selected,
    };
    for (row, y) in rows.iter().zip(area.y..) {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        let whole = Rect {
            y,
            height: 1,
            ..whole
        };
        canvas.target(whole, Target::Row(row.handle));
        let in_tree = canvas.state.outline.view().layout == Layout::Tree;
        endpoints::draw(canvas, row.handle, whole);
        row::draw(canvas, row, &columns, line, in_tree);
        if selected == Some(row.handle) {
            canvas.tint(whole, selection);
        }
    }
    let top = canvas.state.cursor.top();
    // Where a border is at the right, the scrollbar is on it.
    let is_beside = !areas.border.is_empty() && areas.border.x == area.right();
    let edge = Rect {
        width: area.width + u16::from(is_beside),
        ..area
    };
    scrollbar::draw(canvas, edge, canvas.state.outline.len(), top);
}

fn draw_titles(canvas: &mut Canvas, columns: &[(Column, u16, u16)], area: Rect) {
    if area.height == 0 {
        return;
    }
    let sort = canvas.state.outline.view().sort;
    for &(column, start, width) in columns {
        let place = Rect {
            x: area.x + start,
            width,
            ..area
        };
        let is_sorted = column.sort() == Some(sort.column);
        let arrow = if sort.descending {
            canvas.look.symbols.descending
        } else {
            canvas.look.symbols.ascending
        };
        let mut strip = Strip::new(canvas.look, width);
        if column.is_right() {
            let title = column.title().len() + 2 * usize::from(is_sorted);
            strip.gap(usize::from(width).saturating_sub(title));
        }
        strip.put(column.title(), Role::Heading);
        if is_sorted {
            strip.gap(1).put(arrow, Role::Key);
        } else if column == Column::Task
            && sort.column == SortColumn::Queued
            && let Some(_) = column.sort()
        {
            strip.gap(2).put("by queue time", Role::Faint);
        }
        strip.draw(place, canvas.buffer);
        if let Some(sort) = column.sort() {
            canvas.target(place, Target::Column(sort));
        }
    }
}
