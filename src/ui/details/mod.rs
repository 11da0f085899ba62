//! The details pane: tabs with scrollable text.

mod error;
mod events;
mod group;
mod json;
mod lineage;
mod overview;
mod result;
mod timeline;

use ratatui::{layout::Rect, text::Line};

use super::{
    RenderContext, scrollbar,
    styled_line::{self, StyledLine, paragraph},
    theme::Role,
};
use crate::{
    app::{ClickTarget, Context, ScreenLayout, Tab},
    task::{Handle, Record, row_model::RowId},
};

/// Draws the border between list and details.
pub(super) fn draw_border(canvas: &mut RenderContext, area: Rect) {
    if area.is_empty() {
        return;
    }
    let state = canvas.state;
    let stands_out = state.context() == Context::Details || state.pane_split.is_dragged;
    let role = if stands_out { Role::Focus } else { Role::Faint };
    styled_line::separator(canvas.look, area, role, canvas.buffer);
    canvas.target(area, ClickTarget::Border);
}

pub(super) fn draw(canvas: &mut RenderContext, areas: &ScreenLayout) {
    let selected = canvas.state.selected();
    let selected = selected.and_then(|handle| Some((handle, canvas.state.store.get(handle)?)));
    if areas.tabs.height > 0 {
        draw_tabs(canvas, areas.tabs, selected.map(|(_, record)| record));
    }
    let area = areas.details;
    if area.height == 0 {
        return;
    }
    canvas.target(area, ClickTarget::Details);
    let inside = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(3),
        ..area
    };
    let lines = match selected {
        Some((handle, record)) => content(canvas, handle, record, inside),
        None => match canvas.state.selected_row() {
            Some(RowId::Group(group)) => group::lines(canvas, group, inside.width),
            _ => paragraph(canvas.look, "No task is selected.", inside.width, Role::Dim),
        },
    };
    let end = lines.len().saturating_sub(usize::from(area.height));
    canvas.drawn.details_end = end;
    let top = canvas.state.details.top.min(end);
    for (line, y) in lines.iter().skip(top).zip(inside.y..inside.bottom()) {
        canvas.buffer.set_line(inside.x, y, line, inside.width);
    }
    scrollbar::draw(canvas, area, lines.len(), top);
}

fn content(
    canvas: &RenderContext,
    handle: Handle,
    record: &Record,
    area: Rect,
) -> Vec<Line<'static>> {
    let columns = area.width;
    let tab = canvas.state.details.tab;
    let Some(info) = record.info.as_deref() else {
        return match tab {
            Tab::Lineage => lineage::lines(canvas, handle, columns),
            _ => overview::ghost(canvas, record, columns),
        };
    };
    let none = |text: &str| paragraph(canvas.look, text, columns, Role::Dim);
    match tab {
        Tab::Overview => overview::lines(canvas, handle, record, info, area),
        Tab::Lineage => lineage::lines(canvas, handle, columns),
        Tab::Error => match &info.error {
            Some(fault) => error::lines(canvas.look, fault, columns),
            None => none("The server reports no error for this task."),
        },
        Tab::Result => match &info.result {
            Some(value) => result::lines(canvas.look, value, columns),
            None if record.status().is_active() => {
                none("There is no result yet: the task is not finished.")
            }
            None => none("This task returned nothing."),
        },
        Tab::Events => events::lines(canvas, handle, columns),
        Tab::Json => json::lines(canvas.look, &info.to_json(), columns),
    }
}

fn draw_tabs(canvas: &mut RenderContext, area: Rect, record: Option<&Record>) {
    let look = canvas.look;
    let mut strip = StyledLine::new(look, area.width);
    // Without room for all titles, the separators are omitted.
    let bars = Tab::ALL.iter().map(|tab| tab.title().len() + 3);
    let has_room = bars.sum::<usize>() <= usize::from(area.width) + 1;
    for (index, tab) in Tab::ALL.into_iter().enumerate() {
        if index == 0 {
            strip.gap(1);
        } else if has_room {
            strip.gap(1).put(look.symbols.bar, Role::Faint).gap(1);
        } else {
            strip.gap(1);
        }
        let start = strip.used();
        let role = if tab == canvas.state.details.tab {
            Role::Tab
        } else if is_empty(record, tab) {
            Role::Faint
        } else {
            Role::Dim
        };
        strip.put(tab.title(), role);
        let place = Rect {
            x: area.x + u16::try_from(start).unwrap_or_default(),
            width: u16::try_from(strip.used() - start).unwrap_or_default(),
            ..area
        };
        canvas.drawn.targets.push((place, ClickTarget::Tab(tab)));
    }
    if let Some(record) = record {
        let mut name = StyledLine::new(look, area.width / 2);
        name.put(&record.id.mo_id, Role::Dim);
        if record.pinned {
            name.gap(2)
                .put(look.symbols.pin, Role::Key)
                .put(" pinned", Role::Dim);
        }
        let start = usize::from(area.width).saturating_sub(name.used() + 1);
        if strip.used() + 2 <= start {
            strip.pad_to(start).join(name);
        }
    }
    strip.draw(area, canvas.buffer);
}

/// True if a tab has no content; its title is dimmed.
fn is_empty(record: Option<&Record>, tab: Tab) -> bool {
    let Some(info) = record.and_then(|record| record.info.as_deref()) else {
        return tab != Tab::Overview;
    };
    match tab {
        Tab::Error => info.error.is_none(),
        Tab::Result => info.result.is_none(),
        Tab::Overview | Tab::Lineage | Tab::Events | Tab::Json => false,
    }
}
