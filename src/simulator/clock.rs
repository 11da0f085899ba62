//! Server clock: conversion of real time to world time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
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
    /// Last change of the speed of a real clock: unscaled time, world time and speed from then on.
    course: Mutex<(Duration, WorldTime, f64)>,
}

impl SimulatorClock {
    /// Creates a clock whose world time is now 0.
    pub(super) fn new(mode: ClockMode) -> Self {
        Self {
            mode,
            started: Instant::now(),
            manual_micros: AtomicU64::new(0),
            course: Mutex::new((
                Duration::ZERO,
                WorldTime::START,
                match mode {
                    ClockMode::Real { speed } => speed,
                    ClockMode::Manual => 1.0,
                },
            )),
        }
    }

    /// Returns the current world time.
    pub(super) fn world_now(&self) -> WorldTime {
        match self.mode {
            ClockMode::Real { .. } => {
                let (since, world, speed) = self.course();
                let elapsed = self.unscaled().saturating_sub(since);
                world.after(elapsed.mul_f64(speed))
            }
            ClockMode::Manual => WorldTime::START.after(self.unscaled()),
        }
    }

    fn course(&self) -> (Duration, WorldTime, f64) {
        *self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the speed of a real clock; 0 stops it. Negative and infinite speeds count as 0.
    pub(super) fn set_speed(&self, speed: f64) {
        let speed = if speed.is_finite() {
            speed.max(0.0)
        } else {
            0.0
        };
        let now = self.world_now();
        let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
        *course = (self.unscaled(), now, speed);
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
            ClockMode::Real { .. } => {
                let (_, _, speed) = self.course();
                let left = due.since(self.world_now()).as_secs_f64() / speed;
                // A stopped clock does not reach it.
                Some(Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX))
            }
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
