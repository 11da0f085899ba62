//! One task row of the list.

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::{
    Appearance, RenderContext,
    cells::{self, RowContext},
    labels,
    styled_line::StyledLine,
    theme::Role,
};
use crate::{
    app::{ClickTarget, Column, ColumnArea},
    task::{
        Handle, Record, Status, StatusCounts, Warning,
        row_model::{Fold, Row},
    },
    text::{duration, width},
};

pub(super) fn draw(
    ctx: &mut RenderContext,
    (row, handle): (&Row, Handle),
    columns: &[ColumnArea],
    line: Rect,
    in_tree: bool,
) {
    let state = ctx.state;
    let Some(record) = state.view().store.get(handle) else {
        return;
    };
    let shown = RowContext {
        handle,
        record,
        is_context: row.is_context,
        now: state.time(record, ctx.now),
        is_stale: state.is_stale(record),
        outlook: state.insight(handle, ctx.now),
    };
    let has = |column| columns.iter().any(|placed| placed.column == column);
    for placed in columns {
        let area = Rect {
            x: line.x + placed.start,
            width: placed.width,
            ..line
        };
        let mut cell = StyledLine::new(ctx.appearance, placed.width);
        if placed.column == Column::Task {
            let finding = shown.outlook.warnings.first();
            // Omit a note that has its own column.
            let remark = inline_note(ctx.appearance, record).filter(|(.., of)| !has(*of));
            let parts = (row, record, finding, remark);
            task(ctx, &mut cell, parts, area, in_tree);
        } else {
            cells::draw_cell(ctx, &mut cell, placed.column, &shown);
        }
        cell.draw(area, ctx.buffer);
    }
}

/// Text after the operation name, and the column that would show the same.
type InlineNote = (String, Role, Column);

/// Draws tree guides, fold marker, status, operation, phase or error, and markers.
fn task<'a>(
    ctx: &mut RenderContext<'a>,
    cell: &mut StyledLine<'a>,
    (row, record, found, remark): (&Row, &Record, Option<&Warning>, Option<InlineNote>),
    area: Rect,
    in_tree: bool,
) {
    let appearance = ctx.appearance;
    let status = record.status();
    if in_tree {
        lineage(appearance, cell, row);
        if row.fold != Fold::Leaf {
            let mark = if row.depth == 0 { 0 } else { cell.width() - 2 };
            let mark = Rect {
                x: area.x + u16::try_from(mark).unwrap_or_default(),
                width: 2.min(area.width),
                ..area
            };
            ctx.target(mark, ClickTarget::FoldMark(row.id));
        }
    }
    if !in_tree {
        // Indent of group members.
        cell.gap(4 * row.depth);
    }
    cell.push(appearance.symbols.status(status), labels::role(status))
        .gap(1);
    let operation = ctx.state.view().store.operation(record);
    let now = ctx.state.time(record, ctx.now);
    let mut marks = marks(appearance, row, record, now);
    let room = cell.remaining().saturating_sub(marks.width());
    if let Some(finding) = found {
        warning_badge(appearance, &mut marks, finding, room, width(&operation));
    }
    let room = cell.remaining().saturating_sub(marks.width());
    let name = if row.is_context {
        Role::Dim
    } else {
        match status {
            Status::Success | Status::Cancelled | Status::Lost | Status::Placeholder => Role::Dim,
            _ => Role::Text,
        }
    };
    let before = cell.width();
    cell.push_max(&operation, room, name);
    let left = room.saturating_sub(cell.width() - before);
    if let Some((text, role, _)) = remark
        && left >= 8
    {
        cell.push_max(&text, left, role);
    }
    cell.join(marks);
}

/// Columns per tree level.
const INDENT_WIDTH: usize = 3;

