//! What a row is sorted by, worked out once so that comparing two rows is cheap.
//!
//! No key depends on the time at which it is made: rows change places when tasks change, never because time passes.

use std::{
    cmp::{Ordering, Reverse},
    sync::Arc,
};

use jiff::Timestamp;

use super::view::{Layout, Sort, SortColumn};
use crate::task::{Board, Handle, Record, Status, TaskId, filter::folded, texts};

/// Where a row stands among its siblings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey {
    /// Rows of different groups keep apart.
    group: u8,
    rank: Rank,
    /// Among equals the oldest is first; a ghost's age is not known.
    queued: i64,
    id: Name,
}

/// A column's value, turned round already where the greatest comes first. In one outline all are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Number(i64),
    Text(Arc<str>),
    TextDescending(Reverse<Arc<str>>),
    /// No value: last in both directions.
    Missing,
}

impl Rank {
    fn number(number: Option<i64>, descending: bool) -> Self {
        match number {
            Some(number) if descending => Self::Number(!number),
            Some(number) => Self::Number(number),
            None => Self::Missing,
        }
    }

    fn text(text: Option<&str>, descending: bool) -> Self {
        match text.filter(|text| !text.is_empty()).map(folded) {
            Some(text) if descending => Self::TextDescending(Reverse(text.into())),
            Some(text) => Self::Text(text.into()),
            None => Self::Missing,
        }
    }
}

/// A task's name with `task-9` before `task-10`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name(TaskId);

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, two) = (&self.0, &other.0);
        let length = one.mo_id.len().cmp(&two.mo_id.len());
        length
            .then_with(|| one.mo_id.cmp(&two.mo_id))
            .then_with(|| one.endpoint.cmp(&two.endpoint))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl SortKey {
    /// The key of a record's row; none for a record that is not on the board.
    pub(super) fn of(board: &Board, handle: Handle, layout: Layout, sort: Sort) -> Option<Self> {
        let record = board.get(handle)?;
        let info = record.info.as_deref();
        let descending = sort.descending;
        let (group, rank) = match sort.column {
            SortColumn::Attention => attention(board, handle, record, layout, descending),
            SortColumn::Operation => (0, Rank::text(Some(&board.operation(record)), descending)),
            SortColumn::Target => (0, Rank::text(info.and_then(texts::target), descending)),
            SortColumn::Progress => {
                let percent = board.progress(handle).percent();
                (0, Rank::number(percent.map(i64::from), descending))
            }
            SortColumn::Elapsed => elapsed(record, descending),
            SortColumn::StartedBy => {
                let initiator = info.map(|info| texts::initiator(&info.reason));
                (0, Rank::text(initiator.as_deref(), descending))
            }
            SortColumn::Queued => {
                let queued = info.map(|info| info.queue_time.as_microsecond());
                (0, Rank::number(queued, descending))
            }
        };
        Some(Self {
            group,
            rank,
            queued: info.map_or(i64::MAX, |info| info.queue_time.as_microsecond()),
            id: Name(record.id.clone()),
        })
    }
}

/// The order in which statuses ask for a look.
fn urgency(status: Status) -> u8 {
    match status {
        Status::Running => 0,
        Status::Queued => 1,
        Status::Failed => 2,
        Status::Cancelled => 3,
        Status::Lost | Status::Unknown => 4,
        Status::Success => 5,
        Status::Ghost => 6,
    }
}

/// By urgency; what goes on longest and what ended last first.
fn attention(
    board: &Board,
    handle: Handle,
    record: &Record,
    layout: Layout,
    descending: bool,
) -> (u8, Rank) {
    let own = record.status();
    let class = match layout {
        Layout::Flat => urgency(own),
        Layout::Tree => {
            let family = board.family(handle);
            let members = Status::ALL.into_iter().filter(|status| family[*status] > 0);
            members.map(urgency).min().unwrap_or(urgency(own))
        }
    };
    let is_active = class <= urgency(Status::Queued);
    let begun = record
        .info
        .as_ref()
        .map(|info| info.start_time.unwrap_or(info.queue_time));
    let moment = if is_active {
        begun
    } else {
        stopped(record).or(begun)
    };
    let moment = moment.map(Timestamp::as_microsecond);
    let group = if descending { u8::MAX - class } else { class };
    (group, Rank::number(moment, descending == is_active))
}

/// By how long it has taken: first those whose clocks run, then the others.
fn elapsed(record: &Record, descending: bool) -> (u8, Rank) {
    let Some(info) = &record.info else {
        return (1, Rank::Missing);
    };
    let begun = info.start_time.unwrap_or(info.queue_time).as_microsecond();
    match stopped(record) {
        // The earlier it began, the longer it runs.
        None => (0, Rank::number(Some(begun), !descending)),
        Some(end) => {
            let span = end.as_microsecond().saturating_sub(begun).max(0);
            (1, Rank::number(Some(span), descending))
        }
    }
}

/// When the clock of a task stopped; none while it runs.
fn stopped(record: &Record) -> Option<Timestamp> {
    let complete = record.info.as_ref().and_then(|info| info.complete_time);
    complete.or_else(|| record.seen.filter(|_| record.status().is_finished()))
}
