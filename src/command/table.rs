//! Plain tables on standard output: aligned columns two spaces apart, readable by `awk`. On a terminal they are fitted
//! to its width.

use crate::text::{prefix, truncate, width, wrap};

/// Columns are not shrunk below this width.
const MIN_COLUMN_WIDTH: usize = 8;
/// No note beneath a row takes more lines.
const NOTE_LINES: usize = 4;

/// Formats rows under a heading. The last column is not padded. Cells must be safe to print.
pub(super) fn layout(heading: &[&str], rows: &[impl AsRef<[String]>]) -> String {
    fitted_with_notes(Some(heading), rows, &[], None)
}

/// Like [`layout`], but shrinks the widest columns to fit a terminal, and prints a note beneath each row that has one,
/// in as many lines as it takes, up to [`NOTE_LINES`]. Notes must be safe to print.
pub(super) fn fitted_with_notes(
    heading: Option<&[&str]>,
    rows: &[impl AsRef<[String]>],
    notes: &[Option<String>],
    columns: Option<usize>,
) -> String {
    let heading: Option<Vec<String>> =
        heading.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    let lines = heading
        .iter()
        .map(Vec::as_slice)
        .chain(rows.iter().map(AsRef::as_ref));
    let lines: Vec<&[String]> = lines.collect();
    let count = lines.first().map_or(0, |line| line.len());
    let widest = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..count).map(widest).collect();
    if let Some(columns) = columns {
        shrink(&mut widths, columns);
    }
    let mut text = String::new();
    let notes = heading
        .iter()
        .map(|_| &None)
        .chain(notes)
        .chain(std::iter::repeat(&None));
    for (row, note) in lines.iter().zip(notes) {
        let mut line = String::new();
        for (cell, available) in row.iter().zip(&widths) {
            let cell = truncate(cell, *available, "…");
            line.push_str(&cell);
            line.extend(std::iter::repeat_n(' ', available - width(&cell) + 2));
        }
        let line = line.trim_end();
        text.push_str(columns.map_or(line, |columns| prefix(line, columns)));
        text.push('\n');
        if let Some(note) = note {
            text.push_str(&beneath(note, "    ", columns));
        }
    }
    text
}

/// Wraps a note below a row, with a prefix on each line.
pub(super) fn beneath(note: &str, before: &str, columns: Option<usize>) -> String {
    let available = columns.map_or(usize::MAX, |columns| columns.saturating_sub(width(before)));
    let mut lines = wrap(note, available);
    if lines.len() > NOTE_LINES {
        let rest = lines.split_off(NOTE_LINES - 1).join(" ");
        lines.push(truncate(&rest, available, "…").into_owned());
    }
    lines.into_iter().fold(String::new(), |text, line| {
        text + before + line.trim_end() + "\n"
    })
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

/// Formats a cell: never empty, and without runs of spaces, which would look like a column gap.
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
            layout(&["NAME", "B"], &rows),
            "NAME    B\nデータ  x\né       y\n"
        );
    }

    #[test]
    fn widest_columns_are_shortened_on_a_terminal() {
        let rows = [["task-4711".to_owned(), "x".repeat(60), "y".repeat(30)]];
        for columns in [40, 60, 80, 200] {
            let text = fitted_with_notes(
                Some(&["TASK", "TARGET", "OPERATION"]),
                &rows,
                &[],
                Some(columns),
            );
            assert!(text.lines().all(|line| width(line) <= columns), "{text}");
            assert!(text.contains("task-4711"));
        }
        let piped = layout(&["TASK", "TARGET", "OPERATION"], &rows);
        assert!(piped.contains(&"x".repeat(60)));
    }

    #[test]
    fn cell_is_a_single_line() {
        assert_eq!(cell(""), "-");
        assert_eq!(cell("a   b\n c"), "a b c");
    }
}
