//! State of the cancel dialog.

use crate::task::{Handle, TaskStore};

/// A button of the confirmation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Button {
    Yes,
    #[default]
    No,
}

impl Button {
    #[must_use]
    pub fn toggled(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
        }
    }
}

/// The open cancel dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelDialog {
    /// The task it was opened for; its ancestors and children are listed.
    pub root: Handle,
    /// The family member that is highlighted and would be cancelled.
    pub highlighted: Handle,
    /// The confirmation's selected button, while the confirmation is open.
    pub confirmation: Option<Button>,
}

impl CancelDialog {
    pub fn new(root: Handle) -> Self {
        Self {
            root,
            highlighted: root,
            confirmation: None,
        }
    }

    /// Returns the ancestors from the root down, the task and its children, each with its depth.
    pub fn family(&self, store: &TaskStore) -> Vec<(Handle, usize)> {
        let mut above: Vec<Handle> = store.path(self.root).collect();
        above.reverse();
        let depth = above.len();
        let children = store.children(self.root).iter();
        above
            .into_iter()
            .enumerate()
            .map(|(depth, handle)| (handle, depth))
            .chain(children.map(|child| (*child, depth)))
            .collect()
    }

    /// Moves the highlight down by `by` members, or up if negative.
    pub fn move_by(&mut self, store: &TaskStore, by: isize) {
        let family = self.family(store);
        let place = family
            .iter()
            .position(|(handle, _)| *handle == self.highlighted)
            .unwrap_or_default();
        let next = place
            .saturating_add_signed(by)
            .min(family.len().saturating_sub(1));
        if let Some((handle, _)) = family.get(next) {
            self.highlighted = *handle;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::task::{
        ChangeSet, EndpointId, TaskChange, TaskId,
        fixture::{at, info},
    };

    #[test]
    fn family_lists_ancestors_and_children() {
        let mut store = TaskStore::new();
        for (mo_id, parent) in [("a", ""), ("b", "a"), ("c", "b"), ("d", "b"), ("e", "a")] {
            let change = TaskChange::Full {
                info: info(mo_id, &json!({"parentTaskKey": parent})),
                at: at(0),
            };
            store
                .apply(EndpointId(0), change, &mut ChangeSet::default())
                .unwrap();
        }
        let find = |mo_id| store.find(&TaskId::new(EndpointId(0), mo_id)).unwrap();
        let mut dialog = CancelDialog::new(find("b"));
        let family = dialog.family(&store);
        assert_eq!(
            family,
            [
                (find("a"), 0),
                (find("b"), 1),
                (find("c"), 2),
                (find("d"), 2)
            ]
        );
        dialog.move_by(&store, 99);
        assert_eq!(dialog.highlighted, find("d"));
        dialog.move_by(&store, -99);
        assert_eq!(dialog.highlighted, find("a"));
    }
}
