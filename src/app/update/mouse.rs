//! Mouse events. Clicks hit the targets of the last frame.

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
    frame_map::ClickTarget,
    state::{AppState, Popup},
};

/// Lines per step of the mouse wheel.
const ROWS_PER_WHEEL_STEP: usize = 3;

/// Returns `None` if the event has no effect, such as a move without a button.
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
        MouseEventKind::Up(MouseButton::Left) if state.pane_split.is_dragged => {
            panes::hold(state, false);
            Some(Vec::new())
        }
        _ => None,
    }
}

fn scroll(state: &mut AppState, place: Position, action: Action, now: Timestamp) -> Vec<Effect> {
    let context = state.context();
    match state.popup {
        Some(Popup::Help { .. } | Popup::Notifications { .. } | Popup::Metrics { .. }) => {
            for _ in 0..ROWS_PER_WHEEL_STEP {
                handle_action(state, context, action, now);
            }
            Vec::new()
        }
        Some(Popup::Prompt(_)) => Vec::new(),
        Some(_) => handle_action(state, context, action, now),
        None => {
            if state.layout().details.contains(place) {
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
            // Many terminals handle clicks with Shift themselves.
            let further = KeyModifiers::SHIFT | KeyModifiers::CONTROL | KeyModifiers::ALT;
            sort_menu::click(state, column, modifiers.intersects(further), now);
        }
        ClickTarget::Tab(tab) => details::show(state, tab),
        ClickTarget::Border => panes::hold(state, true),
        ClickTarget::Details => details::focus(state),
        ClickTarget::FamilyMember(handle) => return Some(cancel_dialog::choose(state, handle)),
        ClickTarget::FilterEntry(place) => return Some(filter_menu::choose(state, place, now)),
        ClickTarget::SummaryRow(place) => summary_page::choose(state, place, now),
        ClickTarget::PaletteEntry(place) => {
            return Some(command_palette::choose(state, place, now));
        }
        ClickTarget::CopyEntry(place) => return Some(copy_menu::choose(state, place, now)),
        ClickTarget::ColumnEntry(place) => column_editor::click(state, place),
        ClickTarget::SortEntry(place) => sort_menu::choose(state, place, now),
        ClickTarget::Action(action) => {
            let context = state.context();
            return Some(handle_action(state, context, action, now));
        }
    }
    Some(Vec::new())
}
