//! Looking back: the board as it was, while the one of now goes on underneath.

use jiff::{SignedDuration, Timestamp};

use super::state::AppState;
use crate::task::{ChangeSet, OldState, TaskStore, row_model::RowModel};

/// What is kept while one looks back. The state's board and outline are those of the moment that is looked at.
#[derive(Debug)]
pub struct TimeTravel {
    /// The board of now.
    pub board: TaskStore,
    /// Its rows.
    pub outline: RowModel,
    /// The moment that is looked at, by this machine's clock.
    pub at: Timestamp,
    /// The place in the journal of the first change that has not come yet at that moment.
    next: u64,
    /// What leads forward again, from here to where the board was copied.
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
        self.past.as_ref().map_or(now, |past| past.at)
    }

    /// Looks somewhere else in time.
    pub(super) fn look(&mut self, look: Seek, now: Timestamp) -> SeekResult {
        let (next, at) = match &self.past {
            Some(past) => (past.next, past.at),
            None => (self.journal.end(), now),
        };
        let journal = &self.journal;
        let first = journal.first();
        let since = journal.since().unwrap_or(now);
        let (target, at) = match look {
            Seek::BackByChange => {
                let Some(undone) = next
                    .checked_sub(1)
                    .filter(|last| *last >= first)
                    .and_then(|last| journal.at(last))
                else {
                    return SeekResult::NoFurther;
                };
                // What came together is taken back together.
                let mut target = next;
                while target > first && journal.at(target - 1) == Some(undone) {
                    target -= 1;
                }
                let before = target.checked_sub(1).and_then(|last| journal.at(last));
                (target, before.unwrap_or(since).min(undone))
            }
            Seek::ForwardByChange => {
                let Some(at) = journal.at(next) else {
                    return self.return_to_now();
                };
                (journal.after(at), at)
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
                (journal.after(to).max(first), to)
            }
        };
        self.go_to(target, at);
        SeekResult::There
    }

    /// Shows what is now. Order, filter and layout stay as they were chosen meanwhile.
    pub(super) fn return_to_now(&mut self) -> SeekResult {
        if let Some(past) = self.past.take() {
            let view = self.outline.view().clone();
            self.board = past.board;
            let before = std::mem::replace(&mut self.outline, past.outline);
            if *self.outline.view() != view {
                self.outline.arrange(view, &self.board);
            }
            self.cursor.translate(&before, &self.outline);
            self.clear_insights();
        }
        SeekResult::Now
    }

    fn go_to(&mut self, target: u64, at: Timestamp) {
        self.cursor.hold(&self.outline);
        let is_beyond = self
            .past
            .as_ref()
            .is_some_and(|past| target > past.next + past.forward.len() as u64);
        if is_beyond {
            // What came after the copy was made is known by how to take it back only.
            self.return_to_now();
        }
        let mut past = self.past.take().unwrap_or_else(|| {
            let (board, outline) = (self.board.clone(), self.outline.clone());
            Box::new(TimeTravel {
                board: std::mem::replace(&mut self.board, board),
                outline: std::mem::replace(&mut self.outline, outline),
                at,
                next: self.journal.end(),
                forward: Vec::new(),
            })
        });
        let mut touched = ChangeSet::default();
        while past.next > target
            && let Some(before) = self.journal.was(past.next - 1)
        {
            past.forward.push(self.board.rewind(before, &mut touched));
            past.next -= 1;
        }
        while past.next < target
            && let Some(after) = past.forward.pop()
        {
            self.board.rewind(after, &mut touched);
            past.next += 1;
        }
        past.at = at;
        for &handle in &touched.changed {
            let Some(record) = self.board.get(handle) else {
                continue;
            };
            // What the board of now has observed, as far as it had been observed.
            let live = past.board.find(&record.id);
            let live = live.and_then(|live| past.board.get(live)?.history.as_deref());
            let whole = live.or(record.history.as_deref());
            let history = whole.and_then(|history| history.until(self.time(record, at)));
            self.board.set_history(handle, history.map(Box::new));
        }
        self.outline.touch(&self.board, &touched);
        self.past = Some(past);
        self.clear_insights();
    }

    fn clear_insights(&mut self) {
        self.outlooks = super::insight::InsightCache::default();
    }
}
