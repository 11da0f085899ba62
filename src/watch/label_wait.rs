//! The wait for the server's operation labels: they arrive before the first task is reported, or not at all, so that
//! the label of a task stays the same for the whole run.

use std::time::Duration;

use tokio::time::Instant;

/// How long the first tasks are held back for the labels (some 1,600 rows).
pub(super) const LABELS_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the labels are still waited for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum LabelWait {
    /// They were not requested yet.
    #[default]
    Unrequested,
    /// They may arrive until then.
    Until(Instant),
    /// They arrived, or it is too late for them.
    Over,
}

impl LabelWait {
    /// Whether to request them on a new connection. Begins the wait.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        if *self == Self::Unrequested {
            *self = Self::Until(now + LABELS_TIMEOUT);
        }
        self.is_pending(now)
    }

    /// Whether tasks are to be held back.
    pub(super) fn is_pending(&self, now: Instant) -> bool {
        self.deadline(now).is_some()
    }

    /// Until when tasks are held back.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        match self {
            Self::Until(deadline) if now < *deadline => Some(*deadline),
            _ => None,
        }
    }

    /// Ends the wait. Returns whether labels that arrive now are in time.
    pub(super) fn end(&mut self, now: Instant) -> bool {
        let is_in_time = self.is_pending(now);
        *self = Self::Over;
        is_in_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_arrive_in_time_once_or_never() {
        let now = Instant::now();
        let mut wait = LabelWait::default();
        assert!(!wait.is_pending(now), "nothing is held back before");
        assert!(wait.begin(now) && wait.is_pending(now));
        // A second connection requests them again, and the deadline stays.
        assert!(wait.begin(now + LABELS_TIMEOUT / 2));
        assert!(!wait.is_pending(now + LABELS_TIMEOUT));
        assert!(!wait.begin(now + LABELS_TIMEOUT));
        assert!(wait.end(now + LABELS_TIMEOUT / 2));
        assert!(!wait.end(now), "they are not taken twice");
        assert!(!wait.begin(now));
        let mut late = LabelWait::default();
        late.begin(now);
        assert!(!late.end(now + LABELS_TIMEOUT));
    }
}