/// Draws the tree guides and the fold marker.
fn lineage(appearance: &Appearance, cell: &mut StyledLine, row: &Row) {
    let symbols = appearance.symbols;
    let mark = match row.fold {
        Fold::Leaf => None,
        Fold::Open => Some(symbols.open),
        Fold::Closed => Some(symbols.closed),
    };
    if row.depth == 0 {
        cell.push(mark.unwrap_or(" "), Role::Dim).gap(1);
        return;
    }
    // At any depth, half of the width is left for the name.
    let most = (cell.remaining() / 2).saturating_sub(INDENT_WIDTH) / INDENT_WIDTH;
    let guides = row.guides.get(1..).unwrap_or_default();
    cell.gap(2);
    let skipped = guides.len().saturating_sub(most);
    if skipped > 0 {
        cell.push(symbols.ellipsis, Role::Faint);
    }
    for goes_on in guides.get(skipped..).unwrap_or_default() {
        let guide = if *goes_on { symbols.guide } else { "  " };
        cell.push(guide, Role::Faint).gap(1);
    }
    let branch = if row.is_last {
        symbols.last
    } else {
        symbols.branch
    };
    cell.push(
        branch.get(..branch.len() - 1).unwrap_or_default(),
        Role::Faint,
    );
    match mark {
        Some(mark) => cell.push(mark, Role::Dim),
        None => cell.push(symbols.rule, Role::Faint),
    };
    cell.gap(1);
}

/// Returns the error, the current phase, or why the task is unknown.
fn inline_note(appearance: &Appearance, record: &Record) -> Option<InlineNote> {
    let dot = appearance.symbols.dot;
    let Some(info) = &record.info else {
        let id = format!(" {dot} {}", record.id.mo_id);
        return Some((id, Role::Dim, Column::Id));
    };
    match (record.status(), &info.error, &info.description) {
        (Status::Failed, Some(error), _) => {
            let text = format!("  {}", error.text());
            Some((text, Role::Failed, Column::Error))
        }
        (Status::Running | Status::Queued, _, Some(phase)) if !phase.text().trim().is_empty() => {
            let text = format!(" {dot} {}", phase.text());
            Some((text, Role::Dim, Column::Phase))
        }
        (Status::Unknown, ..) => {
            let text = format!(" {dot} {}", info.state);
            Some((text, Role::Lost, Column::State))
        }
        _ => None,
    }
}

/// Returns the markers after the name: hidden tasks, pin, and why the task is missing or stale.
fn marks<'a>(
    appearance: &'a Appearance,
    row: &Row,
    record: &Record,
    now: Timestamp,
) -> StyledLine<'a> {
    let mut marks = StyledLine::new(appearance, 64);
    if row.hidden.total() > 0 {
        hidden(appearance, &mut marks, row.hidden);
    }
    if record.pinned {
        marks.gap(1).push(appearance.symbols.pin, Role::Key);
    }
    match &record.presence {
        crate::task::Presence::Present => {}
        crate::task::Presence::HistoryOnly => {
            marks.gap(1).push("from history", Role::Dim);
        }
        crate::task::Presence::Gone(_) => {
            marks.gap(1).push("expired", Role::Lost);
        }
        crate::task::Presence::Unreadable(reason) => {
            let sign = appearance.symbols.warning;
            let text = match record.seen {
                Some(seen) => format!(
                    "{sign} {} old: {reason}",
                    duration(now.duration_since(seen))
                ),
                None => format!("{sign} {reason}"),
            };
            marks.gap(1).push_max(&text, 28, Role::Warning);
        }
    }
    marks
}

/// Adds the most urgent warning, for example `⚠ stalled`, or the symbol alone if the label would leave too little room
/// for the name. `room` is the width of name and badge together.
fn warning_badge(
    appearance: &Appearance,
    marks: &mut StyledLine,
    finding: &Warning,
    room: usize,
    name: usize,
) {
    const MIN_NAME_WIDTH: usize = 16;
    let sign = appearance.symbols.warning;
    let words = format!("{sign} {}", finding.rule.label());
    let has_room = room > name.min(MIN_NAME_WIDTH) + width(&words);
    let text = if has_room { &words } else { sign };
    marks.gap(1).push(text, Role::Warning);
}

/// Adds the number of hidden tasks and of the important ones among them: `+3 ▶1 ✗1`.
fn hidden(appearance: &Appearance, marks: &mut StyledLine, hidden: StatusCounts) {
    marks
        .gap(1)
        .push(&format!("+{}", hidden.total()), Role::Dim);
    for status in [
        Status::Running,
        Status::Queued,
        Status::Failed,
        Status::Cancelled,
    ] {
        if hidden[status] > 0 {
            let text = format!("{}{}", appearance.symbols.status(status), hidden[status]);
            marks.gap(1).push(&text, labels::role(status));
        }
    }
}
