//! Sort keys, computed once so that comparing two rows is cheap.
//! A key does not depend on the time at which it is computed: rows change places when tasks change,
//! never because time passes.

use std::{cmp::Reverse, sync::Arc};

use jiff::Timestamp;
use vtask_vim::types::{Fault, LocalizableMessage, TaskInfo};

use super::{
    sort::{Sort, SortBy},
    sort_column::SortColumn,
    view::Layout,
};
use crate::{
    EvalContext, Handle, ServerId, Status, TaskRecord, cancellation::CancelState, display_name,
    estimate::estimate, filter::folded, search_text,
};

/// Sort key of a row among its siblings. Only keys of the same order are comparable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    /// Separates rows that are not sorted together.
    group: u8,
    rank: RankedValue,
    /// Equal rows are sorted oldest first; placeholders have no age and come last.
    queued: i64,
    /// Represents the moId: `task-9` is sorted before `task-10`.
    id_number: u64,
    server: ServerId,
}

/// A column's value, inverted if descending. All values of a row model are of the same variant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum RankedValue {
    Number(i64),
    Text(Arc<String>),
    TextDescending(Reverse<Arc<String>>),
    /// Values of several columns, each with its group.
    Several(Arc<Vec<(u8, Self)>>),
    /// No value: last in both directions.
    Missing,
}

impl RankedValue {
    fn number(number: Option<i64>, descending: bool) -> Self {
        match number {
            Some(number) if descending => Self::Number(!number),
            Some(number) => Self::Number(number),
            None => Self::Missing,
        }
    }

    fn time(time: Option<Timestamp>, descending: bool) -> Self {
        Self::number(time.map(Timestamp::as_microsecond), descending)
    }

    fn text(text: Option<&str>, descending: bool) -> Self {
        match text.filter(|text| !text.is_empty()).map(folded) {
            Some(text) if descending => Self::TextDescending(Reverse(text.into())),
            Some(text) => Self::Text(text.into()),
            None => Self::Missing,
        }
    }

    /// Sorts `task-9` before `task-10`.
    fn name(name: Option<&str>, descending: bool) -> Self {
        Self::text(name.map(pad_numbers).as_deref(), descending)
    }
}

/// Pads numbers with zeros, so that they are compared by value.
fn pad_numbers(name: &str) -> String {
    const MAX_DIGITS: usize = 20;
    let mut long = String::with_capacity(name.len() + MAX_DIGITS);
    let mut digits = 0;
    for (offset, character) in name.char_indices() {
        if digits == 0 && character.is_ascii_digit() {
            let rest = name.get(offset..).unwrap_or_default();
            let number = rest.find(|c: char| !c.is_ascii_digit());
            digits = number.unwrap_or(rest.len());
            long.extend(std::iter::repeat_n('0', MAX_DIGITS.saturating_sub(digits)));
        }
        digits = digits.saturating_sub(1);
        long.push(character);
    }
    long
}

/// Returns a number that sorts by the length of a moId, then by its last seven bytes.
fn id_number(mo_id: &str) -> u64 {
    let length = mo_id.len().min(u8::MAX.into()) as u64;
    let last = mo_id.bytes().skip(mo_id.len().saturating_sub(7));
    last.fold(length, |number, byte| number << 8 | u64::from(byte))
}

impl SortKey {
    /// Returns the key of a record's row; `None` if the record is not in the store.
    pub fn of<'a>(
        context: impl Into<EvalContext<'a>>,
        handle: Handle,
        layout: Layout,
        sort: &Sort,
    ) -> Option<Self> {
        let context = context.into();
        let record = context.store.get(handle)?;
        let source = KeySource {
            context,
            handle,
            record,
            layout,
        };
        let (group, rank) = match sort.keys() {
            [only] => source.value(*only),
            several => {
                let values = several.iter().map(|key| source.value(*key));
                (0, RankedValue::Several(Arc::new(values.collect())))
            }
        };
        let info = record.info.as_deref();
        Some(Self {
            group,
            rank,
            queued: info
                .and_then(TaskInfo::ordering_time)
                .map_or(i64::MAX, Timestamp::as_microsecond),
            id_number: id_number(&record.id.mo_id),
            server: record.id.server,
        })
    }
}

/// A record with the data needed for its key.
struct KeySource<'a> {
    context: EvalContext<'a>,
    handle: Handle,
    record: &'a TaskRecord,
    layout: Layout,
}

