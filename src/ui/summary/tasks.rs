//! The tasks of a summary, one a line: those that run or wait for longest, and what failed.

use ratatui::layout::Rect;

use super::heading;
use crate::{
    app::{Part, Section},
    task::Handle,
    text::ago,
    ui::{Canvas, ink::Strip, row, theme::Role, words},
};

/// The space between two columns.
const GAP: usize = 2;
/// The most that an operation's name gets.
const OPERATION: usize = 40;
const TARGET: usize = 14;
const ENDPOINT: usize = 10;
const ELAPSED: usize = 7;
const LEFT: usize = 9;
const AGO: usize = 10;
const BY: usize = 14;

/// A column of such a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Target,
    Endpoint,
    Progress,
    Elapsed,
    Left,
    Ago,
    By,
    Error,
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Target => "TARGET",
            Self::Endpoint => "VCENTER",
            Self::Progress => "PROGRESS",
            Self::Elapsed => "ELAPSED",
            Self::Left => "LEFT",
            Self::Ago => "WHEN",
            Self::By => "STARTED BY",
            Self::Error => "WHY",
        }
    }
}

/// The columns after the operation, with their widths; what is left is the operation's.
fn columns(canvas: &Canvas, part: Part, width: u16) -> (usize, Vec<(Column, usize)>) {
    let width = usize::from(width);
    let several = canvas.state.servers.len() > 1;
    let mut columns = Vec::new();
    let mut from = |least: usize, column, own| {
        if width >= least {
            columns.push((column, own));
        }
    };
    from(44, Column::Target, TARGET);
    if several {
        from(74, Column::Endpoint, ENDPOINT);
    }
    match part {
        Part::Failures => {
            from(32, Column::Ago, AGO);
            // The sentence says most: it gets half of the room.
            from(60, Column::Error, (width * 3 / 8).max(20));
        }
        Part::Queued => {
            from(28, Column::Elapsed, ELAPSED);
            from(60, Column::By, BY);
        }
        _ => {
            from(34, Column::Progress, if width >= 70 { 14 } else { 5 });
            from(28, Column::Elapsed, ELAPSED);
            from(64, Column::Left, LEFT);
        }
    }
    let taken: usize = columns.iter().map(|(_, own)| own + GAP).sum();
    let first = width.saturating_sub(taken);
    // More than most operations need is better given to the target, and to the reason of a failure.
    let mut spare = first.saturating_sub(OPERATION);
    let first = first - spare;
    for (column, own) in &mut columns {
        let more = match column {
            Column::Target => spare.min(TARGET),
            Column::Error | Column::By | Column::Progress => spare.min(*own),
            _ => 0,
        };
        *own += more;
        spare -= more;
    }
    (first, columns)
}

pub(super) fn title(canvas: &mut Canvas, section: &Section, line: Rect) {
    let (first, columns) = columns(canvas, section.part, line.width);
    let mut strip = Strip::new(canvas.look, line.width);
    strip.join(heading(canvas, section, first));
    let mut next = first;
    for (column, width) in columns {
        // What does not leave room for the name of the section has none itself.
        next += GAP;
        if strip.used() + GAP <= next {
            strip.pad_to(next);
            if column == Column::Elapsed {
                strip.gap(width.saturating_sub(column.title().len()));
            }
            strip.put_within(column.title(), width, Role::Heading);
        }
        next += width;
    }
    strip.draw(line, canvas.buffer);
}

pub(super) fn entry(canvas: &mut Canvas, part: Part, handle: Handle, line: Rect) {
    let state = canvas.state;
    let Some(record) = state.board.get(handle) else {
        return;
    };
    let (first, columns) = columns(canvas, part, line.width);
    let now = state.time(record, canvas.now);
    let is_stale = state.is_stale(record);
    let status = record.status();
    let mut strip = Strip::new(canvas.look, line.width);
    strip
        .put(canvas.look.symbols.status(status), words::role(status))
        .gap(1);
    let room = first.saturating_sub(strip.used());
    strip.put_within(&state.board.operation(record), room, Role::Text);
    let mut next = first;
    let info = record.info.as_deref();
    for (column, width) in columns {
        next += GAP;
        strip.pad_to(next);
        next += width;
        let mut cell = Strip::new(canvas.look, u16::try_from(width).unwrap_or(u16::MAX));
        match column {
            Column::Target => {
                cell.put(&info.map(words::target).unwrap_or_default(), Role::Text);
            }
            Column::Endpoint => {
                let server = state.server(record.id.endpoint);
                cell.put(server.map_or("", |server| &server.name), Role::Dim);
            }
            Column::Progress => {
                let shown = state.board.progress(handle);
                row::progress(&mut cell, canvas.look, record, shown, now, is_stale);
            }
            Column::Elapsed => {
                let text = words::elapsed(record, now);
                cell.gap(width.saturating_sub(text.len()));
                cell.put(&text, if is_stale { Role::Stale } else { Role::Text });
            }
            Column::Left => {
                if let Some(left) = state.outlook(handle, canvas.now).left {
                    let role = if is_stale { Role::Stale } else { Role::Text };
                    cell.put(&left.within(width), role);
                }
            }
            Column::Ago => {
                if let Some(at) = record.finished_at().or(record.seen) {
                    cell.put(&ago(now.duration_since(at)), Role::Dim);
                }
            }
            Column::By => {
                if let Some(info) = info {
                    let text = words::started_by(&info.reason);
                    cell.put(words::without_domain(&text, width), Role::Dim);
                }
            }
            Column::Error => {
                if let Some(error) = info.and_then(|info| info.error.as_ref()) {
                    cell.put(&error.text(), Role::Failed);
                }
            }
        }
        strip.join(cell);
    }
    strip.draw(line, canvas.buffer);
}
