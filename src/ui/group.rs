//! A group row: name, number of tasks, and counts by status.

use ratatui::layout::Rect;

use super::{RenderContext, labels, styled_line::StyledLine, theme::Role};
use crate::{
    app::ClickTarget,
    task::{
        Handle, Status, StatusCounts,
        display_name::tasks,
        row_model::{GroupBy, GroupId, Row},
    },
};

const MIN_NAME_WIDTH: usize = 12;

/// Returns the common value of a group's tasks, taken from one member.
pub(super) fn name(ctx: &RenderContext, member: Handle) -> String {
    let state = ctx.state;
    let store = &state.view().store;
    let by = state.view().row_model.grouped_by().unwrap_or(GroupBy::Root);
    let of = match by {
        GroupBy::Root => store.root(member),
        _ => member,
    };
    let Some(record) = store.get(of) else {
        return String::new();
    };
    let info = record.info.as_deref();
    let dot = ctx.appearance.symbols.dot;
    let server = state.server(record.id.server);
    let mut name = match (by, info) {
        (GroupBy::Server, _) => server.map_or_else(String::new, |server| server.name.clone()),
        (GroupBy::Operation, _) => store.operation(record).into_owned(),
        (GroupBy::Root, Some(_)) => {
            let (operation, target) = (store.operation(record), labels::target(record));
            if target.is_empty() {
                operation.into_owned()
            } else {
                format!("{operation} {dot} {target}")
            }
        }
        (GroupBy::Root, None) => format!("Unknown task {dot} {}", record.id.mo_id),
        (GroupBy::Target, _) => labels::target(record).to_owned(),
        (GroupBy::User, Some(info)) => labels::started_by(&info.reason),
        (GroupBy::User, None) => String::new(),
        (GroupBy::Location(field), _) => {
            let name = field.of(store.location(record)).unwrap_or_default();
            name.to_owned()
        }
    };
    if name.is_empty() {
        name = format!("Unknown {}", by.name());
    } else if matches!(by, GroupBy::Root | GroupBy::Target | GroupBy::Location(_))
        && let Some(server) = store.server_name(record.id.server)
    {
        name = format!("{name} {dot} {server}");
    }
    name
}

/// Returns the most important status present: problems first, then active tasks.
pub(super) fn worst(counts: StatusCounts) -> Status {
    const WORST_FIRST: [Status; 8] = [
        Status::Failed,
        Status::Lost,
        Status::Unknown,
        Status::Cancelled,
        Status::Running,
        Status::Queued,
        Status::Success,
        Status::Placeholder,
    ];
    let worst = WORST_FIRST.into_iter().find(|status| counts[*status] > 0);
    worst.unwrap_or(Status::Placeholder)
}

pub(super) fn draw(ctx: &mut RenderContext, row: &Row, id: GroupId, line: Rect) {
    let Some(group) = ctx.state.view().row_model.group(id) else {
        return;
    };
    let area = Rect {
        x: line.x + 1.min(line.width),
        width: line.width.saturating_sub(2),
        ..line
    };
    let symbols = ctx.appearance.symbols;
    let worst = worst(group.counts);
    let mut cell = StyledLine::new(ctx.appearance, area.width);
    cell.push(symbols.fold(row.fold), Role::Dim)
        .gap(1)
        .target_from(0, ClickTarget::FoldMark(row.id))
        .push_status(worst);
    let mut counts = StyledLine::new(ctx.appearance, area.width);
    let total = usize::try_from(group.counts.total()).unwrap_or(usize::MAX);
    counts.gap(2).push(&tasks(total), Role::Dim);
    // For a single task the symbol before the name already shows its status.
    for status in Status::ALL.into_iter().filter(|_| total > 1) {
        if group.counts[status] > 0 {
            let text = format!("{} {}", symbols.status(status), group.counts[status]);
            counts.gap(2).push(&text, Role::from(status));
        }
    }
    let name = name(ctx, group.first_member);
    let available = cell.remaining().saturating_sub(counts.width());
    cell.push_max(&name, available.max(MIN_NAME_WIDTH), Role::Strong);
    cell.join(counts);
    ctx.draw(cell, area);
}
