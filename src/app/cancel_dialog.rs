//! The cancel dialog: whose cancellation is looked at, and the question before the request.

use crate::task::{Handle, TaskStore};

/// The button that is pointed at, at the question whether to cancel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Button {
    /// Ask the server to cancel.
    Yes,
    /// Leave it alone.
    #[default]
    No,
}

impl Button {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
        }
    }
}

/// Whose cancellation is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelDialog {
    /// The task for which it was opened; the family is seen from here.
    pub subject: Handle,
    /// The member of the family that is looked at.
    pub chosen: Handle,
    /// The question, once it is asked.
    pub question: Option<Button>,
}

impl CancelDialog {
    /// Looks at a task.
    pub fn new(subject: Handle) -> Self {
        Self {
            subject,
            chosen: subject,
            question: None,
        }
    }

    /// The family to choose from: the ancestors from the root down, the task, its children; each with its depth.
    pub fn family(&self, store: &TaskStore) -> Vec<(Handle, usize)> {
        let mut above: Vec<Handle> = store.path(self.subject).collect();
        above.reverse();
        let depth = above.len();
        let children = store.children(self.subject).iter();
        above
            .into_iter()
            .enumerate()
            .map(|(depth, handle)| (handle, depth))
            .chain(children.map(|child| (*child, depth)))
            .collect()
    }

    /// Looks at the member so many further down or, with a negative number, up.
    pub fn step(&mut self, store: &TaskStore, by: isize) {
        let family = self.family(store);
        let place = family
            .iter()
            .position(|(handle, _)| *handle == self.chosen)
            .unwrap_or_default();
        let next = place
            .saturating_add_signed(by)
            .min(family.len().saturating_sub(1));
        if let Some((handle, _)) = family.get(next) {
            self.chosen = *handle;
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
    fn the_family_is_the_path_and_the_children() {
        let mut store = TaskStore::new();
        for (mo_id, parent) in [("a", ""), ("b", "a"), ("c", "b"), ("d", "b"), ("e", "a")] {
            let change = TaskChange::Whole {
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
        dialog.step(&store, 99);
        assert_eq!(dialog.chosen, find("d"));
        dialog.step(&store, -99);
        assert_eq!(dialog.chosen, find("a"));
    }
}
