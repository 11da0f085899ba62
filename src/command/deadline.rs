//! `--timeout`: one deadline for the whole command, from start to sign-out.

use std::{future::pending, time::Duration};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{CommandError, signals::StopSignal};
use crate::{metrics::RequestMetrics, text::parse_positive_duration};

/// Extra time for the sign-out after the deadline has passed.
const SIGN_OUT_LIMIT: Duration = Duration::from_millis(700);
/// Time for the sign-out after an interrupt.
const INTERRUPTED_SIGN_OUT_LIMIT: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Default, Args)]
pub struct TimeoutArgs {
    /// Stop after this time, such as 90s or 2h, with exit code 124
    #[arg(long, global = true, hide_short_help = true, env = "VTASK_TIMEOUT", value_name = "SPAN", value_parser = parse_positive_duration)]
    pub timeout: Option<SignedDuration>,
}

/// The time at which a command stops.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// The start of the command.
    pub began: Timestamp,
    /// The value of `--timeout`.
    pub timeout: SignedDuration,
    at: Instant,
}

impl Deadline {
    /// Returns the deadline of a command that starts now.
    pub fn new(timeout: SignedDuration) -> Self {
        /// Longer than any command runs; an instant cannot be arbitrarily late.
        const MAX_TIMEOUT: Duration = Duration::from_secs(100 * 366 * 86_400);
        let span = timeout.unsigned_abs().min(MAX_TIMEOUT);
        Self {
            began: Timestamp::now(),
            timeout,
            at: Instant::now() + span,
        }
    }

    /// Returns the remaining time.
    pub fn remaining(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Returns the time by which the sign-out must be finished.
    pub fn sign_out_deadline(&self) -> Instant {
        self.at + SIGN_OUT_LIMIT
    }

    /// Returns the error of a command that was interrupted during an action.
    pub(super) fn error(&self, action: &str) -> CommandError {
        let timeout = self.timeout;
        CommandError::TimedOut(format!("timed out after {timeout:#} while {action}."))
    }
}

/// Returns the deadline when it passes; never if there is none.
pub(super) async fn passed(deadline: Option<Deadline>) -> Deadline {
    let Some(deadline) = deadline else {
        return pending().await;
    };
    sleep_until(deadline.at).await;
    deadline
}

/// Runs a command that has no clean-up work up to the deadline.
pub(super) async fn limited<T>(
    deadline: Option<Deadline>,
    action: &str,
    command: impl Future<Output = Result<T, CommandError>>,
) -> Result<T, CommandError> {
    tokio::select! {
        biased;
        done = command => done,
        deadline = passed(deadline) => Err(deadline.error(action)),
    }
}

/// Waits for clean-up work. Returns `None` if the deadline passes first.
pub(super) async fn finish_in_time<F: Future>(
    deadline: Option<Deadline>,
    cleanup: F,
) -> Option<F::Output> {
    match deadline {
        Some(deadline) => timeout_at(deadline.sign_out_deadline(), cleanup).await.ok(),
        None => Some(cleanup.await),
    }
}

/// The reason why a command stops early.
#[derive(Debug, Clone, Copy)]
pub(super) enum StopReason {
    /// The user or the system interrupted the command.
    Interrupted(StopSignal),
    /// The deadline has passed.
    TimedOut(Deadline),
}

impl StopReason {
    /// Returns the time by which the sign-out must be finished.
    pub(super) fn sign_out_deadline(self) -> Instant {
        match self {
            Self::Interrupted(_) => Instant::now() + INTERRUPTED_SIGN_OUT_LIMIT,
            Self::TimedOut(deadline) => deadline.sign_out_deadline(),
        }
    }

    /// Returns the error of a command that was between two requests.
    pub(super) fn error_while_watching(self) -> CommandError {
        match self {
            Self::Interrupted(signal) => CommandError::Interrupted(signal),
            Self::TimedOut(deadline) => deadline.error("watching"),
        }
    }

    /// Returns the error, which names the unfinished request.
    pub(super) fn error(self, traffic: &RequestMetrics) -> CommandError {
        match self {
            Self::Interrupted(signal) => CommandError::Interrupted(signal),
            Self::TimedOut(deadline) => {
                let action = traffic.unfinished();
                deadline.error(action.as_deref().unwrap_or("reading the server"))
            }
        }
    }
}
