//! Absence of the user: the time in which the screen was not looked at, and the tasks that ended or stalled in it.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::{selection::Selection, server_state::ServerClocks};
use crate::task::{
    ChangeSet, Filter, Handle, ServerContext, ServerId, Status, StatusCounts, TaskRecord,
    TaskStore, TypicalDurations,
};

/// Time without a key or the mouse after which the user counts as away.
pub(super) const IDLE_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);
/// Interval at which running tasks are checked for stalls during a period of absence.
const STALL_CHECK_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// A change of a task that the user should know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotableChange {
    Ended(Status),
    Stalled,
}

/// The part of a period of absence on one server, by the server's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) start: Timestamp,
    /// `None` while the absence lasts, and if the clock was unknown at its end.
    pub(super) end: Option<Timestamp>,
}

/// A period of absence, current or past, with the tasks that ended or stalled in it.
#[derive(Debug)]
pub struct AwayPeriod {
    /// Start, by the local clock.
    pub since: Timestamp,
    /// End, by the local clock; `None` while it lasts.
    pub(super) until: Option<Timestamp>,
    /// True if it lasted from the last exit of the program to its start.
    pub(super) is_from_last_run: bool,
    windows: HashMap<ServerId, Window>,
    changes: HashMap<Handle, NotableChange>,
    /// Number of tasks that ended, by outcome.
    pub ended: StatusCounts,
    /// Number of tasks that stalled.
    pub stalled: u32,
    /// Time of the last check for stalls.
    last_stall_check: Timestamp,
}

impl AwayPeriod {
    pub(super) fn new(since: Timestamp, windows: HashMap<ServerId, Window>) -> Self {
        Self {
            since,
            until: None,
            is_from_last_run: false,
            windows,
            changes: HashMap::new(),
            ended: StatusCounts::default(),
            stalled: 0,
            last_stall_check: since,
        }
    }

    /// True if nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(super) fn contains(&self, handle: Handle) -> bool {
        self.changes.contains_key(&handle)
    }

    pub(super) fn tasks(&self) -> HashSet<Handle> {
        self.changes.keys().copied().collect()
    }

    /// Continues a period of absence that had ended.
    pub(super) fn resume(&mut self) {
        self.until = None;
        for window in self.windows.values_mut() {
            window.end = None;
        }
    }

    pub(super) fn end(&mut self, clocks: &ServerClocks<'_>, now: Timestamp) {
        self.until = Some(now);
        for (server, window) in &mut self.windows {
            window.end = Some(clocks.convert(*server, now));
        }
    }

    /// Considers all tasks: those that ended, and those that stalled.
    pub(super) fn scan(
        &mut self,
        store: &TaskStore,
        typical: &TypicalDurations,
        clocks: &ServerClocks<'_>,
        now: Timestamp,
    ) {
        for (handle, record) in store.iter() {
            let change = self.ended_as(record, clocks).or_else(|| {
                self.has_stalled(store, handle, record, typical, clocks)
                    .then_some(NotableChange::Stalled)
            });
            self.set(handle, change);
        }
        self.last_stall_check = now;
    }

    /// Returns when running tasks are to be checked for stalls.
    pub(super) fn next_check(&self) -> Option<Timestamp> {
        let next = self.last_stall_check.checked_add(STALL_CHECK_INTERVAL);
        next.ok().filter(|_| self.until.is_none())
    }

    /// Considers changed tasks. A stall counts until the task moves on.
    pub(super) fn follow(
        &mut self,
        store: &TaskStore,
        changes: &ChangeSet,
        typical: &TypicalDurations,
        clocks: &ServerClocks<'_>,
    ) {
        for removed in &changes.removed {
            self.set(*removed, None);
        }
        for &handle in &changes.changed {
            let Some(record) = store.get(handle) else {
                continue;
            };
            let is_stalled = || {
                self.changes.get(&handle) == Some(&NotableChange::Stalled)
                    && self.has_stalled(store, handle, record, typical, clocks)
            };
            let change = self
                .ended_as(record, clocks)
                .or_else(|| is_stalled().then_some(NotableChange::Stalled));
            self.set(handle, change);
        }
    }

    /// Returns the outcome of a task that ended during the absence.
    fn ended_as(&self, record: &TaskRecord, clocks: &ServerClocks<'_>) -> Option<NotableChange> {
        let server = record.id.server;
        let window = self.windows.get(&server)?;
        let ended = record.ended_at()?;
        let end = window
            .end
            .or_else(|| Some(clocks.convert(server, self.until?)));
        let is_during = window.start < ended && end.is_none_or(|end| ended <= end);
        is_during.then(|| NotableChange::Ended(record.status()))
    }

    /// True if a task is stalled now and was not when the absence began.
    fn has_stalled(
        &self,
        store: &TaskStore,
        handle: Handle,
        record: &TaskRecord,
        typical: &TypicalDurations,
        clocks: &ServerClocks<'_>,
    ) -> bool {
        let server = record.id.server;
        let Some(window) = self.windows.get(&server) else {
            return false;
        };
        let is_stalled = |at| store.is_stalled(handle, Some(typical), at);
        record.status() == Status::Running
            && is_stalled(clocks.time(server))
            && !is_stalled(window.start)
    }

    fn set(&mut self, handle: Handle, change: Option<NotableChange>) {
        let before = match change {
            Some(change) => self.changes.insert(handle, change),
            None => self.changes.remove(&handle),
        };
        match before {
            Some(NotableChange::Ended(status)) => self.ended.remove(status),
            Some(NotableChange::Stalled) => self.stalled -= 1,
            None => {}
        }
        match change {
            Some(NotableChange::Ended(status)) => self.ended.add(status),
            Some(NotableChange::Stalled) => self.stalled += 1,
            None => {}
        }
    }
}

