//! The confirmation for cancelling the marked tasks: what will be cancelled, and what cannot be and why.

use ratatui::{layout::Rect, text::Line};

use super::frame;
use crate::{
    app::{Action, CancelMarked, ClickTarget, MarkedTask},
    ui::{
        RenderContext, labels,
        styled_line::{StyledLine, paragraph},
        theme::Role,
    },
};

const MAX_WIDTH: u16 = 96;
/// Maximum number of tasks listed.
const MAX_TASKS: usize = 500;
const INDENT: u16 = 4;

pub(super) fn draw(ctx: &mut RenderContext, dialog: &CancelMarked, screen: Rect) {
    let tasks = dialog.tasks(ctx.state, ctx.now);
    let columns = MAX_WIDTH.min(screen.width.saturating_sub(4));
    let cancelable = tasks.iter().filter(|task| task.refusal.is_none()).count();
    let lines = lines(ctx, &tasks, cancelable, columns);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let area = frame::open(
        ctx,
        screen,
        columns,
        height.saturating_add(4),
        "Cancel marked tasks",
    );
    let mut rest = area;
    let mut question = StyledLine::new(ctx.appearance, area.width);
    question.push(&question_text(cancelable, tasks.len()), Role::Strong);
    ctx.draw(question, take_top(&mut rest));
    if rest.height >= 3 {
        let button = Rect {
            y: rest.bottom() - 1,
            height: 1,
            ..rest
        };
        rest.height -= 2;
        draw_button(ctx, cancelable, button);
    }
    if rest.height >= 3 {
        take_top(&mut rest);
    }
    frame::scroll(ctx, rest, &lines, dialog.top);
}

/// Removes the first line of an area and returns it.
fn take_top(area: &mut Rect) -> Rect {
    let height = area.height.min(1);
    let top = Rect { height, ..*area };
    area.y += height;
    area.height -= height;
    top
}

fn question_text(cancelable: usize, all: usize) -> String {
    match (cancelable, all) {
        (0, 1) => "The marked task cannot be cancelled.".to_owned(),
        (0, all) => format!("None of the {all} marked tasks can be cancelled."),
        (1, 1) => "Cancel the marked task?".to_owned(),
        (some, all) if some == all => format!("Cancel {all} marked tasks?"),
        (some, all) => format!("Cancel {some} of {all} marked tasks?"),
    }
}

fn lines(
    ctx: &RenderContext,
    tasks: &[MarkedTask],
    cancelable: usize,
    columns: u16,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (index, task) in tasks.iter().enumerate().take(MAX_TASKS) {
        if index == cancelable {
            if index > 0 {
                lines.push(Line::default());
            }
            let mut heading = StyledLine::new(ctx.appearance, columns);
            let count = tasks.len() - cancelable;
            heading.push(&format!("Cannot be cancelled ({count})"), Role::Heading);
            lines.push(heading.line());
        }
        lines.extend(task_line(ctx, task, columns));
        for (reason, role) in [(&task.refusal, Role::Dim), (&task.doubt, Role::Warning)] {
            let reason = reason.iter();
            let available = columns.saturating_sub(INDENT);
            lines.extend(
                reason
                    .flat_map(|text| paragraph(ctx.appearance, text, available, role))
                    .map(|mut line| {
                        line.spans.insert(0, " ".repeat(usize::from(INDENT)).into());
                        line
                    }),
            );
        }
    }
    if tasks.len() > MAX_TASKS {
        let mut more = StyledLine::new(ctx.appearance, columns);
        more.push(&format!("and {} more", tasks.len() - MAX_TASKS), Role::Dim);
        lines.push(more.line());
    }
    lines
}

/// Returns the line of a task: status, operation, target and ID, with the vCenter if there are several.
fn task_line(ctx: &RenderContext, task: &MarkedTask, columns: u16) -> Option<Line<'static>> {
    let store = &ctx.state.view().store;
    let record = store.get(task.handle)?;
    let status = record.status();
    let id = match ctx.state.server(record.id.endpoint) {
        Some(server) if ctx.state.servers.len() > 1 => {
            format!("{}/{}", server.name, record.id.mo_id)
        }
        _ => record.id.mo_id.to_string(),
    };
    let mut id_part = StyledLine::new(ctx.appearance, columns / 2);
    id_part.gap(2).push(&id, Role::Dim);
    let mut line = StyledLine::new(ctx.appearance, columns);
    line.gap(1)
        .push(ctx.appearance.symbols.status(status), Role::from(status))
        .gap(1);
    let available = line.remaining().saturating_sub(id_part.width());
    let target = labels::target(record);
    labels::push_operation_and_target(&mut line, &store.operation(record), target, available);
    line.join(id_part);
    Some(line.line())
}

/// Draws the button that sends the requests, or why there is none.
fn draw_button(ctx: &mut RenderContext, cancelable: usize, area: Rect) {
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    if cancelable == 0 {
        strip.push("Nothing to cancel.", Role::Dim);
        ctx.draw(strip, area);
        return;
    }
    let key = |action| {
        let key = ctx.state.keymap.key(ctx.context, action);
        key.map_or_else(String::new, |key| key.label(ctx.appearance.symbols.ascii))
    };
    let what = match cancelable {
        1 => "cancel 1 task".to_owned(),
        several => format!("cancel {several} tasks"),
    };
    let buttons = [
        (Action::Yes, format!(" {}  {what} ", key(Action::Yes))),
        (
            Action::Dismiss,
            format!(" {}  close ", key(Action::Dismiss)),
        ),
    ];
    for (action, text) in buttons {
        let start = strip.width();
        strip
            .push(&text, Role::Button)
            .target_from(start, ClickTarget::Action(action))
            .gap(2);
    }
    ctx.draw(strip, area);
}
