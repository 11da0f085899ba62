//! Schedules the requests of lookups.
//!
//! Requests for a view that the user just opened are made at once. Others (subscriptions, background) share one request
//! per second, wait for the first complete list, and pause with the fetch loop.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use vtask_vim::Throttle;

/// Minimum spacing of deferrable requests.
const MIN_SPACING: Duration = Duration::from_secs(1);
/// Requests made at once defer the others by one [`MIN_SPACING`] each, but never for longer than this, so that paging
/// through the history does not starve them.
const DEFER_INTERVAL: Duration = Duration::from_secs(10);

/// The priority of a request, highest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Priority {
    /// For a view that the user just opened.
    Interactive,
    /// For a view that is kept current.
    Followed,
    /// In the background.
    Background,
}

/// The scheduler shared by all lookups of a server.
#[derive(Debug, Clone)]
pub(super) struct Scheduler(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Notify,
}

/// Permission for the requests of one lookup, acquired before each, so that pacing is per request; also reports that
/// the result is no longer wanted.
#[derive(Debug, Clone)]
pub(super) struct Permit {
    scheduler: Scheduler,
    priority: Priority,
    unwanted: CancellationToken,
}

impl Scheduler {
    /// Creates a scheduler; before [`open`](Self::open) only urgent requests are made.
    pub(super) fn new(now: Instant) -> Self {
        Self(Arc::new(Shared {
            queue: Mutex::new(Queue::new(now)),
            changed: Notify::new(),
        }))
    }

    /// Allows deferrable requests: the first complete list was sent.
    pub(super) fn open(&self) {
        self.queue().is_open = true;
        self.0.changed.notify_waiters();
    }

    /// True if deferrable requests are allowed.
    pub(super) fn is_open(&self) -> bool {
        self.queue().is_open
    }

    pub(super) fn is_paused(&self) -> bool {
        self.queue().is_paused
    }

    /// Pauses or resumes deferrable requests.
    pub(super) fn pause(&self, is_paused: bool) {
        self.queue().is_paused = is_paused;
        self.0.changed.notify_waiters();
    }

    /// Creates the permit of a lookup that is never cancelled.
    pub(super) fn permit(&self, priority: Priority) -> Permit {
        Permit {
            scheduler: self.clone(),
            priority,
            unwanted: CancellationToken::new(),
        }
    }

    /// Creates the permit of a lookup that is wanted until the guard is dropped.
    pub(super) fn guarded_permit(&self, priority: Priority) -> (Permit, DropGuard) {
        let permit = self.permit(priority);
        let guard = permit.unwanted.clone().drop_guard();
        (permit, guard)
    }

    /// Waits until a request may be made.
    async fn acquire(&self, priority: Priority) {
        let ticket = self.queue().enter(priority);
        let waiting = Waiting {
            scheduler: self,
            ticket,
        };
        loop {
            let changed = self.0.changed.notified();
            let now = Instant::now();
            let due = self.queue().due(ticket, now);
            match due {
                Some(due) if due <= now => break,
                Some(due) => tokio::select! {
                    () = sleep_until(due) => {}
                    () = changed => {}
                },
                None => changed.await,
            }
        }
        self.queue().take(ticket, Instant::now());
        drop(waiting);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes a request from the queue on drop.
struct Waiting<'a> {
    scheduler: &'a Scheduler,
    ticket: Ticket,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.scheduler.queue().waiting.remove(&self.ticket);
        self.scheduler.0.changed.notify_waiters();
    }
}

impl Permit {
    /// True if the result is still wanted.
    pub(super) fn is_wanted(&self) -> bool {
        !self.unwanted.is_cancelled()
    }

    /// Returns the priority of the lookup.
    #[cfg(test)]
    pub(super) fn priority(&self) -> Priority {
        self.priority
    }
}

impl Throttle for Permit {
    async fn ready(&self) -> bool {
        self.scheduler.acquire(self.priority).await;
        self.is_wanted()
    }
}

/// A waiting request: its priority and arrival.
type Ticket = (Priority, u64);

/// Waiting requests. Pure: `now` is an argument.
#[derive(Debug)]
struct Queue {
    waiting: BTreeSet<Ticket>,
    arrivals: u64,
    is_open: bool,
    is_paused: bool,
    /// Time from which the next deferrable request may be made.
    next: Instant,
}

impl Queue {
    fn new(now: Instant) -> Self {
        Self {
            waiting: BTreeSet::new(),
            arrivals: 0,
            is_open: false,
            is_paused: false,
            next: now,
        }
    }

    fn enter(&mut self, priority: Priority) -> Ticket {
        self.arrivals += 1;
        let ticket = (priority, self.arrivals);
        self.waiting.insert(ticket);
        ticket
    }

    /// Returns the time from which a request may be made; `None` if others precede it or it is not allowed now.
    fn due(&self, ticket: Ticket, now: Instant) -> Option<Instant> {
        if ticket.0 == Priority::Interactive {
            return Some(now);
        }
        let is_first = self.waiting.first() == Some(&ticket);
        (is_first && self.is_open && !self.is_paused).then_some(self.next)
    }

