//! Lines of styled text. Sanitizes, truncates and styles every text that is drawn.
//!
//! Panels never create spans themselves, so no server text reaches the terminal unsanitized.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Appearance, Symbols, theme::Role};
use crate::{
    app::ClickTarget,
    task::Status,
    text::{prefix, sanitize, sanitize_lines, truncate, width, wrap},
};

/// A line under construction with a maximum width.
pub(super) struct StyledLine<'a> {
    appearance: &'a Appearance,
    spans: Vec<Span<'static>>,
    columns: usize,
    used: usize,
    /// Click targets: first column, column after the last, target.
    targets: Vec<(usize, usize, ClickTarget)>,
}

impl<'a> StyledLine<'a> {
    pub(super) fn new(appearance: &'a Appearance, columns: u16) -> Self {
        Self {
            appearance,
            spans: Vec::new(),
            columns: usize::from(columns),
            used: 0,
            targets: Vec::new(),
        }
    }

    pub(super) fn symbols(&self) -> &'a Symbols {
        &self.appearance.symbols
    }

    /// Returns the number of free columns.
    pub(super) fn remaining(&self) -> usize {
        self.columns - self.used
    }

    /// Returns the number of used columns.
    pub(super) fn width(&self) -> usize {
        self.used
    }

    /// Adds text, truncated to the free columns.
    pub(super) fn push(&mut self, text: &str, role: Role) -> &mut Self {
        let maximum = self.remaining();
        let mut fitting = sanitize(text).into_owned();
        let mut columns = width(&fitting);
        // Most texts fit and are measured only once.
        if columns > maximum {
            fitting = truncate(&fitting, maximum, self.appearance.symbols.ellipsis).into_owned();
            columns = width(&fitting);
        }
        self.used += columns;
        if !fitting.is_empty() {
            let style = self.appearance.style(role);
            self.spans.push(Span::styled(fitting, style));
        }
        self
    }

    /// Adds text, truncated to `columns`.
    pub(super) fn push_max(&mut self, text: &str, columns: usize, role: Role) -> &mut Self {
        let all = self.columns;
        self.columns = all.min(self.used.saturating_add(columns));
        self.push(text, role);
        self.columns = all;
        self
    }

    /// Adds the symbol of a status and a space.
    pub(super) fn push_status(&mut self, status: Status) -> &mut Self {
        let symbol = self.appearance.symbols.status(status);
        self.push(symbol, Role::from(status)).gap(1)
    }

    /// Adds a symbol several times. Symbols are the program's own and one column wide, so they are neither sanitized
    /// nor measured.
    pub(super) fn repeat(&mut self, symbol: &str, count: usize, role: Role) -> &mut Self {
        let count = count.min(self.remaining());
        if count > 0 {
            self.used += count;
            let style = self.appearance.style(role);
            self.spans.push(Span::styled(symbol.repeat(count), style));
        }
        self
    }

    /// Adds spaces.
    pub(super) fn gap(&mut self, columns: usize) -> &mut Self {
        let columns = columns.min(self.remaining());
        self.used += columns;
        self.spans.push(Span::raw(" ".repeat(columns)));
        self
    }

    /// Adds spaces up to a column.
    pub(super) fn pad_to(&mut self, column: usize) -> &mut Self {
        self.gap(column.saturating_sub(self.used))
    }

    /// Appends another line if it fits.
    pub(super) fn join(&mut self, other: Self) -> &mut Self {
        if other.used <= self.remaining() {
            let shift = self.used;
            let targets = other.targets.into_iter();
            self.targets
                .extend(targets.map(|(start, end, target)| (shift + start, shift + end, target)));
            self.used += other.used;
            self.spans.extend(other.spans);
        }
        self
    }

    /// Appends another line near the right end if it fits there after a gap.
    pub(super) fn join_right(&mut self, other: Self) -> &mut Self {
        let start = self.columns.saturating_sub(other.used + 1);
        if self.used + 2 <= start {
            self.pad_to(start).join(other);
        }
        self
    }

    /// Makes the columns from `start` to the end of the line so far a click target.
    pub(super) fn target_from(&mut self, start: usize, target: ClickTarget) -> &mut Self {
        self.targets.push((start, self.used, target));
        self
    }

    /// Returns the click targets of the line drawn at the top of an area.
    pub(super) fn targets(&self, area: Rect) -> impl Iterator<Item = (Rect, ClickTarget)> {
        let column = |column: usize| u16::try_from(column).unwrap_or(u16::MAX);
        self.targets.iter().map(move |&(start, end, target)| {
            let columns = Rect {
                x: area.x.saturating_add(column(start)),
                width: column(end - start),
                height: 1,
                ..area
            };
            (columns.intersection(area), target)
        })
    }

    pub(super) fn line(self) -> Line<'static> {
        Line::from(self.spans)
    }
}

