//! Summaries of the other tabs for the Overview: family, faults and latest events.

use ratatui::text::Line;

use crate::{
    app::{LineageEntry, lineage},
    task::{Handle, Record, Status},
    ui::{
        RenderContext, labels,
        styled_line::{StyledLine, flow, paragraph},
        theme::Role,
    },
    vim::types::TaskInfo,
};

const MAX_MEMBERS: usize = 6;
const MAX_FAULTS: usize = 4;
const MAX_EVENTS: usize = 5;

/// Returns the summaries, each with a title; empty if the other tabs have nothing to tell.
pub(super) fn lines(
    ctx: &RenderContext,
    handle: Handle,
    record: &Record,
    info: &TaskInfo,
    columns: u16,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for section in [
        faults(ctx, info, columns),
        family(ctx, handle, columns),
        events(ctx, handle, record, columns),
    ] {
        if !lines.is_empty() && !section.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(section);
    }
    lines
}

/// The counts of the family, and its failed and active members.
fn family(ctx: &RenderContext, handle: Handle, columns: u16) -> Vec<Line<'static>> {
    let board = &ctx.state.view().store;
    let counts = board.family(board.root(handle));
    if counts.total() < 2 {
        return Vec::new();
    }
    let mut title = StyledLine::new(ctx.appearance, columns);
    title.push("Lineage", Role::Heading);
    for status in Status::ALL.into_iter().filter(|status| counts[*status] > 0) {
        let text = format!("{} {}", counts[status], status.word());
        title.gap(2).push(&text, labels::role(status));
    }
    let mut lines = vec![title.line()];
    let rows = lineage(board, handle, false);
    let members = rows.into_iter().filter_map(|row| match row.entry {
        LineageEntry::Task(member) if member != handle => board.get(member),
        _ => None,
    });
    let members =
        members.filter(|member| member.status().is_active() || member.status() == Status::Failed);
    for member in members.take(MAX_MEMBERS) {
        let status = member.status();
        let symbol = ctx.appearance.symbols.status(status);
        let mut line = StyledLine::new(ctx.appearance, columns);
        line.gap(2).push(symbol, labels::role(status)).gap(1);
        line.push(&board.operation(member), Role::Text);
        if let Some(info) = &member.info {
            line.gap(2).push(&labels::target(info), Role::Dim);
        }
        if let Some(percent) = member.progress().percent() {
            line.gap(2).push(&format!("{percent}%"), Role::Dim);
        }
        lines.push(line.line());
    }
    lines
}

/// The causes below the fault, whose text the Overview shows as the error.
fn faults(ctx: &RenderContext, info: &TaskInfo, columns: u16) -> Vec<Line<'static>> {
    let Some(error) = &info.error else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for (depth, fault) in error.chain().enumerate().take(MAX_FAULTS) {
        let name = match depth {
            0 => format!("{}  ", fault.type_name()),
            _ => format!("  caused by {}: ", fault.type_name()),
        };
        let text = if depth == 0 { "" } else { &*fault.text() };
        let role = if depth == 0 {
            Role::Failed
        } else {
            Role::Heading
        };
        let parts = [(name.as_str(), role), (text, Role::Text)];
        lines.extend(flow(ctx.appearance, &parts, columns, 4));
    }
    let mut title = paragraph(ctx.appearance, "Fault", columns, Role::Heading);
    title.extend(lines);
    title
}

/// The latest events, if they were read.
fn events(
    ctx: &RenderContext,
    handle: Handle,
    record: &Record,
    columns: u16,
) -> Vec<Line<'static>> {
    let Some(Ok(events)) = ctx.state.view().events.get(&handle) else {
        return Vec::new();
    };
    if events.is_empty() {
        return Vec::new();
    }
    let (zone, now) = (
        &ctx.state.options.time_zone,
        ctx.state.time(record, ctx.now),
    );
    let mut lines = paragraph(ctx.appearance, "Latest events", columns, Role::Heading);
    for event in events.iter().rev().take(MAX_EVENTS) {
        let time = event.created.map_or_else(String::new, |at| {
            format!("{}  ", labels::short_moment(at, now, zone))
        });
        let parts = [
            ("  ", Role::Dim),
            (&*time, Role::Dim),
            (event.text(), Role::Text),
        ];
        lines.extend(flow(ctx.appearance, &parts, columns, 2 + time.len()));
    }
    lines
}
