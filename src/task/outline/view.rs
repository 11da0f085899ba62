//! What a person chose to see: layout, order and filter.

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

/// What the rows are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SortColumn {
    /// What matters now: what runs, what waits, what failed, and then the rest; what runs longest and what ended
    /// last come first. In a tree, the most urgent member speaks for its family.
    #[default]
    Attention,
    /// The operation's label.
    Operation,
    /// The name of the entity.
    Target,
    /// Percent done, own or derived.
    Progress,
    /// How long it has run; what still runs stays apart from what is over, so that time passing changes no order.
    Elapsed,
    /// Who or what started it.
    StartedBy,
    /// When it was queued.
    Queued,
}

impl SortColumn {
    /// All of them, in the order in which a menu offers them.
    pub const ALL: [Self; 7] = [
        Self::Attention,
        Self::Operation,
        Self::Target,
        Self::Progress,
        Self::Elapsed,
        Self::StartedBy,
        Self::Queued,
    ];
}

/// The order of the rows. Rows that are equal by the column stay oldest first in both directions, and those that
/// have no value come last in both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Sort {
    /// By what.
    pub column: SortColumn,
    /// Whether the greatest comes first.
    pub descending: bool,
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
}
