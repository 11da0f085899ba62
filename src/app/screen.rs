//! The screen: its state, and the popup on top of it.

use jiff::Timestamp;

use super::{keymap::Context, options::Options, popups::Popup, state::AppState};
use crate::task::{ChangeSet, Handle, ServerId};

/// State of the screen with the open popup.
///
/// Popups change the [`AppState`] but do not know the screen, so that adding one does not touch the others.
#[derive(Debug)]
pub struct Screen {
    pub state: AppState,
    /// The popup that has the keyboard focus.
    pub popup: Option<Popup>,
    /// The popup that the command palette covers.
    pub(super) covered: Option<Popup>,
}

impl Screen {
    /// Creates a screen without tasks for these servers.
    pub fn new(options: Options, servers: impl IntoIterator<Item = (ServerId, String)>) -> Self {
        Self {
            state: AppState::new(options, servers),
            popup: None,
            covered: None,
        }
    }

    /// Returns the context whose key bindings apply.
    pub fn context(&self) -> Context {
        match &self.popup {
            Some(popup) => popup.handler().context(),
            None => self.state.context(),
        }
    }

    /// Lets the popups follow changes of the shown tasks; `None` if all may have changed.
    pub(super) fn follow_changes(&mut self, changes: Option<&ChangeSet>) {
        let store = &self.state.views.shown().store;
        for popup in [&mut self.popup, &mut self.covered] {
            let is_valid = |popup: &mut Popup| popup.handler_mut().follow_changes(store, changes);
            if !popup.as_mut().is_none_or(is_valid) {
                *popup = None;
            }
        }
    }

    /// Returns the visible tasks: those of the popup if it hides list and details, else rows and details.
    pub(super) fn visible_tasks(&self, now: Timestamp) -> Vec<Handle> {
        let popup = self.popup.as_ref();
        popup
            .and_then(|popup| popup.handler().visible_tasks(&self.state, now))
            .unwrap_or_else(|| self.state.visible_tasks())
    }

    /// Updates the popup and the cached facts of the visible tasks before drawing. `now` is the displayed time.
    pub fn refresh_insights(&mut self, now: Timestamp) {
        if let Some(popup) = &mut self.popup {
            popup.handler_mut().prepare(&self.state, now);
        }
        let visible = self.visible_tasks(now);
        self.state.refresh_insights(&visible, now);
    }
}
