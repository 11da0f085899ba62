//! The filter prompt: the input line, and below it the error, the completions or the keys.

use ratatui::layout::{Position, Rect};

use crate::{
    app::{CompletionList, FilterPrompt, Prompt},
    text::width,
    ui::{RenderContext, popups::input_line::input_line, styled_line::StyledLine, theme::Role},
};

const PROMPT_PREFIX: &str = " /";

/// Draws on the last two lines. Returns the cursor position, and the line left for the key hints, if any.
pub(super) fn draw(
    ctx: &mut RenderContext,
    prompt: &Prompt,
    typing: &FilterPrompt,
    below: Rect,
) -> (Position, Option<Rect>) {
    let line = Rect {
        y: below.y.saturating_sub(1),
        ..below
    };
    let (mut strip, cursor) = input_line(ctx, PROMPT_PREFIX, &prompt.input, line);
    let (found, all) = (
        ctx.state.view().row_model.matching(),
        ctx.state.view().store.len(),
    );
    let mut note = StyledLine::new(ctx.appearance, 40);
    match &prompt.error {
        Some(_) => note.push("incomplete", Role::Dim),
        None if typing.example.is_some() => note.push("incomplete", Role::Dim),
        None if found == 0 => note.push(&format!("{found} of {all}"), Role::Warning),
        None => note.push(&format!("{found} of {all}"), Role::Dim),
    };
    strip.join_right(note).pad_to(usize::from(line.width));
    ctx.draw(strip, line);
    ctx.tint(line, Role::Panel);
    let mut under = StyledLine::new(ctx.appearance, below.width);
    if let (Some(problem), Some((start, columns))) = (&prompt.error, typing.error_span) {
        let cursor_column = usize::from(cursor.x - line.x);
        let start = (cursor_column + start).saturating_sub(width(prompt.input.before()));
        draw_error(&mut under, problem, start, columns);
    } else if let Some(list) = &typing.completions {
        candidates(&mut under, list);
    } else if let Some(example) = &typing.example {
        under.gap(PROMPT_PREFIX.len());
        under
            .push("continue with ", Role::Dim)
            .push(example, Role::Text);
    } else if let Some(reason) = ctx.state.no_match_reason(ctx.now) {
        under.gap(PROMPT_PREFIX.len()).push(&reason, Role::Warning);
    } else if prompt.input.is_empty() {
        examples(ctx, &mut under);
    } else {
        return (cursor, Some(below));
    }
    ctx.draw(under, below);
    (cursor, None)
}

/// Draws examples of filters, as many as fit.
fn examples(ctx: &RenderContext, strip: &mut StyledLine<'_>) {
    let examples: &[&str] = match ctx.state.views.history() {
        Some(_) => &["since:yesterday state:failed", "user:kim", "op:relocate"],
        None => &[
            "web-01",
            "state:failed",
            "elapsed > 1h",
            "user:kim",
            "is:blocked",
            "target:db-*",
            "-user:system",
        ],
    };
    strip.gap(1).push("for example", Role::Dim);
    for example in examples {
        if width(example) + 3 > strip.remaining() {
            break;
        }
        strip.gap(3).push(example, Role::Text);
    }
}

/// Draws a marker below the error position, with the message on the side that has more space.
fn draw_error(strip: &mut StyledLine<'_>, problem: &str, start: usize, columns: usize) {
    let available = strip.remaining();
    let start = start.min(available.saturating_sub(1));
    let mark = "^".repeat(columns.clamp(1, available.saturating_sub(start).max(1)));
    let behind = available.saturating_sub(start + mark.len() + 1);
    let before = start.saturating_sub(2);
    let text = width(problem);
    if text <= behind || (text > before && behind >= before) {
        strip.gap(start).push(&mark, Role::Failed).gap(1);
        strip.push(problem, Role::Failed);
    } else {
        strip.gap(1 + before.saturating_sub(text));
        strip.push_max(problem, before, Role::Failed).gap(1);
        strip.push(&mark, Role::Failed);
    }
}

/// Draws the completions that fit, including the selected one.
fn candidates(strip: &mut StyledLine<'_>, list: &CompletionList) {
    let chosen = list.chosen.unwrap_or(0);
    let mut first = chosen;
    // Half of the space shows the candidates before the selected one.
    let mut available = strip.remaining() / 2;
    while first > 0 {
        let columns = width(&list.candidates[first - 1]) + 2;
        if columns > available {
            break;
        }
        available -= columns;
        first -= 1;
    }
    strip.gap(1);
    if first > 0 {
        strip.push("… ", Role::Dim);
    }
    for (at, candidate) in list.candidates.iter().enumerate().skip(first) {
        if width(candidate) + 3 > strip.remaining() && at > chosen {
            strip.push("…", Role::Dim);
            return;
        }
        let role = if list.chosen == Some(at) {
            Role::Button
        } else {
            Role::Text
        };
        strip.push(candidate, role).gap(2);
    }
}
