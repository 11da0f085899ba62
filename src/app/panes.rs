//! The panes: which are visible, which has the focus, and the tabs of the details.

use super::lineage::LineageEntry;
use crate::task::row_model::RowId;

/// The visible panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaneMode {
    List,
    /// The list, with the details below or beside it.
    Both(Focus),
    Details,
}

/// The pane with the keyboard focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    List,
    Details,
}

/// A tab of the details pane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Overview,
    /// Ancestors and children.
    Lineage,
    /// The fault with its causes.
    Error,
    Result,
    /// Events of the server that belong to the task.
    Events,
    /// The complete task data.
    Json,
}

impl Tab {
    /// All tabs, from left to right.
    pub const ALL: [Self; 6] = [
        Self::Overview,
        Self::Lineage,
        Self::Error,
        Self::Result,
        Self::Events,
        Self::Json,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Lineage => "Lineage",
            Self::Error => "Error",
            Self::Result => "Result",
            Self::Events => "Events",
            Self::Json => "JSON",
        }
    }

    /// Returns the tab `by` positions to the right, with wrap-around.
    #[must_use]
    pub fn next_by(self, by: usize) -> Self {
        let mut tabs = Self::ALL.into_iter().cycle();
        tabs.nth(self as usize + by).unwrap_or(self)
    }
}

/// Scroll position of the details.
#[derive(Debug, Clone, Copy, Default)]
pub struct DetailsScroll {
    /// First visible line.
    pub top: usize,
    /// The row shown last; another row starts at the top.
    pub subject: Option<RowId>,
    /// Cursor of the Lineage tab; `None` for the task itself.
    pub cursor: Option<LineageEntry>,
    /// True if the Lineage tab shows all finished members.
    pub shows_finished: bool,
}
