//! Column layout: which columns fit, and how wide each is for the texts on the screen.

use super::{
    column::{Column, ColumnSpec},
    width::WidthRange,
};

/// Space between columns and at both edges of the list.
const COLUMN_GAP: u16 = 2;
const EDGE: u16 = 1;
/// Greatest width of a progress bar for its own sake.
const MAX_BAR_COLUMNS: u16 = 32;

/// A column with its position on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnArea {
    pub column: Column,
    /// Offset from the list's left edge.
    pub start: u16,
    pub width: u16,
}

/// Columns that are dropped first if space is short; all others are dropped before these, and the task never.
const DROPPED_LAST: [Column; 10] = [
    Column::Cancel,
    Column::Trend,
    Column::Phase,
    Column::Left,
    Column::Error,
    Column::Server,
    Column::State,
    Column::Target,
    Column::Elapsed,
    Column::Progress,
];

/// Returns the priority of a column; columns of the lowest priority are dropped first.
fn priority(column: Column) -> usize {
    let index = DROPPED_LAST.iter().position(|known| *known == column);
    match column {
        Column::Task => usize::MAX,
        _ => index.map_or(0, |index| index + 1),
    }
}

/// Returns the columns that fit a list of this width at their minimum width; at least one.
pub(in crate::app) fn fitting(list_width: u16, specs: &[ColumnSpec]) -> Vec<ColumnSpec> {
    let mut kept = specs.to_vec();
    while kept.len() > 1 && free(list_width, &kept).is_none() {
        // Among equals, the rightmost column is dropped.
        let indices = (0..kept.len()).rev();
        if let Some(lowest) = indices.min_by_key(|index| priority(kept[*index].column)) {
            kept.remove(lowest);
        }
    }
    kept
}

/// Returns the width that is left if every column has its minimum width; `None` if they do not fit.
fn free(list_width: u16, specs: &[ColumnSpec]) -> Option<u16> {
    let gaps = specs.len().saturating_sub(1) * usize::from(COLUMN_GAP);
    let widths = specs
        .iter()
        .map(|spec| WidthRange::of(*spec, list_width).min);
    let used = widths.map(usize::from).sum::<usize>() + gaps + 2 * usize::from(EDGE);
    u16::try_from(usize::from(list_width).checked_sub(used)?).ok()
}

