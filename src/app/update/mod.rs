//! Event handling: pure, without IO or a clock.

mod cancel_dialog;
mod column_editor;
mod command_palette;
mod copy_menu;
pub(super) mod detail_subscription;
mod details;
mod export;
mod filter_menu;
pub(super) mod list;
pub(super) mod live_tasks;
mod mouse;
mod panes;
mod prompt;
mod server_update;
mod sort_menu;
pub(super) mod summary_page;

pub use cancel_dialog::{can_request, eligibility};

use crossterm::event::{KeyEvent, KeyEventKind};
use jiff::Timestamp;
use ratatui::layout::Size;

use super::{
    action::Action,
    event::{Effect, Event, ExitReason},
    keymap::Context,
    notifications::Severity,
    panes::{Focus, PaneMode},
    scroll::scrolled,
    state::{AppState, Popup},
    views::{history::update as history, time_travel::update as time_travel},
};
use crate::{
    task::{
        Filter,
        row_model::{GroupBy, RowId},
    },
    watch::Command,
};

/// Applies an event to the state. Returns the effects in order. `now` is by the local clock.
pub fn update(state: &mut AppState, event: Event, now: Timestamp) -> Vec<Effect> {
    if let (Event::Key(_) | Event::Mouse(_) | Event::Paste(_), Some(history)) =
        (&event, state.views.history_mut())
    {
        history.reset_prefetch();
    }
    let mut effects = match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => return Vec::new(),
        Event::Key(key) => handle_key(state, key, now),
        Event::Paste(text) => {
            command_palette::paste(state, &text);
            prompt::paste(state, &text, now)
        }
        Event::Mouse(mouse) => match mouse::handle(state, mouse, now) {
            Some(effects) => effects,
            None => return Vec::new(),
        },
        Event::Resize { width, height } => {
            state.fit(Size::new(width, height), now);
            Vec::new()
        }
        Event::ServerUpdate(endpoint, update) => {
            server_update::handle(state, endpoint, update, now)
        }
        Event::Background(background) => {
            state.options.background = background;
            Vec::new()
        }
        Event::Tick => Vec::new(),
        Event::Resumed => vec![Effect::Redraw],
    };
    list::refresh_time_based(state, now);
    state.sync_selection();
    effects.extend(detail_subscription::sync(state, now));
    effects.extend(history::fetch_more(state));
    if let Some(tracker) = &mut state.finish_tracker {
        for effect in &effects {
            if let Effect::Send(endpoint, command) = effect {
                tracker.record_command(*endpoint, command);
            }
        }
    }
    effects.push(Effect::Draw);
    effects
}

