//! A menu: a list of entries of which one is chosen.

use std::marker::PhantomData;

use jiff::Timestamp;

use super::handler::{PopupHandler, Response};
use crate::app::{
    action::Action,
    event::Effect,
    keymap::Context,
    scroll::{PAGE_ROWS, scrolled},
    state::AppState,
};

/// The entries of a menu.
pub(in crate::app) trait MenuEntries {
    const CONTEXT: Context;

    fn count(state: &AppState) -> usize;

    /// Handles the choice of an entry, which closes the menu.
    fn choose(state: &mut AppState, entry: usize, now: Timestamp) -> Vec<Effect>;

    /// Handles an action other than moving, choosing and closing.
    fn handle_action(
        _state: &mut AppState,
        _highlighted: &mut usize,
        _action: Action,
        _now: Timestamp,
    ) -> Response {
        Response::stay()
    }
}

/// An open menu.
#[derive(Debug)]
pub struct ListMenu<E> {
    /// Index of the highlighted entry.
    pub highlighted: usize,
    entries: PhantomData<E>,
}

impl<E> ListMenu<E> {
    pub(super) fn at(highlighted: Option<usize>) -> Self {
        Self {
            highlighted: highlighted.unwrap_or_default(),
            entries: PhantomData,
        }
    }
}

impl<E: MenuEntries> PopupHandler for ListMenu<E> {
    fn context(&self) -> Context {
        E::CONTEXT
    }

    fn handle_action(&mut self, state: &mut AppState, action: Action, now: Timestamp) -> Response {
        let last = E::count(state).saturating_sub(1);
        self.highlighted = scrolled(self.highlighted, action, PAGE_ROWS, last);
        match action {
            Action::Accept => self.click(state, self.highlighted, now),
            Action::Dismiss => Response::close(),
            _ => E::handle_action(state, &mut self.highlighted, action, now),
        }
    }

    fn click(&mut self, state: &mut AppState, entry: usize, now: Timestamp) -> Response {
        Response::close_with(E::choose(state, entry, now))
    }
}
