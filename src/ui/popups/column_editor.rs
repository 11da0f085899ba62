//! The column editor, placed at the bottom to keep the list visible.

use ratatui::layout::Rect;

use super::{frame, list_menu};
use crate::{
    app::ColumnEditor,
    ui::{RenderContext, theme::Role},
};

/// Start of the width and of the description.
const NAME_WIDTH: usize = 16;
const DESCRIPTION_WIDTH: usize = 23;
/// Rows left to the list, and the range of visible entries.
const MIN_LIST_ROWS: u16 = 9;
const VISIBLE_ROWS: u16 = 21;
const MIN_ROWS: u16 = 4;

pub(super) fn draw(ctx: &mut RenderContext, editor: &ColumnEditor, screen: Rect) {
    let all = u16::try_from(editor.entries.len()).unwrap_or(u16::MAX);
    let height = screen
        .height
        .saturating_sub(MIN_LIST_ROWS + 3)
        .clamp(MIN_ROWS, VISIBLE_ROWS);
    let height = height.min(all);
    let lower = (height + 3).min(screen.height);
    let below = Rect {
        y: screen.bottom() - lower,
        height: lower,
        ..screen
    };
    let area = frame::open(ctx, below, 62, height.into(), "Columns");
    let symbols = ctx.appearance.symbols;
    let placed = ctx.drawn.columns.clone();
    list_menu::draw(
        ctx,
        area,
        &editor.entries,
        editor.highlighted,
        |line, entry| {
            let column = entry.spec.column;
            let mut placed = placed.iter();
            let drawn = placed.find(|placed| placed.column == column);
            let (mark, role) = match (entry.shown, drawn) {
                (true, Some(_)) => (symbols.shown, Role::Key),
                (true, None) => (symbols.shown, Role::Faint),
                (false, _) => (" ", Role::Faint),
            };
            let name = if entry.shown { Role::Text } else { Role::Dim };
            line.push(mark, role).gap(1);
            line.push(column.title(), name).pad_to(NAME_WIDTH);
            let width = match (entry.shown, drawn, entry.spec.width) {
                (false, ..) => String::new(),
                (true, _, Some(chosen)) => format!("{chosen}"),
                (true, Some(drawn), None) => format!("auto {}", drawn.width),
                (true, None, None) => "no space".to_owned(),
            };
            let is_own = entry.spec.width.is_some();
            line.push(&width, if is_own { Role::Text } else { Role::Faint });
            line.pad_to(DESCRIPTION_WIDTH + 2)
                .push(column.description(), Role::Dim);
        },
    );
}
