//! Looking at the rows: the part that is on the screen, and where a task is.

use std::{iter, ops::Range};

use super::{Fold, RowId, RowModel, Siblings, order_tree::Place};
use crate::task::{Handle, StatusCounts};

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it stands for.
    pub id: RowId,
    /// How many rows it hangs under.
    pub depth: usize,
    /// For each row it hangs under, topmost first: whether a vertical line goes on below that one, to its next
    /// sibling. Never for the topmost, as families are not joined by lines.
    pub guides: Vec<bool>,
    /// Whether no sibling follows.
    pub is_last: bool,
    /// Whether there are others below it, and whether they are shown.
    pub fold: Fold,
    /// How many of each status a closed fold hides; only those that match the filter.
    pub hidden: StatusCounts,
    /// Whether it does not match the filter itself, and is shown for the sake of those below it.
    pub is_context: bool,
}

impl Row {
    /// The task that it stands for, if it is one.
    pub fn task(&self) -> Option<Handle> {
        self.id.task()
    }
}

/// A row's place among its siblings, on the path from the top to it.
#[derive(Clone, Copy)]
struct Step<'a> {
    siblings: &'a Siblings,
    place: Place,
}

impl Step<'_> {
    fn id(self) -> Option<RowId> {
        self.siblings.get(self.place).map(|entry| entry.id)
    }

    fn is_last(self) -> bool {
        self.siblings.after(self.place).is_none()
    }
}

impl RowModel {
    /// The rows of that range, as far as there are any. Costs by the range's length.
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

    /// What that row stands for.
    pub fn row(&self, index: usize) -> Option<RowId> {
        self.path_to(index).last().and_then(|step| step.id())
    }

    /// Which row a record or a group has; none if it is in a closed fold or filtered out.
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

    /// The row of a record or a group, or else of the nearest above it that has one.
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

    /// How many rows come before a row among its siblings and those below them.
    fn rows_before(&self, id: RowId) -> Option<usize> {
        let item = self.item(id)?;
        let siblings = self.siblings(item.parent)?;
        siblings.rows_before(item.key.as_ref()?, id)
    }

    /// From the top to a row; empty if there is no such row.
    fn path_to(&self, index: usize) -> Vec<Step<'_>> {
        let mut path = Vec::new();
        let mut siblings = &self.top;
        let mut row = index;
        while let Some((place, within)) = siblings.at_row(row) {
            let step = Step { siblings, place };
            path.push(step);
            let children = step.id().and_then(|id| self.item(id)?.open_children());
            match (within, children) {
                (1.., Some(children)) => (siblings, row) = (children, within - 1),
                _ => break,
            }
        }
        path
    }

    /// Goes on to the next row: the first child, else the next sibling of the nearest that has one.
    fn step<'a>(&'a self, path: &mut Vec<Step<'a>>) {
        let children = path
            .last()
            .and_then(|step| self.item(step.id()?)?.open_children());
        if let Some(siblings) = children
            && let Some(place) = siblings.first()
        {
            path.push(Step { siblings, place });
            return;
        }
        while let Some(Step { siblings, place }) = path.pop() {
            if let Some(place) = siblings.after(place) {
                path.push(Step { siblings, place });
                return;
            }
        }
    }

    /// The row at the end of a path.
    fn row_at(&self, path: &[Step<'_>]) -> Option<Row> {
        let (step, above) = path.split_last()?;
        let id = step.id()?;
        let item = self.item(id)?;
        let guides = above.iter().enumerate();
        let fold = match item.shown_children() {
            None => Fold::Leaf,
            Some(_) if item.open => Fold::Open,
            Some(_) => Fold::Closed,
        };
        let mut hidden = StatusCounts::default();
        if fold == Fold::Closed {
            hidden += item.matched;
            hidden -= item.own_match();
        }
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
