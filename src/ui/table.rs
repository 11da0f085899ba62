//! The visible task rows as a table. Texts are measured before the columns are placed.

use std::ops::Range;

use ratatui::layout::Rect;

use super::{
    RenderContext,
    cells::{self, RowContext},
    row,
    styled_line::StyledLine,
};
use crate::{
    app::{Column, ColumnArea, ColumnSpec, WidthRange},
    task::row_model::Row,
};

pub(super) struct Table<'r, 'a> {
    pub(super) columns: Vec<ColumnArea>,
    names: Vec<Column>,
    /// Columns that a failed task leaves empty and that show its error instead, if no column does.
    error_span: Option<Range<usize>>,
    rows: Vec<Option<TableRow<'r, 'a>>>,
}

/// A task row with its measured cells; `None` for cells that fill any width.
struct TableRow<'r, 'a> {
    shown: RowContext<'r>,
    cells: Vec<Option<StyledLine<'a>>>,
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
            let shown = RowContext::new(ctx, row)?;
            let cells = specs.iter().zip(&mut needs).map(|(spec, need)| {
                let (cell, width) = measure(ctx, *spec, &names, &shown, list);
                *need = width.max(*need);
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
            rows,
        }
    }

    /// Draws the task row at a position among the visible rows.
    pub(super) fn draw_row(&mut self, ctx: &mut RenderContext<'a>, at: usize, line: Rect) {
        let Some(TableRow { shown, cells }) = self.rows.get_mut(at).and_then(Option::take) else {
            return;
        };
        let error_span = self.error_span.clone().filter(|_| shown.has_error());
        for ((at, placed), cell) in self.columns.iter().enumerate().zip(cells) {
            if error_span.as_ref().is_some_and(|span| span.contains(&at)) {
                continue;
            }
            let area = Rect {
                x: line.x + placed.start,
                width: placed.width,
                ..line
            };
            let cell = cell
                .filter(|cell| cell.width() <= usize::from(placed.width))
                .unwrap_or_else(|| {
                    draw_cell(ctx, placed.column, &self.names, &shown, placed.width)
                });
            if placed.column == Column::Task {
                row::add_fold_target(ctx, shown.row, area);
            }
            cell.draw(area, ctx.buffer);
        }
        let span = error_span.and_then(|span| self.columns.get(span));
        if let Some([first, .., last]) = span {
            let area = Rect {
                x: line.x + first.start,
                width: last.start + last.width - first.start,
                ..line
            };
            draw_cell(ctx, Column::Error, &self.names, &shown, area.width).draw(area, ctx.buffer);
        }
    }
}

/// Returns the adjacent columns that are empty for a failed task, if they are wide enough for its error.
fn error_span(specs: &[ColumnSpec], list: u16) -> Option<Range<usize>> {
    const MIN_COLUMNS: u16 = 20;
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

/// Returns the width that a cell needs, and the cell if it is the same at any greater width.
fn measure<'a>(
    ctx: &RenderContext<'a>,
    spec: ColumnSpec,
    columns: &[Column],
    shown: &RowContext,
    list: u16,
) -> (Option<StyledLine<'a>>, u16) {
    let WidthRange { min, max } = WidthRange::of(spec, list);
    if min == max {
        return (None, min);
    }
    // A bar fills any width, and an outcome has shorter forms.
    if spec.column == Column::Progress {
        return (None, max);
    }
    let cell = draw_cell(ctx, spec.column, columns, shown, max);
    let width = u16::try_from(cell.width()).unwrap_or(max);
    (Some(cell), width)
}

fn draw_cell<'a>(
    ctx: &RenderContext<'a>,
    column: Column,
    columns: &[Column],
    shown: &RowContext,
    width: u16,
) -> StyledLine<'a> {
    let mut cell = StyledLine::new(ctx.appearance, width);
    match column {
        Column::Task => row::draw_task(ctx, &mut cell, shown, columns),
        _ => cells::draw_cell(ctx, &mut cell, column, columns, shown),
    }
    cell
}
