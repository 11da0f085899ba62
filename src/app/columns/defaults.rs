//! Default columns by list width.

use super::{
    column::{Column, ColumnSpec},
    layout::COLUMN_GAP,
};

/// Default columns from left to right, each with the minimum list width at which it is shown.
const DEFAULT_COLUMNS: [(Column, u16); 9] = [
    (Column::Task, 0),
    (Column::Target, 56),
    (Column::Progress, 30),
    (Column::Elapsed, 40),
    (Column::Left, 78),
    (Column::Finish, 160),
    (Column::Cancel, 98),
    (Column::StartedBy, 118),
    (Column::Id, 180),
];

/// Minimum list width for the vCenter column; below it the task column needs the space.
const MIN_COLUMNS_FOR_ENDPOINT: u16 = 56;

/// Returns the default columns for a list of this width.
pub(super) fn default_columns(width: u16, endpoints: Option<u16>) -> Vec<ColumnSpec> {
    let endpoints = endpoints.filter(|_| width >= MIN_COLUMNS_FOR_ENDPOINT);
    let rest = width - endpoints.map_or(0, |own| (own + COLUMN_GAP).min(width));
    let others = DEFAULT_COLUMNS.iter().filter(|(_, from)| rest >= *from);
    let endpoint = endpoints.map(|_| Column::Endpoint);
    let columns = endpoint
        .into_iter()
        .chain(others.map(|(column, _)| *column));
    columns.map(ColumnSpec::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::columns::layout_columns;

    fn names(width: u16, endpoints: Option<u16>) -> String {
        let choices = default_columns(width, endpoints);
        let placed = layout_columns(width, &choices, endpoints.unwrap_or_default());
        assert_eq!(placed.len(), choices.len(), "all have room at {width}");
        let names: Vec<_> = placed.iter().map(|p| p.column.name()).collect();
        names.join(" ")
    }

    #[test]
    fn wider_lists_show_more_columns() {
        assert_eq!(names(20, None), "task");
        assert_eq!(names(77, None), "task target progress elapsed");
        assert_eq!(names(80, None), "task target progress elapsed left");
        let normal = "task target progress elapsed left cancel started-by";
        assert_eq!(names(120, None), normal);
        let wide = "task target progress elapsed left finish cancel started-by id";
        assert_eq!(names(200, None), wide);
        assert_eq!(names(50, Some(7)), "task progress elapsed");
        assert_eq!(names(80, Some(7)), "endpoint task target progress elapsed");
        for width in 0..300 {
            names(width, None);
            names(width, Some(12));
        }
    }

    #[test]
    fn task_column_gets_most_of_the_width() {
        for (width, least) in [
            (20, 18),
            (56, 20),
            (77, 36),
            (80, 29),
            (98, 33),
            (120, 34),
            (160, 42),
            (200, 55),
        ] {
            let task = layout_columns(width, &default_columns(width, None), 0)[0];
            assert!(task.width >= least, "{task:?} at {width}");
        }
    }
}
