//! Marked tasks: the set that is cancelled, saved and forecast together.

use std::collections::HashSet;

use crate::task::{Handle, TaskStore};

/// Marked tasks of a view. A mark stays with its task until the task is removed.
#[derive(Debug, Clone, Default)]
pub struct Marks(HashSet<Handle>);

impl Marks {
    pub fn contains(&self, handle: Handle) -> bool {
        self.0.contains(&handle)
    }

    /// Returns the number of marked tasks.
    pub fn count(&self, store: &TaskStore) -> usize {
        self.existing(store).count()
    }

    /// Returns the marked tasks of a store.
    pub(super) fn existing(&self, store: &TaskStore) -> impl Iterator<Item = Handle> {
        let handles = self.0.iter().copied();
        handles.filter(|handle| store.get(*handle).is_some())
    }

    /// Marks a task, or removes its mark.
    pub(super) fn toggle(&mut self, handle: Handle) {
        if !self.0.remove(&handle) {
            self.0.insert(handle);
        }
    }

    /// Marks these tasks; if all of them are marked already, removes all marks.
    pub(super) fn toggle_all(&mut self, handles: &[Handle]) {
        if handles.iter().all(|handle| self.0.contains(handle)) {
            self.0.clear();
        } else {
            self.0.extend(handles);
        }
    }

    /// Removes all marks. Returns true if there were any.
    pub(super) fn clear(&mut self) -> bool {
        let had_marks = !self.0.is_empty();
        self.0.clear();
        had_marks
    }

    pub(super) fn remove(&mut self, handle: Handle) {
        self.0.remove(&handle);
    }
}
