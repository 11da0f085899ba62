//! The visible task rows as a table. Texts are measured before the columns are placed. A text that does not fit its column
//! continues over empty cells beside it.

use std::ops::Range;

use ratatui::layout::Rect;

use super::{
    RenderContext, cells::draw_cell, progress, row_context::RowContext, styled_line::StyledLine,
};
use crate::{
    app::{Column, ColumnArea, ColumnSpec, WidthRange},
    task::{TimeLeft, row_model::Row},
    text,
};

pub(super) struct Table<'r, 'a> {
    pub(super) columns: Vec<ColumnArea>,
    names: Vec<Column>,
    /// Columns that a failed task leaves empty and that show its error instead, if no column does.
    error_span: Option<Range<usize>>,
    /// Width of the list, the greatest width of a cell.
    list: u16,
    rows: Vec<Option<TableRow<'r, 'a>>>,
}

/// A task row with its measured cells.
struct TableRow<'r, 'a> {
    shown: RowContext<'r>,
    cells: Vec<MeasuredCell<'a>>,
}

/// A cell, measured before its column is placed.
enum MeasuredCell<'a> {
    /// A text at its full width.
    Text(StyledLine<'a>),
    /// Content that has forms for different widths, and the width of the longest; a bar has none.
    Flexible(Option<u16>),
    /// Content of exactly the width of its column.
    Fixed,
}

impl<'r, 'a: 'r> Table<'r, 'a> {
    /// Measures the cells of the visible rows and places the columns of a list of this width.
    pub(super) fn new(ctx: &RenderContext<'a>, rows: &'r [Row], list: u16) -> Self {
        let specs = ctx.state.fitting_columns(list);
        let mut names: Vec<Column> = specs.iter().map(|spec| spec.column).collect();
        let error_span = error_span(&specs, list);
        if error_span.is_some() {
            names.push(Column::Error);
        }
        let mut needs = vec![0; specs.len()];
        let rows = rows.iter().map(|row| {
            let shown = RowContext::new(ctx, row, &names)?;
            let cells = specs.iter().zip(&mut needs).map(|(spec, need)| {
                let cell = measure(ctx, spec.column, &names, &shown, list);
                *need = cell.width(*spec, list).max(*need);
                cell
            });
            let cells = cells.collect();
            Some(TableRow { shown, cells })
        });
        let rows = rows.collect();
        Self {
            columns: ctx.state.place_columns(list, &specs, &needs),
            names,
            error_span,
            list,
            rows,
        }
    }

    /// Draws the task row at a position among the visible rows.
    pub(super) fn draw_row(&mut self, ctx: &mut RenderContext<'a>, at: usize, line: Rect) {
        let Some(mut row) = self.rows.get_mut(at).and_then(Option::take) else {
            return;
        };
        self.place_blocker(ctx, &mut row);
        let TableRow { shown, mut cells } = row;
        let error_span = self.error_span_of(&shown, &cells);
        let free = self.free_columns(&shown, &cells, error_span.as_ref());
        let error_at = error_span.as_ref().map(|span| span.start);
        if let Some(cell) = error_at.and_then(|start| cells.get_mut(start)) {
            let text = draw_cell(ctx, Column::Error, &self.names, &shown, self.list);
            *cell = MeasuredCell::Text(text);
        }
        let mut cells = cells.into_iter().enumerate();
        while let Some((at, cell)) = cells.next() {
            let Some(placed) = self.columns.get(at) else {
                break;
            };
            let end = self.end_of(at, cell.needed(), &free);
            let columns = self.columns.get(at..end).unwrap_or_default();
            let width = columns
                .last()
                .map_or(placed.width, |last| last.start + last.width - placed.start);
            let area = Rect {
                x: line.x + placed.start,
                width,
                ..line
            };
            let column = if error_at == Some(at) {
                Column::Error
            } else {
                placed.column
            };
            let content = match cell {
                MeasuredCell::Text(text) if text.width() <= usize::from(width) => text,
                _ => draw_cell(ctx, column, &self.names, &shown, width),
            };
            ctx.draw(content, area);
            if end > at + 1 {
                cells.nth(end - at - 2);
            }
        }
    }

    /// Shows what a task waits for in the place of its progress, if the column of the phase is too narrow.
    fn place_blocker(&self, ctx: &RenderContext<'a>, row: &mut TableRow<'r, 'a>) {
        let place_of = |column| {
            self.columns
                .iter()
                .position(|placed| placed.column == column)
        };
        let (Some(phase), Some(progress)) = (place_of(Column::Phase), place_of(Column::Progress))
        else {
            return;
        };
        let available = self.columns.get(phase).map_or(0, |placed| placed.width);
        let need = row.cells.get(phase).map_or(0, MeasuredCell::needed);
        if row.shown.blocker_column != Some(Column::Phase) || need <= available {
            return;
        }
        row.shown.blocker_column = Some(Column::Progress);
        for (at, column) in [(phase, Column::Phase), (progress, Column::Progress)] {
            if let Some(cell) = row.cells.get_mut(at) {
                *cell = measure(ctx, column, &self.names, &row.shown, self.list);
            }
        }
    }

    /// Returns the columns in which a failed task shows its error: if that of the phase is too narrow, with the empty
    /// ones before it.
    fn error_span_of(&self, shown: &RowContext, cells: &[MeasuredCell]) -> Option<Range<usize>> {
        if !shown.has_error() {
            return None;
        }
        let mut columns = self.columns.iter();
        let Some(phase) = columns.position(|placed| placed.column == Column::Phase) else {
            return self.error_span.clone();
        };
        let available = self.columns.get(phase)?.width;
        if cells.get(phase)?.needed() <= available {
            return None;
        }
        let before = self.columns.get(..phase)?.iter().rev();
        let empty = before.take_while(|placed| is_empty_after_end(placed.column));
        let start = phase - empty.count();
        (start < phase).then_some(start..phase + 1)
    }

    /// Returns the columns of a row that the text beside them may use: those that are empty. The reason of a blocked task
    /// may also replace less important columns: its pace, its unknown time left and, if it has to, its run time.
    fn free_columns(
        &self,
        shown: &RowContext,
        cells: &[MeasuredCell],
        error_span: Option<&Range<usize>>,
    ) -> Vec<bool> {
        let is_blocked = shown.blocker_column == Some(Column::Progress);
        let has_no_end = !matches!(shown.insight.time_left, Some(TimeLeft::About(_)));
        let columns = self.columns.iter().zip(cells).enumerate();
        let free = columns.map(|(at, (placed, cell))| {
            let tells_less = match placed.column {
                Column::Trend | Column::Elapsed => is_blocked,
                Column::Left | Column::Finish => is_blocked && has_no_end,
                _ => false,
            };
            tells_less
                || matches!(cell, MeasuredCell::Text(cell) if cell.width() == 0)
                || error_span.is_some_and(|span| span.contains(&at))
                || !shown.record.status().is_active() && is_empty_after_end(placed.column)
        });
        free.collect()
    }

    /// Returns the column after the last one that a cell takes: its own, and as many free ones beside it as it needs.
    fn end_of(&self, at: usize, need: u16, free: &[bool]) -> usize {
        let own = self.columns.get(at);
        let start = own.map_or(0, |own| own.start);
        let mut end = at + 1;
        let mut width = own.map_or(0, |own| own.width);
        while width < need
            && free.get(end).is_some_and(|free| *free)
            && let Some(next) = self.columns.get(end)
        {
            width = next.start + next.width - start;
            end += 1;
        }
        end
    }
}

