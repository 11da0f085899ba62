//! What a person chose to see: layout, order, filter and groups.

use super::{GroupBy, Sort};
use crate::task::Filter;

/// How the rows hang together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Children below their parents, in folds.
    #[default]
    Tree,
    /// All tasks side by side.
    Flat,
}

/// Everything that decides which rows there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// How they hang together.
    pub layout: Layout,
    /// In which order.
    pub sort: Sort,
    /// Which tasks.
    pub filter: Filter,
    /// By what a flat list is put into groups.
    pub group_by: Option<GroupBy>,
}
