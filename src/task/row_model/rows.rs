//! Access to the visible rows by index and by task.

use std::{iter, ops::Range};

use super::{Fold, RowId, RowModel, item::Siblings, order_tree::Position};
use crate::{Handle, StatusCounts};

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The task or group.
    pub id: RowId,
    /// Number of ancestors.
    pub depth: usize,
    /// For each ancestor, topmost first: true if a vertical line continues below it to its next
    /// sibling. Always false for the topmost, because families are not joined by lines.
    pub guides: Vec<bool>,
    /// True if it is the last of its siblings.
    pub is_last: bool,
    /// Fold state.
    pub fold: Fold,
    /// Number of matching tasks in each status hidden by a closed fold.
    pub hidden: StatusCounts,
    /// True if the task does not match the filter and is shown only because a descendant does.
    pub is_context: bool,
}

impl Row {
    /// Returns the task, if it is one.
    pub fn task(&self) -> Option<Handle> {
        self.id.task()
    }
}

/// A row's position among its siblings, as a step of the path from the top.
#[derive(Clone, Copy)]
struct PathStep<'a> {
    siblings: &'a Siblings,
    position: Position,
}

impl PathStep<'_> {
    fn id(self) -> Option<RowId> {
        self.siblings.get(self.position).map(|entry| entry.id)
    }

    fn is_last(self) -> bool {
        self.siblings.after(self.position).is_none()
    }
}

impl RowModel {
    /// Returns the rows of a range. Takes time proportional to the length of the range.
    pub fn rows(&self, range: Range<usize>) -> Vec<Row> {
        let range = range.start..range.end.min(self.len());
        let mut rows = Vec::with_capacity(range.len());
        let mut path = if range.is_empty() {
            Vec::new()
        } else {
            self.path_to(range.start)
        };
        while rows.len() < range.len()
            && let Some(row) = self.row_at(&path)
        {
            rows.push(row);
            self.step(&mut path);
        }
        rows
    }

    /// Returns the task or group of a row.
    pub fn row(&self, index: usize) -> Option<RowId> {
        self.path_to(index).last().and_then(|step| step.id())
    }

    /// True if a task was queued or running at the last update of the model.
    pub fn was_active(&self, task: Handle) -> bool {
        self.items
            .get(task)
            .is_some_and(|item| item.status.is_active())
    }

    /// Returns the index of a task's or group's row; `None` if it is filtered out or in a closed
    /// fold.
    pub fn position(&self, id: impl Into<RowId>) -> Option<usize> {
        let id = id.into();
        let item = self.item(id).filter(|item| item.is_shown())?;
        let mut position = self.rows_before(id)?;
        let mut next = item.parent;
        while let Some(above) = next {
            let item = self.item(above)?;
            item.open_children()?;
            position += 1 + self.rows_before(above)?;
            next = item.parent;
        }
        Some(position)
    }

    /// Returns the index of a task's or group's row, or of its nearest visible ancestor.
    pub fn nearest_visible(&self, id: impl Into<RowId>) -> Option<usize> {
        let path = iter::successors(Some(id.into()), |id| self.above(*id));
        let mut nearest = None;
        for id in path {
            let item = self.item(id)?;
            if item.is_shown() && (nearest.is_none() || !item.open) {
                nearest = Some(id);
            }
        }
        self.position(nearest?)
    }

    /// Returns the number of rows before a row among its siblings and their descendants.
    fn rows_before(&self, id: RowId) -> Option<usize> {
        let item = self.item(id)?;
        let siblings = self.siblings(item.parent)?;
        siblings.rows_before(item.key.as_ref()?, id)
    }

    /// Returns the path to a row; empty if there is no such row.
    fn path_to(&self, index: usize) -> Vec<PathStep<'_>> {
        let mut path = Vec::new();
        let mut siblings = &self.top;
        let mut row = index;
        while let Some((position, within)) = siblings.at_row(row) {
            let step = PathStep { siblings, position };
            path.push(step);
            let children = step.id().and_then(|id| self.item(id)?.open_children());
            match (within, children) {
                (1.., Some(children)) => (siblings, row) = (children, within - 1),
                _ => break,
            }
        }
        path
    }

    /// Advances to the next row: the first child, else the next sibling of the nearest ancestor
    /// that has one.
    fn step<'a>(&'a self, path: &mut Vec<PathStep<'a>>) {
        let children = path
            .last()
            .and_then(|step| self.item(step.id()?)?.open_children());
        if let Some(siblings) = children
            && let Some(position) = siblings.first()
        {
            path.push(PathStep { siblings, position });
            return;
        }
        while let Some(PathStep { siblings, position }) = path.pop() {
            if let Some(position) = siblings.after(position) {
                path.push(PathStep { siblings, position });
                return;
            }
        }
    }

    /// Builds the row at the end of a path.
    fn row_at(&self, path: &[PathStep<'_>]) -> Option<Row> {
        let (step, above) = path.split_last()?;
        let id = step.id()?;
        let item = self.item(id)?;
        let guides = above.iter().enumerate();
        let fold = match item.shown_children() {
            None => Fold::Leaf,
            Some(_) if item.open => Fold::Open,
            Some(_) => Fold::Closed,
        };
        let hidden = match fold {
            Fold::Closed => item.matched_below(),
            Fold::Leaf | Fold::Open => StatusCounts::default(),
        };
        Some(Row {
            id,
            depth: above.len(),
            guides: guides
                .map(|(level, step)| level > 0 && !step.is_last())
                .collect(),
            is_last: step.is_last(),
            fold,
            hidden,
            is_context: id.task().is_some() && !item.matches,
        })
    }
}
