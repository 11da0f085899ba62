//! State of the column editor.

use super::column::{Column, ColumnSet, ColumnSpec};

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
