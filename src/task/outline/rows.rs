//! Looking at the rows: the part that is on the screen, and where a task is.

use std::{iter, ops::Range};

use super::{Fold, Outline, Siblings, ranked::Place};
use crate::task::{Handle, StatusCounts};

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whose row it is.
    pub handle: Handle,
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

/// A row's place among its siblings, on the path from the top to it.
#[derive(Clone, Copy)]
struct Step<'a> {
    siblings: &'a Siblings,
    place: Place,
}

impl Step<'_> {
    fn handle(self) -> Option<Handle> {
        self.siblings.get(self.place).map(|entry| entry.handle)
    }

    fn is_last(self) -> bool {
        self.siblings.after(self.place).is_none()
    }
}

impl Outline {
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

    /// Whose row that is.
    pub fn row(&self, index: usize) -> Option<Handle> {
        self.path_to(index).last().and_then(|step| step.handle())
    }

    /// Which row a record has; none if it is in a closed fold or filtered out.
    pub fn position(&self, handle: Handle) -> Option<usize> {
        let item = self.items.get(handle).filter(|item| item.is_shown())?;
        let mut position = self.rows_before(handle)?;
        let mut next = item.parent;
        while let Some(above) = next {
            let item = self.items.get(above)?;
            item.open_children()?;
            position += 1 + self.rows_before(above)?;
            next = item.parent;
        }
        Some(position)
    }

    /// The row of a record, or else of the nearest above it that has one.
    pub fn nearest_visible(&self, handle: Handle) -> Option<usize> {
        let above = |handle: &Handle| self.items.get(*handle)?.parent;
        let path = iter::successors(Some(handle), above);
        let mut nearest = None;
        for handle in path {
            let item = self.items.get(handle)?;
            if item.is_shown() && (nearest.is_none() || !item.open) {
                nearest = Some(handle);
            }
        }
        self.position(nearest?)
    }

    /// How many rows come before a record's among its siblings and those below them.
    fn rows_before(&self, handle: Handle) -> Option<usize> {
        let item = self.items.get(handle)?;
        let siblings = self.siblings(item.parent)?;
        siblings.rows_before(item.key.as_ref()?, handle)
    }

    /// From the top to a row; empty if there is no such row.
    fn path_to(&self, index: usize) -> Vec<Step<'_>> {
        let mut path = Vec::new();
        let mut siblings = &self.top;
        let mut row = index;
        while let Some((place, within)) = siblings.at_row(row) {
            let step = Step { siblings, place };
            path.push(step);
            let children = step
                .handle()
                .and_then(|handle| self.items.get(handle)?.open_children());
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
            .and_then(|step| self.items.get(step.handle()?)?.open_children());
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
        let handle = step.handle()?;
        let item = self.items.get(handle)?;
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
            handle,
            depth: above.len(),
            guides: guides
                .map(|(level, step)| level > 0 && !step.is_last())
                .collect(),
            is_last: step.is_last(),
            fold,
            hidden,
            is_context: !item.matches,
        })
    }
}
