//! Counts of session-scoped objects.

/// Number of session-scoped objects by kind. A client that cleans up leaves zero of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenObjects {
    /// Property collectors created by clients.
    pub collectors: usize,
    /// Property filters.
    pub filters: usize,
    /// Views.
    pub views: usize,
    /// Incomplete retrievals, neither continued nor cancelled.
    pub retrievals: usize,
    /// History collectors of tasks and events.
    pub histories: usize,
}
