//! The footer: the latest notification, if it is recent, and key hints.

use ratatui::layout::Rect;

use super::{RenderContext, styled_line::StyledLine, theme::Role};
use crate::{
    app::{
        Action, ClickTarget, Context, LineageEntry, PaneMode, PlaybackState, Popup, Severity,
        refusal,
    },
    task::row_model::RowId,
    text::width,
};

/// Hints in the past of the session, before those of a replay.
const PAST_HINTS: &[Action] = &[Action::Now];

/// Hints in a replay.
const REPLAY_HINTS: &[Action] = &[
    Action::Pause,
    Action::PlayFaster,
    Action::NextFailure,
    Action::MinuteForward,
    Action::ChangeForward,
    Action::Help,
    Action::Quit,
    Action::JumpToTime,
    Action::NextTaskChange,
    Action::Down,
    Action::Open,
    Action::Filter,
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

/// Hints beside a message, before those of the context.
const MESSAGE_HINTS: &[Action] = &[Action::Help, Action::Notices];
/// Width kept for hints beside a message, if there is space.
const HINTS_BESIDE_MESSAGE: usize = 10;

pub(super) fn draw(ctx: &mut RenderContext, area: Rect) {
    if area.height == 0 {
        return;
    }
    let mut strip = StyledLine::new(ctx.appearance, area.width);
    strip.gap(1);
    let state = ctx.state;
    if let Some(notice) = state.notifications.shown(ctx.now) {
        if notice.severity == Severity::Warning {
            strip
                .push(ctx.appearance.symbols.warning, Role::Warning)
                .gap(1);
        }
        let role = match notice.severity {
            Severity::Info => Role::Text,
            Severity::Warning => Role::Warning,
        };
        let hints = HINTS_BESIDE_MESSAGE.min(strip.remaining() / 3);
        let available = strip.remaining() - hints;
        strip.push_max(&notice.text, available, role).gap(2);
        hints_of(ctx, strip, area, MESSAGE_HINTS);
        return;
    }
    let marked = state.view().marked_count();
    if marked > 0 {
        let text = format!("{} {marked} marked", ctx.appearance.symbols.mark);
        strip.push(&text, Role::Key).gap(2);
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
}

/// Draws key hints after the text of a line.
pub(super) fn hints(ctx: &mut RenderContext, strip: StyledLine, area: Rect) {
    hints_of(ctx, strip, area, &[]);
}

/// Draws key hints after the text of a line, `first` before those of the context.
fn hints_of(ctx: &mut RenderContext, mut strip: StyledLine, area: Rect, first: &[Action]) {
    let context = ctx.context;
    let on_list = context == Context::List;
    let playback = ctx.state.playback.as_ref().filter(|_| on_list);
    let first = match playback {
        Some(playback) if playback.is_session && first.is_empty() => PAST_HINTS,
        _ => first,
    };
    let hints = match (playback, &ctx.state.views.history()) {
        (_, Some(_)) if on_list => HISTORY_HINTS,
        (Some(_), _) => REPLAY_HINTS,
        _ => context.hints(),
    };
    let others = hints.iter().filter(|action| !first.contains(action));
    for action in first.iter().chain(others) {
        let is_available = match action {
            Action::Accept | Action::Yes => may_accept(ctx),
            // The search of the help has no completion and no history.
            Action::Complete | Action::Older => matches!(ctx.popup, Some(Popup::Prompt(_))),
            // In a view, the key goes back.
            Action::Quit => !ctx.state.is_view_open(),
            _ => true,
        };
        if !is_available {
            continue;
        }
        let Some((keys, word)) = hint(ctx, context, *action) else {
            continue;
        };
        let columns = width(&keys) + 1 + width(&word);
        if strip.remaining() < columns + 1 {
            break;
        }
        let start = strip.width();
        strip
            .push(&keys, Role::Key)
            .gap(1)
            .push(&word, Role::Dim)
            .target_from(start, ClickTarget::Action(*action))
            .gap(2);
    }
    ctx.draw(strip, area);
}

/// True if the dialog's main button is available.
fn may_accept(ctx: &RenderContext) -> bool {
    match ctx.popup {
        Some(Popup::CancelDialog(dialog)) => {
            refusal(ctx.state, dialog.highlighted, ctx.now).is_none()
        }
        Some(Popup::CancelMarked(dialog)) => dialog.can_cancel(ctx.state, ctx.now),
        _ => true,
    }
}

/// Returns the keys of an action and its label; up and down are combined.
fn hint(ctx: &RenderContext, context: Context, action: Action) -> Option<(String, String)> {
    let label = |action| ctx.state.key_label(context, action);
    let key = label(action)?;
    let both = |up: String| {
        let between = if ctx.appearance.symbols.ascii {
            "/"
        } else {
            ""
        };
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
        (Action::History, _) if ctx.state.views.history().is_some() => {
            (key, Action::Now.hint().to_owned())
        }
        (Action::Filter, _) if ctx.state.views.history().is_some() => {
            (key, "choose period, filter".to_owned())
        }
        (Action::Add, _) if ctx.state.views.history().is_some() => (key, "watch".to_owned()),
        (Action::Inspect, Context::List) if ctx.state.view().marked_count() > 0 => {
            (key, "cancel marked…".to_owned())
        }
        (Action::PanRight, _) => (both(label(Action::PanLeft)?), "pan".to_owned()),
        (Action::ZoomIn, _) => {
            let out = label(Action::ZoomOut)?;
            (format!("{key}/{out}"), "zoom".to_owned())
        }
        (Action::Yes, Context::CancelMarked) => (key, "cancel marked tasks".to_owned()),
        (Action::Accept, Context::Timeline) => (key, "show in list".to_owned()),
        (Action::Accept, Context::Summary) => (key, "show".to_owned()),
        (Action::Pause, _) if ctx.state.paused => (key, "resume".to_owned()),
        (Action::Pause, _) if is_stopped(ctx) => (key, "play".to_owned()),
        (Action::PlayFaster, _) => (both(label(Action::PlaySlower)?), "speed".to_owned()),
        (Action::MinuteForward, _) if ctx.state.playback.is_some() => {
            (both(label(Action::MinuteBack)?), "minute".to_owned())
        }
        (Action::ChangeForward, _) if ctx.state.playback.is_some() => {
            (both(label(Action::ChangeBack)?), "change".to_owned())
        }
        (Action::Back, _) if ctx.state.is_view_open() => {
            let quit = label(Action::Quit).map_or_else(String::new, |quit| format!(" {quit}"));
            (format!("{key}{quit}"), action.hint().to_owned())
        }
        (Action::Zoom, _) if goes_to_member(ctx) => (key, "go to task".to_owned()),
        (Action::Zoom, _) if ctx.state.pane_mode == PaneMode::Details => {
            (key, "leave zoom".to_owned())
        }
        _ => (key, action.hint().to_owned()),
    })
}

/// True if a playback does not advance.
fn is_stopped(ctx: &RenderContext) -> bool {
    let playback = ctx.state.playback.as_ref();
    playback.is_some_and(|playback| playback.state != PlaybackState::Playing)
}

/// True if the cursor of the Lineage tab is on another entry than the selected task.
fn goes_to_member(ctx: &RenderContext) -> bool {
    let Some(selected) = ctx.state.selected() else {
        return false;
    };
    let cursor = ctx.state.lineage_cursor(selected);
    cursor.is_some_and(|cursor| cursor != LineageEntry::Task(selected))
}

/// True if a group row is selected.
fn on_group(ctx: &RenderContext) -> bool {
    matches!(ctx.state.selected_row(), Some(RowId::Group(_)))
}
