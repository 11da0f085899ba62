//! The request for the operation labels of the server: they arrive before the first task is reported, or not at all, so that
//! the label of a task stays the same for the whole run.

use std::time::Duration;

use tokio::time::Instant;

/// Limit for holding the first tasks back for the labels (some 1,600 rows).
pub(super) const LABELS_TIMEOUT: Duration = Duration::from_secs(2);

/// State of the request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum LabelRequest {
    /// Not sent yet.
    #[default]
    NotSent,
    /// Awaited until this time.
    Pending(Instant),
    /// Arrived, or too late.
    Done,
}

impl LabelRequest {
    /// Sends the request. Returns true if the labels are to be requested on a new connection.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        if *self == Self::NotSent {
            *self = Self::Pending(now + LABELS_TIMEOUT);
        }
        self.is_pending(now)
    }

    /// True if tasks are to be held back.
    pub(super) fn is_pending(&self, now: Instant) -> bool {
        self.deadline(now).is_some()
    }

    /// Returns the time until which tasks are held back.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        match self {
            Self::Pending(deadline) if now < *deadline => Some(*deadline),
            _ => None,
        }
    }

    /// Ends the request. Returns true if labels that arrive now are in time.
    pub(super) fn end(&mut self, now: Instant) -> bool {
        let is_in_time = self.is_pending(now);
        *self = Self::Done;
        is_in_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_accepted_only_once_and_in_time() {
        let now = Instant::now();
        let mut wait = LabelRequest::default();
        assert!(!wait.is_pending(now), "nothing is held back before");
        assert!(wait.begin(now) && wait.is_pending(now));
        // A second connection requests them again, and the deadline stays.
        assert!(wait.begin(now + LABELS_TIMEOUT / 2));
        assert!(!wait.is_pending(now + LABELS_TIMEOUT));
        assert!(!wait.begin(now + LABELS_TIMEOUT));
        assert!(wait.end(now + LABELS_TIMEOUT / 2));
        assert!(!wait.end(now), "they are not taken twice");
        assert!(!wait.begin(now));
        let mut late = LabelRequest::default();
        late.begin(now);
        assert!(!late.end(now + LABELS_TIMEOUT));
    }
}
