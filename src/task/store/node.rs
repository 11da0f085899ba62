//! Records as kept by the store, with the counts of their subtrees.

use std::sync::Arc;

use super::handle::Handle;
use crate::{
    entity_state::EntityState,
    progress::Progress,
    status::{Status, StatusCounts},
    task_record::TaskRecord,
};

/// Kinds of blockers, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockerKind {
    /// The virtual machine has a pending question.
    Question,
    /// The server has no connection to the host.
    LostHost,
    /// Another task is ahead in the queue.
    Queue,
}

/// A record with its position in the hierarchy.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) record: TaskRecord,
    pub(super) parent: Option<Handle>,
    /// The subtree without this record. Most records have none.
    pub(super) subtree: Option<Box<Subtree>>,
    /// The record's status as counted in `subtree` up the path.
    pub(super) status: Status,
    /// The record's percentage as counted in the parent's sum.
    pub(super) percent: Option<u8>,
    /// State of the entity of a task that does not progress.
    pub(super) entity_state: Option<Box<EntityState>>,
    /// Blocker of the record, as counted in `subtree` up the path.
    pub(super) blocked: Option<BlockerKind>,
    /// True if the user knows of its failure.
    pub(super) is_acknowledged: bool,
    /// True for a new failure, as counted in `subtree` up the path.
    pub(super) is_new_failure: bool,
}

/// The counts of a subtree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SubtreeCounts {
    /// Number of tasks in each status.
    pub(super) statuses: StatusCounts,
    /// Number of blocked tasks.
    pub(super) blocked: u32,
    /// Number of new failures.
    pub(super) new_failures: u32,
}

impl SubtreeCounts {
    /// Replaces the counts of a part of the subtree.
    pub(super) fn change(&mut self, before: &Self, after: &Self) {
        self.statuses -= before.statuses;
        self.statuses += after.statuses;
        self.blocked = (self.blocked + after.blocked).saturating_sub(before.blocked);
        self.new_failures =
            (self.new_failures + after.new_failures).saturating_sub(before.new_failures);
    }
}

/// The subtree of a record without the record itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Subtree {
    /// The children, in the order in which they became known.
    pub(super) children: Vec<Handle>,
    /// Root key of a placeholder, taken from its children.
    pub(super) root_hint: Option<Arc<str>>,
    pub(super) counts: SubtreeCounts,
    /// Sum and number of the children's percentages.
    pub(super) children_percent: (u32, u32),
}

impl Node {
    /// Returns the keys of the direct parent and of the root, as far as known.
    pub(super) fn lineage(&self) -> (Option<&Arc<str>>, Option<&Arc<str>>) {
        match &self.record.info {
            Some(info) => (info.parent_key(), info.root_key()),
            None => (None, self.root_hint()),
        }
    }

    pub(super) fn children(&self) -> &[Handle] {
        self.subtree
            .as_ref()
            .map_or(&[], |subtree| &subtree.children)
    }

    pub(super) fn root_hint(&self) -> Option<&Arc<str>> {
        self.subtree.as_ref()?.root_hint.as_ref()
    }

    /// Returns the counts of the record alone.
    pub(super) fn own_counts(&self) -> SubtreeCounts {
        let mut statuses = StatusCounts::default();
        statuses.add(self.status);
        SubtreeCounts {
            statuses,
            blocked: self.blocked.is_some().into(),
            new_failures: self.is_new_failure.into(),
        }
    }

    /// Returns the counts of the subtree, including the record.
    pub(super) fn counts(&self) -> SubtreeCounts {
        let mut counts = self.own_counts();
        if let Some(subtree) = &self.subtree {
            counts.change(&SubtreeCounts::default(), &subtree.counts);
        }
        counts
    }

    /// Returns the mean of the children's percentages, for a task that reports none.
    pub(super) fn derived_percent(&self) -> Option<u8> {
        let (sum, count) = self.subtree.as_ref()?.children_percent;
        let derives = self.status.is_active() || self.status == Status::Placeholder;
        let mean = sum.checked_div(count).filter(|_| derives)?;
        u8::try_from(mean).ok()
    }

    /// Returns the percentage that this task contributes to its parent's mean: 100 if finished, 0
    /// before it starts.
    pub(super) fn percent(&self) -> Option<u8> {
        match self.status {
            Status::Queued => Some(0),
            status if status.is_finished() => Some(100),
            _ => match self.record.progress() {
                Progress::None => self.derived_percent(),
                own => own.percent(),
            },
        }
    }
}
