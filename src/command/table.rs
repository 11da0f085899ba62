//! Tables on standard output: columns as wide as they need to be, two spaces between, nothing else, so that `awk`
//! and people read them alike. Only on a terminal are they fitted to its width.

use crate::text::{prefix, truncate, width};

/// No column is made narrower than this to fit.
const MIN_COLUMN_WIDTH: usize = 8;

/// Lays out rows under a heading. The last column is not padded. Texts must be safe to print already.
pub(super) fn layout<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    fitted(heading, rows, None)
}

/// The same; where a terminal is narrower, the widest columns give way.
pub(super) fn fitted<const N: usize>(
    heading: [&str; N],
    rows: &[[String; N]],
    columns: Option<usize>,
) -> String {
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| width(&row[column]));
        cells.max().unwrap_or(0).max(width(heading[column]))
    };
    let mut widths: Vec<usize> = (0..N).map(widest).collect();
    if let Some(columns) = columns {
        shrink(&mut widths, columns);
    }
    let mut text = String::new();
    let heading = heading.map(str::to_owned);
    for row in std::iter::once(&heading).chain(rows) {
        let mut line = String::new();
        for (cell, room) in row.iter().zip(&widths) {
            let cell = truncate(cell, *room, "…");
            line.push_str(&cell);
            line.extend(std::iter::repeat_n(' ', room - width(&cell) + 2));
        }
        let line = line.trim_end();
        text.push_str(columns.map_or(line, |columns| prefix(line, columns)));
        text.push('\n');
    }
    text
}

/// Takes from the widest, the later one of equals, until all fit or none has anything to give.
fn shrink(widths: &mut [usize], columns: usize) {
    let gaps = 2 * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > columns {
        let Some(widest) = widths
            .iter_mut()
            .max()
            .filter(|widest| **widest > MIN_COLUMN_WIDTH)
        else {
            return;
        };
        *widest -= 1;
    }
}

/// A cell of a table that `awk` reads, too: never empty, and no run of spaces that looks like the next column.
pub(super) fn cell(text: &str) -> String {
    let safe = crate::text::sanitize(text);
    let words: Vec<&str> = safe.split_whitespace().collect();
    if words.is_empty() {
        "-".to_owned()
    } else {
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_width_not_by_bytes() {
        let rows = [
            ["データ".to_owned(), "x".to_owned()],
            ["é".to_owned(), "y".to_owned()],
        ];
        assert_eq!(
            layout(["NAME", "B"], &rows),
            "NAME    B\nデータ  x\né       y\n"
        );
    }

    #[test]
    fn on_a_terminal_the_widest_columns_give_way() {
        let rows = [["task-4711".to_owned(), "x".repeat(60), "y".repeat(30)]];
        for columns in [40, 60, 80, 200] {
            let text = fitted(["TASK", "TARGET", "OPERATION"], &rows, Some(columns));
            assert!(text.lines().all(|line| width(line) <= columns), "{text}");
            assert!(text.contains("task-4711"));
        }
        let piped = fitted(["TASK", "TARGET", "OPERATION"], &rows, None);
        assert!(piped.contains(&"x".repeat(60)));
    }

    #[test]
    fn a_cell_is_one_thing() {
        assert_eq!(cell(""), "-");
        assert_eq!(cell("a   b\n c"), "a b c");
    }
}
