//! The confirmation for cancelling the marked tasks: what will be cancelled, and what cannot be and why.

use ratatui::{layout::Rect, text::Line};

use super::frame;
use crate::{
    app::{Action, CancelMarked, ClickTarget, MarkedTask, take_bottom, take_top},
    task::display_name,
    ui::{
        RenderContext, labels,
        styled_line::{StyledLine, paragraph},
        theme::Role,
    },
};

const MAX_WIDTH: u16 = 96;
/// Maximum number of tasks listed.
const MAX_TASKS: usize = 500;

pub(super) fn draw(ctx: &mut RenderContext, dialog: &CancelMarked, screen: Rect) {
    let tasks = dialog.tasks(ctx.state, ctx.now);
    let columns = MAX_WIDTH.min(screen.width.saturating_sub(4));
    let cancelable = tasks.iter().filter(|task| task.refusal.is_none()).count();
    let lines = lines(ctx, &tasks, cancelable, columns);
    let height = lines.len() + 4;
    let area = frame::open(ctx, screen, columns, height, "Cancel marked tasks");
    let mut rest = area;
    let question = question_text(cancelable, tasks.len());
    ctx.draw_text(&question, Role::Strong, take_top(&mut rest, 1));
    if rest.height >= 3 {
        let button = take_bottom(&mut rest, 1);
        take_bottom(&mut rest, 1);
        draw_button(ctx, cancelable, button);
    }
    if rest.height >= 3 {
        take_top(&mut rest, 1);
    }
    frame::scroll(ctx, rest, &lines, dialog.top);
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
        let record = ctx.state.view().store.get(task.handle);
        lines.extend(record.map(|record| labels::task_line(ctx, record, columns, 1)));
        for (reason, role) in [(&task.refusal, Role::Dim), (&task.doubt, Role::Warning)] {
            if let Some(reason) = reason {
                let indented = format!("    {reason}");
                lines.extend(paragraph(ctx.appearance, &indented, columns, role));
            }
        }
    }
    if tasks.len() > MAX_TASKS {
        let mut more = StyledLine::new(ctx.appearance, columns);
        more.push(&format!("and {} more", tasks.len() - MAX_TASKS), Role::Dim);
        lines.push(more.line());
    }
    lines
}

/// Draws the button that sends the requests, or why there is none.
fn draw_button(ctx: &mut RenderContext, cancelable: usize, area: Rect) {
    if cancelable == 0 {
        ctx.draw_text("Nothing to cancel.", Role::Dim, area);
        return;
    }
    let key = |action| {
        let key = ctx.state.key_label(ctx.context, action);
        key.unwrap_or_default()
    };
    let what = format!("cancel {}", display_name::tasks(cancelable));
    let buttons = [
        (Action::Yes, format!(" {}  {what} ", key(Action::Yes))),
        (
            Action::Dismiss,
            format!(" {}  close ", key(Action::Dismiss)),
        ),
    ];
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    for (action, text) in buttons {
        let start = strip.width();
        strip
            .push(&text, Role::Button)
            .target_from(start, ClickTarget::Action(action))
            .gap(2);
    }
    ctx.draw(strip, area);
}
