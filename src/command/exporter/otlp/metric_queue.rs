//! The latest metrics on their way to the collector. Values are cumulative, so that an export that is skipped loses
//! nothing.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{Metric, ResourceMetrics, ScopeMetrics},
    resource::v1::Resource,
};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::{delivery::Delivery, proto::scope};

/// Metrics of one time, and the number of tasks that they count.
type Snapshot = (u64, Vec<Metric>);

/// Exports metrics one after another.
#[derive(Debug)]
pub(super) struct MetricQueue {
    latest: watch::Sender<Snapshot>,
    exported: Arc<AtomicU64>,
    worker: AbortOnDropHandle<()>,
}

impl MetricQueue {
    pub(super) fn start(delivery: Delivery, resource: Resource) -> Self {
        let (latest, received) = watch::channel(Snapshot::default());
        let exported = Arc::<AtomicU64>::default();
        let worker = run(received, delivery, resource, exported.clone());
        Self {
            latest,
            exported,
            worker: AbortOnDropHandle::new(tokio::spawn(worker)),
        }
    }

    /// Exports metrics that count `counted` tasks. They replace those that wait.
    pub(super) fn push(&self, counted: u64, metrics: Vec<Metric>) {
        self.latest.send_replace((counted, metrics));
    }

    /// Returns the number of tasks that exported metrics count.
    pub(super) fn exported(&self) -> u64 {
        self.exported.load(Ordering::Relaxed)
    }

    /// Exports the metrics that wait.
    pub(super) async fn finish(&mut self) {
        // The worker ends when the sender is gone and the latest metrics are exported.
        self.latest = watch::Sender::default();
        let _ = (&mut self.worker).await;
    }
}

async fn run(
    mut latest: watch::Receiver<Snapshot>,
    mut delivery: Delivery,
    resource: Resource,
    exported: Arc<AtomicU64>,
) {
    while latest.changed().await.is_ok() {
        let (counted, metrics) = latest.borrow_and_update().clone();
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(resource.clone()),
                scope_metrics: vec![ScopeMetrics {
                    scope: Some(scope()),
                    metrics,
                    ..ScopeMetrics::default()
                }],
                ..ResourceMetrics::default()
            }],
        };
        if delivery.deliver(&request).await {
            exported.fetch_max(counted, Ordering::Relaxed);
        }
    }
}
