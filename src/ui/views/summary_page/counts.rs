//! Table of counts by status, with a stacked bar per line.

use ratatui::layout::Rect;

use super::heading::heading;
use crate::{
    app::{RowSubject, Section, SummaryRow},
    task::{Status, StatusCounts},
    ui::{RenderContext, Symbols, labels, styled_line::StyledLine, theme::Role},
};

/// Statuses with their own columns.
const STATUS_COLUMNS: [Status; 5] = [
    Status::Running,
    Status::Queued,
    Status::Failed,
    Status::Cancelled,
    Status::Success,
];
/// The same statuses, those to keep on narrow screens first.
const STATUS_PRIORITY: [Status; 5] = [
    Status::Running,
    Status::Failed,
    Status::Queued,
    Status::Cancelled,
    Status::Success,
];
/// Minimum and maximum width of a number with the space before it.
const MIN_NUMBER_WIDTH: usize = 5;
const MAX_NUMBER_WIDTH: usize = 8;
/// Minimum width of a name, and the range for a bar.
const NAME_WIDTH: usize = 16;
const MIN_BAR_WIDTH: usize = 8;
const MAX_BAR_WIDTH: usize = 24;

/// Widths of the parts of a line.
struct LineLayout {
    name: usize,
    number: usize,
    numbers: Vec<Status>,
    bar: usize,
}

impl LineLayout {
    /// Lays out a line of a section whose longest bar represents `longest` tasks.
    fn of(columns: u16, longest: u32) -> Self {
        let columns = usize::from(columns);
        let digits = longest.max(1).ilog10() as usize + 1;
        let number = (digits + 2).clamp(MIN_NUMBER_WIDTH, MAX_NUMBER_WIDTH);
        // One more number for the total.
        let available = columns.saturating_sub(NAME_WIDTH) / number;
        let kept = available.saturating_sub(1).min(STATUS_PRIORITY.len());
        let kept = STATUS_PRIORITY.get(..kept).unwrap_or_default();
        let numbers: Vec<Status> = STATUS_COLUMNS
            .into_iter()
            .filter(|s| kept.contains(s))
            .collect();
        let used = (numbers.len() + 1) * number;
        let rest = columns.saturating_sub(used);
        let bar = (rest / 3).min(MAX_BAR_WIDTH);
        let bar = if bar < MIN_BAR_WIDTH { 0 } else { bar };
        Self {
            name: rest.saturating_sub(if bar > 0 { bar + 2 } else { 0 }),
            number,
            numbers,
            bar,
        }
    }
}

/// Returns the number of tasks of the longest bar in a section.
fn longest(section: &Section) -> u32 {
    let totals = section.rows.iter().map(|entry| entry.counts.total());
    totals.max().unwrap_or_default()
}

pub(super) fn title(ctx: &mut RenderContext, section: &Section, line: Rect) {
    let layout = LineLayout::of(line.width, longest(section));
    let symbols = ctx.appearance.symbols;
    let mut strip = StyledLine::new(ctx.appearance, line.width);
    strip.join(heading(ctx, section, layout.name));
    strip.pad_to(layout.name);
    for status in &layout.numbers {
        strip.gap(layout.number.saturating_sub(1));
        strip.push(symbols.status(*status), Role::from(*status));
    }
    number(&mut strip, "all", Role::Heading, layout.number);
    ctx.draw(strip, line);
}

pub(super) fn entry(ctx: &mut RenderContext, section: &Section, entry: &SummaryRow, line: Rect) {
    let longest = longest(section);
    let layout = LineLayout::of(line.width, longest);
    let name = match &entry.subject {
        RowSubject::Operation(name) => name.to_string(),
        RowSubject::User(name) if name.is_empty() => "unknown".to_owned(),
        RowSubject::User(name) => labels::without_domain(name).to_owned(),
        RowSubject::Server(id) => {
            let server = ctx.state.server(*id);
            server.map_or_else(String::new, |server| server.name.clone())
        }
        RowSubject::Task(_) | RowSubject::More(_) => String::new(),
    };
    let mut strip = StyledLine::new(ctx.appearance, line.width);
    strip.push_max(&name, layout.name.saturating_sub(1), Role::Text);
    strip.pad_to(layout.name);
    for status in &layout.numbers {
        let (text, role) = match entry.counts[*status] {
            0 => (ctx.appearance.symbols.dot.to_owned(), Role::Faint),
            count => (count.to_string(), Role::from(*status)),
        };
        number(&mut strip, &text, role, layout.number);
    }
    let total = entry.counts.total();
    number(&mut strip, &total.to_string(), Role::Text, layout.number);
    if layout.bar > 0 {
        strip.gap(2);
        bar(&mut strip, &entry.counts, longest, layout.bar);
    }
    ctx.draw(strip, line);
}

