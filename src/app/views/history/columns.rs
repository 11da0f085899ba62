//! Default columns of the history view: no remaining time and no cancel column, and the time first.

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

/// Returns the default columns for all width classes.
pub(super) fn columns(has_several: bool) -> Columns {
    let mut columns = Columns::default();
    for (width_class, own) in [
        (WidthClass::Narrow, NARROW),
        (WidthClass::Normal, NORMAL),
        (WidthClass::Wide, WIDE),
    ] {
        let server = has_several.then_some(Column::Server);
        let set = ColumnSet::of(server.into_iter().chain(own.iter().copied()));
        columns.configure(width_class, set);
    }
    columns
}
