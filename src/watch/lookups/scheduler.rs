//! Schedules the requests of lookups. Pure: `now` is an argument.
//!
//! Requests for a view that the user just opened are made at once. Others (subscriptions, background) share one request
//! per second, wait for the first complete list, and pause with the fetch loop.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

/// Minimum spacing of deferrable requests.
const MIN_SPACING: Duration = Duration::from_secs(1);
/// Requests made at once defer the others by one [`MIN_SPACING`] each, but never for longer than this, so that paging
/// through the history does not starve them.
const DEFER_INTERVAL: Duration = Duration::from_secs(10);

/// The priority of a request, highest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// For a view that the user just opened.
    Asked,
    /// For a view that is kept current.
    Followed,
    /// In the background.
    Background,
}

/// Pending requests, each with a ticket.
#[derive(Debug)]
pub(super) struct Scheduler<T> {
    /// By priority, then by arrival.
    waiting: BTreeMap<(Urgency, u64), T>,
    came: u64,
    is_open: bool,
    is_paused: bool,
    /// Time from which the next deferrable request may be made.
    next: Instant,
}

impl<T> Scheduler<T> {
    /// Creates an empty scheduler; before [`open`](Self::open) only urgent requests are made.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            waiting: BTreeMap::new(),
            came: 0,
            is_open: false,
            is_paused: false,
            next: now,
        }
    }

    /// Adds a request.
    pub(super) fn enter(&mut self, urgency: Urgency, ticket: T) {
        self.came += 1;
        self.waiting.insert((urgency, self.came), ticket);
    }

    /// Allows deferrable requests: the first complete list was sent.
    pub(super) fn open(&mut self) {
        self.is_open = true;
    }

    /// True if deferrable requests are allowed.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Pauses or resumes deferrable requests.
    pub(super) fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
    }

    /// Drops all pending requests.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Takes the request that may be made now.
    pub(super) fn take(&mut self, now: Instant) -> Option<T> {
        let first = self.waiting.first_entry()?;
        if first.key().0 == Urgency::Asked {
            self.next = (self.next.max(now) + MIN_SPACING).min(now + DEFER_INTERVAL);
        } else if self.is_open && !self.is_paused && self.next <= now {
            self.next = now + MIN_SPACING;
        } else {
            return None;
        }
        Some(first.remove())
    }

    /// Returns the time at which the next request may be made.
    pub(super) fn next_time(&self, now: Instant) -> Option<Instant> {
        let ((urgency, _), _) = self.waiting.first_key_value()?;
        match urgency {
            Urgency::Asked => Some(now),
            _ => (self.is_open && !self.is_paused).then_some(self.next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(now: Instant) -> Scheduler<u32> {
        let mut schedule = Scheduler::new(now);
        schedule.open();
        schedule
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_granted_by_priority_then_arrival() {
        let mut now = Instant::now();
        let mut schedule = open(now);
        for (ticket, urgency) in [
            (1, Urgency::Background),
            (2, Urgency::Followed),
            (3, Urgency::Background),
            (4, Urgency::Asked),
            (5, Urgency::Followed),
        ] {
            schedule.enter(urgency, ticket);
        }
        let mut order = Vec::new();
        while let Some(next) = schedule.next_time(now) {
            now = now.max(next);
            order.extend(schedule.take(now));
        }
        assert_eq!(order, [4, 2, 5, 1, 3]);
    }

    /// At most one deferrable request per second is made, and each is made in the end.
    #[tokio::test(start_paused = true)]
    async fn deferrable_requests_are_spaced_by_a_second() {
        let start = Instant::now();
        for seed in 0..50 {
            let mut chance = fastrand::Rng::with_seed(seed);
            let mut schedule = open(start);
            let (mut went, mut came) = (Vec::new(), 0);
            for millisecond in (0..60_000).step_by(50) {
                let now = start + Duration::from_millis(millisecond);
                if chance.u32(0..30) == 0 {
                    let urgency = match chance.u32(0..4) {
                        0 => Urgency::Asked,
                        1 => Urgency::Followed,
                        _ => Urgency::Background,
                    };
                    came += u32::from(urgency != Urgency::Asked);
                    schedule.enter(urgency, u32::from(urgency != Urgency::Asked));
                }
                while let Some(unasked) = schedule.take(now) {
                    went.extend((unasked == 1).then_some(now));
                }
            }
            let end = start + seconds(60);
            let rest = (0..200).filter(|second| schedule.take(end + seconds(*second)).is_some());
            assert_eq!(went.len() + rest.count(), came as usize, "seed {seed}");
            let close = |pair: &[Instant]| pair[1] - pair[0] < MIN_SPACING;
            assert!(!went.windows(2).any(close), "seed {seed}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn urgent_requests_run_at_once_and_defer_the_others() {
        let now = Instant::now();
        let mut schedule = open(now);
        schedule.enter(Urgency::Background, 0);
        for ticket in 1..=3 {
            schedule.enter(Urgency::Asked, ticket);
            assert_eq!(schedule.take(now), Some(ticket));
        }
        assert_eq!(schedule.take(now + seconds(2)), None);
        assert_eq!(schedule.next_time(now), Some(now + seconds(3)));
        for ticket in 0..1_000 {
            schedule.enter(Urgency::Asked, ticket);
            assert!(schedule.take(now).is_some());
        }
        assert_eq!(
            schedule.next_time(now),
            Some(now + DEFER_INTERVAL),
            "not for ever"
        );
        assert_eq!(schedule.take(now + DEFER_INTERVAL), Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn only_urgent_requests_run_before_the_first_list_and_while_paused() {
        let now = Instant::now();
        let mut schedule = Scheduler::new(now);
        schedule.enter(Urgency::Background, 1);
        schedule.enter(Urgency::Followed, 2);
        assert_eq!(schedule.take(now + seconds(100)), None);
        assert_eq!(schedule.next_time(now), None);
        schedule.open();
        schedule.pause(true);
        assert_eq!(schedule.take(now + seconds(100)), None);
        schedule.enter(Urgency::Asked, 3);
        assert_eq!(schedule.take(now + seconds(100)), Some(3));
        schedule.pause(false);
        assert_eq!(schedule.take(now + seconds(100)), None, "it counts");
        assert_eq!(schedule.take(now + seconds(101)), Some(2));
        schedule.clear();
        assert_eq!(schedule.take(now + seconds(200)), None);
    }
}
