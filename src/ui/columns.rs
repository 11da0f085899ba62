//! The columns of the list: which there are on a screen of some width, and how wide.

use crate::task::outline::SortColumn;

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Task,
    Target,
    Progress,
    Elapsed,
    Left,
    Cancel,
    StartedBy,
}

/// The space between two columns, and at both edges of the screen.
const GAP: u16 = 2;
const EDGE: u16 = 1;

/// From left to right: the screen's width from which a column is there, the part of that width that it takes in
/// percent, and the bounds of its own width.
const COLUMNS: [(Column, u16, u16, u16, u16); 6] = [
    (Column::Target, 56, 13, 11, 28),
    (Column::Progress, 30, 18, 8, 30),
    (Column::Elapsed, 40, 0, 7, 7),
    (Column::Left, 88, 0, 9, 9),
    (Column::Cancel, 98, 0, 6, 6),
    (Column::StartedBy, 118, 12, 14, 26),
];

impl Column {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Task => "TASK",
            Self::Target => "TARGET",
            Self::Progress => "PROGRESS",
            Self::Elapsed => "ELAPSED",
            Self::Left => "LEFT",
            Self::Cancel => "CANCEL",
            Self::StartedBy => "STARTED BY",
        }
    }

    /// What a click on its title sorts by.
    pub(super) fn sort(self) -> SortColumn {
        match self {
            Self::Task => SortColumn::Task,
            Self::Target => SortColumn::Target,
            Self::Progress => SortColumn::Progress,
            Self::Elapsed => SortColumn::Elapsed,
            Self::StartedBy => SortColumn::StartedBy,
            Self::Left => SortColumn::Left,
            Self::Cancel => SortColumn::Cancel,
        }
    }

    /// Whether its text stands at its right edge.
    pub(super) fn is_right(self) -> bool {
        self == Self::Elapsed
    }
}

/// The columns of a screen of this width, from left to right, each with its first place and its width.
pub(super) fn columns(width: u16) -> Vec<(Column, u16, u16)> {
    let others = COLUMNS.iter().filter(|(_, from, ..)| width >= *from);
    let others: Vec<(Column, u16)> = others
        .map(|(column, _, percent, least, most)| {
            let part = u32::from(width) * u32::from(*percent) / 100;
            let part = u16::try_from(part).unwrap_or(u16::MAX);
            (*column, part.clamp(*least, *most))
        })
        .collect();
    let taken: u16 = others.iter().map(|(_, width)| width + GAP).sum();
    let task = width.saturating_sub(taken + 2 * EDGE);
    let mut next = EDGE.min(width);
    let mut placed = Vec::with_capacity(others.len() + 1);
    for (column, width) in std::iter::once((Column::Task, task)).chain(others) {
        placed.push((column, next, width));
        next += width + GAP;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_never_overlap_or_leave_the_screen() {
        for width in 0..300 {
            let mut next = 0;
            for (column, start, own) in columns(width) {
                assert!(start >= next || own == 0, "{column:?} at {width}");
                next = start + own;
                assert!(next <= width, "{column:?} at {width}");
            }
        }
    }

    #[test]
    fn columns_go_in_order_of_worth() {
        let names = |width| -> Vec<Column> {
            columns(width)
                .into_iter()
                .map(|(column, ..)| column)
                .collect()
        };
        assert_eq!(names(20), [Column::Task]);
        assert_eq!(
            names(80),
            [
                Column::Task,
                Column::Target,
                Column::Progress,
                Column::Elapsed
            ]
        );
        assert_eq!(names(90).last(), Some(&Column::Left));
        assert_eq!(names(120).len(), 7);
    }

    #[test]
    fn the_task_keeps_most_of_the_room() {
        for (width, least) in [
            (20, 18),
            (56, 20),
            (80, 34),
            (88, 34),
            (98, 33),
            (120, 34),
            (200, 80),
        ] {
            let (_, _, task) = columns(width)[0];
            assert!(task >= least, "{task} at {width}");
        }
    }
}
