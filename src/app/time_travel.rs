//! Looking back: the store as it was, while the one of now goes on underneath.

use jiff::{SignedDuration, Timestamp};

use super::state::AppState;
use crate::task::{ChangeSet, OldState, TaskStore, row_model::RowModel};

/// What is kept while one looks back. The state's store and row_model are those of the moment that is looked at.
#[derive(Debug)]
pub struct TimeTravel {
    /// The store of now.
    pub store: TaskStore,
    /// Its rows.
    pub row_model: RowModel,
    /// The moment that is looked at, by this machine's clock.
    pub at: Timestamp,
    /// The place in the undo_log of the first change that has not come yet at that moment.
    next: u64,
    /// What leads forward again, from here to where the store was copied.
    forward: Vec<OldState>,
}

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seek {
    /// At how things were before the last change that is seen.
    BackByChange,
    /// At how things were after the next change.
    ForwardByChange,
    /// At a moment so much earlier or later.
    By(SignedDuration),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeekResult {
    /// One looks back.
    There,
    /// Nothing older is known.
    NoFurther,
    /// It is now.
    Now,
}

impl AppState {
    /// The moment that is shown: the one that is looked back at, or now.
    pub fn moment(&self, now: Timestamp) -> Timestamp {
        self.time_travel.as_ref().map_or(now, |travel| travel.at)
    }

    /// Looks somewhere else in time.
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
                    return SeekResult::NoFurther;
                };
                // What came together is taken back together.
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
                    return SeekResult::NoFurther;
                }
                let to = to.max(since);
                (undo_log.after(to).max(first), to)
            }
        };
        self.go_to(target, at);
        SeekResult::There
    }

    /// Shows what is now. Order, filter and layout stay as they were chosen meanwhile.
    pub(super) fn return_to_now(&mut self) -> SeekResult {
        if let Some(travel) = self.time_travel.take() {
            let view = self.row_model.view().clone();
            self.store = travel.store;
            let before = std::mem::replace(&mut self.row_model, travel.row_model);
            if *self.row_model.view() != view {
                self.row_model.arrange(view, &self.store);
            }
            self.selection.translate(&before, &self.row_model);
            self.clear_insights();
        }
        SeekResult::Now
    }

    fn go_to(&mut self, target: u64, at: Timestamp) {
        self.selection.hold(&self.row_model);
        let is_beyond = self
            .time_travel
            .as_ref()
            .is_some_and(|travel| target > travel.next + travel.forward.len() as u64);
        if is_beyond {
            // What came after the copy was made is known by how to take it back only.
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
            // What the store of now has observed, as far as it had been observed.
            let live = travel.store.find(&record.id);
            let live = live.and_then(|live| travel.store.get(live)?.history.as_deref());
            let whole = live.or(record.history.as_deref());
            let history = whole.and_then(|history| history.until(self.time(record, at)));
            self.store.set_history(handle, history.map(Box::new));
        }
        self.row_model.touch(&self.store, &touched);
        self.time_travel = Some(travel);
        self.clear_insights();
    }

    fn clear_insights(&mut self) {
        self.insights = super::insight::InsightCache::default();
    }
}