/// Filter and selection to return to from the list of changed tasks.
#[derive(Debug)]
pub(super) struct SavedView {
    pub(super) filter: Filter,
    pub(super) selection: Selection,
}

/// Tracks the presence of the user, and what changed during the last absence.
#[derive(Debug, Default)]
pub struct AwayTracker {
    /// Time of the last key or mouse event, or of the start.
    pub(super) last_input: Option<Timestamp>,
    /// True if the terminal reported that it lost the focus.
    pub(super) is_unfocused: bool,
    /// Time up to which the user knows what happened.
    pub(super) caught_up_at: Option<Timestamp>,
    pub(super) period: Option<AwayPeriod>,
    /// Present while the list shows only the tasks that changed.
    pub(super) before: Option<SavedView>,
}

impl AwayTracker {
    /// Returns the absence to report: one with changes that was not dismissed.
    pub fn report(&self) -> Option<&AwayPeriod> {
        self.period.as_ref().filter(|period| !period.is_empty())
    }

    /// True if the list shows only the tasks that changed.
    pub fn is_showing(&self) -> bool {
        self.before.is_some()
    }

    /// Returns the time of the last key or mouse event if it is long past.
    pub(super) fn idle_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.last_input
            .filter(|last| now.duration_since(*last) >= IDLE_TIMEOUT)
    }

    /// Returns the start of the absence that lasts now.
    pub(super) fn away_since(&self, now: Timestamp) -> Option<Timestamp> {
        let period = self.period.as_ref();
        let current = period.filter(|period| period.until.is_none());
        let since = current.map(|period| period.since);
        since.or_else(|| self.idle_since(now))
    }

    /// Returns when the state changes or has to be checked without an event.
    pub(super) fn next_check(&self) -> Option<Timestamp> {
        match &self.period {
            Some(period) if period.until.is_none() => period.next_check(),
            _ => self.last_input?.checked_add(IDLE_TIMEOUT).ok(),
        }
    }
}
