//! Retries of requests that failed for a transient reason, such as a broken connection or a proxy's page.
//!
//! For commands that make a few requests and exit; the fetch loop has its own retries.

use std::time::Duration;

use tokio::time::sleep;

use super::error::{Error, ErrorKind};

/// Maximum number of attempts.
pub(super) const MAX_ATTEMPTS: u32 = 3;
/// Delay before the first retry; doubled for each further one, with jitter.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(300);
/// Maximum delay honoured from `Retry-After` here, because the user waits.
const MAX_SHORT_RETRY_AFTER: Duration = Duration::from_secs(10);

/// Makes a read-only request, with retries after transient failures.
///
/// # Errors
/// Returns the error of the last attempt.
pub async fn with_retries<T>(request: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    let mut attempt = 1;
    loop {
        match request().await {
            Err(error) if attempt < MAX_ATTEMPTS && error.is_retryable() => {
                sleep_before_retry(attempt, &error).await;
                attempt += 1;
            }
            answer => return answer,
        }
    }
}

/// Waits before the next attempt, after `failed` attempts.
pub(super) async fn sleep_before_retry(failed: u32, error: &Error) {
    let bound = FIRST_RETRY_DELAY.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1)));
    let delay = bound.mul_f64(0.5 + fastrand::f64() / 2.0);
    let retry_after = error.retry_after().unwrap_or_default();
    sleep(delay.max(retry_after.min(MAX_SHORT_RETRY_AFTER))).await;
}

impl Error {
    /// True if an immediate retry may succeed because a single response was spoiled on the way. False if the server
    /// cannot be reached at all or timed out.
    pub fn is_retryable(&self) -> bool {
        match &self.kind {
            ErrorKind::Broken(_) | ErrorKind::NotJson(_) | ErrorKind::Damaged(_) => true,
            ErrorKind::Status { status, .. } => matches!(status, 408 | 429 | 500..),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Returns the number of attempts of a request that always fails with this error.
    async fn attempts(kind: ErrorKind) -> u32 {
        let made = Cell::new(0);
        let answer = with_retries(async || {
            made.set(made.get() + 1);
            Err::<(), _>(Error::fixture(kind.clone()))
        });
        assert!(answer.await.is_err());
        made.get()
    }

    #[tokio::test(start_paused = true)]
    async fn only_transient_errors_are_retried() {
        let status = |status| ErrorKind::Status {
            status,
            retry_after: None,
        };
        for kind in [
            ErrorKind::Broken("reset".to_owned()),
            ErrorKind::NotJson("<html>".to_owned()),
            ErrorKind::Damaged("line 1".to_owned()),
            status(500),
            status(503),
            status(429),
        ] {
            assert_eq!(attempts(kind.clone()).await, MAX_ATTEMPTS, "{kind:?}");
        }
        for kind in [
            ErrorKind::Refused,
            ErrorKind::UnknownHost,
            ErrorKind::TimedOut(Duration::from_secs(30)),
            status(401),
            status(403),
            status(404),
        ] {
            assert_eq!(attempts(kind.clone()).await, 1, "{kind:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_honoured_up_to_a_limit() {
        for (retry_after, waited) in [(7, 7), (3600, 10)] {
            let began = tokio::time::Instant::now();
            let kind = ErrorKind::Status {
                status: 503,
                retry_after: Some(Duration::from_secs(retry_after)),
            };
            sleep_before_retry(1, &Error::fixture(kind)).await;
            assert_eq!(began.elapsed().as_secs(), waited);
        }
    }
}
