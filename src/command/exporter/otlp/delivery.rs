//! Delivers the requests of one signal, with retries, until the export is stopped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

use super::http_exporter::{Failure, HttpExporter, PartialSuccess};
use crate::{
    vim::MAX_RETRY_AFTER,
    watch::{Backoff, RetryDelays},
};

/// Maximum number of reasons that are reported of an outage.
const MAX_REASONS: usize = 8;

/// State of the deliveries of a signal.
#[derive(Debug, Default)]
pub(super) struct DeliveryState {
    /// True after a request has failed, until one succeeds.
    pub(super) is_failing: AtomicBool,
    /// Number of items that were given up since the last message about them.
    pub(super) lost: AtomicU64,
}

/// Sends requests one after another. Each reason of an outage and its end are reported once.
#[derive(Debug)]
pub(super) struct Delivery {
    exporter: HttpExporter,
    backoff: Backoff,
    state: Arc<DeliveryState>,
    messages: mpsc::UnboundedSender<String>,
    stop: CancellationToken,
    /// Reasons of the present outage that were reported.
    reasons: Vec<String>,
    /// Messages about rejected items that were reported.
    rejections: Vec<String>,
}

impl Delivery {
    pub(super) fn new(
        exporter: HttpExporter,
        state: Arc<DeliveryState>,
        messages: mpsc::UnboundedSender<String>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            exporter,
            backoff: Backoff::new(RetryDelays::default(), fastrand::u64(..)),
            state,
            messages,
            stop,
            reasons: Vec::new(),
            rejections: Vec::new(),
        }
    }

    /// Sends a request until it is accepted. Returns false if it is given up: the collector refuses it, or the export is
    /// stopped, which allows one more attempt.
    pub(super) async fn deliver(&mut self, request: &impl prost::Message) -> bool {
        let body = self.exporter.encode(request);
        loop {
            let is_last = self.stop.is_cancelled();
            let failure = match self.exporter.send(body.clone()).await {
                Ok(partial_success) => {
                    self.succeeded(partial_success);
                    return true;
                }
                Err(failure) => failure,
            };
            self.failed(&failure);
            if is_last || !failure.is_transient {
                return false;
            }
            let retry_after = failure.retry_after.map(|pause| pause.min(MAX_RETRY_AFTER));
            let pause = self.backoff.record_failure(retry_after);
            tokio::select! {
                () = sleep(pause) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    fn failed(&mut self, failure: &Failure) {
        self.state.is_failing.store(true, Ordering::Relaxed);
        let Failure { reason, .. } = failure;
        if !is_new(&mut self.reasons, reason) {
            return;
        }
        let next = match failure.status {
            _ if failure.is_transient => "Retrying",
            Some(401 | 403) => "Check OTEL_EXPORTER_OTLP_HEADERS",
            _ => "Check OTEL_EXPORTER_OTLP_ENDPOINT",
        };
        let failing = self.exporter.failing();
        self.report(format!(
            "{failing}: {reason}. {next}; tasks are still watched."
        ));
    }

    fn succeeded(&mut self, partial_success: Option<PartialSuccess>) {
        self.backoff.record_uptime(Duration::MAX);
        self.reasons.clear();
        if self.state.is_failing.swap(false, Ordering::Relaxed) {
            let signal = self.exporter.signal().name();
            let lost = self.state.lost.swap(0, Ordering::Relaxed);
            let lost = match lost {
                0 => String::new(),
                lost => format!("; {lost} spans were lost"),
            };
            self.report(format!("{signal} are exported again{lost}."));
        }
        if let Some(PartialSuccess { count, message }) = partial_success
            && is_new(&mut self.rejections, &message)
        {
            let failing = self.exporter.failing();
            self.report(format!(
                "{failing} in full: {count} items were rejected: {message}"
            ));
        }
    }

    fn report(&self, message: String) {
        // The receiver is gone only at the end.
        let _ = self.messages.send(message);
    }
}

/// Adds a text to those that were reported. Returns false if it is one of them, or if there are too many.
fn is_new(reported: &mut Vec<String>, text: &str) -> bool {
    let is_new = reported.len() < MAX_REASONS && !reported.iter().any(|known| known == text);
    if is_new {
        reported.push(text.to_owned());
    }
    is_new
}
