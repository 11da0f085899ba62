//! The command palette: a text input and the matching actions with their keys.

use ratatui::layout::{Position, Rect};

use super::{frame, input_line::input_line, list_menu};
use crate::{
    app::{CommandPalette, Keymap, PaletteMatch},
    text::truncate,
    ui::{RenderContext, styled_line::StyledLine, theme::Role},
};

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
    let area = frame::open(ctx, screen, width, height.into(), "Commands");
    let cursor = draw_line(ctx, palette, Rect { height: 1, ..area })?;
    let list = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    let appearance = ctx.appearance;
    let keymap = &ctx.state.options.keymap;
    let (matches, highlighted) = (&palette.matches, palette.highlighted);
    list_menu::draw_without_pointer(ctx, list, matches, highlighted, |line, found, _| {
        draw_match(
            line,
            found,
            &keys(keymap, palette, found, appearance.symbols.ascii),
            appearance.symbols.ellipsis,
        );
    });
    Some(cursor)
}

fn draw_line(ctx: &mut RenderContext, palette: &CommandPalette, area: Rect) -> Option<Position> {
    if area.width == 0 {
        return None;
    }
    let (mut strip, cursor) = input_line(ctx, ":", &palette.input, area);
    if palette.matches.is_empty() {
        strip.gap(2).push("no matching command", Role::Warning);
    } else if palette.input.is_empty() {
        strip.gap(2).push("type part of a command name", Role::Dim);
    }
    ctx.draw(strip, area);
    Some(cursor)
}

/// Returns the keys of an action.
fn keys(keymap: &Keymap, palette: &CommandPalette, found: &PaletteMatch, ascii: bool) -> String {
    let contexts = match &found.other_context {
        Some(context) => std::slice::from_ref(context),
        None => palette.from.chain(),
    };
    let keys = contexts.iter().flat_map(|context| {
        let keys = keymap.keys(*context, found.action).iter();
        keys.map(|key| key.label(ascii))
    });
    let mut keys: Vec<String> = keys.collect();
    keys.dedup();
    keys.join("  ")
}

fn draw_match(line: &mut StyledLine, found: &PaletteMatch, keys: &str, ellipsis: &str) {
    line.push_max(keys, KEY_WIDTH - 1, Role::Key);
    line.pad_to(KEY_WIDTH);
    let help = truncate(found.action.help(), line.remaining(), ellipsis);
    for (index, character) in help.chars().enumerate() {
        let role = if found.matched_chars.contains(&index) {
            Role::Brand
        } else if found.other_context.is_none() {
            Role::Text
        } else {
            Role::Dim
        };
        line.push(character.encode_utf8(&mut [0; 4]), role);
    }
}
