//! The live view, and the server's history, which is shown instead of it.

pub(super) mod history;
pub(super) mod summary_page;
mod task_view;
pub(super) mod timeline;

pub use history::{HistorySearch, HistoryView, SearchState};
pub use task_view::TaskView;

/// The live view, which is always kept up to date, and the view shown instead of it.
#[derive(Debug, Default)]
pub struct Views {
    pub live: TaskView,
    /// Finished tasks from the task history of the servers; shown if present.
    pub history: Option<Box<HistoryView>>,
}

impl Views {
    /// Returns the view on the screen.
    pub fn shown(&self) -> &TaskView {
        match &self.history {
            Some(history) => &history.view,
            None => &self.live,
        }
    }

    pub fn shown_mut(&mut self) -> &mut TaskView {
        match &mut self.history {
            Some(history) => &mut history.view,
            None => &mut self.live,
        }
    }

    /// Returns the live view, then the view shown instead of it, if any.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut TaskView> {
        let history = self.history.iter_mut();
        std::iter::once(&mut self.live).chain(history.map(|history| &mut history.view))
    }

    pub fn is_live(&self) -> bool {
        self.history.is_none()
    }

    pub fn history(&self) -> Option<&HistoryView> {
        self.history.as_deref()
    }

    pub(super) fn history_mut(&mut self) -> Option<&mut HistoryView> {
        self.history.as_deref_mut()
    }
}
