//! What a task's state means to a person.

use std::ops::{AddAssign, Index, SubAssign};

use crate::vim::types::{TaskInfo, TaskState};

/// What a task's state means: the server's four states with the three outcomes told apart, and what a monitor
/// adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Being run.
    Running,
    /// Waiting to be run.
    Queued,
    /// Finished with a fault.
    Failed,
    /// Finished because it was cancelled.
    Cancelled,
    /// Finished well.
    Success,
    /// Ended unseen: the object vanished before an outcome was seen.
    Lost,
    /// In a state that this program does not know.
    Unknown,
    /// Known by key only.
    Ghost,
}

impl Status {
    /// All of them, in the order of their worth to someone who watches.
    pub const ALL: [Self; 8] = [
        Self::Running,
        Self::Queued,
        Self::Failed,
        Self::Cancelled,
        Self::Success,
        Self::Lost,
        Self::Unknown,
        Self::Ghost,
    ];

    /// The status of a task that is on the server.
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

    /// Whether nothing more will happen.
    pub fn is_finished(self) -> bool {
        matches!(
            self,
            Self::Success | Self::Failed | Self::Cancelled | Self::Lost
        )
    }

    /// Whether something is going on or about to.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Queued)
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "outcome unknown",
            Self::Unknown => "unknown state",
            Self::Ghost => "not visible",
        }
    }
}

/// How many tasks are in each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatusCounts([u32; Status::ALL.len()]);

impl StatusCounts {
    /// One more of a status.
    pub fn add(&mut self, status: Status) {
        self.0[status as usize] += 1;
    }

    /// One less of a status.
    pub fn remove(&mut self, status: Status) {
        self.0[status as usize] = self.0[status as usize].saturating_sub(1);
    }

    /// All together.
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
    fn counts_are_indexed_by_the_order_of_all() {
        for (index, status) in Status::ALL.into_iter().enumerate() {
            assert_eq!(index, status as usize);
        }
    }
}
