//! The interface of popups.

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use crate::{
    app::{action::Action, event::Effect, keymap::Context, state::AppState},
    task::{ChangeSet, Handle, TaskStore},
};

/// Handles the input of an open popup.
pub(in crate::app) trait PopupHandler {
    /// Returns the context whose key bindings apply.
    fn context(&self) -> Context;

    fn handle_action(&mut self, state: &mut AppState, action: Action, now: Timestamp) -> Response;

    /// Handles a click on an entry.
    fn click(&mut self, _state: &mut AppState, _entry: usize, _now: Timestamp) -> Response {
        Response::stay()
    }

    /// Handles a key without a binding.
    fn handle_key(&mut self, _state: &mut AppState, _key: KeyEvent, _now: Timestamp) {}

    fn paste(&mut self, _state: &mut AppState, _text: &str, _now: Timestamp) {}

    /// Follows changes of the shown tasks; `None` if all may have changed. Returns false to close the popup.
    fn follow_changes(&mut self, _store: &TaskStore, _changes: Option<&ChangeSet>) -> bool {
        true
    }

    /// Brings the popup up to date before it is drawn. `displayed` is the displayed time.
    fn prepare(&mut self, _state: &AppState, _displayed: Timestamp) {}

    /// Returns the tasks that are visible instead of those in list and details, if the popup hides these.
    fn visible_tasks(&self, _state: &AppState, _now: Timestamp) -> Option<Vec<Handle>> {
        None
    }

    /// True if the popup shows times or counters that change every second.
    fn is_timed(&self) -> bool {
        false
    }

    /// True while the popup computes a part of its content in steps, one before each frame.
    fn is_computing(&self) -> bool {
        false
    }
}

/// The response of a popup to an input.
#[derive(Debug)]
pub(in crate::app) struct Response {
    pub(in crate::app) effects: Vec<Effect>,
    pub(in crate::app) next: Next,
}

/// The next state of a popup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Next {
    Stay,
    Close,
    /// Close, then run an action if this context has the focus.
    Run(Context, Action),
}

impl Response {
    pub(in crate::app) fn stay() -> Self {
        Self::stay_with(Vec::new())
    }

    pub(in crate::app) fn stay_with(effects: Vec<Effect>) -> Self {
        Self {
            effects,
            next: Next::Stay,
        }
    }

    pub(in crate::app) fn close() -> Self {
        Self::close_with(Vec::new())
    }

    pub(in crate::app) fn close_with(effects: Vec<Effect>) -> Self {
        Self {
            effects,
            next: Next::Close,
        }
    }

    pub(in crate::app) fn run(context: Context, action: Action) -> Self {
        Self {
            effects: Vec::new(),
            next: Next::Run(context, action),
        }
    }
}
