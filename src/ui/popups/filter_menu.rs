//! The menu of ready and saved filters.

use ratatui::layout::Rect;

use super::{frame, list_menu};
use crate::{
    app::{FilterMenu, FilterMenuEntries, FilterMenuEntry},
    ui::{RenderContext, styled_line::StyledLine, theme::Role},
};

const NAME_WIDTH: usize = 22;

pub(super) fn draw(ctx: &mut RenderContext, menu: &FilterMenu, screen: Rect) {
    let entries = FilterMenuEntries::entries(ctx.state);
    let is_saved = |entry: &FilterMenuEntry| matches!(entry, FilterMenuEntry::Filter { .. });
    let hint = usize::from(!entries.iter().any(is_saved));
    let area = frame::open(ctx, screen, 72, entries.len() + hint, "Filters");
    let active = ctx.state.view().row_model.view().filter.text().trim();
    list_menu::draw(ctx, area, &entries, menu.highlighted, |line, entry| {
        let role = if entry.filter() == active {
            Role::Brand
        } else {
            Role::Text
        };
        draw_entry(line, entry, role);
    });
    let below = u16::try_from(entries.len()).unwrap_or(u16::MAX);
    if hint > 0 && area.height > below {
        let row = Rect {
            y: area.y + below,
            height: 1,
            ..area
        };
        let mut line = StyledLine::new(ctx.appearance, area.width);
        let text = "No saved filters. Press s to save the current one.";
        line.gap(2).push(text, Role::Dim);
        ctx.draw(line, row);
    }
}

fn draw_entry(line: &mut StyledLine, entry: &FilterMenuEntry<'_>, role: Role) {
    match entry {
        FilterMenuEntry::NoFilter => {
            line.push("all tasks", role);
        }
        FilterMenuEntry::BuiltIn { name, text } => {
            line.push_max(name, NAME_WIDTH - 1, role);
            line.pad_to(NAME_WIDTH);
            line.push_max(text, line.remaining(), Role::Dim);
        }
        FilterMenuEntry::Filter {
            name,
            text,
            is_user,
        } => {
            line.push_max(&format!("@{name}"), NAME_WIDTH - 3, role);
            line.pad_to(NAME_WIDTH);
            // Only filters from the config file are marked; they cannot be deleted here.
            let source = if *is_user { "" } else { "config" };
            let available = line.remaining().saturating_sub(source.len() + 2);
            line.push_max(text, available, Role::Dim);
            let end = line.width() + line.remaining();
            line.pad_to(end.saturating_sub(source.len()));
            line.push(source, Role::Faint);
        }
    }
}
