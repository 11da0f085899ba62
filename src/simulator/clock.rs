//! The server's clock: how real time becomes world time, and what the calendar says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::world::time::WorldTime;

/// How time passes on the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClockMode {
    /// World time runs `speed` times as fast as real time. Session and wait time-outs are not scaled.
    Real {
        /// The factor; must be finite and above 0.
        speed: f64,
    },
    /// Time stands still until it is advanced.
    Manual,
}

/// The clock of a running server.
#[derive(Debug)]
pub(super) struct Clock {
    mode: ClockMode,
    began: Instant,
    manual_micros: AtomicU64,
}

impl Clock {
    /// A clock whose world time is 0 now.
    pub(super) fn new(mode: ClockMode) -> Self {
        Self {
            mode,
            began: Instant::now(),
            manual_micros: AtomicU64::new(0),
        }
    }

    /// World time now.
    pub(super) fn world_now(&self) -> WorldTime {
        match self.mode {
            ClockMode::Real { speed } => WorldTime::START.after(self.unscaled().mul_f64(speed)),
            ClockMode::Manual => WorldTime::START.after(self.unscaled()),
        }
    }

    /// Time since the start as sessions and waits count it: not scaled.
    pub(super) fn unscaled(&self) -> Duration {
        match self.mode {
            ClockMode::Real { .. } => self.began.elapsed(),
            ClockMode::Manual => Duration::from_micros(self.manual_micros.load(Ordering::SeqCst)),
        }
    }

    /// Advances a manual clock; a real one is not impressed.
    pub(super) fn advance(&self, span: Duration) {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        self.manual_micros.fetch_add(micros, Ordering::SeqCst);
    }

    /// Lets unscaled time pass: `None` for ever, and so does a clock that is moved by hand.
    pub(super) async fn pause(&self, span: Option<Duration>) {
        match (self.mode, span) {
            (ClockMode::Real { .. }, Some(span)) => tokio::time::sleep(span).await,
            _ => std::future::pending().await,
        }
    }

    /// How much real time passes until world time `due`; `None` where only somebody's hand moves the clock.
    pub(super) fn real_time_until(&self, due: WorldTime) -> Option<Duration> {
        match self.mode {
            ClockMode::Real { speed } => Some(due.since(self.world_now()).div_f64(speed)),
            ClockMode::Manual => None,
        }
    }
}

/// The calendar time at which a server's world begins: now, and as wrong as `offset` wants it.
pub(super) fn origin(offset: SignedDuration) -> Timestamp {
    let now = Timestamp::now();
    let micros = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
    micros.checked_add(offset).unwrap_or(micros)
}
