//! What the mouse does. What it hits is what was drawn last.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::Timestamp;
use ratatui::layout::Position;

use super::{
    cancel_dialog, column_editor, command_palette, copy_menu, details, filter_menu, handle_action,
    list, panes, sort_menu, summary_page,
};
use crate::app::{
    action::Action,
    event::Effect,
    layout::ScreenLayout,
    state::{AppState, ClickTarget, Popup},
};

/// How many lines a notch of the wheel moves a text.
const ROWS_PER_WHEEL_STEP: usize = 3;

/// Nothing for what means nothing here, such as a move without a button.
pub(super) fn handle(
    state: &mut AppState,
    mouse: MouseEvent,
    now: Timestamp,
) -> Option<Vec<Effect>> {
    let place = Position::new(mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::ScrollUp => Some(scroll(state, place, Action::Up, now)),
        MouseEventKind::ScrollDown => Some(scroll(state, place, Action::Down, now)),
        MouseEventKind::Down(MouseButton::Left) => click(state, place, mouse.modifiers, now),
        MouseEventKind::Drag(MouseButton::Left) => panes::pull(state, place).then(Vec::new),
        MouseEventKind::Up(MouseButton::Left) if state.pane_split.is_held => {
            panes::hold(state, false);
            Some(Vec::new())
        }
        _ => None,
    }
}

fn scroll(state: &mut AppState, place: Position, action: Action, now: Timestamp) -> Vec<Effect> {
    let context = state.context();
    match state.popup {
        Some(Popup::Help { .. } | Popup::Notices { .. } | Popup::Figures { .. }) => {
            for _ in 0..ROWS_PER_WHEEL_STEP {
                handle_action(state, context, action, now);
            }
            Vec::new()
        }
        Some(Popup::Prompt(_)) => Vec::new(),
        Some(_) => handle_action(state, context, action, now),
        None => {
            if ScreenLayout::of(state).details.contains(place) {
                for _ in 0..ROWS_PER_WHEEL_STEP {
                    details::scroll_by(state, action);
                }
            } else {
                list::handle_action(state, action, now);
            }
            Vec::new()
        }
    }
}

fn click(
    state: &mut AppState,
    place: Position,
    modifiers: KeyModifiers,
    now: Timestamp,
) -> Option<Vec<Effect>> {
    let mut hits = state.frame.targets.iter().rev();
    let (_, target) = *hits.find(|(area, _)| area.contains(place))?;
    match target {
        ClickTarget::Row(handle) => list::select(state, handle),
        ClickTarget::FoldMark(handle) => list::toggle_fold(state, handle),
        ClickTarget::Column(column) => {
            // Many terminals keep clicks with Shift for themselves.
            let further = KeyModifiers::SHIFT | KeyModifiers::CONTROL | KeyModifiers::ALT;
            sort_menu::click(state, column, modifiers.intersects(further), now);
        }
        ClickTarget::Tab(tab) => details::show(state, tab),
        ClickTarget::Border => panes::hold(state, true),
        ClickTarget::Details => details::focus(state),
        ClickTarget::Member(handle) => return Some(cancel_dialog::choose(state, handle)),
        ClickTarget::SavedFilter(place) => return Some(filter_menu::choose(state, place, now)),
        ClickTarget::Summed(place) => summary_page::choose(state, place, now),
        ClickTarget::Command(place) => return Some(command_palette::choose(state, place, now)),
        ClickTarget::Copied(place) => return Some(copy_menu::choose(state, place, now)),
        ClickTarget::ColumnEntry(place) => column_editor::click(state, place),
        ClickTarget::Order(place) => sort_menu::choose(state, place, now),
        ClickTarget::Action(action) => {
            let context = state.context();
            return Some(handle_action(state, context, action, now));
        }
    }
    Some(Vec::new())
}
