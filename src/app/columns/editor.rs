//! The column editor: every column, those that are shown first and in their order.

use super::{Column, ColumnSet, ColumnSpec};

/// A column in the editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnEntry {
    /// Which one, and how wide.
    pub choice: ColumnSpec,
    /// Whether it is shown.
    pub shown: bool,
}

/// The column editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnEditor {
    /// Every column.
    pub entries: Vec<ColumnEntry>,
    /// Which one is pointed at.
    pub chosen: usize,
}

impl ColumnEditor {
    /// An editor of these columns.
    pub fn new(shown: &[ColumnSpec]) -> Self {
        let is_hidden = |column: &&Column| shown.iter().all(|choice| choice.column != **column);
        let hidden = Column::ALL.iter().filter(is_hidden);
        let hidden = hidden.map(|column| (ColumnSpec::new(*column), false));
        let shown = shown.iter().map(|choice| (*choice, true));
        let entries = shown.chain(hidden);
        Self {
            entries: entries
                .map(|(choice, shown)| ColumnEntry { choice, shown })
                .collect(),
            chosen: 0,
        }
    }

    /// The columns that are shown.
    pub fn set(&self) -> ColumnSet {
        let shown = self.entries.iter().filter(|entry| entry.shown);
        ColumnSet(shown.map(|entry| entry.choice).collect())
    }

    /// The one that is pointed at.
    pub fn pointed(&mut self) -> Option<&mut ColumnEntry> {
        self.entries.get_mut(self.chosen)
    }

    /// Shows or hides the one that is pointed at. The last one that is shown stays.
    pub fn toggle(&mut self) {
        let shown = self.entries.iter().filter(|entry| entry.shown).count();
        if let Some(entry) = self.pointed()
            && (shown > 1 || !entry.shown)
        {
            entry.shown = !entry.shown;
        }
    }

    /// Moves the one that is pointed at one place further, up or down.
    pub fn shift(&mut self, down: bool) {
        let to = if down {
            self.chosen + 1
        } else {
            self.chosen.wrapping_sub(1)
        };
        if to < self.entries.len() {
            self.entries.swap(self.chosen, to);
            self.chosen = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_shown_hidden_and_moved() {
        let shown: ColumnSet = "task,id:12".parse().unwrap();
        let mut editor = ColumnEditor::new(shown.choices());
        assert_eq!(editor.entries.len(), Column::ALL.len());
        assert_eq!(editor.set(), shown);
        editor.toggle();
        assert_eq!(editor.set().to_string(), "id:12");
        editor.shift(false);
        editor.shift(true);
        editor.toggle();
        assert_eq!(editor.set().to_string(), "id:12,task");
        editor.toggle();
        editor.chosen = 0;
        editor.toggle();
        assert_eq!(editor.set().to_string(), "id:12", "one stays");
        editor.chosen = editor.entries.len() - 1;
        editor.shift(true);
        assert_eq!(editor.chosen, editor.entries.len() - 1);
    }
}
