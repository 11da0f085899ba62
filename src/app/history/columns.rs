//! The columns of the history: what has happened has no time left and nothing to cancel, and when it was matters most.

use crate::app::columns::{Column, ColumnSet, Columns, WidthClass};

const NARROW: &[Column] = &[
    Column::Queued,
    Column::Task,
    Column::Target,
    Column::Elapsed,
];
const NORMAL: &[Column] = &[
    Column::Queued,
    Column::Task,
    Column::Target,
    Column::Progress,
    Column::Elapsed,
    Column::StartedBy,
];
const WIDE: &[Column] = &[
    Column::Queued,
    Column::Task,
    Column::Target,
    Column::Progress,
    Column::Elapsed,
    Column::Completed,
    Column::StartedBy,
    Column::Id,
];

/// The columns of a list of any breadth.
pub(super) fn columns(several: bool) -> Columns {
    let mut columns = Columns::default();
    for (breadth, own) in [
        (WidthClass::Narrow, NARROW),
        (WidthClass::Normal, NORMAL),
        (WidthClass::Wide, WIDE),
    ] {
        let endpoint = several.then_some(Column::Endpoint);
        let set = ColumnSet::of(endpoint.into_iter().chain(own.iter().copied()));
        columns.configure(breadth, set);
    }
    columns
}
