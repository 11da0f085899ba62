//! The task column of a row: tree guides, status, operation, phase or error, and markers.

use jiff::Timestamp;

use super::{
    Appearance, RenderContext, row_context::RowContext, styled_line::StyledLine, theme::Role,
};
use crate::{
    app::{ClickTarget, Column},
    task::{
        Status, StatusCounts, TaskRecord,
        row_model::{Fold, Layout, Row},
    },
    text::{duration, width},
};

/// Text after the operation name, and the columns that would show the same.
type InlineNote = (String, Role, &'static [Column]);

/// Draws the task cell. A note that is shown elsewhere, in one of `columns`, is omitted.
pub(super) fn draw_task<'a>(
    ctx: &RenderContext<'a>,
    cell: &mut StyledLine<'a>,
    shown: &RowContext,
    columns: &[Column],
) {
    let (appearance, row, record) = (ctx.appearance, &shown.row, shown.record);
    let status = record.status();
    if is_tree(ctx) {
        lineage(cell, row);
    } else {
        // Indent of group members.
        cell.gap(4 * row.depth);
    }
    cell.push_status(status);
    let operation = ctx.state.view().store.operation(record);
    let mut marks = marks(appearance, row, record, shown.now);
    if ctx.state.view().is_new(row) {
        marks.gap(1).push("new", Role::Warning);
    }
    let available = cell.remaining().saturating_sub(marks.width());
    if let Some(text) = badge_text(shown) {
        warning_badge(&mut marks, text, available, width(&operation));
    }
    let available = cell.remaining().saturating_sub(marks.width());
    let name = match status {
        _ if row.is_context => Role::Dim,
        Status::Success | Status::Cancelled | Status::Lost | Status::Placeholder => Role::Dim,
        _ => Role::Text,
    };
    let before = cell.width();
    cell.push_max(&operation, available, name);
    let left = available.saturating_sub(cell.width() - before);
    let note = inline_note(appearance, record)
        .filter(|(.., same)| !same.iter().any(|column| columns.contains(column)));
    if let Some((text, role, _)) = note
        && left >= MIN_NOTE_WIDTH
    {
        cell.push_max(&text, left, role);
    }
    cell.join(marks);
}

fn is_tree(ctx: &RenderContext) -> bool {
    ctx.state.view().row_model.view().layout == Layout::Tree
}

/// A shorter note is omitted.
const MIN_NOTE_WIDTH: usize = 8;
/// Columns per tree level.
const INDENT_WIDTH: usize = 3;

/// Returns the guides of the ancestors for which there is space, and true if there are more. At any depth, half of the
/// width is left for the name.
fn guides(row: &Row, columns: usize) -> (bool, &[bool]) {
    let maximum = (columns / 2).saturating_sub(INDENT_WIDTH) / INDENT_WIDTH;
    let guides = row.guides.get(1..).unwrap_or_default();
    let skipped = guides.len().saturating_sub(maximum);
    (skipped > 0, guides.get(skipped..).unwrap_or_default())
}

/// Draws the tree guides and the fold marker.
fn lineage(cell: &mut StyledLine, row: &Row) {
    let symbols = cell.symbols();
    if row.depth == 0 {
        fold_mark(cell, row, " ");
        return;
    }
    let (skipped, guides) = guides(row, cell.remaining());
    cell.gap(2);
    if skipped {
        cell.push(symbols.ellipsis, Role::Faint);
    }
    for continues in guides {
        let guide = if *continues { symbols.guide } else { "  " };
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
    fold_mark(cell, row, symbols.rule);
}

/// Draws the fold marker, or the symbol of a row that cannot be folded, and a space.
fn fold_mark(cell: &mut StyledLine, row: &Row, leaf: &str) {
    if row.fold == Fold::Leaf {
        cell.push(leaf, Role::Faint).gap(1);
        return;
    }
    let start = cell.width();
    cell.push(cell.symbols().fold(row.fold), Role::Dim)
        .gap(1)
        .target_from(start, ClickTarget::FoldMark(row.id));
}

/// Returns the error, the current phase, or why the task is unknown.
fn inline_note(appearance: &Appearance, record: &TaskRecord) -> Option<InlineNote> {
    let dot = appearance.symbols.dot;
    let Some(info) = &record.info else {
        let id = format!(" {dot} {}", record.id.mo_id);
        return Some((id, Role::Dim, &[Column::Id]));
    };
    match (record.status(), &info.error, &info.description) {
        (Status::Failed, Some(error), _) => {
            let text = format!("  {}", error.text());
            Some((text, Role::Failed, &[Column::Error, Column::Phase]))
        }
        (Status::Running | Status::Queued, _, Some(phase)) if !phase.text().trim().is_empty() => {
            let text = format!(" {dot} {}", phase.text());
            Some((text, Role::Dim, &[Column::Phase]))
        }
        (Status::Unknown, ..) => {
            let text = format!(" {dot} {}", info.state);
            Some((text, Role::Lost, &[Column::State]))
        }
        _ => None,
    }
}

/// Returns the markers after the name: hidden tasks, pin, and why the task is missing or stale.
fn marks<'a>(
    appearance: &'a Appearance,
    row: &Row,
    record: &TaskRecord,
    now: Timestamp,
) -> StyledLine<'a> {
    let mut marks = StyledLine::new(appearance, 64);
    if row.hidden.total() > 0 {
        hidden(&mut marks, row.hidden);
    }
    if record.pinned {
        marks.gap(1).push(appearance.symbols.pin, Role::Key);
    }
    match &record.presence {
        crate::task::Presence::Present => {}
        crate::task::Presence::HistoryOnly => {
            marks.gap(1).push("from history", Role::Dim);
        }
        // A task without outcome shows this as its progress.
        crate::task::Presence::Gone(_) if record.status() == Status::Lost => {}
        crate::task::Presence::Gone(_) => {
            marks.gap(1).push("expired", Role::Lost);
        }
        crate::task::Presence::Unreadable(reason) => {
            let sign = appearance.symbols.warning;
            let text = match record.observed_at() {
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

/// Returns what a task waits for, else its most urgent warning; `None` if a column shows it.
fn badge_text<'a>(shown: &'a RowContext) -> Option<&'a str> {
    match shown.blocker() {
        Some(_) if shown.blocker_column.is_some() => None,
        Some((blocker, _)) => Some(blocker),
        None if shown.warning_column.is_some() => None,
        None => {
            let warning = shown.insight.warnings.first();
            warning.map(|warning| warning.rule.label())
        }
    }
}

/// Adds what the task waits for or a warning, for example `⚠ stalled`, or the symbol alone if the text would leave too
/// little space for the name. `available` is the width of name and badge together.
fn warning_badge(marks: &mut StyledLine, finding: &str, available: usize, name: usize) {
    const MIN_NAME_WIDTH: usize = 16;
    const MIN_TEXT_WIDTH: usize = 16;
    let sign = marks.symbols().warning;
    let words = format!("{sign} {finding}");
    let maximum = available.saturating_sub(name.min(MIN_NAME_WIDTH) + 1);
    if maximum >= width(&words).min(MIN_TEXT_WIDTH) {
        marks.gap(1).push_max(&words, maximum, Role::Warning);
    } else {
        marks.gap(1).push(sign, Role::Warning);
    }
}

/// Adds the number of hidden tasks and of the important ones among them: `+3 ▶1 ✗1`.
fn hidden(marks: &mut StyledLine, hidden: StatusCounts) {
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
            let text = format!("{}{}", marks.symbols().status(status), hidden[status]);
            marks.gap(1).push(&text, Role::from(status));
        }
    }
}
