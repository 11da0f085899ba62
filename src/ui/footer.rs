//! The footer: key hints, a text input, or the latest notification.

use ratatui::layout::{Position, Rect};

use super::{RenderContext, filter_prompt, styled_line::StyledLine, theme::Role};
use crate::{
    app::{Action, ClickTarget, Context, Popup, Prompt, PromptKind, Severity, can_request},
    task::row_model::RowId,
    text::width,
};

/// Hints during time travel.
const TIME_TRAVEL_HINTS: &[Action] = &[
    Action::Now,
    Action::ChangeBack,
    Action::ChangeForward,
    Action::MinuteBack,
    Action::MinuteForward,
    Action::Down,
    Action::Open,
    Action::Help,
];

/// Hints in the history view.
const HISTORY_HINTS: &[Action] = &[
    Action::History,
    Action::Filter,
    Action::Down,
    Action::Open,
    Action::Add,
    Action::Export,
    Action::Refresh,
    Action::Help,
];

/// Returns the cursor position while a text input is open.
pub(super) fn draw(ctx: &mut RenderContext, area: Rect) -> Option<Position> {
    if area.height == 0 {
        return None;
    }
    if let Some(Popup::Prompt(prompt)) = &ctx.state.popup {
        if let PromptKind::Filter(typing) = &prompt.kind {
            let (place, left) = filter_prompt::draw(ctx, prompt, typing, area);
            if let Some(area) = left {
                let mut strip = StyledLine::new(ctx.appearance, area.width);
                strip.gap(1);
                hints(ctx, strip, area);
            }
            return Some(place);
        }
        return Some(draw_prompt(ctx, prompt, area));
    }
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    strip.gap(1);
    let state = ctx.state;
    if let Some(notice) = state.notifications.shown(ctx.clock) {
        if notice.severity == Severity::Warning {
            strip
                .push(ctx.appearance.symbols.warning, Role::Warning)
                .gap(1);
        }
        let role = match notice.severity {
            Severity::Info => Role::Text,
            Severity::Warning => Role::Warning,
        };
        strip.push(&notice.text, role);
        strip.draw(area, ctx.buffer);
        return None;
    }
    let filter = state.view().row_model.view().filter.text();
    if !filter.is_empty() && state.views.history().is_none() {
        let text = format!(" / {filter} ");
        strip.push_max(&text, usize::from(area.width / 3), Role::Button);
        let found = format!(
            " {} of {}",
            state.view().row_model.matching(),
            state.view().store.len()
        );
        strip.push(&found, Role::Dim).gap(2);
    }
    hints(ctx, strip, area);
    None
}

fn hints(ctx: &mut RenderContext, mut strip: StyledLine, area: Rect) {
    let context = ctx.state.context();
    let on_screen = matches!(context, Context::List | Context::Details);
    let hints = match (ctx.state.views.time_travel(), &ctx.state.views.history()) {
        (Some(_), _) if on_screen => TIME_TRAVEL_HINTS,
        (_, Some(_)) if context == Context::List => HISTORY_HINTS,
        _ => context.hints(),
    };
    for action in hints {
        if *action == Action::Accept && !may_accept(ctx) {
            continue;
        }
        let Some((keys, word)) = hint(ctx, context, *action) else {
            continue;
        };
        let columns = width(&keys) + 1 + width(&word);
        if strip.remaining() < columns + 1 {
            break;
        }
        let place = Rect {
            x: area.x + u16::try_from(strip.width()).unwrap_or_default(),
            width: u16::try_from(columns).unwrap_or_default(),
            ..area
        };
        ctx.target(place, ClickTarget::Action(*action));
        strip
            .push(&keys, Role::Key)
            .gap(1)
            .push(&word, Role::Dim)
            .gap(2);
    }
    strip.draw(area, ctx.buffer);
}

/// True if the dialog's main button is available.
fn may_accept(ctx: &RenderContext) -> bool {
    match &ctx.state.popup {
        Some(Popup::CancelDialog(dialog)) => can_request(ctx.state, dialog.highlighted, ctx.now),
        _ => true,
    }
}

/// Returns the keys of an action and its label; up and down are combined.
fn hint(ctx: &RenderContext, context: Context, action: Action) -> Option<(String, String)> {
    let ascii = ctx.appearance.symbols.ascii;
    let label = |action| {
        let key = ctx.state.keymap.key(context, action)?;
        Some(key.label(ascii))
    };
    let key = label(action)?;
    let both = |up: String| {
        let between = if ascii { "/" } else { "" };
        format!("{up}{between}{key}")
    };
    Some(match (action, context) {
        (Action::Down, Context::Details | Context::Reading) => {
            (both(label(Action::Up)?), "scroll".to_owned())
        }
        (Action::Down, _) => (both(label(Action::Up)?), "move".to_owned()),
        (Action::Accept, Context::Cancel) => (key, "cancel task".to_owned()),
        (Action::Open, Context::List) if on_group(ctx) => {
            (key, Action::ToggleFold.hint().to_owned())
        }
        (Action::History, _) if ctx.state.views.history().is_some() => (key, "now".to_owned()),
        (Action::Filter, _) if ctx.state.views.history().is_some() => {
            (key, "period, filter".to_owned())
        }
        (Action::Add, _) if ctx.state.views.history().is_some() => (key, "watch".to_owned()),
        (Action::Accept, Context::Summary) => (key, "show".to_owned()),
        (Action::Pause, _) if ctx.state.paused => (key, "resume".to_owned()),
        _ => (key, action.hint().to_owned()),
    })
}

/// True if a group row is selected.
fn on_group(ctx: &RenderContext) -> bool {
    matches!(ctx.state.selected_row(), Some(RowId::Group(_)))
}

fn draw_prompt(ctx: &mut RenderContext, prompt: &Prompt, area: Rect) -> Position {
    let label = match prompt.kind {
        PromptKind::WatchTasks => "watch ",
        PromptKind::ExportPath => "save rows as ",
        PromptKind::FilterName => "save filter as @",
        PromptKind::Filter(_) => "/",
    };
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    strip.gap(1).push(label, Role::Key);
    // Keep the end of the input visible.
    let room = strip.remaining().saturating_sub(1);
    let before = tail(prompt.input.before(), room);
    strip.push(before, Role::Text);
    let cursor = strip.width();
    strip.push(prompt.input.after(), Role::Text);
    let note = note(ctx, prompt);
    let start = usize::from(area.width).saturating_sub(note.width() + 1);
    if strip.width() + 2 <= start {
        strip.pad_to(start).join(note);
    }
    strip.draw(area, ctx.buffer);
    problem(ctx, prompt, area);
    let x = area.x + u16::try_from(cursor).unwrap_or_default();
    Position::new(x.min(area.right().saturating_sub(1)), area.y)
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
        PromptKind::WatchTasks | PromptKind::Filter(_) => {}
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
    strip.draw(above, ctx.buffer);
    ctx.tint(above, Role::Panel);
}

/// Returns the end of a text that fits.
pub(super) fn tail(text: &str, columns: usize) -> &str {
    let mut rest = text;
    while width(rest) > columns {
        let mut characters = rest.chars();
        characters.next();
        rest = characters.as_str();
    }
    rest
}
