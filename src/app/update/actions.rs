//! The actions of keys and clicks.

use std::mem::take;

use jiff::{SignedDuration, Timestamp};

use super::{
    away_report, blocker, details, lineage, list, new_failures, panes as pane_actions, playback,
    saved_filters,
};
use crate::{
    app::{
        action::Action,
        event::{Effect, ExitReason},
        keymap::Context,
        notification_log::Severity,
        panes::{Focus, PaneMode},
        popups::{
            CancelMarked, CommandPalette, HelpPopup, Popup, Prompt, PromptKind, TextPopup,
            cancel_dialog, column_editor, copy_menu, filter_menu,
            handler::{Next, Response},
            sort_menu,
        },
        screen::Screen,
        server_state::ServerState,
        state::AppState,
        views::{
            history::update as history, summary_page::update as summary_page, timeline::Timeline,
        },
    },
    task::{
        Filter, LocationField, Status,
        row_model::{GroupBy, RowId, Sort},
    },
    watch::{Command, ConnectionState},
};

/// Runs the action of a key or click.
pub(super) fn handle_action(screen: &mut Screen, action: Action, now: Timestamp) -> Vec<Effect> {
    let context = screen.context();
    match action {
        Action::Interrupt => return vec![Effect::Quit(ExitReason::Interrupted)],
        Action::Quit => return quit(&mut screen.state, now),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Palette => {
            screen.state.view_mut().pin_selection();
            let palette = CommandPalette::new(&screen.state.options.keymap, context);
            screen.covered = screen.popup.replace(Popup::CommandPalette(palette));
            return Vec::new();
        }
        _ => {}
    }
    match &mut screen.popup {
        Some(popup) => {
            let popup = popup.handler_mut();
            let response = popup.handle_action(&mut screen.state, action, now);
            finish(screen, response, now)
        }
        None => handle_screen_action(screen, context, action, now),
    }
}

/// Handles a click on an entry of the popup.
pub(super) fn click_entry(screen: &mut Screen, entry: usize, now: Timestamp) -> Vec<Effect> {
    let Some(popup) = &mut screen.popup else {
        return Vec::new();
    };
    let response = popup.handler_mut().click(&mut screen.state, entry, now);
    finish(screen, response, now)
}

/// Keeps or closes the popup. A closed command palette uncovers the popup below.
fn finish(screen: &mut Screen, response: Response, now: Timestamp) -> Vec<Effect> {
    let Response { mut effects, next } = response;
    if next != Next::Stay {
        screen.popup = screen.covered.take();
    }
    if let Next::Run(context, action) = next
        && screen.context() == context
    {
        effects.extend(handle_action(screen, action, now));
    }
    effects
}