/// Draws a line at the top of an area, clipped to the buffer.
pub(super) fn draw_line(line: &Line, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let mut x = area.x;
    for span in line {
        let columns = usize::from(area.right() - x);
        if columns == 0 {
            break;
        }
        let style = line.style.patch(span.style);
        x = if is_plain(&span.content) {
            draw_plain(&span.content, style, (x, area.y), columns, buffer)
        } else {
            let (end, _) = buffer.set_stringn(x, area.y, &span.content, columns, style);
            end
        };
    }
}

/// True if every character is a grapheme cluster of its own and one column wide: printable ASCII, and the lines and
/// blocks of progress bars.
fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|letter| matches!(letter, ' '..='~' | '\u{2500}'..='\u{259f}'))
}

/// Draws text whose characters are one column wide each, and returns the column after it. Nearly all text is plain; with
/// grapheme clusters, drawing a screen takes 29 % more instructions.
fn draw_plain(
    text: &str,
    style: Style,
    (x, y): (u16, u16),
    columns: usize,
    buffer: &mut Buffer,
) -> u16 {
    let start = buffer.index_of(x, y);
    let mut end = x;
    for (letter, cell) in text
        .chars()
        .zip(&mut buffer.content[start..start + columns])
    {
        cell.set_char(letter).set_style(style);
        end += 1;
    }
    end
}

/// Returns text wrapped to a width.
pub(super) fn paragraph(
    appearance: &Appearance,
    text: &str,
    columns: u16,
    role: Role,
) -> Vec<Line<'static>> {
    let style = appearance.style(role);
    sanitize_lines(text)
        .flat_map(|line| wrap(&line, usize::from(columns)))
        .map(|part| Line::styled(part, style))
        .collect()
}

/// Returns a label and, beside it, its wrapped value. On a narrow screen the label takes at most half of the width.
pub(super) fn field(
    appearance: &Appearance,
    (label, label_width): (&str, u16),
    (value, role): (&str, Role),
    columns: u16,
) -> Vec<Line<'static>> {
    let indent = label_width.min(columns / 2);
    let values = paragraph(appearance, value, columns - indent, role);
    let indent = usize::from(indent);
    let lines = values.iter().enumerate().map(|(index, value)| {
        let mut line = StyledLine::new(appearance, columns);
        if index == 0 {
            line.push_max(label, indent.saturating_sub(1), Role::Heading);
        }
        line.pad_to(indent).push(&value.to_string(), role);
        line.line()
    });
    lines.collect()
}

