//! The watchdog of the service manager. Pure, except for [`due`]: `now` is an argument.
//!
//! It is reset only after every fetch loop has answered a ping through the channels that carry commands and updates. A
//! server that hangs does not matter: its loop answers all the same.

use std::{collections::HashSet, future::pending, time::Duration};

use tokio::time::{Instant, sleep_until};

use crate::{config::Environment, task::ServerId};

/// Decides when the watchdog is to be reset.
#[derive(Debug)]
pub(super) struct Watchdog {
    interval: Duration,
    next: Instant,
    /// Fetch loops that have not answered the last ping.
    unanswered: HashSet<ServerId>,
}

impl Watchdog {
    /// Returns the watchdog if the service manager expects one of this process.
    pub(super) fn new(environment: &dyn Environment, now: Instant) -> Option<Self> {
        let number = |name| environment.get(name)?.parse::<u64>().ok();
        let process = number("WATCHDOG_PID");
        if process.is_some_and(|process| process != u64::from(std::process::id())) {
            return None;
        }
        let limit = number("WATCHDOG_USEC").filter(|micros| *micros > 0)?;
        Some(Self {
            interval: Duration::from_micros(limit) / 2,
            next: now,
            unanswered: HashSet::new(),
        })
    }

    /// Starts an interval; these fetch loops were sent a ping.
    pub(super) fn begin(&mut self, loops: impl Iterator<Item = ServerId>, now: Instant) {
        self.unanswered = loops.collect();
        self.next = now + self.interval;
    }

    /// Records the answer of a fetch loop.
    pub(super) fn handle_answer(&mut self, id: ServerId) {
        self.unanswered.remove(&id);
    }

    /// Returns the time at which the watchdog is to be reset; `None` while an answer is missing.
    fn due(&self) -> Option<Instant> {
        self.unanswered.is_empty().then_some(self.next)
    }
}

/// Completes when the watchdog is to be reset.
pub(super) async fn due(watchdog: Option<&Watchdog>) {
    match watchdog.and_then(Watchdog::due) {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watchdog(variables: &[(&str, &str)], now: Instant) -> Option<Watchdog> {
        let get = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Watchdog::new(&get, now)
    }

    #[test]
    fn a_fetch_loop_that_does_not_answer_stops_the_notifications() {
        let now = Instant::now();
        let mut watchdog = watchdog(&[("WATCHDOG_USEC", "60000000")], now).unwrap();
        assert_eq!(watchdog.due(), Some(now));
        watchdog.begin([ServerId(0), ServerId(1)].into_iter(), now);
        watchdog.handle_answer(ServerId(1));
        assert_eq!(watchdog.due(), None);
        watchdog.handle_answer(ServerId(0));
        assert_eq!(watchdog.due(), Some(now + Duration::from_secs(30)));
    }

    #[test]
    fn the_watchdog_of_another_process_is_ignored() {
        let now = Instant::now();
        let process = std::process::id().to_string();
        let limit = ("WATCHDOG_USEC", "1000000");
        assert!(watchdog(&[limit, ("WATCHDOG_PID", &process)], now).is_some());
        assert!(watchdog(&[limit, ("WATCHDOG_PID", "1")], now).is_none());
        assert!(watchdog(&[("WATCHDOG_USEC", "0")], now).is_none());
        assert!(watchdog(&[("WATCHDOG_USEC", "soon")], now).is_none());
        assert!(watchdog(&[], now).is_none());
    }
}
