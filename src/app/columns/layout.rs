//! Column layout. A pure function of the list width, so that drawing, clicking and resizing agree.

use super::column::{Column, ColumnSpec};

/// Space between columns and at both edges of the list.
pub(super) const COLUMN_GAP: u16 = 2;
const EDGE: u16 = 1;

/// A column with its position on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnArea {
    pub column: Column,
    /// Offset from the list's left edge.
    pub start: u16,
    pub width: u16,
}

/// Default width of a column.
#[derive(Debug, Clone, Copy)]
struct WidthSpec {
    /// Percentage of the list width.
    share: u16,
    /// Minimum and maximum width.
    least: u16,
    most: u16,
}

impl WidthSpec {
    fn of(column: Column, endpoints: u16) -> Self {
        let (share, least, most) = match column {
            Column::Task => (25, 16, 200),
            Column::State => (9, 11, 17),
            Column::Phase => (15, 12, 40),
            Column::Target => (13, 11, 28),
            Column::Progress => (18, 8, 30),
            Column::Elapsed | Column::QueuedFor => (0, 7, 7),
            Column::Left => (0, 9, 9),
            Column::Finish => (0, 12, 12),
            Column::Cancel => (0, 6, 6),
            Column::StartedBy => (12, 14, 26),
            Column::Queued | Column::Started | Column::Completed => (0, 11, 11),
            Column::Endpoint => (0, endpoints.max(7), endpoints.max(7)),
            Column::Operation => (14, 16, 36),
            Column::Id | Column::Parent => (6, 10, 16),
            Column::Error => (18, 14, 60),
            Column::Tag => (7, 8, 16),
            Column::Activation => (8, 10, 20),
        };
        Self { share, least, most }
    }

    /// Returns the preferred width.
    fn preferred(self, width: u16) -> u16 {
        let part = u32::from(width) * u32::from(self.share) / 100;
        let part = u16::try_from(part).unwrap_or(u16::MAX);
        part.clamp(self.least, self.most)
    }
}

/// Returns the priority of a column; columns of the lowest priority are dropped first if space is short.
fn priority(column: Column) -> usize {
    const DROP_ORDER: [Column; 20] = [
        Column::Activation,
        Column::Tag,
        Column::Parent,
        Column::Operation,
        Column::QueuedFor,
        Column::Completed,
        Column::Started,
        Column::Queued,
        Column::Id,
        Column::StartedBy,
        Column::Finish,
        Column::Cancel,
        Column::Phase,
        Column::Left,
        Column::Error,
        Column::Endpoint,
        Column::State,
        Column::Target,
        Column::Elapsed,
        Column::Progress,
    ];
    let mut columns = DROP_ORDER.iter();
    let place = columns.position(|known| *known == column);
    place.unwrap_or(DROP_ORDER.len())
}

/// Columns that may take the remaining space; the first one present without a configured width gets it.
const GROW_ORDER: [Column; 6] = [
    Column::Task,
    Column::Error,
    Column::Phase,
    Column::Target,
    Column::Operation,
    Column::StartedBy,
];

/// Computes the columns that fit a list of this width, from left to right. `endpoints` is the width of the vCenter
/// names.
pub(in crate::app) fn layout_columns(
    width: u16,
    specs: &[ColumnSpec],
    endpoints: u16,
) -> Vec<ColumnArea> {
    let mut kept: Vec<ColumnSpec> = specs.to_vec();
    let least = |spec: &ColumnSpec| {
        let measure = WidthSpec::of(spec.column, endpoints);
        spec.width.unwrap_or(measure.least)
    };
    let room = loop {
        let gaps = COLUMN_GAP * u16::try_from(kept.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let room = width.saturating_sub(2 * EDGE + gaps);
        let needed: u32 = kept.iter().map(|spec| u32::from(least(spec))).sum();
        if needed <= u32::from(room) || kept.len() <= 1 {
            break room;
        }
        let mut places = 0..kept.len();
        let Some(first) = places.next() else {
            break room;
        };
        let goes = places.fold(first, |goes, other| {
            // Among equals, the rightmost column is dropped.
            if priority(kept[other].column) <= priority(kept[goes].column) {
                other
            } else {
                goes
            }
        });
        kept.remove(goes);
    };
    let mut widths: Vec<u16> = kept.iter().map(|spec| least(spec).min(room)).collect();
    let mut left = room.saturating_sub(widths.iter().sum());
    let is_growing = |column: &Column| {
        let mut free = kept.iter().filter(|spec| spec.width.is_none());
        free.any(|spec| spec.column == *column)
    };
    let growing = GROW_ORDER.into_iter().find(is_growing);
    let mut by_worth: Vec<usize> = (0..kept.len()).collect();
    by_worth.sort_by_key(|at| std::cmp::Reverse(priority(kept[*at].column)));
    for at in by_worth {
        let spec = kept[at];
        if spec.width.is_none() && Some(spec.column) != growing {
            let wanted = WidthSpec::of(spec.column, endpoints).preferred(width);
            let more = wanted.saturating_sub(widths[at]).min(left);
            widths[at] += more;
            left -= more;
        }
    }
    let mut next = EDGE.min(width);
    let placed = kept.iter().zip(widths).map(|(spec, own)| {
        let is_growing = Some(spec.column) == growing;
        let own = if is_growing { own + left } else { own };
        let placed = ColumnArea {
            column: spec.column,
            start: next,
            width: own,
        };
        next = next.saturating_add(own + COLUMN_GAP);
        placed
    });
    placed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<ColumnSpec> {
        Column::ALL.iter().map(|c| ColumnSpec::new(*c)).collect()
    }

    fn names(placed: &[ColumnArea]) -> String {
        let names: Vec<_> = placed.iter().map(|placed| placed.column.name()).collect();
        names.join(" ")
    }

    #[test]
    fn columns_stay_within_the_list_without_overlap() {
        let mut random = fastrand::Rng::with_seed(7);
        for width in (0..400).chain([u16::MAX]) {
            let mut specs = all();
            random.shuffle(&mut specs);
            specs.truncate(random.usize(1..=specs.len()));
            for spec in &mut specs {
                if random.u8(..3) == 0 {
                    spec.width = Some(random.u16(3..=200));
                }
            }
            let placed = layout_columns(width, &specs, 9);
            assert!(!placed.is_empty());
            let mut next = 0;
            for ColumnArea {
                start,
                width: own,
                column,
            } in placed
            {
                assert!(start >= next, "{column:?} at {width}");
                next = start + own;
                assert!(next <= width, "{column:?} at {width}");
            }
        }
        assert_eq!(layout_columns(80, &[], 0), []);
    }

    #[test]
    fn low_priority_columns_are_dropped_first() {
        let named = |width| names(&layout_columns(width, &all(), 7));
        assert_eq!(named(20), "task");
        assert_eq!(named(30), "task progress");
        assert_eq!(named(64), "task state target progress elapsed");
        assert_eq!(named(u16::MAX).split(' ').count(), Column::ALL.len());
    }

    #[test]
    fn fixed_widths_are_kept_and_automatic_ones_grow() {
        let set: super::super::ColumnSet = "target,progress:20,task:30,id".parse().unwrap();
        let placed = layout_columns(100, set.specs(), 0);
        let widths: Vec<_> = placed.iter().map(|placed| placed.width).collect();
        assert_eq!(widths[1..], [20, 30, 10]);
        assert_eq!(widths[0], 100 - 2 - 6 - 60, "the target takes the rest");
    }
}
