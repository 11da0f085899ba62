//! Default columns by list width.

use super::column::{Column, ColumnSpec};

/// Default columns from left to right, each with the minimum list width at which it is shown.
const DEFAULT_COLUMNS: [(Column, u16); 15] = [
    (Column::Server, 56),
    (Column::Task, 0),
    (Column::Target, 56),
    (Column::Progress, 35),
    (Column::Trend, 140),
    (Column::Elapsed, 44),
    (Column::Left, 76),
    (Column::Phase, 160),
    (Column::Host, 180),
    (Column::Cluster, 230),
    (Column::Started, 160),
    (Column::Completed, 172),
    (Column::Cancel, 98),
    (Column::StartedBy, 112),
    (Column::Id, 210),
];

/// Returns the default columns for a list of this width. With several vCenters one column names the vCenter, and the
/// others appear at a greater width.
pub(super) fn default_columns(width: u16, has_several: bool) -> Vec<ColumnSpec> {
    /// The vCenter column at its usual width, with its gap.
    const SERVER_COLUMNS: u16 = 10;
    let has_server = has_several && width >= 56;
    let rest = width - SERVER_COLUMNS * u16::from(has_server);
    let columns = DEFAULT_COLUMNS
        .into_iter()
        .filter(|(column, from)| match column {
            Column::Server => has_server,
            _ => rest >= *from,
        });
    columns.map(|(column, _)| ColumnSpec::new(column)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::columns::layout::fitting;

    fn names(width: u16, has_several: bool) -> String {
        let choices = default_columns(width, has_several);
        assert_eq!(
            fitting(width, &choices),
            choices,
            "all have room at {width}"
        );
        let names: Vec<_> = choices.iter().map(|spec| spec.column.name()).collect();
        names.join(" ")
    }

    #[test]
    fn wider_lists_show_more_columns() {
        for (width, expected) in [
            (20, "task"),
            (75, "task target progress elapsed"),
            (80, "task target progress elapsed left"),
            (120, "task target progress elapsed left cancel started-by"),
            (
                140,
                "task target progress trend elapsed left cancel started-by",
            ),
            (
                160,
                "task target progress trend elapsed left phase started cancel started-by",
            ),
            (
                200,
                "task target progress trend elapsed left phase host started completed cancel started-by",
            ),
        ] {
            assert_eq!(names(width, false), expected, "{width}");
        }
        assert_eq!(names(50, true), "task progress elapsed");
        assert_eq!(names(80, true), "endpoint task target progress elapsed");
        for width in 22..300 {
            names(width, false);
            names(width, true);
        }
    }
}
