//! Text prompts, drawn on the footer.

mod filter_prompt;

use ratatui::layout::{Position, Rect};

use super::input_line::input_line;
use crate::{
    app::{Prompt, PromptKind},
    ui::{RenderContext, footer, styled_line::StyledLine, theme::Role},
};

/// Returns the cursor position.
pub(super) fn draw(ctx: &mut RenderContext, prompt: &Prompt, area: Rect) -> Option<Position> {
    if area.height == 0 {
        return None;
    }
    let PromptKind::Filter(filter) = &prompt.kind else {
        return Some(draw_prompt(ctx, prompt, area));
    };
    let (cursor, left) = filter_prompt::draw(ctx, prompt, filter, area);
    if let Some(area) = left {
        let mut line = StyledLine::new(ctx.appearance, area.width);
        line.gap(1);
        footer::hints(ctx, line, area);
    }
    Some(cursor)
}

fn draw_prompt(ctx: &mut RenderContext, prompt: &Prompt, area: Rect) -> Position {
    let label = match (&prompt.kind, ctx.state.view().marked_count()) {
        (PromptKind::WatchTasks, _) => "watch ",
        (PromptKind::ExportPath, 0) => "save rows as ",
        (PromptKind::ExportPath, count) => &format!("save {count} marked as "),
        (PromptKind::FilterName, _) => "save filter as @",
        (PromptKind::JumpTime, _) => "go to ",
        (PromptKind::Filter(_), _) => "/",
    };
    let (mut line, cursor) = input_line(ctx, &format!(" {label}"), &prompt.input, area);
    line.join_right(note(ctx, prompt));
    ctx.draw(line, area);
    problem(ctx, prompt, area);
    cursor
}

/// Returns the text at the right of an input line: its effect so far, or the accepted syntax.
fn note<'a>(ctx: &RenderContext<'a>, prompt: &Prompt) -> StyledLine<'a> {
    let mut strip = StyledLine::new(ctx.appearance, 60);
    match prompt.kind {
        PromptKind::WatchTasks if prompt.input.is_empty() => {
            strip.push("task ID or URL; separate several with spaces", Role::Dim);
        }
        PromptKind::ExportPath => {
            strip.push(".csv, .json or .md", Role::Dim);
        }
        PromptKind::FilterName => {
            let filter = ctx.state.view().row_model.view().filter.text();
            strip.push(filter, Role::Dim);
        }
        PromptKind::JumpTime if prompt.input.is_empty() => {
            strip.push("02:30, 2026-01-31T02:30, +10m or -1h", Role::Dim);
        }
        PromptKind::WatchTasks | PromptKind::JumpTime | PromptKind::Filter(_) => {}
    }
    strip
}

/// Draws the error of the input above its line.
fn problem(ctx: &mut RenderContext, prompt: &Prompt, area: Rect) {
    let Some(problem) = &prompt.error else {
        return;
    };
    let above = Rect {
        y: area.y.saturating_sub(1),
        ..area
    };
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    strip.gap(1).push(problem, Role::Failed);
    strip.pad_to(usize::from(area.width));
    ctx.draw(strip, above);
    ctx.tint(above, Role::Panel);
}
