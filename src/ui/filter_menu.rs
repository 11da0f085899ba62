//! The menu of saved filters.

use ratatui::layout::Rect;

use super::{RenderContext, popup, scrollbar, styled_line::StyledLine, theme::Role};
use crate::app::{ClickTarget, FilterMenuEntry, saved_filters};

const NAME_WIDTH: usize = 20;

pub(super) fn draw(ctx: &mut RenderContext, chosen: usize, screen: Rect) {
    let entries = saved_filters(ctx.state);
    let hint = usize::from(entries.len() == 1);
    let height = u16::try_from(entries.len() + hint).unwrap_or(u16::MAX);
    let height = height.min(screen.height.saturating_sub(4)).max(1);
    let area = popup::open(ctx, screen, 72, height, "Saved filters");
    let seen = usize::from(area.height);
    let top = (chosen + 1).saturating_sub(seen);
    let all = entries.iter().enumerate().skip(top);
    for ((place, entry), y) in all.zip(area.y..area.bottom()) {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        draw_entry(ctx, entry, line, place == chosen);
        ctx.target(line, ClickTarget::FilterEntry(place));
    }
    if hint > 0 && area.height > 1 {
        let line = Rect {
            y: area.y + 1,
            height: 1,
            ..area
        };
        let mut strip = StyledLine::new(ctx.appearance, area.width);
        let text = "No saved filters. s saves the current one.";
        strip.gap(2).push(text, Role::Dim);
        strip.draw(line, ctx.buffer);
    }
    let edge = Rect {
        width: area.width + 2,
        ..area
    };
    if edge.right() <= ctx.buffer.area.right() {
        scrollbar::draw(ctx, edge, entries.len(), top);
    }
}

fn draw_entry(ctx: &mut RenderContext, entry: &FilterMenuEntry<'_>, line: Rect, is_chosen: bool) {
    let mut strip = StyledLine::new(ctx.appearance, line.width);
    let pointer = if is_chosen {
        ctx.appearance.symbols.pointer
    } else {
        " "
    };
    strip.push(pointer, Role::Key).gap(1);
    let in_force = ctx.state.view().row_model.view().filter.text().trim();
    let role = if entry.filter() == in_force {
        Role::Brand
    } else {
        Role::Text
    };
    match entry {
        FilterMenuEntry::NoFilter => {
            strip.push("all tasks", role);
        }
        FilterMenuEntry::Filter {
            name,
            text,
            is_user,
        } => {
            strip.push_max(&format!("@{name}"), NAME_WIDTH - 3, role);
            strip.pad_to(NAME_WIDTH);
            // Only filters from the config file are marked; they cannot be deleted here.
            let whose = if *is_user { "" } else { "config" };
            let room = strip.remaining().saturating_sub(whose.len() + 2);
            strip.push_max(text, room, Role::Dim);
            strip.pad_to(usize::from(line.width).saturating_sub(whose.len()));
            strip.push(whose, Role::Faint);
        }
    }
    strip.draw(line, ctx.buffer);
    if is_chosen {
        ctx.tint(line, Role::Selected);
    }
}
