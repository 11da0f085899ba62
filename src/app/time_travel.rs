//! Time travel: shows the list at an earlier time while the live store is updated in the background.

use jiff::{SignedDuration, Timestamp};

use super::state::AppState;
use crate::task::{ChangeSet, OldState, TaskStore, row_model::RowModel};

/// State of time travel. `store` and `row_model` of [`AppState`] are those of the displayed time.
#[derive(Debug)]
pub struct TimeTravel {
    /// The live store.
    pub store: TaskStore,
    /// The live rows.
    pub row_model: RowModel,
    /// The displayed time, by the local clock.
    pub at: Timestamp,
    /// Index in the undo log of the first change after the displayed time.
    next: u64,
    /// Entries to move forward again, up to when the store was copied.
    forward: Vec<OldState>,
}

/// Target of a seek.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seek {
    /// Before the previous change.
    BackByChange,
    /// After the next change.
    ForwardByChange,
    /// Earlier or later by a duration.
    By(SignedDuration),
}

/// Result of a seek.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeekResult {
    /// The displayed time changed.
    Moved,
    /// There is nothing older.
    AtOldest,
    /// The live view is shown.
    Live,
}

impl AppState {
    /// Returns the displayed time.
    pub fn displayed_time(&self, now: Timestamp) -> Timestamp {
        self.time_travel.as_ref().map_or(now, |travel| travel.at)
    }

    /// Moves to another time.
    pub(super) fn seek(&mut self, target: Seek, now: Timestamp) -> SeekResult {
        let (next, at) = match &self.time_travel {
            Some(travel) => (travel.next, travel.at),
            None => (self.undo_log.end(), now),
        };
        let undo_log = &self.undo_log;
        let first = undo_log.first();
        let since = undo_log.since().unwrap_or(now);
        let (target, at) = match target {
            Seek::BackByChange => {
                let Some(undone) = next
                    .checked_sub(1)
                    .filter(|last| *last >= first)
                    .and_then(|last| undo_log.at(last))
                else {
                    return SeekResult::AtOldest;
                };
                // Changes that arrived together are undone together.
                let mut target = next;
                while target > first && undo_log.at(target - 1) == Some(undone) {
                    target -= 1;
                }
                let before = target.checked_sub(1).and_then(|last| undo_log.at(last));
                (target, before.unwrap_or(since).min(undone))
            }
            Seek::ForwardByChange => {
                let Some(at) = undo_log.at(next) else {
                    return self.return_to_now();
                };
                (undo_log.after(at), at)
            }
            Seek::By(span) => {
                let to = at + span;
                if to >= now {
                    return self.return_to_now();
                }
                if to < since && at <= since {
                    return SeekResult::AtOldest;
                }
                let to = to.max(since);
                (undo_log.after(to).max(first), to)
            }
        };
        self.go_to(target, at);
        SeekResult::Moved
    }

    /// Returns to the live view. Sort order, filter and layout are kept.
    pub(super) fn return_to_now(&mut self) -> SeekResult {
        if let Some(travel) = self.time_travel.take() {
            let view = self.row_model.view().clone();
            self.store = travel.store;
            let before = std::mem::replace(&mut self.row_model, travel.row_model);
            if *self.row_model.view() != view {
                self.row_model.set_view(view, &self.store);
            }
            self.selection.translate_group(&before, &self.row_model);
            self.clear_insights();
        }
        SeekResult::Live
    }

    fn go_to(&mut self, target: u64, at: Timestamp) {
        self.selection.pin_current(&self.row_model);
        let is_beyond = self
            .time_travel
            .as_ref()
            .is_some_and(|travel| target > travel.next + travel.forward.len() as u64);
        if is_beyond {
            // Changes after the copy can only be reached from the live store.
            self.return_to_now();
        }
        let mut travel = self.time_travel.take().unwrap_or_else(|| {
            let (store, row_model) = (self.store.clone(), self.row_model.clone());
            Box::new(TimeTravel {
                store: std::mem::replace(&mut self.store, store),
                row_model: std::mem::replace(&mut self.row_model, row_model),
                at,
                next: self.undo_log.end(),
                forward: Vec::new(),
            })
        });
        let mut touched = ChangeSet::default();
        while travel.next > target
            && let Some(before) = self.undo_log.was(travel.next - 1)
        {
            travel.forward.push(self.store.rewind(before, &mut touched));
            travel.next -= 1;
        }
        while travel.next < target
            && let Some(after) = travel.forward.pop()
        {
            self.store.rewind(after, &mut touched);
            travel.next += 1;
        }
        travel.at = at;
        for &handle in &touched.changed {
            let Some(record) = self.store.get(handle) else {
                continue;
            };
            // Restore progress samples up to the displayed time.
            let live = travel.store.find(&record.id);
            let live = live.and_then(|live| travel.store.get(live)?.history.as_deref());
            let whole = live.or(record.history.as_deref());
            let history = whole.and_then(|history| history.until(self.time(record, at)));
            self.store.set_history(handle, history.map(Box::new));
        }
        self.row_model.update(&self.store, &touched);
        self.time_travel = Some(travel);
        self.clear_insights();
    }

    fn clear_insights(&mut self) {
        self.insights = super::insight::InsightCache::default();
    }
}
