//! Actions of the sort menu, and clicks on column headers.

use jiff::Timestamp;

use super::list::rearrange;
use crate::{
    app::{
        action::Action,
        event::Effect,
        scroll::scrolled,
        state::{AppState, Popup},
    },
    task::row_model::{Sort, SortColumn},
};

const PAGE_ROWS: usize = 8;

fn change(state: &mut AppState, now: Timestamp, change: impl FnOnce(&mut Sort)) {
    rearrange(state, now, |view| change(&mut view.sort));
}

pub(super) fn reverse(state: &mut AppState, now: Timestamp) {
    change(state, now, Sort::reverse);
}

/// Sorts by a column only or, with a modifier key, by an additional one.
pub(super) fn click(state: &mut AppState, column: SortColumn, is_further: bool, now: Timestamp) {
    state.view_mut().pin_selection();
    change(state, now, |sort| {
        if is_further {
            sort.cycle(column);
        } else {
            sort.choose(column);
        }
    });
}

pub(super) fn open(state: &mut AppState) {
    let first = state.view().row_model.view().sort.first().column;
    let mut columns = SortColumn::ALL.iter();
    let chosen = columns.position(|known| *known == first);
    state.popup = Some(Popup::SortMenu {
        chosen: chosen.unwrap_or_default(),
    });
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::SortMenu { chosen }) = &mut state.popup else {
        return Vec::new();
    };
    *chosen = scrolled(*chosen, action, PAGE_ROWS, SortColumn::ALL.len() - 1);
    let place = *chosen;
    let pointed = SortColumn::ALL.get(place).copied().unwrap_or_default();
    match action {
        Action::Accept => choose(state, place, now),
        Action::FurtherSort => change(state, now, |sort| sort.toggle(pointed)),
        Action::Reverse => change(state, now, |sort| match sort.place(pointed) {
            Some(_) => sort.turn(pointed),
            None => sort.reverse(),
        }),
        Action::Dismiss => state.popup = None,
        _ => {}
    }
    Vec::new()
}

/// Sorts by an entry. If the rows are sorted by it already, the direction is kept.
pub(super) fn choose(state: &mut AppState, place: usize, now: Timestamp) {
    state.popup = None;
    if let Some(column) = SortColumn::ALL.get(place)
        && state.view().row_model.view().sort.first().column != *column
    {
        change(state, now, |sort| sort.choose(*column));
    }
}
