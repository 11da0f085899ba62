//! Details of a group: counts by status, and the errors of failed members.

use ratatui::text::Line;

use crate::{
    task::{Status, row_model::GroupId},
    ui::{
        RenderContext, group, labels,
        styled_line::{StyledLine, flow, paragraph},
        theme::Role,
    },
};

const LABEL_WIDTH: usize = 17;
/// Members searched for failures; a group may have thousands.
const MAX_SCANNED: usize = 500;
/// Failures listed.
const MAX_LISTED: usize = 20;

pub(super) fn lines(ctx: &RenderContext, id: GroupId, columns: u16) -> Vec<Line<'static>> {
    let (state, appearance) = (ctx.state, ctx.appearance);
    let Some(shown) = state.view().row_model.group(id) else {
        return Vec::new();
    };
    let worst = group::worst(shown.counts);
    let mut title = StyledLine::new(appearance, columns);
    title
        .push_status(worst)
        .push(&group::name(ctx, shown.first_member), Role::Strong);
    let mut lines = vec![title.line()];
    let mut line = |name: &str, figure: &str, role: Role| {
        let mut line = StyledLine::new(appearance, columns);
        line.push(name, Role::Dim).pad_to(LABEL_WIDTH);
        line.push(figure, role);
        lines.push(line.line());
    };
    line("Tasks", &shown.counts.total().to_string(), Role::Text);
    for status in Status::ALL {
        let count = shown.counts[status];
        if count > 0 {
            line(status.word(), &count.to_string(), Role::from(status));
        }
    }
    let members = state.view().row_model.members(id).take(MAX_SCANNED);
    let failures = members.filter_map(|handle| {
        let record = state.view().store.get(handle)?;
        let error = record.info.as_ref()?.error.as_ref()?;
        (record.status() == Status::Failed).then_some((handle, record, error))
    });
    let mut failures = failures.take(MAX_LISTED).peekable();
    if failures.peek().is_some() {
        lines.push(Line::default());
        lines.extend(paragraph(appearance, "Failed", columns, Role::Dim));
    }
    for (_, record, error) in failures {
        let target = labels::target(record);
        let operation = state.view().store.operation(record);
        let what = format!("{operation} {target}: ");
        let parts = [(what.as_str(), Role::Text), (&*error.text(), Role::Failed)];
        lines.extend(flow(appearance, &parts, columns, 2));
    }
    lines
}
