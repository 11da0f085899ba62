//! Cells of a row. The task column is drawn by [`row`](super::row).

use jiff::Timestamp;

use super::{
    RenderContext, labels, progress, row, row_context::RowContext, sparkline,
    styled_line::StyledLine, theme::Role, timestamp,
};
use crate::{
    app::Column,
    task::{Status, TimeLeft, cancellation::CancelState},
    text::{duration, width},
    vim::types::EntityLocation,
};

/// Returns the content of a cell of this width; unknown values stay empty. `columns` are all columns of the list.
pub(super) fn draw_cell<'a>(
    ctx: &RenderContext<'a>,
    column: Column,
    columns: &[Column],
    shown: &RowContext,
    cell_width: u16,
) -> StyledLine<'a> {
    let mut line = StyledLine::new(ctx.appearance, cell_width);
    let cell = &mut line;
    let record = shown.record;
    let status = record.status();
    match column {
        Column::Task => row::draw_task(ctx, cell, shown, columns),
        Column::Phase | Column::Progress
            if shown.blocker_column == Some(column)
                && let Some((text, role)) = shown.blocker() =>
        {
            let sign = ctx.appearance.symbols.warning;
            if role == Role::Warning && width(sign) + 1 + width(text) <= cell.remaining() {
                cell.push(sign, role).gap(1);
            }
            cell.push(text, role);
        }
        Column::Progress => {
            if let Some(text) = shown.warning(column) {
                cell.push(text, Role::Warning);
            } else {
                let (progress, now) = (shown.progress, shown.now);
                progress::draw(cell, record, progress, now, shown.is_stale);
            }
        }
        Column::Trend => {
            sparkline::draw(cell, record, shown.now, shown.is_stale);
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
        Column::Left | Column::Finish => time_left(ctx, cell, column, shown),
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
            cell.push_status(status)
                .push(status.word(), Role::from(status));
        }
        Column::Server => {
            if let Some(server) = ctx.state.server(record.id.server) {
                let is_stale = server.is_stale();
                let role = if is_stale { Role::Stale } else { Role::Dim };
                cell.push(&server.name, role);
            }
        }
        Column::Id => {
            cell.push(&record.id.mo_id, Role::Dim);
        }
        Column::Host | Column::Cluster | Column::Datacenter | Column::Folder => {
            location(ctx, cell, column, shown);
        }
        _ => draw_info_cell(ctx, cell, column, columns, shown),
    }
    line
}

/// Draws a value that requires a `TaskInfo`.
fn draw_info_cell(
    ctx: &RenderContext,
    cell: &mut StyledLine,
    column: Column,
    columns: &[Column],
    shown: &RowContext,
) {
    let Some(info) = &shown.record.info else {
        return;
    };
    let zone = &ctx.state.options.time_zone;
    let mut put = |text: Option<&str>, role: Role| {
        cell.push(text.unwrap_or_default(), role);
    };
    let mut time = |at: Option<Timestamp>| {
        let text = at.map(|at| timestamp::short_moment(at, shown.now, zone));
        put(text.as_deref(), Role::Dim);
    };
    match column {
        Column::Queued => time(info.queue_time()),
        Column::Started => time(info.start_time()),
        Column::Completed => time(info.complete_time()),
        Column::Target => {
            let role = if shown.row.is_context {
                Role::Dim
            } else {
                Role::Text
            };
            put(Some(labels::target(shown.record)), role);
        }
        Column::StartedBy => {
            let text = labels::started_by(&info.reason);
            cell.push(labels::without_domain(&text), Role::Dim);
        }
        Column::Phase if shown.record.status().is_active() => {
            let phase = info.description.as_ref();
            put(phase.map(|phase| phase.text()), Role::Dim);
        }
        Column::Phase if columns.contains(&Column::Error) => {}
        Column::Phase | Column::Error => {
            let error = info.error.as_ref().map(|error| error.text());
            let role = Role::from(shown.record.status());
            put(error.as_deref(), role);
        }
        Column::Operation => put(Some(&info.description_id), Role::Dim),
        Column::Parent => put(info.parent_key().map(|key| &**key), Role::Dim),
        Column::Tag => put(info.change_tag(), Role::Dim),
        Column::Activation => put(info.activation_id(), Role::Dim),
        _ => {}
    }
}

/// Draws a field of the target's location: nothing before it was read, `?` if it cannot be read.
fn location(ctx: &RenderContext, cell: &mut StyledLine, column: Column, shown: &RowContext) {
    let location = ctx.state.view().store.location(shown.record);
    if let Some(EntityLocation::Unreadable(_)) = location {
        cell.push("?", Role::Faint);
    } else if let Some(field) = column.sort_key().location_field() {
        cell.push(field.of(location).unwrap_or_default(), Role::Dim);
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

/// Draws the time left, with the expected end if there is space, or only the expected end.
fn time_left(ctx: &RenderContext, cell: &mut StyledLine, column: Column, shown: &RowContext) {
    if !shown.record.status().is_active() {
        return;
    }
    let left = shown.insight.time_left.unwrap_or(TimeLeft::Unknown);
    let TimeLeft::About(span) = left else {
        match shown.warning(column) {
            Some(text) => cell.push(text, Role::Warning),
            None => cell.push(&left.to_string(), Role::Faint),
        };
        return;
    };
    let role = if shown.is_stale {
        Role::Stale
    } else {
        Role::Text
    };
    let end = timestamp::expected_end(span, shown.now, &ctx.state.options.time_zone);
    let both = format!("{left} {} {end}", ctx.appearance.symbols.dot);
    let text = match column {
        Column::Finish => end,
        _ if width(&both) <= cell.remaining() => both,
        _ => left.to_string(),
    };
    cell.push(&text, role);
}
