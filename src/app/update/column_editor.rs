//! What is done in the column editor. The list behind it follows at once.

use jiff::Timestamp;

use super::scrolled;
use crate::app::{
    action::Action,
    columns::{ColumnEditor, ColumnSpec},
    event::Effect,
    layout::ScreenLayout,
    notifications::Severity,
    state::{AppState, Popup},
};

/// How far a page of the editor is.
const PAGE_ROWS: usize = 8;

pub(super) fn open(state: &mut AppState) {
    state.selection.hold(&state.row_model);
    let choices = state.column_choices(ScreenLayout::of(state).list.width);
    state.popup = Some(Popup::Columns(ColumnEditor::new(&choices)));
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::Columns(editor)) = &mut state.popup else {
        return Vec::new();
    };
    match action {
        Action::ToggleColumn => editor.toggle(),
        Action::ColumnLeft => editor.shift(false),
        Action::ColumnRight => editor.shift(true),
        Action::WidenColumn => return size(state, 1),
        Action::NarrowColumn => return size(state, -1),
        Action::AutoColumn => {
            if let Some(entry) = editor.pointed() {
                entry.choice.width = None;
            }
        }
        Action::ResetColumns => {
            let chosen = editor.chosen;
            state.columns.choose(None);
            open(state);
            if let Some(Popup::Columns(editor)) = &mut state.popup {
                editor.chosen = chosen;
            }
            return Vec::new();
        }
        Action::CopyColumns => {
            let set = editor.set();
            let words = set.choices().iter().map(|choice| format!("\"{choice}\""));
            let words: Vec<String> = words.collect();
            let line = format!("all = [{}]", words.join(", "));
            let said = format!("Copied {line} for [columns] in the config file");
            state.notifications.push(Severity::Info, said, now);
            return vec![Effect::Copy(line)];
        }
        Action::Dismiss => {
            state.popup = None;
            return Vec::new();
        }
        _ => {
            editor.chosen = scrolled(editor.chosen, action, PAGE_ROWS, editor.entries.len() - 1);
            return Vec::new();
        }
    }
    apply(state);
    Vec::new()
}

/// Makes the column that is pointed at wider, or with a negative number narrower, than it is drawn. One that is shown
/// nowhere has no width to change.
fn size(state: &mut AppState, by: i16) -> Vec<Effect> {
    let placed = state.placed_columns(ScreenLayout::of(state).list.width);
    if let Some(Popup::Columns(editor)) = &mut state.popup
        && let Some(entry) = editor.pointed()
    {
        let mut placed = placed.iter();
        let drawn = placed.find(|placed| placed.column == entry.choice.column);
        if let Some(width) = drawn.map(|placed| placed.width) {
            let (least, most) = ColumnSpec::WIDTHS.into_inner();
            let width = width.saturating_add_signed(by).clamp(least, most);
            entry.choice.width = Some(width);
        }
    }
    apply(state);
    Vec::new()
}

/// Shows or hides an entry by a click.
pub(super) fn click(state: &mut AppState, place: usize) {
    if let Some(Popup::Columns(editor)) = &mut state.popup
        && place < editor.entries.len()
    {
        editor.chosen = place;
        editor.toggle();
    }
    apply(state);
}

fn apply(state: &mut AppState) {
    if let Some(Popup::Columns(editor)) = &state.popup {
        state.columns.choose(Some(editor.set()));
    }
}
