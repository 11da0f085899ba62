//! Minimum and maximum width of each column.

use super::column::{Column, ColumnSpec};

/// Minimum list width at which the time left is shown with the expected end.
const MIN_COLUMNS_FOR_END: u16 = 120;

/// Minimum and maximum automatic width of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WidthRange {
    pub min: u16,
    pub max: u16,
}

impl WidthRange {
    /// Returns the range of a column in a list of this width: minimum and maximum are equal for a fixed width.
    pub fn of(spec: ColumnSpec, list_width: u16) -> Self {
        let (min, max) = match spec.column {
            Column::Task => (20, 200),
            Column::State => (9, 17),
            Column::Phase => (13, 120),
            Column::Target => (8, 40),
            Column::Folder => (10, 40),
            Column::Progress => (11, 19),
            Column::Left if list_width >= MIN_COLUMNS_FOR_END => (15, 15),
            Column::Left | Column::Elapsed | Column::QueuedFor => (7, 7),
            Column::Finish => (12, 12),
            Column::Trend | Column::Cancel => (10, 10),
            Column::StartedBy | Column::Host | Column::Cluster | Column::Datacenter => (10, 30),
            Column::Queued | Column::Started | Column::Completed => (8, 11),
            Column::Server => (7, 16),
            Column::Operation => (12, 40),
            Column::Id | Column::Parent => (9, 16),
            Column::Error => (12, 120),
            Column::Tag => (6, 20),
            Column::Activation => (10, 24),
        };
        let (min, max) = spec.width.map_or((min, max), |width| (width, width));
        Self { min, max }
    }
}
