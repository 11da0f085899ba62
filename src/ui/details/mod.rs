//! The details pane: tabs with scrollable text.

mod error;
mod events;
mod field_list;
mod group;
mod json;
mod lineage;
mod overview;
mod related;
mod result;

use ratatui::{layout::Rect, text::Line};

use super::{
    RenderContext, scrollbar,
    styled_line::{StyledLine, draw_line, paragraph},
    theme::Role,
};
use crate::{
    app::{ClickTarget, Context, ScreenLayout, Tab},
    task::{Handle, TaskRecord, row_model::RowId},
};

/// Draws the border between list and details: a vertical line, or a horizontal one if it is one line high.
pub(super) fn draw_border(ctx: &mut RenderContext, area: Rect) {
    if area.is_empty() {
        return;
    }
    let state = ctx.state;
    let is_highlighted = ctx.context == Context::Details || state.pane_layout.is_dragged;
    let role = if is_highlighted {
        Role::Focus
    } else {
        Role::Faint
    };
    let symbols = &ctx.appearance.symbols;
    let (symbol, count) = if area.height > 1 {
        (symbols.bar, 1)
    } else {
        (symbols.rule, area.width)
    };
    for row in area.rows() {
        let mut line = StyledLine::new(ctx.appearance, area.width);
        line.repeat(symbol, count.into(), role);
        ctx.draw(line, row);
    }
    ctx.target(area, ClickTarget::Border);
}

pub(super) fn draw(ctx: &mut RenderContext, areas: &ScreenLayout) {
    let selected = ctx.state.selected();
    let selected = selected.and_then(|handle| Some((handle, ctx.state.view().store.get(handle)?)));
    if areas.tabs.height > 0 {
        draw_tabs(ctx, areas.tabs, selected.map(|(_, record)| record));
    }
    let area = areas.details;
    if area.height == 0 {
        return;
    }
    ctx.target(area, ClickTarget::Details);
    let inside = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(3),
        ..area
    };
    let (lines, cursor) = match selected {
        Some((handle, _)) if ctx.state.tab == Tab::Lineage => {
            lineage::lines(ctx, handle, inside.width)
        }
        Some((handle, record)) => (content(ctx, handle, record, inside), None),
        None => (without_task(ctx, inside.width), None),
    };
    let height = usize::from(area.height);
    let end = lines.len().saturating_sub(height);
    ctx.drawn.details_end = end;
    let top = ctx.state.view().details.top.min(end);
    // The cursor stays visible.
    let top = cursor.map_or(top, |cursor| {
        top.clamp((cursor + 1).saturating_sub(height), cursor)
    });
    for (line, row) in lines.iter().skip(top).zip(inside.rows()) {
        draw_line(line, row, ctx.buffer);
    }
    scrollbar::draw(ctx, area, lines.len(), top);
}

fn without_task(ctx: &RenderContext, columns: u16) -> Vec<Line<'static>> {
    match ctx.state.selected_row() {
        Some(RowId::Group(group)) => group::lines(ctx, group, columns),
        _ => paragraph(ctx.appearance, "No task selected.", columns, Role::Dim),
    }
}

fn content(
    ctx: &RenderContext,
    handle: Handle,
    record: &TaskRecord,
    area: Rect,
) -> Vec<Line<'static>> {
    let columns = area.width;
    let tab = ctx.state.tab;
    let Some(info) = record.info.as_deref() else {
        return overview::placeholder(ctx, record, columns);
    };
    let none = |text: &str| paragraph(ctx.appearance, text, columns, Role::Dim);
    match tab {
        Tab::Overview => overview::lines(ctx, handle, record, info, area),
        Tab::Lineage => Vec::new(),
        Tab::Error => match &info.error {
            Some(fault) => error::lines(ctx.appearance, fault, columns),
            None => none("No error."),
        },
        Tab::Result => match &info.result {
            Some(value) => result::lines(ctx.appearance, value, columns),
            None if record.status().is_active() => {
                none("No result yet: the task has not finished.")
            }
            None => none("No result."),
        },
        Tab::Events => events::lines(ctx, handle, columns),
        Tab::Json => json::lines(ctx.appearance, &info.to_json(), columns),
    }
}

fn draw_tabs(ctx: &mut RenderContext, area: Rect, record: Option<&TaskRecord>) {
    let appearance = ctx.appearance;
    let mut strip = StyledLine::new(appearance, area.width);
    // Without space for all titles, the separators are omitted.
    let bars = Tab::ALL.iter().map(|tab| tab.title().len() + 3);
    let has_space = bars.sum::<usize>() <= usize::from(area.width) + 1;
    for (index, tab) in Tab::ALL.into_iter().enumerate() {
        if index == 0 {
            strip.gap(1);
        } else if has_space {
            strip
                .gap(1)
                .push(appearance.symbols.bar, Role::Faint)
                .gap(1);
        } else {
            strip.gap(1);
        }
        let start = strip.width();
        let role = if tab == ctx.state.tab {
            Role::Tab
        } else if is_empty(record, tab) {
            Role::Faint
        } else {
            Role::Dim
        };
        strip
            .push(tab.title(), role)
            .target_from(start, ClickTarget::Tab(tab));
    }
    if let Some(record) = record {
        let mut name = StyledLine::new(appearance, area.width / 2);
        let id = ctx.state.full_id(record.id.server, &record.id.mo_id);
        name.push(&id, Role::Dim);
        if record.pinned {
            name.gap(2)
                .push(appearance.symbols.pin, Role::Key)
                .push(" pinned", Role::Dim);
        }
        strip.join_right(name);
    }
    ctx.draw(strip, area);
}

/// True if a tab has no content; its title is dimmed.
fn is_empty(record: Option<&TaskRecord>, tab: Tab) -> bool {
    let Some(info) = record.and_then(|record| record.info.as_deref()) else {
        return tab != Tab::Overview;
    };
    match tab {
        Tab::Error => info.error.is_none(),
        Tab::Result => info.result.is_none(),
        Tab::Overview | Tab::Lineage | Tab::Events | Tab::Json => false,
    }
}
