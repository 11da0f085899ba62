//! The family of a task in the order of the Lineage tab.

use crate::task::{Handle, Status, TaskStore};

/// Maximum number of entries.
const MAX_ENTRIES: usize = 500;
/// Finished members of one parent that are shown one by one.
const MAX_FINISHED: usize = 4;

/// A line of the Lineage tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineageEntry {
    Task(Handle),
    /// The finished children of this task, folded.
    Finished(Handle),
}

/// An entry with its position in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageRow {
    pub entry: LineageEntry,
    /// For each ancestor below the root: true if it has a next sibling.
    pub guides: Vec<bool>,
    pub is_last: bool,
    /// Number of folded members.
    pub folded: usize,
}

/// Returns the family of a task, from the root. Among siblings, failed and active ones come first. If there are many,
/// finished ones without failed or active descendants are folded, unless `shows_finished`.
pub fn lineage(store: &TaskStore, task: Handle, shows_finished: bool) -> Vec<LineageRow> {
    let root = store.root(task);
    let path: Vec<Handle> = store.path(task).chain([task]).collect();
    let mut rows = Vec::new();
    // Not recursive, because lineages may be deep.
    let mut stack = vec![LineageRow {
        entry: LineageEntry::Task(root),
        guides: Vec::new(),
        is_last: true,
        folded: 0,
    }];
    while let Some(row) = stack.pop() {
        if let LineageEntry::Task(handle) = row.entry {
            let entries = children(store, handle, &path, shows_finished);
            let last = entries.len().saturating_sub(1);
            for (index, (entry, folded)) in entries.into_iter().enumerate().rev() {
                let mut guides = row.guides.clone();
                if handle != root {
                    guides.push(!row.is_last);
                }
                stack.push(LineageRow {
                    entry,
                    guides,
                    is_last: index == last,
                    folded,
                });
            }
        }
        rows.push(row);
        if rows.len() == MAX_ENTRIES {
            break;
        }
    }
    rows
}

/// Returns the children of a task in display order. `path` is never folded.
fn children(
    store: &TaskStore,
    parent: Handle,
    path: &[Handle],
    shows_finished: bool,
) -> Vec<(LineageEntry, usize)> {
    let mut children = store.children(parent).to_vec();
    children.sort_by_key(|child| subtree_rank(store, *child));
    let is_finished =
        |child: &Handle| subtree_rank(store, *child) == FINISHED && !path.contains(child);
    let finished = children.iter().filter(|child| is_finished(child)).count();
    let folds = !shows_finished && finished > MAX_FINISHED;
    children.retain(|child| !folds || !is_finished(child));
    let shown = children.into_iter();
    let shown = shown.map(|child| (LineageEntry::Task(child), 0));
    let rest = folds.then_some((LineageEntry::Finished(parent), finished));
    shown.chain(rest).collect()
}

const FINISHED: u8 = 3;

/// Returns the rank of a subtree: with failed members, with active ones, others.
fn subtree_rank(store: &TaskStore, task: Handle) -> u8 {
    let family = store.family(task);
    if family[Status::Failed] > 0 {
        0
    } else if family[Status::Running] > 0 {
        1
    } else if family[Status::Success] < family.total() {
        2
    } else {
        FINISHED
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::app::test_support::{apply_update, empty, find, task, tasks};

    #[test]
    fn failed_and_running_members_come_first_and_finished_ones_are_folded() {
        let mut state = empty(80, 24);
        let mut all = vec![task("root", &json!({}))];
        let child =
            |name: &str, state: &str| task(name, &json!({"parentTaskKey": "root", "state": state}));
        all.extend((0..6).map(|number| child(&format!("done-{number}"), "success")));
        all.push(child("runs", "running"));
        all.push(child("failed", "error"));
        apply_update(&mut state, tasks(all));
        let store = &state.view().store;
        let named = |task: &str, shows_finished| {
            let rows = lineage(store, find(&state, task), shows_finished).into_iter();
            let names = rows.map(|row| match row.entry {
                LineageEntry::Task(handle) => store.get(handle).unwrap().id.mo_id.to_string(),
                LineageEntry::Finished(_) => format!("{} finished", row.folded),
            });
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(named("root", false), "root failed runs 6 finished");
        assert_eq!(named("done-3", false), "root failed runs done-3 5 finished");
        let unfolded = "root failed runs done-0 done-1 done-2 done-3 done-4 done-5";
        assert_eq!(named("runs", true), unfolded);
    }
}
