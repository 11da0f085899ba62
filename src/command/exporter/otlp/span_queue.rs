//! The queue of spans: bounded, so that an outage of the collector does not use up memory.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    delivery::{Delivery, DeliveryState},
    proto::scope,
    settings::SpanLimits,
};

/// Spans on their way to the collector.
#[derive(Debug)]
pub(super) struct SpanQueue {
    spans: mpsc::Sender<Span>,
    waiting: Arc<AtomicUsize>,
    state: Arc<DeliveryState>,
    worker: AbortOnDropHandle<()>,
}

impl SpanQueue {
    pub(super) fn start(
        delivery: Delivery,
        state: Arc<DeliveryState>,
        resource: Resource,
        limits: SpanLimits,
    ) -> Self {
        let (spans, received) = mpsc::channel(limits.queue_size);
        let worker = Worker {
            spans: received,
            delivery,
            resource,
            limits,
            waiting: Arc::default(),
            state: state.clone(),
        };
        Self {
            spans,
            waiting: worker.waiting.clone(),
            state,
            worker: AbortOnDropHandle::new(tokio::spawn(worker.run())),
        }
    }

    /// Adds a span. It is lost if the queue is full.
    pub(super) fn push(&self, span: Span) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if self.spans.try_send(span).is_err() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.state.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// True if no span waits for a collector that accepts requests.
    pub(super) fn has_no_pending_spans(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0 || self.state.is_failing.load(Ordering::Relaxed)
    }

    /// Returns the number of spans that have not been exported and will not be.
    pub(super) fn lost_count(&self) -> u64 {
        let waiting = self.waiting.load(Ordering::Relaxed);
        self.state.lost.load(Ordering::Relaxed) + waiting as u64
    }

    /// Exports the spans that wait.
    pub(super) async fn finish(&mut self) {
        // A closed channel ends the worker once it is empty.
        let (closed, _) = mpsc::channel(1);
        self.spans = closed;
        // An error means that the worker panicked; the panic hook reports that.
        let _ = (&mut self.worker).await;
    }
}

struct Worker {
    spans: mpsc::Receiver<Span>,
    delivery: Delivery,
    resource: Resource,
    limits: SpanLimits,
    waiting: Arc<AtomicUsize>,
    state: Arc<DeliveryState>,
}

impl Worker {
    async fn run(mut self) {
        while let Some(first) = self.spans.recv().await {
            let batch = self.batch(first).await;
            let count = batch.len();
            let request = ExportTraceServiceRequest {
                resource_spans: vec![ResourceSpans {
                    resource: Some(self.resource.clone()),
                    scope_spans: vec![ScopeSpans {
                        scope: Some(scope()),
                        spans: batch,
                        ..ScopeSpans::default()
                    }],
                    ..ResourceSpans::default()
                }],
            };
            if !self.delivery.deliver(&request).await {
                self.state.lost.fetch_add(count as u64, Ordering::Relaxed);
            }
            self.waiting.fetch_sub(count, Ordering::Relaxed);
        }
    }

    /// Collects spans until the batch is full, the delay has passed or the queue is closed.
    async fn batch(&mut self, first: Span) -> Vec<Span> {
        let deadline = Instant::now() + self.limits.delay;
        let mut batch = vec![first];
        while batch.len() < self.limits.batch_size {
            match timeout_at(deadline, self.spans.recv()).await {
                Ok(Some(span)) => batch.push(span),
                Ok(None) | Err(_) => break,
            }
        }
        batch
    }
}
