//! The live view, and the view shown instead of it: an earlier time or the server's history.

pub(super) mod history;
pub(super) mod summary_page;
mod task_view;
pub(super) mod time_travel;
pub(super) mod timeline;

pub use history::{HistorySearch, HistoryView, SearchState};
pub use task_view::TaskView;
pub use time_travel::TimeTravel;

/// The view on the screen.
#[derive(Debug, Default)]
pub enum Shown {
    #[default]
    Live,
    /// The live tasks as they were at an earlier time.
    TimeTravel(Box<TimeTravel>),
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
            Shown::TimeTravel(travel) => &travel.view,
            Shown::History(history) => &history.view,
        }
    }

    pub fn shown_mut(&mut self) -> &mut TaskView {
        match &mut self.shown {
            Shown::Live => &mut self.live,
            Shown::TimeTravel(travel) => &mut travel.view,
            Shown::History(history) => &mut history.view,
        }
    }

    /// Returns the live view, then the view shown instead of it, if any.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut TaskView> {
        let other = match &mut self.shown {
            Shown::Live => None,
            Shown::TimeTravel(travel) => Some(&mut travel.view),
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
            _ => None,
        }
    }

    pub(super) fn history_mut(&mut self) -> Option<&mut HistoryView> {
        match &mut self.shown {
            Shown::History(history) => Some(history),
            _ => None,
        }
    }

    pub fn time_travel(&self) -> Option<&TimeTravel> {
        match &self.shown {
            Shown::TimeTravel(travel) => Some(travel),
            _ => None,
        }
    }
}
