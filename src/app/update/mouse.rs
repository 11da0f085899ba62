//! Mouse events. Clicks hit the targets of the last frame.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::Timestamp;
use ratatui::layout::Position;

use super::{
    actions::{click_entry, handle_action},
    details, list, panes,
};
use crate::app::{
    action::Action, click_targets::ClickTarget, event::Effect, popups::Popup, screen::Screen,
};

/// Lines per step of the mouse wheel in texts.
const LINES_PER_WHEEL_STEP: usize = 3;

/// Returns `None` if the event has no effect, such as a move without a button.
pub(super) fn handle(
    screen: &mut Screen,
    mouse: MouseEvent,
    now: Timestamp,
) -> Option<Vec<Effect>> {
    let position = Position::new(mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::ScrollUp => Some(scroll(screen, position, Action::Up, now)),
        MouseEventKind::ScrollDown => Some(scroll(screen, position, Action::Down, now)),
        MouseEventKind::Down(MouseButton::Left) => click(screen, position, mouse.modifiers, now),
        MouseEventKind::Drag(MouseButton::Left) => {
            panes::pull(&mut screen.state, position).then(Vec::new)
        }
        MouseEventKind::Up(MouseButton::Left) if screen.state.pane_layout.is_dragged => {
            screen.state.pane_layout.is_dragged = false;
            Some(Vec::new())
        }
        _ => None,
    }
}

fn scroll(screen: &mut Screen, position: Position, action: Action, now: Timestamp) -> Vec<Effect> {
    let state = &mut screen.state;
    if let Some(popup) = &screen.popup {
        let steps = match popup {
            Popup::CancelMarked(_)
            | Popup::Help(_)
            | Popup::Metrics(_)
            | Popup::Notifications(_) => LINES_PER_WHEEL_STEP,
            _ => 1,
        };
        return (0..steps)
            .flat_map(|_| handle_action(screen, action, now))
            .collect();
    }
    if state.layout().details.contains(position) {
        for _ in 0..LINES_PER_WHEEL_STEP {
            details::scroll_by(state, action);
        }
    } else {
        list::handle_action(state, action, now);
    }
    Vec::new()
}

fn click(
    screen: &mut Screen,
    position: Position,
    modifiers: KeyModifiers,
    now: Timestamp,
) -> Option<Vec<Effect>> {
    let state = &mut screen.state;
    let mut hits = state.frame.targets.iter().rev();
    let (_, target) = *hits.find(|(area, _)| area.contains(position))?;
    match target {
        ClickTarget::Row(handle) => list::select(state, handle),
        ClickTarget::FoldMark(handle) => list::toggle_fold(state, handle),
        ClickTarget::Column(column) => {
            // Many terminals handle clicks with Shift themselves.
            let further = KeyModifiers::SHIFT | KeyModifiers::CONTROL | KeyModifiers::ALT;
            list::sort_by_column(state, column, modifiers.intersects(further), now);
        }
        // The text of an open prompt would not match the list.
        ClickTarget::Count(_) if screen.popup.is_some() => {}
        ClickTarget::Count(status) => list::toggle_status(state, status, now),
        ClickTarget::Tab(tab) => details::show(state, tab),
        ClickTarget::Border => state.pane_layout.is_dragged = true,
        ClickTarget::Details => details::focus(state),
        ClickTarget::PopupEntry(entry) => return Some(click_entry(screen, entry, now)),
        ClickTarget::Action(action) => return Some(handle_action(screen, action, now)),
    }
    Some(Vec::new())
}
