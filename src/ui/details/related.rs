//! Summaries of the other tabs for the Overview: family, faults and latest events.

use ratatui::text::Line;

use super::events;

use crate::{
    app::{LineageEntry, lineage},
    task::{Handle, Status, TaskRecord},
    ui::{
        RenderContext, labels,
        styled_line::{StyledLine, flow, paragraph},
        theme::Role,
    },
    vim::types::TaskInfo,
};

const MAX_FAULTS: usize = 8;
/// Maximum number of events; the Events tab shows all.
const MAX_EVENTS: usize = 50;

/// A summary of another tab: a title and its content.
pub(super) type Section = Vec<Line<'static>>;

/// Returns the summaries of the tabs Error and Lineage, if they are not empty.
pub(super) fn summaries(
    ctx: &RenderContext,
    handle: Handle,
    info: &TaskInfo,
    columns: u16,
) -> Vec<Section> {
    let sections = [faults(ctx, info, columns), family(ctx, handle, columns)];
    sections
        .into_iter()
        .filter(|lines| !lines.is_empty())
        .collect()
}

/// The counts of the family, and its members, failed and active ones first.
fn family(ctx: &RenderContext, handle: Handle, columns: u16) -> Section {
    let store = &ctx.state.view().store;
    let counts = store.family(store.root(handle));
    if counts.total() < 2 {
        return Vec::new();
    }
    let mut title = StyledLine::new(ctx.appearance, columns);
    title.push("Lineage", Role::Heading);
    for status in Status::ALL.into_iter().filter(|status| counts[*status] > 0) {
        let text = format!("{} {}", counts[status], status.word());
        title.gap(2).push(&text, Role::from(status));
    }
    let mut lines = vec![title.line()];
    let rows = lineage(store, handle, false);
    let members = rows.into_iter().filter_map(|row| match row.entry {
        LineageEntry::Task(member) if member != handle => store.get(member),
        _ => None,
    });
    let mut members: Vec<&TaskRecord> = members.collect();
    members.sort_by_key(|member| {
        let status = member.status();
        !(status.is_active() || status == Status::Failed)
    });
    for member in members {
        let status = member.status();
        let mut line = StyledLine::new(ctx.appearance, columns);
        line.gap(2).push_status(status);
        line.push(&store.operation(member), Role::Text);
        let target = labels::target(member);
        if !target.is_empty() {
            line.gap(2).push(target, Role::Dim);
        }
        let percent = member.progress().percent();
        if let Some(percent) = percent.filter(|_| status != Status::Success) {
            line.gap(2).push(&format!("{percent}%"), Role::Dim);
        }
        lines.push(line.line());
    }
    lines
}

/// The causes below the fault, whose text the Overview shows as the error.
fn faults(ctx: &RenderContext, info: &TaskInfo, columns: u16) -> Section {
    let Some(error) = &info.error else {
        return Vec::new();
    };
    let mut lines = paragraph(ctx.appearance, "Fault", columns, Role::Heading);
    for (depth, fault) in error.chain().enumerate().take(MAX_FAULTS) {
        let name = match depth {
            0 => format!("  {}", fault.type_name()),
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
    lines
}

/// Returns the latest events, newest first; empty if they were not read.
pub(super) fn latest_events(
    ctx: &RenderContext,
    handle: Handle,
    record: &TaskRecord,
    columns: u16,
) -> Section {
    let events = match ctx.state.view().events.get(&handle) {
        Some(Ok(events)) if !events.is_empty() => events,
        _ => return Vec::new(),
    };
    let mut lines = paragraph(ctx.appearance, "Latest events", columns, Role::Heading);
    let now = ctx.state.time(record, ctx.now);
    let latest = events.iter().rev().take(MAX_EVENTS);
    lines.extend(latest.flat_map(|event| events::event(ctx, event, now, columns)));
    lines
}
