//! Task lines of the summary: longest running, longest queued, latest failures.

use ratatui::layout::Rect;

use super::heading::heading;
use crate::{
    app::{Section, SectionKind},
    task::Handle,
    text::ago,
    ui::{RenderContext, labels, progress, styled_line::StyledLine, theme::Role},
};

const COLUMN_GAP: usize = 2;
/// Maximum width of the operation name.
const OPERATION_WIDTH: usize = 40;
const TARGET_WIDTH: usize = 14;
const SERVER_WIDTH: usize = 10;
const ELAPSED_WIDTH: usize = 7;
const TIME_LEFT_WIDTH: usize = 7;
const AGE_WIDTH: usize = 10;
const USER_WIDTH: usize = 14;

/// A column of a task line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TaskColumn {
    Target,
    Server,
    Progress,
    Elapsed,
    Left,
    Ago,
    By,
    Error,
}

impl TaskColumn {
    fn title(self) -> &'static str {
        match self {
            Self::Target => "TARGET",
            Self::Server => "VCENTER",
            Self::Progress => "PROGRESS",
            Self::Elapsed => "ELAPSED",
            Self::Left => "LEFT",
            Self::Ago => "WHEN",
            Self::By => "STARTED BY",
            Self::Error => "ERROR",
        }
    }
}

/// Returns the width of the operation and the columns after it.
fn columns(
    ctx: &RenderContext,
    part: SectionKind,
    width: u16,
) -> (usize, Vec<(TaskColumn, usize)>) {
    let width = usize::from(width);
    let several = ctx.state.servers.len() > 1;
    let mut columns = Vec::new();
    let mut from = |minimum: usize, column, own| {
        if width >= minimum {
            columns.push((column, own));
        }
    };
    from(44, TaskColumn::Target, TARGET_WIDTH);
    if several {
        from(74, TaskColumn::Server, SERVER_WIDTH);
    }
    match part {
        SectionKind::Failures => {
            from(32, TaskColumn::Ago, AGE_WIDTH);
            // The error text gets the largest share.
            from(60, TaskColumn::Error, (width * 3 / 8).max(20));
        }
        SectionKind::Queued => {
            from(28, TaskColumn::Elapsed, ELAPSED_WIDTH);
            from(60, TaskColumn::By, USER_WIDTH);
        }
        _ => {
            from(34, TaskColumn::Progress, if width >= 70 { 14 } else { 5 });
            from(28, TaskColumn::Elapsed, ELAPSED_WIDTH);
            from(64, TaskColumn::Left, TIME_LEFT_WIDTH);
        }
    }
    let used: usize = columns.iter().map(|(_, own)| own + COLUMN_GAP).sum();
    let first = width.saturating_sub(used);
    // Room that most operations do not need goes to the target and the error.
    let mut spare = first.saturating_sub(OPERATION_WIDTH);
    let first = first - spare;
    for (column, own) in &mut columns {
        let more = match column {
            TaskColumn::Target => spare.min(TARGET_WIDTH),
            TaskColumn::Error | TaskColumn::By | TaskColumn::Progress => spare.min(*own),
            _ => 0,
        };
        *own += more;
        spare -= more;
    }
    (first, columns)
}

pub(super) fn title(ctx: &mut RenderContext, section: &Section, line: Rect) {
    let (first, columns) = columns(ctx, section.kind, line.width);
    let mut strip = StyledLine::new(ctx.appearance, line.width);
    strip.join(heading(ctx, section, first));
    let mut next = first;
    for (column, width) in columns {
        // Omit column titles that would not leave space for the section title.
        next += COLUMN_GAP;
        if strip.width() + COLUMN_GAP <= next {
            strip.pad_to(next);
            if column == TaskColumn::Elapsed {
                strip.gap(width.saturating_sub(column.title().len()));
            }
            strip.push_max(column.title(), width, Role::Heading);
        }
        next += width;
    }
    ctx.draw(strip, line);
}

pub(super) fn entry(ctx: &mut RenderContext, part: SectionKind, handle: Handle, line: Rect) {
    let state = ctx.state;
    let Some(record) = state.view().store.get(handle) else {
        return;
    };
    let (first, columns) = columns(ctx, part, line.width);
    let now = state.time(record, ctx.now);
    let is_stale = state.is_stale(record);
    let mut strip = StyledLine::new(ctx.appearance, line.width);
    strip.push_status(record.status());
    let available = first.saturating_sub(strip.width());
    strip.push_max(&state.view().store.operation(record), available, Role::Text);
    let mut next = first;
    let info = record.info.as_deref();
    for (column, width) in columns {
        next += COLUMN_GAP;
        strip.pad_to(next);
        next += width;
        let mut cell = StyledLine::new(ctx.appearance, u16::try_from(width).unwrap_or(u16::MAX));
        match column {
            TaskColumn::Target => {
                cell.push(labels::target(record), Role::Text);
            }
            TaskColumn::Server => {
                let server = state.server(record.id.server);
                cell.push(server.map_or("", |server| &server.name), Role::Dim);
            }
            TaskColumn::Progress => {
                let shown = state.view().store.progress(handle);
                progress::draw(&mut cell, record, shown, now, is_stale);
            }
            TaskColumn::Elapsed => {
                let text = labels::elapsed(record, now);
                cell.gap(width.saturating_sub(text.len()));
                cell.push(&text, if is_stale { Role::Stale } else { Role::Text });
            }
            TaskColumn::Left => {
                if let Some(left) = state.insight(handle, ctx.now).time_left {
                    let role = if is_stale { Role::Stale } else { Role::Text };
                    cell.push(&left.to_string(), role);
                }
            }
            TaskColumn::Ago => {
                if let Some(at) = record.completed_at().or(record.observed_at()) {
                    cell.push(&ago(now.duration_since(at)), Role::Dim);
                }
            }
            TaskColumn::By => {
                if let Some(info) = info {
                    let text = labels::started_by(&info.reason);
                    cell.push(labels::without_domain(&text), Role::Dim);
                }
            }
            TaskColumn::Error => {
                if let Some(error) = info.and_then(|info| info.error.as_ref()) {
                    cell.push(&error.text(), Role::Failed);
                }
            }
        }
        strip.join(cell);
    }
    ctx.draw(strip, line);
}