/// Wraps styled parts; continuation lines are indented by `hang`. Only words longer than a line are broken.
pub(super) fn flow(
    appearance: &Appearance,
    parts: &[(&str, Role)],
    columns: u16,
    hang: usize,
) -> Vec<Line<'static>> {
    let columns = usize::from(columns).max(1);
    let hang = hang.min(columns / 2);
    let mut lines = Vec::new();
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for (text, role) in parts {
        let style = appearance.style(*role);
        let safe = sanitize(text);
        let mut rest: &str = &safe;
        while !rest.is_empty() {
            let mut fitting = prefix(rest, columns.saturating_sub(used));
            if fitting.len() < rest.len() {
                fitting = whole_words(rest, fitting, columns - hang, used > hang);
            }
            if fitting.is_empty() && used <= hang {
                // Not even one wide character fits: add it anyway, the panel clips it.
                fitting = rest
                    .split_at(rest.chars().next().map_or(0, char::len_utf8))
                    .0;
            }
            if !fitting.is_empty() {
                spans.push(Span::styled(fitting.to_owned(), style));
                used += width(fitting);
                rest = rest.get(fitting.len()..).unwrap_or_default();
            }
            if !rest.is_empty() {
                rest = rest.trim_start_matches(' ');
                lines.push(Line::from(std::mem::take(&mut spans)));
                spans.push(Span::raw(" ".repeat(hang)));
                used = hang;
            }
        }
    }
    lines.push(Line::from(spans));
    lines
}

/// Shortens `fitting`, the prefix of `text` that fits, to whole words. `line` is the length of a full line; if the
/// current line `has_begun`, a word that fits on a line of its own is moved there.
fn whole_words<'a>(text: &'a str, fitting: &'a str, line: usize, has_begun: bool) -> &'a str {
    let rest = text.get(fitting.len()..).unwrap_or_default();
    if rest.starts_with(' ') {
        return fitting;
    }
    let start = fitting.rfind(' ').map_or(0, |space| space + 1);
    let word = text.get(start..).unwrap_or_default();
    let word = word.split(' ').next().unwrap_or_default();
    if width(word) <= line && (start > 0 || has_begun) {
        fitting.get(..start).unwrap_or_default()
    } else {
        fitting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Options;

    fn flowed(parts: &[&str], columns: u16, hang: usize) -> Vec<String> {
        let parts: Vec<_> = parts.iter().map(|part| (*part, Role::Text)).collect();
        let appearance = Appearance::new(&Options::default());
        let lines = flow(&appearance, &parts, columns, hang);
        lines
            .iter()
            .map(|line| line.to_string().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn plain_and_other_text_is_drawn_alike() {
        let appearance = Appearance::new(&Options::default());
        for text in [
            "Copy disk",
            "━━━╸───",
            "▁▂▃ 50%",
            "データ db-1",
            "e\u{301}té",
            "▶ on",
            "👩‍💻 x",
            "",
        ] {
            for columns in 0..12 {
                let mut line = StyledLine::new(&appearance, 40);
                line.push(text, Role::Failed)
                    .gap(1)
                    .push(text, Role::Running);
                let area = Rect::new(1, 0, columns, 1);
                let mut expected = Buffer::empty(Rect::new(0, 0, 12, 1));
                let mut drawn = expected.clone();
                let visible = area.intersection(expected.area);
                if !visible.is_empty() {
                    let spans = Line::from(line.spans.clone());
                    expected.set_line(visible.x, visible.y, &spans, visible.width);
                }
                draw_line(&line.line(), area, &mut drawn);
                assert_eq!(drawn, expected, "{text} in {columns} columns");
            }
        }
    }

    #[test]
    fn words_shorter_than_a_line_are_not_broken() {
        assert_eq!(
            flowed(&["Started  ", "12:30:01", "  running for 1h20m"], 28, 9),
            ["Started  12:30:01  running", "         for 1h20m"]
        );
        assert_eq!(
            flowed(&["Target  ", "db-prod-01", "  VirtualMachine:vm-75"], 30, 8),
            ["Target  db-prod-01", "        VirtualMachine:vm-75"]
        );
        assert_eq!(
            flowed(&["Id  ", "a 0123456789abcdef"], 10, 4),
            ["Id  a 0123", "    456789", "    abcdef"]
        );
        assert_eq!(flowed(&["one two"], 3, 0), ["one", "two"]);
        assert_eq!(flowed(&["データ ベース"], 6, 0), ["データ", "ベース"]);
        assert_eq!(flowed(&["データ"], 1, 0), ["デ", "ー", "タ"]);
    }
}
