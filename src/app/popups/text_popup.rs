//! Popups with scrollable text: messages, performance.

use jiff::Timestamp;

use super::handler::{PopupHandler, Response};
use crate::app::{action::Action, keymap::Context, scroll::scrolled, state::AppState};

/// An open popup with scrollable text.
#[derive(Debug, Default)]
pub struct TextPopup {
    /// First visible line.
    pub top: usize,
    /// True if the text changes every second.
    is_timed: bool,
}

impl TextPopup {
    /// Creates a popup whose text changes every second.
    pub(in crate::app) fn timed() -> Self {
        Self {
            top: 0,
            is_timed: true,
        }
    }
}

impl PopupHandler for TextPopup {
    fn context(&self) -> Context {
        Context::Reading
    }

    fn handle_action(&mut self, state: &mut AppState, action: Action, _now: Timestamp) -> Response {
        if action == Action::Dismiss {
            return Response::close();
        }
        self.top = text_scrolled(state, self.top, action);
        Response::stay()
    }

    fn is_timed(&self) -> bool {
        self.is_timed
    }
}

/// Returns the first visible line of a popup with text after a scroll action.
pub(super) fn text_scrolled(state: &AppState, top: usize, action: Action) -> usize {
    let page = usize::from(state.size.height.saturating_sub(6)).max(1);
    scrolled(top, action, page, state.frame.popup_end)
}