impl KeySource<'_> {
    /// Returns the group and value of one column.
    fn value(&self, SortBy { column, descending }: SortBy) -> (u8, RankedValue) {
        let Self {
            context, record, ..
        } = self;
        let store = context.store;
        let info = record.info.as_deref();
        let text = |text: Option<&str>| RankedValue::text(text, descending);
        let rank = match column {
            SortColumn::Urgency => return self.attention(descending),
            SortColumn::Elapsed => return elapsed(record, descending),
            SortColumn::QueuedFor => return queued_for(record, descending),
            SortColumn::State => {
                RankedValue::number(Some(urgency(record.status()).into()), descending)
            }
            SortColumn::Task => text(Some(&store.operation(record))),
            SortColumn::Phase => {
                let phase = info.and_then(|info| info.description.as_deref());
                text(phase.map(LocalizableMessage::text))
            }
            SortColumn::Target => text(info.and_then(display_name::target)),
            SortColumn::Progress => {
                let percent = store.progress(self.handle).percent();
                RankedValue::number(percent.map(i64::from), descending)
            }
            SortColumn::Left => RankedValue::time(self.expected_end(), descending),
            SortColumn::Cancel => RankedValue::number(cancel_rank(record), descending),
            SortColumn::StartedBy => {
                let initiator = info.map(|info| search_text::initiator(&info.reason));
                text(initiator.as_deref())
            }
            SortColumn::Queued => {
                RankedValue::time(info.and_then(TaskInfo::queue_time), descending)
            }
            SortColumn::Started => {
                RankedValue::time(info.and_then(TaskInfo::start_time), descending)
            }
            SortColumn::Completed => RankedValue::time(end_time(record), descending),
            SortColumn::Server => {
                let server = record.id.server;
                text(store.server_name(server))
            }
            SortColumn::Operation => text(info.map(|info| &*info.description_id)),
            SortColumn::Id => RankedValue::name(Some(&record.id.mo_id), descending),
            SortColumn::Parent => {
                let parent = info.and_then(|info| info.parent_key());
                RankedValue::name(parent.map(|parent| &**parent), descending)
            }
            SortColumn::Error => {
                let fault = info.and_then(|info| info.error.as_deref());
                text(fault.map(Fault::text).as_deref())
            }
            SortColumn::Tag => text(info.and_then(TaskInfo::change_tag)),
            SortColumn::Activation => text(info.and_then(TaskInfo::activation_id)),
            SortColumn::Host
            | SortColumn::Cluster
            | SortColumn::Datacenter
            | SortColumn::Folder => {
                let location = store.location(record);
                let field = column.location_field();
                RankedValue::name(field.and_then(|field| field.of(location)), descending)
            }
        };
        (0, rank)
    }

    /// Sorts new failures first, then by urgency; longest running and latest ended first.
    fn attention(&self, descending: bool) -> (u8, RankedValue) {
        let (store, record) = (self.context.store, self.record);
        let own = record.status();
        let (is_new, most_urgent) = match self.layout {
            Layout::Flat => (store.is_new_failure(self.handle), urgency(own)),
            Layout::Tree => {
                let family = store.family(self.handle);
                let members = Status::ALL.into_iter().filter(|status| family[*status] > 0);
                let most_urgent = members.map(urgency).min();
                let is_new = store.new_failure_count(self.handle) > 0;
                (is_new, most_urgent.unwrap_or(urgency(own)))
            }
        };
        let is_active = !is_new && most_urgent <= urgency(Status::Queued);
        let class = if is_new { 0 } else { 1 + most_urgent };
        let started = record.info.as_ref().and_then(|info| info.began());
        let moment = if is_active {
            started
        } else {
            end_time(record).or(started)
        };
        let group = if descending { u8::MAX - class } else { class };
        (group, RankedValue::time(moment, descending == is_active))
    }

    /// Estimates the end of a running task at its last update.
    fn expected_end(&self) -> Option<Timestamp> {
        let Self {
            context, record, ..
        } = self;
        let (since, seen) = (record.running_since()?, record.observed_at()?);
        let past = context.typical.map(|typical| typical.past_runs(record));
        let history = record.history.as_deref();
        let estimate = estimate(since, history, past.unwrap_or_default(), seen)?;
        seen.checked_add(estimate.best).ok()
    }
}

/// Returns the rank of a status, most urgent first.
fn urgency(status: Status) -> u8 {
    match status {
        Status::Running => 0,
        Status::Queued => 1,
        Status::Failed => 2,
        Status::Cancelled => 3,
        Status::Lost | Status::Unknown => 4,
        Status::Success => 5,
        Status::Placeholder => 6,
    }
}

/// Sorts by run time: running tasks first, then the others.
fn elapsed(record: &TaskRecord, descending: bool) -> (u8, RankedValue) {
    let Some(started) = record.info.as_ref().and_then(|info| info.began()) else {
        return (1, RankedValue::Missing);
    };
    let started = started.as_microsecond();
    match end_time(record) {
        // An earlier start is a longer run time.
        None => (0, RankedValue::number(Some(started), !descending)),
        Some(end) => {
            let span = end.as_microsecond().saturating_sub(started).max(0);
            (1, RankedValue::number(Some(span), descending))
        }
    }
}

/// Sorts by queue time: queued tasks first, then the others.
fn queued_for(record: &TaskRecord, descending: bool) -> (u8, RankedValue) {
    let Some(info) = &record.info else {
        return (1, RankedValue::Missing);
    };
    let Some(queued) = info.queue_time() else {
        return (1, RankedValue::Missing);
    };
    match info.start_time().or_else(|| end_time(record)) {
        // An earlier creation is a longer time in the queue.
        None => (0, RankedValue::time(Some(queued), !descending)),
        Some(end) => {
            let span = end.as_microsecond() - queued.as_microsecond();
            (1, RankedValue::number(Some(span.max(0)), descending))
        }
    }
}

/// Returns the rank by cancellation of an active task: requested, possible, not possible.
fn cancel_rank(record: &TaskRecord) -> Option<i64> {
    match CancelState::of(record) {
        CancelState::Requested => Some(0),
        CancelState::Cancelable => Some(1),
        CancelState::NotCancelable => Some(2),
        CancelState::Unknown | CancelState::NotApplicable => None,
    }
}

/// Returns the end of a finished task; `None` while it runs.
fn end_time(record: &TaskRecord) -> Option<Timestamp> {
    let complete = record.info.as_deref().and_then(TaskInfo::complete_time);
    complete.or_else(|| {
        record
            .observed_at()
            .filter(|_| record.status().is_finished())
    })
}
