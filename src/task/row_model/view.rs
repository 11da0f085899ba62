//! The view chosen by the user: layout, order, filter and grouping.

use super::{grouping::GroupBy, sort::Sort};
use crate::Filter;

/// Layouts of the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Children below their parents, with folds.
    #[default]
    Tree,
    /// All tasks in one level.
    Flat,
}

/// The parameters that determine the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The layout.
    pub layout: Layout,
    /// The order.
    pub sort: Sort,
    /// The filter.
    pub filter: Filter,
    /// Grouping of a flat list.
    pub group_by: Option<GroupBy>,
}

impl View {
    /// Returns the grouping criterion. Only a flat list is grouped.
    pub fn grouped_by(&self) -> Option<GroupBy> {
        self.group_by.filter(|_| self.layout == Layout::Flat)
    }
}
