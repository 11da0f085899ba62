//! Command-line settings of the load generator.

/// Overrides for a scenario's load generator. A scenario without one gets one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Number of concurrently running tasks.
    pub tasks: Option<usize>,
    /// Progress changes per second.
    pub rate: Option<u64>,
    /// Apply all changes of a second at once.
    pub at_once: bool,
    /// Tasks finish and are replaced by new ones.
    pub finish: bool,
}
