//! The live view, and the server's history, which is shown instead of it.

pub(super) mod history;
pub(super) mod summary_page;
mod task_view;
pub(super) mod timeline;

pub use history::{HistorySearch, HistoryView, SearchState};
pub use task_view::TaskView;

/// The view on the screen.
#[derive(Debug, Default)]
pub enum Shown {
    #[default]
    Live,
    /// Finished tasks from the task history of the servers.
    History(Box<HistoryView>),
}

/// The live view, which is always kept up to date, and the view shown instead of it.
#[derive(Debug, Default)]
pub struct Views {
    pub live: TaskView,
    pub shown: Shown,
}

impl Views {
    /// Returns the view on the screen.
    pub fn shown(&self) -> &TaskView {
        match &self.shown {
            Shown::Live => &self.live,
            Shown::History(history) => &history.view,
        }
    }

    pub fn shown_mut(&mut self) -> &mut TaskView {
        match &mut self.shown {
            Shown::Live => &mut self.live,
            Shown::History(history) => &mut history.view,
        }
    }

    /// Returns the live view, then the view shown instead of it, if any.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut TaskView> {
        let other = match &mut self.shown {
            Shown::Live => None,
            Shown::History(history) => Some(&mut history.view),
        };
        std::iter::once(&mut self.live).chain(other)
    }

    pub fn is_live(&self) -> bool {
        matches!(self.shown, Shown::Live)
    }

    pub fn history(&self) -> Option<&HistoryView> {
        match &self.shown {
            Shown::History(history) => Some(history),
            Shown::Live => None,
        }
    }

    pub(super) fn history_mut(&mut self) -> Option<&mut HistoryView> {
        match &mut self.shown {
            Shown::History(history) => Some(history),
            Shown::Live => None,
        }
    }
}