fn number(strip: &mut StyledLine, text: &str, role: Role, columns: usize) {
    strip.gap(columns.saturating_sub(crate::text::width(text)));
    strip.push(text, role);
}

/// Returns count, symbol and role of each bar segment; they differ without colors, too.
fn parts(symbols: &Symbols, counts: &StatusCounts) -> [(u32, &'static str, Role); 5] {
    let whole = symbols.gauge.last().copied().unwrap_or("#");
    let shown = STATUS_COLUMNS
        .iter()
        .take(4)
        .map(|status| counts[*status])
        .sum();
    let part = |status: Status, sign| (counts[status], sign, Role::from(status));
    [
        part(Status::Running, whole),
        part(Status::Queued, symbols.hatch),
        part(Status::Failed, symbols.status(Status::Failed)),
        part(Status::Cancelled, symbols.status(Status::Cancelled)),
        (
            counts.total().saturating_sub(shown),
            symbols.rule,
            Role::Dim,
        ),
    ]
}

fn bar(strip: &mut StyledLine, counts: &StatusCounts, longest: u32, columns: usize) {
    let parts = parts(strip.symbols(), counts);
    let lengths = lengths(parts.map(|(count, ..)| count), longest, columns);
    for ((_, sign, role), length) in parts.into_iter().zip(lengths) {
        strip.repeat(sign, length, role);
    }
}

/// Returns the width of each bar segment; the longest bar has `columns`. A nonzero count gets at least one column as
/// long as there are enough.
fn lengths<const N: usize>(counts: [u32; N], longest: u32, columns: usize) -> [usize; N] {
    let share = |count: u64, of: u64, columns: usize| {
        let columns = u64::try_from(columns).unwrap_or(u64::MAX);
        usize::try_from((count * columns + of / 2) / of.max(1)).unwrap_or_default()
    };
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let kinds = counts.iter().filter(|count| **count > 0).count();
    let all = share(total, u64::from(longest), columns);
    let all = all.max(kinds).min(columns);
    let rest = all.saturating_sub(kinds);
    let mut before = 0;
    let mut previous = 0;
    counts.map(|count| {
        before += u64::from(count);
        let until = share(before, total, rest);
        let own = until - previous + usize::from(count > 0);
        previous = until;
        own
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bar_segments_are_proportional_and_never_empty() {
        assert_eq!(lengths([10, 0, 0, 0, 10], 20, 20), [10, 0, 0, 0, 10]);
        assert_eq!(lengths([1, 1, 1, 1, 996], 1000, 20), [1, 1, 1, 1, 16]);
        assert_eq!(lengths([5, 0, 0, 0, 0], 1000, 20), [1, 0, 0, 0, 0]);
        assert_eq!(lengths([0, 0, 0, 0, 0], 0, 20), [0; 5]);
        assert_eq!(
            lengths([u32::MAX, 0, 1, 0, 0], u32::MAX, 20),
            [19, 0, 1, 0, 0]
        );
        for count in 0..200 {
            let lengths = lengths([count, 3, 0, 200 - count, 7], 210, 17);
            assert_eq!(lengths.iter().sum::<usize>(), 17, "{count}");
        }
    }

    #[test]
    fn line_layout_fits_every_width() {
        for (columns, longest) in (0..300).flat_map(|c| [0, 99, 20_000, u32::MAX].map(|l| (c, l))) {
            let layout = LineLayout::of(columns, longest);
            let numbers = (layout.numbers.len() + 1) * layout.number;
            let bar = layout.bar + if layout.bar > 0 { 2 } else { 0 };
            let used = layout.name + numbers + bar;
            assert!(used <= usize::from(columns).max(layout.number), "{columns}");
        }
        let layout = LineLayout::of(77, 40);
        assert_eq!((layout.numbers.len(), layout.bar), (5, 15));
    }
}