impl MeasuredCell<'_> {
    /// Returns the width that the content needs; 0 if it adapts to any.
    fn needed(&self) -> u16 {
        match self {
            Self::Text(cell) => u16::try_from(cell.width()).unwrap_or(u16::MAX),
            Self::Flexible(longest) => longest.unwrap_or_default(),
            Self::Fixed => 0,
        }
    }

    /// Returns the width that the content needs within the limits of its column.
    fn width(&self, spec: ColumnSpec, list: u16) -> u16 {
        let WidthRange { min, max } = WidthRange::of(spec, list);
        match self {
            Self::Flexible(None) => max,
            _ => self.needed().clamp(min, max),
        }
    }
}

/// Returns the adjacent columns that are empty for a failed task, if they are wide enough for its error.
fn error_span(specs: &[ColumnSpec], list: u16) -> Option<Range<usize>> {
    const MIN_COLUMNS: u16 = 17;
    let has = |column| specs.iter().any(|spec| spec.column == column);
    if has(Column::Error) || has(Column::Phase) {
        return None;
    }
    let is_empty = |spec: &ColumnSpec| {
        matches!(
            spec.column,
            Column::Left | Column::Finish | Column::Cancel | Column::Trend
        )
    };
    let start = specs
        .windows(2)
        .position(|pair| pair.iter().all(is_empty))?;
    let span = specs.iter().skip(start).take_while(|spec| is_empty(spec));
    let end = start + span.clone().count();
    let columns: u16 = span.map(|spec| WidthRange::of(*spec, list).min).sum();
    (columns >= MIN_COLUMNS).then_some(start..end)
}

/// True if a column has no content for a finished task.
fn is_empty_after_end(column: Column) -> bool {
    matches!(column, Column::Left | Column::Finish | Column::Trend)
}

fn measure<'a>(
    ctx: &RenderContext<'a>,
    column: Column,
    columns: &[Column],
    shown: &RowContext,
    list: u16,
) -> MeasuredCell<'a> {
    match column {
        Column::Progress => {
            let longest = match shown.blocker() {
                Some((text, _)) if shown.blocker_column == Some(Column::Progress) => {
                    Some(text::width(text))
                }
                _ => progress::outcome_width(&ctx.appearance.symbols, shown.record, shown.now),
            };
            let longest = longest.map(|width| u16::try_from(width).unwrap_or(u16::MAX));
            return MeasuredCell::Flexible(longest);
        }
        Column::Left
        | Column::Finish
        | Column::Elapsed
        | Column::QueuedFor
        | Column::Trend
        | Column::Cancel => return MeasuredCell::Fixed,
        _ => {}
    }
    MeasuredCell::Text(draw_cell(ctx, column, columns, shown, list))
}
