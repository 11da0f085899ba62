//! Where the columns are on a list of some width. A pure function, so that drawing, clicking and sizing go by the same
//! lines.

use super::{Column, ColumnSpec};

/// The space between two columns, and at both edges of the list.
pub(super) const COLUMN_GAP: u16 = 2;
const EDGE: u16 = 1;

/// A column with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnArea {
    /// Which one.
    pub column: Column,
    /// Its first place, from the list's left edge.
    pub start: u16,
    /// Its width.
    pub width: u16,
}

/// How wide a column is where nobody said.
#[derive(Debug, Clone, Copy)]
struct WidthSpec {
    /// The part of the list that it takes, in percent.
    share: u16,
    /// The bounds of its width.
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

    /// How wide it is where nothing else wants the room.
    fn wanted(self, width: u16) -> u16 {
        let part = u32::from(width) * u32::from(self.share) / 100;
        let part = u16::try_from(part).unwrap_or(u16::MAX);
        part.clamp(self.least, self.most)
    }
}

/// The worth of a column: those that are worth least go first where there is no room for all.
fn worth(column: Column) -> usize {
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

/// What takes the room that is left over, the first of these that is there and was given no width.
const GROW_ORDER: [Column; 6] = [
    Column::Task,
    Column::Error,
    Column::Phase,
    Column::Target,
    Column::Operation,
    Column::StartedBy,
];

/// The columns of a list of this width, from left to right, as far as there is room for them. `endpoints` is how wide the
/// names of the vCenters are.
pub(super) fn lay_out(width: u16, choices: &[ColumnSpec], endpoints: u16) -> Vec<ColumnArea> {
    let mut kept: Vec<ColumnSpec> = choices.to_vec();
    let least = |choice: &ColumnSpec| {
        let measure = WidthSpec::of(choice.column, endpoints);
        choice.width.unwrap_or(measure.least)
    };
    let room = loop {
        let gaps = COLUMN_GAP * u16::try_from(kept.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let room = width.saturating_sub(2 * EDGE + gaps);
        let needed: u32 = kept.iter().map(|choice| u32::from(least(choice))).sum();
        if needed <= u32::from(room) || kept.len() <= 1 {
            break room;
        }
        let mut places = 0..kept.len();
        let Some(first) = places.next() else {
            break room;
        };
        let goes = places.fold(first, |goes, other| {
            // Of equals the one further right goes.
            if worth(kept[other].column) <= worth(kept[goes].column) {
                other
            } else {
                goes
            }
        });
        kept.remove(goes);
    };
    let mut widths: Vec<u16> = kept.iter().map(|choice| least(choice).min(room)).collect();
    let mut left = room.saturating_sub(widths.iter().sum());
    let is_growing = |column: &Column| {
        let mut free = kept.iter().filter(|choice| choice.width.is_none());
        free.any(|choice| choice.column == *column)
    };
    let growing = GROW_ORDER.into_iter().find(is_growing);
    let mut by_worth: Vec<usize> = (0..kept.len()).collect();
    by_worth.sort_by_key(|at| std::cmp::Reverse(worth(kept[*at].column)));
    for at in by_worth {
        let choice = kept[at];
        if choice.width.is_none() && Some(choice.column) != growing {
            let wanted = WidthSpec::of(choice.column, endpoints).wanted(width);
            let more = wanted.saturating_sub(widths[at]).min(left);
            widths[at] += more;
            left -= more;
        }
    }
    let mut next = EDGE.min(width);
    let placed = kept.iter().zip(widths).map(|(choice, own)| {
        let is_growing = Some(choice.column) == growing;
        let own = if is_growing { own + left } else { own };
        let placed = ColumnArea {
            column: choice.column,
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
    fn the_columns_never_overlap_or_leave_the_list() {
        let mut random = fastrand::Rng::with_seed(7);
        for width in (0..400).chain([u16::MAX]) {
            let mut choices = all();
            random.shuffle(&mut choices);
            choices.truncate(random.usize(1..=choices.len()));
            for choice in &mut choices {
                if random.u8(..3) == 0 {
                    choice.width = Some(random.u16(3..=200));
                }
            }
            let placed = lay_out(width, &choices, 9);
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
        assert_eq!(lay_out(80, &[], 0), []);
    }

    #[test]
    fn where_there_is_no_room_the_least_worthy_go() {
        let named = |width| names(&lay_out(width, &all(), 7));
        assert_eq!(named(20), "task");
        assert_eq!(named(30), "task progress");
        assert_eq!(named(64), "task state target progress elapsed");
        assert_eq!(named(u16::MAX).split(' ').count(), Column::ALL.len());
    }

    #[test]
    fn a_chosen_width_is_kept_and_the_rest_goes_to_one_that_has_none() {
        let set: super::super::ColumnSet = "target,progress:20,task:30,id".parse().unwrap();
        let placed = lay_out(100, set.choices(), 0);
        let widths: Vec<_> = placed.iter().map(|placed| placed.width).collect();
        assert_eq!(widths[1..], [20, 30, 10]);
        assert_eq!(widths[0], 100 - 2 - 6 - 60, "the target takes the rest");
    }
}