    /// Removes a request that is made now.
    fn take(&mut self, ticket: Ticket, now: Instant) {
        self.waiting.remove(&ticket);
        self.next = if ticket.0 == Priority::Interactive {
            (self.next.max(now) + MIN_SPACING).min(now + DEFER_INTERVAL)
        } else {
            now + MIN_SPACING
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(now: Instant) -> Queue {
        let mut queue = Queue::new(now);
        queue.is_open = true;
        queue
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn next_time(queue: &Queue, now: Instant) -> Option<Instant> {
        queue.due(*queue.waiting.first()?, now)
    }

    /// Makes the first request if it may be made now.
    fn take(queue: &mut Queue, now: Instant) -> Option<Ticket> {
        let first = *queue.waiting.first()?;
        let is_due = queue.due(first, now).is_some_and(|due| due <= now);
        is_due.then(|| {
            queue.take(first, now);
            first
        })
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_granted_by_priority_then_arrival() {
        let mut now = Instant::now();
        let mut queue = open(now);
        for priority in [
            Priority::Background,
            Priority::Followed,
            Priority::Background,
            Priority::Interactive,
            Priority::Followed,
        ] {
            queue.enter(priority);
        }
        let mut order = Vec::new();
        while let Some(next) = next_time(&queue, now) {
            now = now.max(next);
            order.extend(take(&mut queue, now).map(|(_, arrival)| arrival));
        }
        assert_eq!(order, [4, 2, 5, 1, 3]);
    }

    /// At most one deferrable request per second is made, and each is made in the end.
    #[tokio::test(start_paused = true)]
    async fn deferrable_requests_are_spaced_by_a_second() {
        let start = Instant::now();
        for seed in 0..50 {
            let mut chance = fastrand::Rng::with_seed(seed);
            let mut queue = open(start);
            let (mut served, mut background_count) = (Vec::new(), 0);
            for millisecond in (0..60_000).step_by(50) {
                let now = start + Duration::from_millis(millisecond);
                if chance.u32(0..30) == 0 {
                    let priority = match chance.u32(0..4) {
                        0 => Priority::Interactive,
                        1 => Priority::Followed,
                        _ => Priority::Background,
                    };
                    background_count += usize::from(priority != Priority::Interactive);
                    queue.enter(priority);
                }
                while let Some((priority, _)) = take(&mut queue, now) {
                    served.extend((priority != Priority::Interactive).then_some(now));
                }
            }
            let end = start + seconds(60);
            let rest = (0..200).filter(|second| take(&mut queue, end + seconds(*second)).is_some());
            assert_eq!(served.len() + rest.count(), background_count, "seed {seed}");
            let close = |pair: &[Instant]| pair[1] - pair[0] < MIN_SPACING;
            assert!(!served.windows(2).any(close), "seed {seed}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn urgent_requests_run_at_once_and_defer_the_others() {
        let now = Instant::now();
        let mut queue = open(now);
        let deferred = queue.enter(Priority::Background);
        for _ in 0..3 {
            let interactive = queue.enter(Priority::Interactive);
            assert_eq!(take(&mut queue, now), Some(interactive));
        }
        assert_eq!(take(&mut queue, now + seconds(2)), None);
        assert_eq!(next_time(&queue, now), Some(now + seconds(3)));
        for _ in 0..1_000 {
            queue.enter(Priority::Interactive);
            assert!(take(&mut queue, now).is_some());
        }
        assert_eq!(
            next_time(&queue, now),
            Some(now + DEFER_INTERVAL),
            "not for ever"
        );
        assert_eq!(take(&mut queue, now + DEFER_INTERVAL), Some(deferred));
    }

    #[tokio::test(start_paused = true)]
    async fn only_urgent_requests_run_before_the_first_list_and_while_paused() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        queue.enter(Priority::Background);
        let followed = queue.enter(Priority::Followed);
        assert_eq!(take(&mut queue, now + seconds(100)), None);
        assert_eq!(next_time(&queue, now), None);
        queue.is_open = true;
        queue.is_paused = true;
        assert_eq!(take(&mut queue, now + seconds(100)), None);
        let interactive = queue.enter(Priority::Interactive);
        assert_eq!(take(&mut queue, now + seconds(100)), Some(interactive));
        queue.is_paused = false;
        assert_eq!(take(&mut queue, now + seconds(100)), None, "it counts");
        assert_eq!(take(&mut queue, now + seconds(101)), Some(followed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_request_does_not_delay_the_next() {
        let start = Instant::now();
        let scheduler = Scheduler::new(start);
        let first = scheduler.permit(Priority::Followed);
        let dropped = tokio::time::timeout(seconds(5), first.ready()).await;
        assert!(dropped.is_err(), "it is not open yet");
        let background = scheduler.permit(Priority::Background);
        let waiting = tokio::spawn(async move { background.ready().await });
        tokio::task::yield_now().await;
        scheduler.open();
        assert!(waiting.await.unwrap());
        assert_eq!(Instant::now(), start + seconds(5));
        assert!(scheduler.permit(Priority::Background).ready().await);
        assert_eq!(Instant::now(), start + seconds(6));
    }
}
