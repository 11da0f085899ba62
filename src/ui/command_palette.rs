//! The command palette: a text input and the matching actions with their keys.

use ratatui::layout::{Position, Rect};

use super::{RenderContext, popup, scrollbar, styled_line::StyledLine, theme::Role};
use crate::app::{ClickTarget, CommandPalette, PaletteMatch};

const KEY_WIDTH: usize = 14;
const VISIBLE_ROWS: u16 = 14;

/// Returns the cursor position.
pub(super) fn draw(
    canvas: &mut RenderContext,
    palette: &CommandPalette,
    screen: Rect,
) -> Option<Position> {
    let width = screen.width.saturating_sub(8).min(76);
    let height = screen.height.saturating_sub(5).clamp(3, VISIBLE_ROWS + 2);
    let area = popup::open(canvas, screen, width, height, "Commands");
    let cursor = draw_line(canvas, palette, Rect { height: 1, ..area })?;
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
        entry(canvas, palette, found).draw(line, canvas.buffer);
        if place == palette.highlighted {
            canvas.tint(line, Role::Selected);
        }
        canvas.target(line, ClickTarget::PaletteEntry(place));
    }
    let edge = Rect {
        width: list.width + 2,
        ..list
    };
    if edge.right() <= canvas.buffer.area.right() {
        scrollbar::draw(canvas, edge, palette.matches.len(), top);
    }
    Some(cursor)
}

fn draw_line(canvas: &mut RenderContext, palette: &CommandPalette, area: Rect) -> Option<Position> {
    if area.width == 0 {
        return None;
    }
    let mut strip = StyledLine::new(canvas.look, area.width);
    strip.put(":", Role::Key);
    strip.put(palette.input.before(), Role::Text);
    let x = area.x + u16::try_from(strip.used()).unwrap_or_default();
    strip.put(palette.input.after(), Role::Text);
    if palette.matches.is_empty() {
        strip.gap(2).put("no such command", Role::Warning);
    } else if palette.input.is_empty() {
        strip
            .gap(2)
            .put("a few letters of what is to be done", Role::Dim);
    }
    strip.draw(area, canvas.buffer);
    Some(Position::new(x.min(area.right() - 1), area.y))
}

fn entry<'a>(
    canvas: &RenderContext<'a>,
    palette: &CommandPalette,
    found: &PaletteMatch,
) -> StyledLine<'a> {
    let mut strip = StyledLine::new(canvas.look, u16::MAX);
    let ascii = canvas.look.symbols.ascii;
    let keymap = &canvas.state.keymap;
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
        strip.put(character.encode_utf8(&mut [0; 4]), role);
    }
    strip
}
