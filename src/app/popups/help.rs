//! The help: the keys of the current view, or those that match a search.

use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

use super::{
    handler::{PopupHandler, Response},
    text_popup::text_scrolled,
};
use crate::app::{action::Action, keymap::Context, state::AppState, text_input::TextInput};

/// The open help.
#[derive(Debug)]
pub struct HelpPopup {
    /// First visible line.
    pub top: usize,
    /// Context from which the help was opened.
    pub context: Context,
    pub search: TextInput,
    /// True while the search is typed.
    pub is_searching: bool,
}

impl HelpPopup {
    pub fn new(context: Context) -> Self {
        Self {
            top: 0,
            context,
            search: TextInput::new(""),
            is_searching: false,
        }
    }
}

impl PopupHandler for HelpPopup {
    fn context(&self) -> Context {
        if self.is_searching {
            Context::Prompt
        } else {
            Context::Reading
        }
    }

    fn handle_action(&mut self, state: &mut AppState, action: Action, _now: Timestamp) -> Response {
        match action {
            Action::Accept => self.is_searching = false,
            Action::ClearLine => self.search.clear(),
            Action::Dismiss if self.is_searching || !self.search.is_empty() => {
                self.is_searching = false;
                self.search.clear();
                self.top = 0;
            }
            Action::Dismiss => return Response::close(),
            Action::Older => self.top = text_scrolled(state, self.top, Action::Up),
            Action::Newer => self.top = text_scrolled(state, self.top, Action::Down),
            _ => self.top = text_scrolled(state, self.top, action),
        }
        Response::stay()
    }

    fn handle_key(&mut self, _state: &mut AppState, key: KeyEvent, _now: Timestamp) {
        if self.is_searching {
            self.search.handle_key(key);
            self.top = 0;
        } else if key.code == KeyCode::Char('/') {
            self.is_searching = true;
        }
    }

    fn paste(&mut self, _state: &mut AppState, text: &str, _now: Timestamp) {
        if self.is_searching {
            self.search.insert(text);
        }
    }
}
