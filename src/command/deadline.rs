//! `--timeout`: one deadline for a whole command, from its start to signing out.

use std::{future::pending, time::Duration};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::CommandError;
use crate::{metrics::RequestMetrics, text::parse_positive_duration};

/// How long a command whose deadline has passed may still take to end a session.
const SIGN_OUT_LIMIT: Duration = Duration::from_millis(700);
/// How long an interrupted command may.
const INTERRUPTED_SIGN_OUT_LIMIT: Duration = Duration::from_secs(2);

/// How long a command may take.
#[derive(Debug, Clone, Default, Args)]
pub struct TimeoutArgs {
    /// Give up after this time, such as 2h or 90s, with exit code 124. It counts from the start of the command and
    /// holds for all of it, signing in and out included
    #[arg(long, env = "VTASK_TIMEOUT", value_name = "SPAN", value_parser = parse_positive_duration)]
    pub timeout: Option<SignedDuration>,
}

/// The moment at which a command gives up.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// When the command began.
    pub began: Timestamp,
    /// How long it may take.
    pub timeout: SignedDuration,
    at: Instant,
}

impl Deadline {
    /// Returns the deadline of a command that begins now.
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

    /// Returns the time that is left.
    pub fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Returns the moment by which the command has signed out.
    pub fn leave_by(&self) -> Instant {
        self.at + SIGN_OUT_LIMIT
    }

    /// Returns the error of a command that was cut off while it did something.
    pub(super) fn error(&self, doing: &str) -> CommandError {
        let timeout = self.timeout;
        CommandError::TimedOut(format!(
            "the {timeout:#} of --timeout are over while {doing}."
        ))
    }
}

/// Completes when a deadline passes; never without one.
pub(super) async fn passed(deadline: Option<Deadline>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.at).await,
        None => pending().await,
    }
}

/// Waits for something that is done on leaving. Returns `None` where a deadline does not leave the time for it.
pub(super) async fn leave_in_time<F: Future>(
    deadline: Option<Deadline>,
    leaving: F,
) -> Option<F::Output> {
    match deadline {
        Some(deadline) => timeout_at(deadline.leave_by(), leaving).await.ok(),
        None => Some(leaving.await),
    }
}

/// Why a command ends before its work is done.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    /// The user, or the system, wants it to end.
    Interrupted,
    /// Its deadline has passed.
    TimedOut(Deadline),
}

impl Ending {
    /// Returns the moment by which the command, that ends now, has signed out.
    pub(super) fn leave_by(self) -> Instant {
        match self {
            Self::Interrupted => Instant::now() + INTERRUPTED_SIGN_OUT_LIMIT,
            Self::TimedOut(deadline) => deadline.leave_by(),
        }
    }

    /// Returns the error for it, with the request that had no answer yet.
    pub(super) fn error(self, traffic: &RequestMetrics) -> CommandError {
        match self {
            Self::Interrupted => CommandError::Interrupted,
            Self::TimedOut(deadline) => {
                let doing = traffic.unfinished();
                deadline.error(doing.as_deref().unwrap_or("asking the server"))
            }
        }
    }
}
