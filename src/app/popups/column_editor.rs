//! The column editor. Changes apply to the list immediately.

use jiff::Timestamp;

use super::handler::{PopupHandler, Response};
use crate::app::{
    action::Action,
    columns::{Column, ColumnSet, ColumnSpec},
    event::Effect,
    keymap::Context,
    notification_log::Severity,
    scroll::{PAGE_ROWS, scrolled},
    state::AppState,
};

/// An entry of the column editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnEntry {
    pub spec: ColumnSpec,
    pub shown: bool,
}

/// The column editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnEditor {
    /// All columns; the visible ones first, in display order.
    pub entries: Vec<ColumnEntry>,
    /// Index of the highlighted entry.
    pub highlighted: usize,
}

impl ColumnEditor {
    pub fn new(shown: &[ColumnSpec]) -> Self {
        let is_hidden = |column: &&Column| shown.iter().all(|spec| spec.column != **column);
        let hidden = Column::ALL.iter().filter(is_hidden);
        let hidden = hidden.map(|column| (ColumnSpec::new(*column), false));
        let shown = shown.iter().map(|spec| (*spec, true));
        let entries = shown.chain(hidden);
        Self {
            entries: entries
                .map(|(spec, shown)| ColumnEntry { spec, shown })
                .collect(),
            highlighted: 0,
        }
    }

    pub fn column_set(&self) -> ColumnSet {
        let shown = self.entries.iter().filter(|entry| entry.shown);
        ColumnSet(shown.map(|entry| entry.spec).collect())
    }

    pub fn highlighted_entry(&mut self) -> Option<&mut ColumnEntry> {
        self.entries.get_mut(self.highlighted)
    }

    /// Shows or hides the highlighted column. The last visible column cannot be hidden.
    pub fn toggle(&mut self) {
        let shown = self.entries.iter().filter(|entry| entry.shown).count();
        if let Some(entry) = self.highlighted_entry()
            && (shown > 1 || !entry.shown)
        {
            entry.shown = !entry.shown;
        }
    }

    /// Moves the highlighted column down or up by one position.
    pub fn move_entry(&mut self, down: bool) {
        let to = if down {
            self.highlighted + 1
        } else {
            self.highlighted.wrapping_sub(1)
        };
        if to < self.entries.len() {
            self.entries.swap(self.highlighted, to);
            self.highlighted = to;
        }
    }
}

/// Opens the editor with the columns of the list.
pub(in crate::app) fn open(state: &mut AppState) -> ColumnEditor {
    state.view_mut().pin_selection();
    ColumnEditor::new(&state.chosen_columns(state.layout().list.width))
}

impl ColumnEditor {
    fn apply(&self, state: &mut AppState) {
        let set = self.column_set();
        state.view_mut().columns.set_override(Some(set));
        // Automatic widths follow the change at once.
        state.frame.columns.clear();
    }

    /// Changes the displayed width of the highlighted column by `by` cells. Hidden columns have no width.
    fn resize(&mut self, state: &AppState, by: i16) {
        if let Some(entry) = self.highlighted_entry() {
            let mut areas = state.frame.columns.iter();
            let drawn = areas.find(|area| area.column == entry.spec.column);
            if let Some(width) = entry.spec.width.or(drawn.map(|area| area.width)) {
                let (minimum, maximum) = ColumnSpec::WIDTHS.into_inner();
                let width = width.saturating_add_signed(by);
                entry.spec.width = Some(width.clamp(minimum, maximum));
            }
        }
    }

    /// Returns the columns as a line of the config file.
    fn config_line(&self) -> String {
        let set = self.column_set();
        let words = set.specs().iter().map(|choice| format!("\"{choice}\""));
        let words: Vec<String> = words.collect();
        format!("all = [{}]", words.join(", "))
    }
}

impl PopupHandler for ColumnEditor {
    fn context(&self) -> Context {
        Context::Columns
    }

    fn handle_action(&mut self, state: &mut AppState, action: Action, now: Timestamp) -> Response {
        match action {
            Action::ToggleColumn => self.toggle(),
            Action::ColumnLeft => self.move_entry(false),
            Action::ColumnRight => self.move_entry(true),
            Action::WidenColumn => self.resize(state, 1),
            Action::NarrowColumn => self.resize(state, -1),
            Action::AutoColumn => {
                if let Some(entry) = self.highlighted_entry() {
                    entry.spec.width = None;
                }
            }
            Action::ResetColumns => {
                state.view_mut().columns.set_override(None);
                *self = Self {
                    highlighted: self.highlighted,
                    ..open(state)
                };
                return Response::stay();
            }
            Action::CopyColumns => {
                let line = self.config_line();
                let text = format!("Copied {line} for [columns] in the config file");
                state.notifications.push(Severity::Info, text, now);
                return Response::stay_with(vec![Effect::Copy(line)]);
            }
            Action::Dismiss => return Response::close(),
            _ => {
                let last = self.entries.len() - 1;
                self.highlighted = scrolled(self.highlighted, action, PAGE_ROWS, last);
                return Response::stay();
            }
        }
        self.apply(state);
        Response::stay()
    }

    /// Shows or hides a column.
    fn click(&mut self, state: &mut AppState, entry: usize, _now: Timestamp) -> Response {
        if entry < self.entries.len() {
            self.highlighted = entry;
            self.toggle();
            self.apply(state);
        }
        Response::stay()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_hides_and_moves_columns() {
        let shown: ColumnSet = "task,id:12".parse().unwrap();
        let mut editor = ColumnEditor::new(shown.specs());
        assert_eq!(editor.entries.len(), Column::ALL.len());
        assert_eq!(editor.column_set(), shown);
        editor.toggle();
        assert_eq!(editor.column_set().to_string(), "id:12");
        editor.move_entry(false);
        editor.move_entry(true);
        editor.toggle();
        assert_eq!(editor.column_set().to_string(), "id:12,task");
        editor.toggle();
        editor.highlighted = 0;
        editor.toggle();
        assert_eq!(editor.column_set().to_string(), "id:12", "one stays");
        editor.highlighted = editor.entries.len() - 1;
        editor.move_entry(true);
        assert_eq!(editor.highlighted, editor.entries.len() - 1);
    }
}
