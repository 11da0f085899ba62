//! Tables on standard output: columns as wide as they need to be, two spaces between, nothing else, so that `awk`
//! and people read them alike.

use unicode_width::UnicodeWidthStr;

/// Lays out rows under a heading. The last column is not padded. Texts must be safe to print already.
pub(super) fn layout<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].width());
        cells.max().unwrap_or(0).max(heading[column].width())
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    let heading = heading.map(str::to_owned);
    for row in std::iter::once(&heading).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
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
}