fn handle_screen_action(
    screen: &mut Screen,
    context: Context,
    action: Action,
    now: Timestamp,
) -> Vec<Effect> {
    let state = &mut screen.state;
    if state.views.is_live() && action == Action::JumpToTime {
        screen.popup = Some(Popup::Prompt(Prompt::new(PromptKind::JumpTime, "")));
        return Vec::new();
    }
    let handled = playback::handle_action(state, action, now);
    if let Some(effects) = handled.or_else(|| history::handle_action(state, action, now)) {
        return effects;
    }
    if reject_on_group(state, action, now) {
        return Vec::new();
    }
    match action {
        Action::Inspect if context == Context::List && state.view().marked_count() > 0 => {
            let (dialog, effects) = CancelMarked::open(state, now);
            screen.popup = Some(Popup::CancelMarked(dialog));
            return effects;
        }
        Action::Inspect => {
            if let Some((dialog, effects)) = cancel_dialog::open(state) {
                screen.popup = Some(Popup::CancelDialog(dialog));
                return effects;
            }
        }
        Action::Filter => screen.popup = Some(Popup::Prompt(Prompt::filter(state))),
        Action::Add => screen.popup = Some(Popup::Prompt(Prompt::new(PromptKind::WatchTasks, ""))),
        Action::Filters => screen.popup = Some(Popup::FilterMenu(filter_menu::open(state))),
        Action::SaveFilter => {
            if saved_filters::has_filter_to_save(state, now) {
                screen.popup = Some(Popup::Prompt(Prompt::new(PromptKind::FilterName, "")));
            }
        }
        Action::OnlyRunning => list::toggle_status(state, Status::Running, now),
        Action::OnlyQueued => list::toggle_status(state, Status::Queued, now),
        Action::OnlyFailed => list::toggle_status(state, Status::Failed, now),
        Action::OnlyCancelled => list::toggle_status(state, Status::Cancelled, now),
        Action::OnlyDone => list::toggle_status(state, Status::Success, now),
        Action::OnlyLost => list::toggle_status(state, Status::Lost, now),
        Action::Sort => screen.popup = Some(Popup::SortMenu(sort_menu::open(state))),
        Action::Columns => screen.popup = Some(Popup::ColumnEditor(column_editor::open(state))),
        Action::Reverse => list::sort(state, now, Sort::reverse),
        Action::Layout => list::switch_layout(state, now),
        Action::Group => list::next_group(state, now),
        Action::GroupFamily => list::group(state, Some(GroupBy::Root), now),
        Action::GroupTarget => list::group(state, Some(GroupBy::Target), now),
        Action::GroupUser => list::group(state, Some(GroupBy::User), now),
        Action::GroupOperation => list::group(state, Some(GroupBy::Operation), now),
        Action::GroupEndpoint => list::group(state, Some(GroupBy::Server), now),
        Action::Blocker => blocker::jump(state, now),
        Action::GroupHost => group_by_location(state, LocationField::Host, now),
        Action::GroupCluster => group_by_location(state, LocationField::Cluster, now),
        Action::GroupDatacenter => group_by_location(state, LocationField::Datacenter, now),
        Action::GroupFolder => group_by_location(state, LocationField::Folder, now),
        Action::Unwatch => return list::unwatch(state, now),
        Action::UndoRemove => return list::undo_unwatch(state, now),
        Action::Pin => return list::pin(state, now),
        Action::Refresh => return refresh(state, now),
        Action::Pause => {
            state.paused = !state.paused;
            return state.broadcast(&Command::Pause(state.paused));
        }
        Action::Mark => {
            state.view_mut().pin_selection();
            let subject = state.subject().map(RowId::Task);
            list::toggle_mark(state, subject.or(state.selected_row()), now);
        }
        Action::MarkAll => {
            state.view_mut().pin_selection();
            list::toggle_all_marks(state, now);
        }
        Action::Acknowledge => new_failures::acknowledge_all(state, now),
        Action::Timeline => screen.popup = Some(Popup::Timeline(Timeline::open(state, now))),
        Action::CopyMenu => screen.popup = copy_menu::open(state).map(Popup::CopyMenu),
        Action::Export => {
            screen.popup = Some(Popup::Prompt(Prompt::export_path(state, now)));
        }
        Action::Copy => return copy_menu::copy(state, now),
        Action::Summary => screen.popup = summary_page::open(state, now).map(Popup::Summary),
        Action::Help => screen.popup = Some(Popup::Help(HelpPopup::new(context))),
        Action::Notices => screen.popup = Some(Popup::Notifications(TextPopup::default())),
        Action::Figures => screen.popup = Some(Popup::Metrics(TextPopup::timed())),
        Action::ShowChanges => away_report::toggle(state, now),
        Action::Back => back(state, now),
        _ if lineage::handle_action(state, action, now)
            || details::handle_action(state, action)
            || pane_actions::handle_action(state, action, now) => {}
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
    let acts_on_marks = action == Action::Inspect && state.view().marked_count() > 0;
    let asks = asks && !acts_on_marks;
    let on_group = matches!(state.selected_row(), Some(RowId::Group(_)));
    if asks && on_group {
        let text = "This row is a group; select one of its tasks";
        state.notifications.push(Severity::Info, text, now);
    }
    asks && on_group
}

/// Quits; while a cancel request is unanswered, only if pressed again.
fn quit(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    const CONFIRM_WITHIN: SignedDuration = SignedDuration::from_secs(10);
    let requests = state.views.live.cancel_requests.values();
    let pending = requests.filter(|request| request.is_pending()).count();
    let is_confirmed = state
        .quit_asked_at
        .is_some_and(|first| now.duration_since(first) < CONFIRM_WITHIN);
    if pending == 0 || is_confirmed {
        return vec![Effect::Quit(ExitReason::Quit)];
    }
    state.quit_asked_at = Some(now);
    let requests = match pending {
        1 => "A cancel request has".to_owned(),
        more => format!("{more} cancel requests have"),
    };
    let key = state.key_label(Context::List, Action::Quit);
    let key_hint = key.map_or_else(String::new, |key| format!(" Press {key} again to quit."));
    let text = format!("{requests} no response yet.{key_hint}");
    state.notifications.push(Severity::Warning, text, now);
    Vec::new()
}

/// Steps back: leaves the details, then dismisses the report of changes, then clears the marks, then the filter. On the
/// plain list it does nothing: a key pressed once too often must not change the layout.
fn back(state: &mut AppState, now: Timestamp) {
    let on_list = matches!(
        state.pane_mode,
        PaneMode::List | PaneMode::Both(Focus::List)
    );
    if on_list
        && (away_report::dismiss(state, now) || !take(&mut state.view_mut().marks).is_empty())
    {
        return;
    }
    match state.pane_mode {
        PaneMode::Details => {
            state.pane_mode = state.unzoomed.take().unwrap_or(PaneMode::Both(Focus::List));
        }
        PaneMode::Both(Focus::Details) => state.pane_mode = PaneMode::Both(Focus::List),
        _ if !state.view().row_model.view().filter.is_empty() => {
            list::filter(state, Filter::default(), now);
        }
        PaneMode::Both(Focus::List) | PaneMode::List => {}
    }
}

/// Requests the tasks of all servers.
fn refresh(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let is_signed_out =
        |server: &ServerState| matches!(server.connection, ConnectionState::SignedOut { .. });
    let text = if state.paused {
        "Updates are paused"
    } else if state.servers.iter().all(is_signed_out) {
        "Not signed in; nothing is refreshed"
    } else {
        "Refreshing"
    };
    state.notifications.push(Severity::Info, text, now);
    state.broadcast(&Command::Refresh(Vec::new()))
}

/// Groups the flat list by a field of the targets' locations.
fn group_by_location(state: &mut AppState, field: LocationField, now: Timestamp) {
    list::group(state, Some(GroupBy::Location(field)), now);
}
