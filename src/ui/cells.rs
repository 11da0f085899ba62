//! Cells of a row, except the task column, which [`row`](super::row) draws.

use std::sync::Arc;

use jiff::Timestamp;

use super::{RenderContext, labels, progress, styled_line::StyledLine, theme::Role};
use crate::{
    app::{Column, TaskInsight},
    task::{Handle, Record, Status, TimeLeft, cancellation::CancelState},
    text::{duration, width},
};

/// The task of a row and its derived values.
pub(super) struct RowContext<'a> {
    pub(super) handle: Handle,
    pub(super) record: &'a Record,
    /// True if the row is shown only because of matching descendants.
    pub(super) is_context: bool,
    /// Current time by the clock of the task's server.
    pub(super) now: Timestamp,
    pub(super) is_stale: bool,
    pub(super) outlook: Arc<TaskInsight>,
}

/// Draws one cell; unknown values stay empty.
pub(super) fn draw_cell(
    ctx: &RenderContext,
    cell: &mut StyledLine,
    column: Column,
    shown: &RowContext,
) {
    let record = shown.record;
    let status = record.status();
    match column {
        Column::Task => {}
        Column::Progress => {
            let progress = ctx.state.view().store.progress(shown.handle);
            progress::draw(
                cell,
                ctx.appearance,
                record,
                progress,
                shown.now,
                shown.is_stale,
            );
        }
        Column::Elapsed => right(cell, &labels::elapsed(record, shown.now), value_role(shown)),
        Column::QueuedFor => {
            let waited = record.queued_for(shown.now).map(duration);
            let role = match status {
                Status::Queued => value_role(shown),
                _ => Role::Dim,
            };
            right(cell, &waited.unwrap_or_default(), role);
        }
        Column::Left | Column::Finish => {
            if let Some(left) = shown.outlook.time_left {
                time_left(ctx, cell, left, column, shown);
            }
        }
        Column::Cancel => {
            let cancel_state = CancelState::of(record);
            let role = match cancel_state {
                CancelState::Cancelable => Role::Text,
                CancelState::Requested => Role::Cancelled,
                CancelState::NotCancelable => Role::Dim,
                CancelState::Unknown | CancelState::NotApplicable => Role::Faint,
            };
            cell.push(cancel_state.label(), role);
        }
        Column::State => {
            let symbol = ctx.appearance.symbols.status(status);
            cell.push(symbol, labels::role(status)).gap(1);
            cell.push(status.word(), labels::role(status));
        }
        Column::Endpoint => {
            if let Some(server) = ctx.state.server(record.id.endpoint) {
                let is_stale = server.is_stale();
                let role = if is_stale { Role::Stale } else { Role::Dim };
                cell.push(&server.name, role);
            }
        }
        Column::Id => {
            cell.push(&record.id.mo_id, Role::Dim);
        }
        _ => draw_info_cell(ctx, cell, column, shown),
    }
}

/// Draws a value that requires a `TaskInfo`.
fn draw_info_cell(ctx: &RenderContext, cell: &mut StyledLine, column: Column, shown: &RowContext) {
    let Some(info) = &shown.record.info else {
        return;
    };
    let zone = &ctx.state.options.time_zone;
    let mut put = |text: Option<&str>, role: Role| {
        cell.push(text.unwrap_or_default(), role);
    };
    let mut time = |at: Option<Timestamp>| {
        let text = at.map(|at| labels::short_moment(at, shown.now, zone));
        put(text.as_deref(), Role::Dim);
    };
    match column {
        Column::Queued => time(info.queue_time),
        Column::Started => time(info.start_time),
        Column::Completed => time(info.complete_time),
        Column::Target => {
            let role = if shown.is_context {
                Role::Dim
            } else {
                Role::Text
            };
            put(Some(&labels::target(info)), role);
        }
        Column::StartedBy => {
            let text = labels::started_by(&info.reason);
            let text = labels::without_domain(&text, cell.remaining());
            cell.push(text, Role::Dim);
        }
        Column::Phase if shown.record.status().is_active() => {
            let phase = info.description.as_ref();
            put(phase.map(|phase| phase.text()), Role::Dim);
        }
        Column::Error => {
            let error = info.error.as_ref().map(|error| error.text());
            put(error.as_deref(), Role::Failed);
        }
        Column::Operation => put(Some(&info.description_id), Role::Dim),
        Column::Parent => put(info.parent_key().map(|key| &**key), Role::Dim),
        Column::Tag => put(info.change_tag.as_deref(), Role::Dim),
        Column::Activation => put(info.activation_id.as_deref(), Role::Dim),
        _ => {}
    }
}

/// Returns the role for values of active, finished and stale tasks.
fn value_role(shown: &RowContext) -> Role {
    match (shown.record.status().is_active(), shown.is_stale) {
        (true, false) => Role::Text,
        (true, true) => Role::Stale,
        (false, _) => Role::Dim,
    }
}

fn right(cell: &mut StyledLine, text: &str, role: Role) {
    cell.gap(cell.remaining().saturating_sub(width(text)));
    cell.push(text, role);
}

/// Draws the time left, or the expected end.
fn time_left(
    ctx: &RenderContext,
    cell: &mut StyledLine,
    left: TimeLeft,
    column: Column,
    shown: &RowContext,
) {
    let role = match left {
        TimeLeft::Unknown => Role::Dim,
        _ if shown.is_stale => Role::Stale,
        TimeLeft::About(_) => Role::Text,
    };
    let text = if column == Column::Finish {
        labels::finish(left, shown.now, &ctx.state.options.time_zone)
    } else {
        left.to_string()
    };
    cell.push(&text, role);
}