/// Places columns that fit. `needs` has the width of the widest text of each. Every column gets its minimum; what is
/// left goes to the columns whose texts do not fit, in proportion to their minimum, then to the progress bar, then to
/// the last column. Keeps the layout `before`, unless a text is cut in it that another column leaves space for: columns
/// would move back and forth otherwise.
pub(in crate::app) fn arrange(
    list_width: u16,
    specs: &[ColumnSpec],
    needs: &[u16],
    before: &[ColumnArea],
) -> Vec<ColumnArea> {
    let ranges: Vec<WidthRange> = specs
        .iter()
        .map(|spec| WidthRange::of(*spec, list_width))
        .collect();
    let needs: Vec<u16> = ranges
        .iter()
        .zip(needs)
        .map(|(range, need)| (*need).clamp(range.min, range.max))
        .collect();
    let is_same = before.len() == specs.len()
        && before
            .iter()
            .zip(specs)
            .all(|(area, spec)| area.column == spec.column)
        && before
            .last()
            .is_some_and(|last| last.start + last.width + EDGE == list_width);
    if is_same {
        let widths = || before.iter().zip(&needs);
        let is_cut = widths().any(|(area, need)| area.width < *need);
        let has_slack = widths().any(|(area, need)| area.width > *need);
        let fits = before
            .iter()
            .zip(&ranges)
            .all(|(area, range)| area.width >= range.min);
        if fits && !(is_cut && has_slack) {
            return before.to_vec();
        }
    }
    let mut left = free(list_width, specs).unwrap_or_default();
    let mut widths: Vec<u16> = ranges.iter().map(|range| range.min).collect();
    while left > 0 {
        let narrow = (0..widths.len()).filter(|at| widths[*at] < needs[*at]);
        let ratio = |at: usize| u32::from(widths[at]) * 1000 / u32::from(ranges[at].min.max(1));
        let Some(narrowest) = narrow.min_by_key(|at| ratio(*at)) else {
            break;
        };
        widths[narrowest] += 1;
        left -= 1;
    }
    let bar = specs
        .iter()
        .position(|spec| spec.column == Column::Progress && spec.width.is_none());
    if let Some(bar) = bar {
        let growth = MAX_BAR_COLUMNS.saturating_sub(widths[bar]).min(left);
        widths[bar] += growth;
        left -= growth;
    }
    if let Some(last) = widths.last_mut() {
        *last = (*last + left).min(list_width.saturating_sub(2 * EDGE));
    }
    let mut next = EDGE.min(list_width);
    let placed = specs.iter().zip(widths).map(|(spec, width)| {
        let start = next;
        next = next.saturating_add(width + COLUMN_GAP);
        ColumnArea {
            column: spec.column,
            start,
            width,
        }
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

    fn laid_out(list_width: u16, specs: &[ColumnSpec], need: u16) -> Vec<ColumnArea> {
        let kept = fitting(list_width, specs);
        let needs = vec![need; kept.len()];
        arrange(list_width, &kept, &needs, &[])
    }

    #[test]
    fn columns_stay_within_the_list_without_overlap() {
        let mut random = fastrand::Rng::with_seed(7);
        for list_width in (0..400).chain([u16::MAX]) {
            let mut specs = all();
            random.shuffle(&mut specs);
            specs.truncate(random.usize(1..=specs.len()));
            for spec in &mut specs {
                if random.u8(..3) == 0 {
                    spec.width = Some(random.u16(3..=200));
                }
            }
            let kept = fitting(list_width, &specs);
            let needs: Vec<u16> = kept.iter().map(|_| random.u16(0..=60)).collect();
            let placed = arrange(list_width, &kept, &needs, &[]);
            assert!(!placed.is_empty());
            let mut next = 0;
            for ColumnArea {
                start,
                width: own,
                column,
            } in &placed
            {
                assert!(*start >= next, "{column:?} at {list_width}");
                next = start + own;
                assert!(next <= list_width, "{column:?} at {list_width}");
            }
            // No text is cut while another column has more than it needs.
            let ranges = kept.iter().map(|spec| WidthRange::of(*spec, list_width));
            let available = ranges
                .zip(&needs)
                .zip(&placed)
                .map(|((range, need), area)| {
                    i32::from(area.width) - i32::from((*need).clamp(range.min, range.max))
                });
            let available: Vec<i32> = available.collect();
            let is_cut = kept.len() > 1 && available.iter().any(|available| *available < 0);
            assert!(
                !is_cut || available.iter().all(|available| *available <= 0),
                "{available:?} at {list_width}"
            );
        }
        assert_eq!(laid_out(80, &[], 0), []);
    }

    #[test]
    fn low_priority_columns_are_dropped_first() {
        let named = |list_width| names(&laid_out(list_width, &all(), 7));
        assert_eq!(named(20), "task");
        assert_eq!(named(35), "task progress");
        assert_eq!(named(67), "task state target progress elapsed");
        assert_eq!(named(u16::MAX).split(' ').count(), Column::ALL.len());
    }

    fn widths(placed: &[ColumnArea]) -> Vec<u16> {
        placed.iter().map(|placed| placed.width).collect()
    }

    #[test]
    fn free_width_goes_to_cut_texts_then_to_the_bar() {
        let set: crate::app::ColumnSet = "task,target,progress,error".parse().unwrap();
        let at =
            |list_width, needs: [u16; 4]| widths(&arrange(list_width, set.specs(), &needs, &[]));
        // 100 cells without edges and gaps are 92.
        assert_eq!(at(100, [20, 8, 11, 40]), [20, 8, 24, 40]);
        assert_eq!(at(100, [20, 8, 11, 10]), [20, 8, 32, 32]);
        assert_eq!(at(100, [30, 8, 11, 200]), [30, 8, 11, 43]);
        // In proportion to the minimum widths if there is not enough.
        assert_eq!(at(100, [200, 200, 11, 200]), [41, 16, 11, 24]);
    }

    #[test]
    fn fixed_widths_are_kept() {
        let set: crate::app::ColumnSet = "target,progress:20,task:30,id".parse().unwrap();
        assert_eq!(widths(&laid_out(100, set.specs(), 16))[..3], [16, 20, 30]);
    }

    #[test]
    fn columns_move_only_if_a_text_would_be_cut() {
        let set: crate::app::ColumnSet = "task,target,id".parse().unwrap();
        let first = arrange(60, set.specs(), &[30, 15, 9], &[]);
        assert_eq!(widths(&first), [30, 15, 9]);
        let next = |needs: [u16; 3]| widths(&arrange(60, set.specs(), &needs, &first));
        assert_eq!(next([20, 10, 9]), [30, 15, 9], "shorter texts fit");
        assert_eq!(next([40, 15, 9]), [30, 15, 9], "nothing to give");
        assert_eq!(next([40, 10, 9]), [35, 10, 9]);
        // Another size is laid out again.
        assert_eq!(
            widths(&arrange(61, set.specs(), &[20, 10, 9], &first)),
            [20, 10, 25]
        );
    }
}
