//! The command palette: a text input and the matching actions with their keys.

use ratatui::layout::{Position, Rect};

use super::{RenderContext, popup, scrollbar, styled_line::StyledLine, theme::Role};
use crate::app::{ClickTarget, CommandPalette, PaletteMatch};

const KEY_WIDTH: usize = 14;
const VISIBLE_ROWS: u16 = 14;

/// Returns the cursor position.
pub(super) fn draw(
    ctx: &mut RenderContext,
    palette: &CommandPalette,
    screen: Rect,
) -> Option<Position> {
    let width = screen.width.saturating_sub(8).min(76);
    let height = screen.height.saturating_sub(5).clamp(3, VISIBLE_ROWS + 2);
    let area = popup::open(ctx, screen, width, height, "Commands");
    let cursor = draw_line(ctx, palette, Rect { height: 1, ..area })?;
    let list = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    let seen = usize::from(list.height);
    let top = (palette.highlighted + 1).saturating_sub(seen);
    let found = palette.matches.iter().enumerate().skip(top);
    for ((place, found), y) in found.zip(list.y..list.bottom()) {
        let line = Rect {
            y,
            height: 1,
            ..list
        };
        entry(ctx, palette, found).draw(line, ctx.buffer);
        if place == palette.highlighted {
            ctx.tint(line, Role::Selected);
        }
        ctx.target(line, ClickTarget::PaletteEntry(place));
    }
    let edge = Rect {
        width: list.width + 2,
        ..list
    };
    if edge.right() <= ctx.buffer.area.right() {
        scrollbar::draw(ctx, edge, palette.matches.len(), top);
    }
    Some(cursor)
}

fn draw_line(ctx: &mut RenderContext, palette: &CommandPalette, area: Rect) -> Option<Position> {
    if area.width == 0 {
        return None;
    }
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    strip.push(":", Role::Key);
    strip.push(palette.input.before(), Role::Text);
    let x = area.x + u16::try_from(strip.width()).unwrap_or_default();
    strip.push(palette.input.after(), Role::Text);
    if palette.matches.is_empty() {
        strip.gap(2).push("no matching command", Role::Warning);
    } else if palette.input.is_empty() {
        strip.gap(2).push("type part of a command name", Role::Dim);
    }
    strip.draw(area, ctx.buffer);
    Some(Position::new(x.min(area.right() - 1), area.y))
}

fn entry<'a>(
    ctx: &RenderContext<'a>,
    palette: &CommandPalette,
    found: &PaletteMatch,
) -> StyledLine<'a> {
    let mut strip = StyledLine::new(ctx.appearance, u16::MAX);
    let ascii = ctx.appearance.symbols.ascii;
    let keymap = &ctx.state.keymap;
    let here = found.other_context.is_none();
    let places = match &found.other_context {
        Some(place) => std::slice::from_ref(place),
        None => palette.from.chain(),
    };
    let keys = places.iter().flat_map(|place| {
        let keys = keymap.keys(*place, found.action).iter();
        keys.map(|key| key.label(ascii))
    });
    let mut keys: Vec<String> = keys.collect();
    keys.dedup();
    strip.push_max(&keys.join("  "), KEY_WIDTH - 1, Role::Key);
    strip.pad_to(KEY_WIDTH);
    for (place, character) in found.action.help().chars().enumerate() {
        let role = if found.matched_chars.contains(&place) {
            Role::Brand
        } else if here {
            Role::Text
        } else {
            Role::Dim
        };
        strip.push(character.encode_utf8(&mut [0; 4]), role);
    }
    strip
}
