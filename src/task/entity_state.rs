//! States of a task's entity that keep the task from progressing.

/// A pending question of a virtual machine, from `runtime.question`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingQuestion {
    /// The question.
    pub text: String,
    /// The allowed answers.
    pub choices: Vec<String>,
}
