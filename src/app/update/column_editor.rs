//! Actions of the column editor. Changes apply to the list immediately.

use jiff::Timestamp;

use crate::app::{
    action::Action,
    columns::{ColumnEditor, ColumnSpec},
    event::Effect,
    notifications::Severity,
    scroll::scrolled,
    state::{AppState, Popup},
};

const PAGE_ROWS: usize = 8;

pub(super) fn open(state: &mut AppState) {
    state.view_mut().pin_selection();
    let choices = state.column_specs(state.layout().list.width);
    state.popup = Some(Popup::ColumnEditor(ColumnEditor::new(&choices)));
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::ColumnEditor(editor)) = &mut state.popup else {
        return Vec::new();
    };
    match action {
        Action::ToggleColumn => editor.toggle(),
        Action::ColumnLeft => editor.move_entry(false),
        Action::ColumnRight => editor.move_entry(true),
        Action::WidenColumn => return size(state, 1),
        Action::NarrowColumn => return size(state, -1),
        Action::AutoColumn => {
            if let Some(entry) = editor.highlighted_entry() {
                entry.spec.width = None;
            }
        }
        Action::ResetColumns => {
            let chosen = editor.highlighted;
            state.view_mut().columns.set_override(None);
            open(state);
            if let Some(Popup::ColumnEditor(editor)) = &mut state.popup {
                editor.highlighted = chosen;
            }
            return Vec::new();
        }
        Action::CopyColumns => {
            let set = editor.column_set();
            let words = set.specs().iter().map(|choice| format!("\"{choice}\""));
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
            editor.highlighted = scrolled(
                editor.highlighted,
                action,
                PAGE_ROWS,
                editor.entries.len() - 1,
            );
            return Vec::new();
        }
    }
    apply(state);
    Vec::new()
}

/// Changes the displayed width of the highlighted column by `by` cells. Hidden columns have no width.
fn size(state: &mut AppState, by: i16) -> Vec<Effect> {
    let placed = state.column_areas(state.layout().list.width);
    if let Some(Popup::ColumnEditor(editor)) = &mut state.popup
        && let Some(entry) = editor.highlighted_entry()
    {
        let mut placed = placed.iter();
        let drawn = placed.find(|placed| placed.column == entry.spec.column);
        if let Some(width) = drawn.map(|placed| placed.width) {
            let (least, most) = ColumnSpec::WIDTHS.into_inner();
            let width = width.saturating_add_signed(by).clamp(least, most);
            entry.spec.width = Some(width);
        }
    }
    apply(state);
    Vec::new()
}

/// Shows or hides a column.
pub(super) fn click(state: &mut AppState, place: usize) {
    if let Some(Popup::ColumnEditor(editor)) = &mut state.popup
        && place < editor.entries.len()
    {
        editor.highlighted = place;
        editor.toggle();
    }
    apply(state);
}

fn apply(state: &mut AppState) {
    if let Some(Popup::ColumnEditor(editor)) = &state.popup {
        state
            .views
            .shown_mut()
            .columns
            .set_override(Some(editor.column_set()));
    }
}
