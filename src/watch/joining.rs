//! Tasks that were put into the view and were not heard of yet. Pure: `now` is an argument.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;

/// Who joined when. While the server has more to tell than fits into one answer, nobody is late: a task that is not
/// heard of may just have to wait for its turn.
#[derive(Debug, Default)]
pub(super) struct Joining {
    since: HashMap<Arc<str>, Instant>,
    /// When the server last said that there is more to tell.
    telling: Option<Instant>,
}

impl Joining {
    /// These tasks were put into the view.
    pub(super) fn add(&mut self, tasks: &[Arc<str>], now: Instant) {
        self.since
            .extend(tasks.iter().map(|task| (task.clone(), now)));
    }

    /// A task was heard of, or left.
    pub(super) fn remove(&mut self, mo_id: &str) {
        if !self.since.is_empty() {
            self.since.remove(mo_id);
        }
    }

    /// Whether everybody was heard of.
    pub(super) fn is_empty(&self) -> bool {
        self.since.is_empty()
    }

    /// Forgets everybody, and answers who they were.
    pub(super) fn take_all(&mut self) -> Vec<Arc<str>> {
        self.since.drain().map(|(mo_id, _)| mo_id).collect()
    }

    /// An answer came, and there is more to tell.
    pub(super) fn telling(&mut self, now: Instant) {
        self.telling = Some(now);
    }

    /// Whether somebody was not heard of for so long.
    pub(super) fn is_late(&self, patience: Duration, now: Instant) -> bool {
        self.due(patience).is_some_and(|due| due <= now)
    }

    /// Takes out those who were not heard of for so long.
    pub(super) fn take_late(&mut self, patience: Duration, now: Instant) -> Vec<Arc<str>> {
        if !self.is_late(patience, now) {
            return Vec::new();
        }
        let late = self.since.extract_if(|_, since| *since + patience <= now);
        late.map(|(mo_id, _)| mo_id).collect()
    }

    /// When the first of them will not have been heard of for so long.
    pub(super) fn due(&self, patience: Duration) -> Option<Instant> {
        let first = self.since.values().min()?;
        let silent = self.telling.map_or(*first, |telling| telling.max(*first));
        Some(silent + patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(4);

    fn joining(now: Instant) -> Joining {
        let mut joining = Joining::default();
        joining.add(&["task-1".into(), "task-2".into()], now);
        joining
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_not_heard_of_is_late_after_a_while() {
        let now = Instant::now();
        let mut joining = joining(now);
        joining.remove("task-1");
        assert_eq!(joining.due(PATIENCE), Some(now + PATIENCE));
        assert!(joining.take_late(PATIENCE, now).is_empty());
        let late = joining.take_late(PATIENCE, now + PATIENCE);
        assert_eq!(late, ["task-2".into()] as [Arc<str>; 1]);
        assert_eq!(joining.due(PATIENCE), None);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_late_while_the_server_goes_on_telling() {
        let mut now = Instant::now();
        let mut joining = joining(now);
        for _ in 0..100 {
            now += Duration::from_secs(1);
            joining.telling(now);
            assert!(joining.take_late(PATIENCE, now).is_empty());
        }
        assert!(!joining.is_late(PATIENCE, now + PATIENCE / 2));
        assert_eq!(joining.take_late(PATIENCE, now + PATIENCE).len(), 2);
    }
}