fn handle_key(state: &mut AppState, key: KeyEvent, now: Timestamp) -> Vec<Effect> {
    let context = state.context();
    match state.keymap.action(context, key) {
        Some(action) => handle_action(state, context, action, now),
        None if context == Context::Prompt => prompt::handle_key(state, key, now),
        None if context == Context::Palette => {
            command_palette::handle_key(state, key);
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// Runs the action of a key or click.
fn handle_action(
    state: &mut AppState,
    context: Context,
    action: Action,
    now: Timestamp,
) -> Vec<Effect> {
    match action {
        Action::Interrupt => return vec![Effect::Quit(ExitReason::Interrupted)],
        Action::Quit => return vec![Effect::Quit(ExitReason::Quit)],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Palette => {
            command_palette::open(state, context);
            return Vec::new();
        }
        _ => {}
    }
    match context {
        Context::Prompt => prompt::handle_action(state, action, now),
        Context::Cancel | Context::Confirm => cancel_dialog::handle_action(state, action, now),
        Context::Palette => command_palette::handle_action(state, action, now),
        Context::Menu => copy_menu::handle_action(state, action, now),
        Context::Order => sort_menu::handle_action(state, action, now),
        Context::Filters => filter_menu::handle_action(state, action, now),
        Context::Summary => {
            summary_page::handle_action(state, action, now);
            Vec::new()
        }
        Context::Columns => column_editor::handle_action(state, action, now),
        Context::Reading => {
            scroll_popup(state, action);
            Vec::new()
        }
        Context::List | Context::Details | Context::Screen | Context::Global => {
            handle_screen_action(state, context, action, now)
        }
    }
}

fn handle_screen_action(
    state: &mut AppState,
    context: Context,
    action: Action,
    now: Timestamp,
) -> Vec<Effect> {
    if let Some(effects) = history::handle_action(state, action, now) {
        return effects;
    }
    if time_travel::handle_action(state, action, now) || reject_on_group(state, action, now) {
        return Vec::new();
    }
    match action {
        Action::Inspect => return cancel_dialog::open(state),
        Action::Filter | Action::Add => prompt::open(state, action),
        Action::Filters => filter_menu::open(state),
        Action::SaveFilter => filter_menu::open_name_prompt(state, now),
        Action::Sort => sort_menu::open(state),
        Action::Columns => column_editor::open(state),
        Action::Reverse => sort_menu::reverse(state, now),
        Action::Layout => list::switch_layout(state, now),
        Action::Group => list::next_group(state, now),
        Action::GroupFamily => list::group(state, Some(GroupBy::Root), now),
        Action::GroupTarget => list::group(state, Some(GroupBy::Target), now),
        Action::GroupUser => list::group(state, Some(GroupBy::User), now),
        Action::GroupOperation => list::group(state, Some(GroupBy::Operation), now),
        Action::Unwatch => return list::unwatch(state, now),
        Action::Pin => return list::pin(state, now),
        Action::Refresh => {
            let text = "Refreshing";
            state.notifications.push(Severity::Info, text, now);
            return state.broadcast(&Command::Refresh(Vec::new()));
        }
        Action::Pause => {
            state.paused = !state.paused;
            return state.broadcast(&Command::Pause(state.paused));
        }
        Action::CopyMenu => copy_menu::open_menu(state),
        Action::Export => export::open(state, now),
        Action::Copy => return copy_menu::copy(state, now),
        Action::Summary => summary_page::open(state, now),
        Action::Help => state.popup = Some(Popup::Help { top: 0 }),
        Action::Notices => state.popup = Some(Popup::Notifications { top: 0 }),
        Action::Figures => state.popup = Some(Popup::Metrics { top: 0 }),
        Action::Back => back(state, now),
        _ if details::handle_action(state, action) || panes::handle_action(state, action, now) => {}
        _ if context == Context::Details => details::scroll_by(state, action),
        _ => list::handle_action(state, action, now),
    }
    Vec::new()
}

/// Reports an error and returns true if the action needs a task but a group is selected.
fn reject_on_group(state: &mut AppState, action: Action, now: Timestamp) -> bool {
    let asks = matches!(
        action,
        Action::Inspect | Action::Unwatch | Action::Pin | Action::Copy | Action::CopyMenu
    );
    let on_group = matches!(state.selected_row(), Some(RowId::Group(_)));
    if asks && on_group {
        let text = "This row is a group; select one of its tasks";
        state.notifications.push(Severity::Info, text, now);
    }
    asks && on_group
}

/// Steps back: leaves the details, then clears the filter, then closes the details.
fn back(state: &mut AppState, now: Timestamp) {
    match state.pane_mode {
        PaneMode::Details | PaneMode::Both(Focus::Details) => {
            state.pane_mode = PaneMode::Both(Focus::List);
        }
        _ if !state.view().row_model.view().filter.is_empty() => {
            list::filter(state, Filter::default(), now);
        }
        PaneMode::Both(Focus::List) | PaneMode::List => state.pane_mode = PaneMode::List,
    }
}

/// Scrolls the text of a popup.
fn scroll_popup(state: &mut AppState, action: Action) {
    if action == Action::Dismiss {
        state.popup = None;
        return;
    }
    let page = usize::from(state.size.height.saturating_sub(6)).max(1);
    let end = state.frame.popup_end;
    if let Some(Popup::Help { top } | Popup::Notifications { top } | Popup::Metrics { top }) =
        &mut state.popup
    {
        *top = scrolled(*top, action, page, end);
    }
}

#[cfg(test)]
pub(super) mod tests;
