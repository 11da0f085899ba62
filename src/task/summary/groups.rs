//! Groups of tasks that share an operation or initiator.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use crate::{Status, StatusCounts};

/// Tasks that share an operation or initiator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummaryGroup<'a> {
    /// The shared name.
    pub name: &'a Arc<str>,
    /// Number of tasks in each status.
    pub counts: StatusCounts,
}

impl SummaryGroup<'_> {
    /// Sort key: most active tasks first, then most failed, then most in all; ties by name.
    fn rank(&self) -> (Reverse<[u32; 3]>, &str) {
        let counts = &self.counts;
        let active = counts[Status::Running] + counts[Status::Queued];
        let worth = [active, counts[Status::Failed], counts.total()];
        (Reverse(worth), self.name)
    }
}

/// Groups by name. An empty group keeps its index, because more tasks of it may come.
#[derive(Debug, Default)]
pub(super) struct Groups {
    all: Vec<(Arc<str>, StatusCounts)>,
    by_name: HashMap<Arc<str>, usize>,
}

impl Groups {
    /// Adds a task to a group. Returns the group's index.
    pub(super) fn add(&mut self, name: &str, status: Status) -> usize {
        let known = self.by_name.get(name).copied();
        let index = known.unwrap_or_else(|| {
            let name: Arc<str> = name.into();
            self.all.push((name.clone(), StatusCounts::default()));
            self.by_name.insert(name, self.all.len() - 1);
            self.all.len() - 1
        });
        if let Some((_, counts)) = self.all.get_mut(index) {
            counts.add(status);
        }
        index
    }

    /// Returns the name of a group.
    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.all.get(index).map(|(name, _)| &**name)
    }

    /// Removes a task from a group.
    pub(super) fn remove(&mut self, index: usize, status: Status) {
        if let Some((_, counts)) = self.all.get_mut(index) {
            counts.remove(status);
        }
    }

    /// Returns the first groups in their order, and the number of others. Takes time proportional to the number of
    /// groups.
    pub(super) fn first(&self, maximum: usize) -> (Vec<SummaryGroup<'_>>, usize) {
        let groups = self.all.iter().filter(|(_, counts)| counts.total() > 0);
        let groups = groups.map(|(name, counts)| SummaryGroup {
            name,
            counts: *counts,
        });
        let mut groups: Vec<SummaryGroup<'_>> = groups.collect();
        let more = groups.len().saturating_sub(maximum);
        if more > 0 && maximum > 0 {
            groups.select_nth_unstable_by(maximum - 1, |a, b| a.rank().cmp(&b.rank()));
        }
        groups.truncate(maximum);
        groups.sort_unstable_by(|a, b| a.rank().cmp(&b.rank()));
        (groups, more)
    }
}
