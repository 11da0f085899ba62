//! Server clock: conversion of real time to world time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::world::time::WorldTime;

/// Time source of a simulated server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClockMode {
    /// World time is real time multiplied by `speed`. Session and wait timeouts are not scaled.
    Real {
        /// Factor; finite and greater than 0.
        speed: f64,
    },
    /// Time changes only by [`Control::advance`](super::Control::advance).
    Manual,
}

/// Clock of a running server.
#[derive(Debug)]
pub(super) struct SimulatorClock {
    mode: ClockMode,
    started: Instant,
    manual_micros: AtomicU64,
}

impl SimulatorClock {
    /// Creates a clock whose world time is now 0.
    pub(super) fn new(mode: ClockMode) -> Self {
        Self {
            mode,
            started: Instant::now(),
            manual_micros: AtomicU64::new(0),
        }
    }

    /// Returns the current world time.
    pub(super) fn world_now(&self) -> WorldTime {
        match self.mode {
            ClockMode::Real { speed } => WorldTime::START.after(self.unscaled().mul_f64(speed)),
            ClockMode::Manual => WorldTime::START.after(self.unscaled()),
        }
    }

    /// Returns the unscaled time since the start, used for session and wait timeouts.
    pub(super) fn unscaled(&self) -> Duration {
        match self.mode {
            ClockMode::Real { .. } => self.started.elapsed(),
            ClockMode::Manual => Duration::from_micros(self.manual_micros.load(Ordering::SeqCst)),
        }
    }

    /// Advances a manual clock; has no effect on a real one.
    pub(super) fn advance(&self, span: Duration) {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        self.manual_micros.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sleeps for unscaled time. Never returns for `None` or a manual clock.
    pub(super) async fn pause(&self, span: Option<Duration>) {
        match (self.mode, span) {
            (ClockMode::Real { .. }, Some(span)) => tokio::time::sleep(span).await,
            _ => std::future::pending().await,
        }
    }

    /// Returns the real time until world time `due`, or `None` for a manual clock.
    pub(super) fn real_time_until(&self, due: WorldTime) -> Option<Duration> {
        match self.mode {
            ClockMode::Real { speed } => Some(due.since(self.world_now()).div_f64(speed)),
            ClockMode::Manual => None,
        }
    }
}

/// Returns the calendar time at the start of a server: now plus `offset`.
pub(super) fn origin(offset: SignedDuration) -> Timestamp {
    let now = Timestamp::now();
    let micros = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
    micros.checked_add(offset).unwrap_or(micros)
}
