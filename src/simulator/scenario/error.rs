//! Errors of scenarios.

/// Error while loading a scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Neither a built-in name nor a readable file.
    #[error("unknown scenario {name}: neither built in ({known}) nor a readable file: {source}")]
    Unreadable {
        /// Requested name.
        name: String,
        /// Built-in names, comma-separated.
        known: String,
        /// Error while reading the file of that name.
        source: std::io::Error,
    },
    /// Invalid scenario file.
    #[error("scenario {file}, line {line}: {what}")]
    Invalid {
        /// Path of the file or built-in name.
        file: String,
        /// Line number, starting at 1.
        line: usize,
        /// Description of the problem.
        what: String,
    },
}
