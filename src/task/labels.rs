//! What operations are called in the session's locale.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use crate::vim::types::{OperationLabel, TaskInfo};

/// Operation labels by `descriptionId`. Logic keys on the id, only people see the label.
#[derive(Debug, Clone, Default)]
pub struct Labels(Arc<HashMap<String, String>>);

impl Labels {
    /// The labels of a server's task manager.
    pub fn new(rows: Vec<OperationLabel>) -> Self {
        let rows = rows.into_iter().map(|row| (row.description_id, row.label));
        Self(Arc::new(rows.collect()))
    }

    /// What to call a task's operation: the server's label, else words made of its `descriptionId`
    /// (`VirtualMachine.consolidateDisks` → `Consolidate disks`), else the method's name.
    pub fn operation<'a>(&'a self, info: &'a TaskInfo) -> Cow<'a, str> {
        if let Some(label) = self.0.get(&*info.description_id) {
            return Cow::Borrowed(label);
        }
        let last = info.description_id.rsplit('.').next().unwrap_or_default();
        if !last.is_empty() {
            return Cow::Owned(in_words(last));
        }
        match info.name.as_deref() {
            Some(name) => Cow::Owned(in_words(name.trim_end_matches("_Task"))),
            None => Cow::Borrowed("Unnamed operation"),
        }
    }

    /// How many operations have a label.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no label is known (yet).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `consolidateDisks` → `Consolidate disks`; runs of capitals stay as they are (`powerOnVM` → `Power on VM`).
fn in_words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let characters: Vec<char> = name.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        let previous_lower = index > 0 && !characters[index - 1].is_uppercase();
        let next_upper = characters
            .get(index + 1)
            .is_none_or(|next| next.is_uppercase());
        if index == 0 {
            words.extend(character.to_uppercase());
        } else if character.is_uppercase() && previous_lower {
            words.push(' ');
            if next_upper {
                words.push(*character);
            } else {
                words.extend(character.to_lowercase());
            }
        } else if *character == '_' {
            words.push(' ');
        } else {
            words.push(*character);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_without_label_is_put_in_words() {
        for (name, words) in [
            ("consolidateDisks", "Consolidate disks"),
            ("powerOnVM", "Power on VM"),
            ("clone", "Clone"),
            ("RelocateVM", "Relocate VM"),
            ("", ""),
        ] {
            assert_eq!(in_words(name), words);
        }
    }
}
