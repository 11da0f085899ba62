//! What the mouse does. What it hits is what was drawn last.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::Timestamp;
use ratatui::layout::Position;

use super::{act, arrange, columns, copy, details, inspect, list, order, palette, saved, summary};
use crate::app::{
    action::Action,
    event::Effect,
    geometry::Areas,
    state::{Overlay, State, Target},
};

/// How many lines a notch of the wheel moves a text.
const NOTCH: usize = 3;

/// Nothing for what means nothing here, such as a move without a button.
pub(super) fn take(state: &mut State, mouse: MouseEvent, now: Timestamp) -> Option<Vec<Effect>> {
    let place = Position::new(mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::ScrollUp => Some(roll(state, place, Action::Up, now)),
        MouseEventKind::ScrollDown => Some(roll(state, place, Action::Down, now)),
        MouseEventKind::Down(MouseButton::Left) => click(state, place, mouse.modifiers, now),
        MouseEventKind::Drag(MouseButton::Left) => arrange::pull(state, place).then(Vec::new),
        MouseEventKind::Up(MouseButton::Left) if state.arrangement.is_held => {
            arrange::hold(state, false);
            Some(Vec::new())
        }
        _ => None,
    }
}

fn roll(state: &mut State, place: Position, action: Action, now: Timestamp) -> Vec<Effect> {
    let context = state.context();
    match state.overlay {
        Some(Overlay::Help { .. } | Overlay::Notices { .. } | Overlay::Figures { .. }) => {
            for _ in 0..NOTCH {
                act(state, context, action, now);
            }
            Vec::new()
        }
        Some(Overlay::Prompt(_)) => Vec::new(),
        Some(_) => act(state, context, action, now),
        None => {
            if Areas::of(state).details.contains(place) {
                for _ in 0..NOTCH {
                    details::scroll_by(state, action);
                }
            } else {
                list::act(state, action, now);
            }
            Vec::new()
        }
    }
}

fn click(
    state: &mut State,
    place: Position,
    modifiers: KeyModifiers,
    now: Timestamp,
) -> Option<Vec<Effect>> {
    let mut hits = state.drawn.targets.iter().rev();
    let (_, target) = *hits.find(|(area, _)| area.contains(place))?;
    match target {
        Target::Row(handle) => list::select(state, handle),
        Target::FoldMark(handle) => list::toggle_fold(state, handle),
        Target::Column(column) => {
            // Many terminals keep clicks with Shift for themselves.
            let further = KeyModifiers::SHIFT | KeyModifiers::CONTROL | KeyModifiers::ALT;
            order::click(state, column, modifiers.intersects(further), now);
        }
        Target::Tab(tab) => details::show(state, tab),
        Target::Border => arrange::hold(state, true),
        Target::Details => details::focus(state),
        Target::Member(handle) => return Some(inspect::choose(state, handle)),
        Target::SavedFilter(place) => return Some(saved::choose(state, place, now)),
        Target::Summed(place) => summary::choose(state, place, now),
        Target::Command(place) => return Some(palette::choose(state, place, now)),
        Target::Copied(place) => return Some(copy::choose(state, place, now)),
        Target::ColumnEntry(place) => columns::click(state, place),
        Target::Order(place) => order::choose(state, place, now),
        Target::Action(action) => {
            let context = state.context();
            return Some(act(state, context, action, now));
        }
    }
    Some(Vec::new())
}
