//! Status of a task as displayed and counted.

use std::ops::{AddAssign, Index, SubAssign};

use vtask_vim::types::{TaskInfo, TaskState};

/// Status of a task: the server's four states, with the three outcomes of a finished task as
/// separate values, plus the states that only a monitor knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Running.
    Running,
    /// Waiting to run.
    Queued,
    /// Finished with a fault.
    Failed,
    /// Finished because it was cancelled.
    Cancelled,
    /// Finished without a fault.
    Success,
    /// The object was removed before an outcome was seen.
    Lost,
    /// In a state that is not part of the known API.
    Unknown,
    /// Known by key only.
    Placeholder,
}

impl Status {
    /// All values, most important first.
    pub const ALL: [Self; 8] = [
        Self::Running,
        Self::Queued,
        Self::Failed,
        Self::Cancelled,
        Self::Success,
        Self::Lost,
        Self::Unknown,
        Self::Placeholder,
    ];

    /// Returns the status of a task that exists on the server.
    pub fn of(info: &TaskInfo) -> Self {
        match info.state {
            TaskState::Queued => Self::Queued,
            TaskState::Running => Self::Running,
            TaskState::Success => Self::Success,
            TaskState::Error if info.ended_cancelled() => Self::Cancelled,
            TaskState::Error => Self::Failed,
            TaskState::Other(_) => Self::Unknown,
        }
    }

    /// True if the task has ended.
    pub fn is_finished(self) -> bool {
        matches!(
            self,
            Self::Success | Self::Failed | Self::Cancelled | Self::Lost
        )
    }

    /// True if the task is running or queued.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Queued)
    }

    /// Returns the text to display.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "outcome unknown",
            Self::Unknown => "unknown state",
            Self::Placeholder => "not visible",
        }
    }
}

/// Number of tasks in each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatusCounts([u32; Status::ALL.len()]);

impl StatusCounts {
    /// Adds one task.
    pub fn add(&mut self, status: Status) {
        self.0[status as usize] += 1;
    }

    /// Removes one task.
    pub fn remove(&mut self, status: Status) {
        self.0[status as usize] = self.0[status as usize].saturating_sub(1);
    }

    /// Returns the number of tasks in any status.
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }
}

impl Index<Status> for StatusCounts {
    type Output = u32;

    fn index(&self, status: Status) -> &u32 {
        &self.0[status as usize]
    }
}

impl AddAssign for StatusCounts {
    fn add_assign(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

impl SubAssign for StatusCounts {
    fn sub_assign(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = mine.saturating_sub(theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_index_matches_all_order() {
        for (index, status) in Status::ALL.into_iter().enumerate() {
            assert_eq!(index, status as usize);
        }
    }
}
