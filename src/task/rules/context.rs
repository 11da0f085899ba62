//! Context of the warning rules.

use crate::task::typical::DurationStats;

/// A pending question of a virtual machine, from `runtime.question`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingQuestion {
    /// The question.
    pub text: String,
    /// The allowed answers.
    pub choices: Vec<String>,
}

/// Context of a record that the rules need.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleContext<'a> {
    /// Typical duration of the operation.
    pub typical: Option<&'a DurationStats>,
    /// Pending question of the virtual machine that the task operates on.
    pub question: Option<&'a PendingQuestion>,
}
