//! Aggregated counts: tasks by operation, account, server and status, and the most important
//! tasks.
//! A summary is built once from a store and then updated incrementally, so that an update costs by
//! the number of changes and a frame by the number of displayed rows.

mod groups;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use slotmap::SecondaryMap;

use self::groups::Groups;
use super::{
    ChangeSet, Handle, ServerId, Status, StatusCounts, TaskRecord, TaskStore, search_text,
};

pub use groups::SummaryGroup;

/// Aggregated counts of all tasks in a store.
#[derive(Debug, Default)]
pub struct Summary {
    counted: SecondaryMap<Handle, CountKey>,
    operations: Groups,
    users: Groups,
    servers: HashMap<ServerId, StatusCounts>,
    /// Running, queued and failed tasks, by the time at which that status began.
    running: Ranking,
    queued: Ranking,
    failed: Ranking,
}

type Ranking = BTreeSet<(Timestamp, Handle)>;

/// The groups in which a task was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CountKey {
    status: Status,
    /// Its rank in the list of its status.
    since: Option<Timestamp>,
    server: ServerId,
    operation: usize,
    /// `None` for a placeholder.
    user: Option<usize>,
}

impl Summary {
    /// Builds the summary of a store.
    pub fn of(store: &TaskStore) -> Self {
        let mut summary = Self::default();
        for (handle, record) in store.iter() {
            summary.count(store, handle, record);
        }
        summary
    }

    /// Applies changes of the store.
    pub fn update(&mut self, store: &TaskStore, touched: &ChangeSet) {
        for &handle in &touched.removed {
            self.uncount(handle);
        }
        for &handle in &touched.changed {
            match store.get(handle) {
                None => self.uncount(handle),
                Some(record) if self.is_as_counted(store, handle, record) => {}
                Some(record) => {
                    self.uncount(handle);
                    self.count(store, handle, record);
                }
            }
        }
    }

    /// True if the counted properties did not change.
    fn is_as_counted(&self, store: &TaskStore, handle: Handle, record: &TaskRecord) -> bool {
        let Some(counted) = self.counted.get(handle) else {
            return false;
        };
        let status = record.status();
        let user = counted.user.and_then(|user| self.users.name(user));
        let initiator = record.info.as_ref();
        let initiator = initiator.map(|info| search_text::initiator(&info.reason));
        counted.status == status
            && counted.since == since(record, status)
            && counted.server == record.id.server
            && user == initiator.as_deref()
            && self.operations.name(counted.operation) == Some(&*store.operation(record))
    }

    fn count(&mut self, store: &TaskStore, handle: Handle, record: &TaskRecord) {
        let status = record.status();
        let user = record.info.as_ref().map(|info| {
            let name = search_text::initiator(&info.reason);
            self.users.add(&name, status)
        });
        let counted = CountKey {
            status,
            since: since(record, status),
            server: record.id.server,
            operation: self.operations.add(&store.operation(record), status),
            user,
        };
        self.servers.entry(counted.server).or_default().add(status);
        if let (Some(ranking), Some(since)) = (self.ranking(status), counted.since) {
            ranking.insert((since, handle));
        }
        self.counted.insert(handle, counted);
    }

    fn uncount(&mut self, handle: Handle) {
        let Some(counted) = self.counted.remove(handle) else {
            return;
        };
        let status = counted.status;
        self.operations.remove(counted.operation, status);
        if let Some(user) = counted.user {
            self.users.remove(user, status);
        }
        if let Some(counts) = self.servers.get_mut(&counted.server) {
            counts.remove(status);
        }
        if let (Some(ranking), Some(since)) = (self.ranking(status), counted.since) {
            ranking.remove(&(since, handle));
        }
    }

    fn ranking(&mut self, status: Status) -> Option<&mut Ranking> {
        match status {
            Status::Running => Some(&mut self.running),
            Status::Queued => Some(&mut self.queued),
            Status::Failed => Some(&mut self.failed),
            _ => None,
        }
    }

    /// Returns the number of tasks.
    pub fn len(&self) -> usize {
        self.counted.len()
    }

    /// True if there are no tasks.
    pub fn is_empty(&self) -> bool {
        self.counted.is_empty()
    }

    /// Returns the top operations and the number of others.
    pub fn operations(&self, maximum: usize) -> (Vec<SummaryGroup<'_>>, usize) {
        self.operations.first(maximum)
    }

    /// Returns the top accounts, alarms and schedules and the number of others.
    pub fn users(&self, maximum: usize) -> (Vec<SummaryGroup<'_>>, usize) {
        self.users.first(maximum)
    }

    /// Returns the number of a server's tasks in each status.
    pub fn server(&self, id: ServerId) -> StatusCounts {
        self.servers.get(&id).copied().unwrap_or_default()
    }

    /// Returns the running tasks, longest running first.
    pub fn longest_running(&self) -> impl Iterator<Item = Handle> {
        self.running.iter().map(|(_, handle)| *handle)
    }

    /// Returns the number of running tasks.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Returns the queued tasks, longest queued first.
    pub fn longest_queued(&self) -> impl Iterator<Item = Handle> {
        self.queued.iter().map(|(_, handle)| *handle)
    }

    /// Returns the number of queued tasks.
    pub fn queued(&self) -> usize {
        self.queued.len()
    }

    /// Returns the tasks that failed since a time, latest first.
    pub fn failed_since(&self, moment: Timestamp) -> impl Iterator<Item = Handle> {
        let failed = self.failed.iter().rev();
        failed
            .take_while(move |(at, _)| *at >= moment)
            .map(|(_, handle)| *handle)
    }
}

/// Returns the time at which the status began, for the ranked statuses.
fn since(record: &TaskRecord, status: Status) -> Option<Timestamp> {
    match status {
        Status::Running => record.running_since(),
        Status::Queued => record.queued_since(),
        Status::Failed => record.completed_at().or(record.observed_at()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
