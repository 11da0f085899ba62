//! Export to an OpenTelemetry collector, by OTLP over HTTP: each finished task as a span, and the metrics.
//!
//! The messages are those of `opentelemetry-proto`. The SDK creates spans only with IDs and clocks of its own, and has
//! no way to export histograms that were counted elsewhere.

mod delivery;
mod http_exporter;
mod metric_bridge;
mod metric_queue;
mod phase_log;
mod proto;
mod settings;
mod span;
mod span_queue;

use std::sync::Arc;

use jiff::Timestamp;
use opentelemetry_proto::tonic::resource::v1::Resource;
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;

use self::{
    delivery::{Delivery, DeliveryState},
    http_exporter::HttpExporter,
    metric_queue::MetricQueue,
    phase_log::PhaseLog,
    proto::{attribute, nanoseconds},
    settings::{CollectorEndpoint, Settings},
    span::{SpanServer, span},
    span_queue::SpanQueue,
};
use super::label_limit::clean;
use crate::{
    command::{
        CommandError,
        follow::{Change, Server},
    },
    config::Environment,
};

/// The running export.
#[derive(Debug)]
pub(super) struct Otlp {
    spans: Option<SpanQueue>,
    metrics: Option<MetricQueue>,
    phases: PhaseLog,
    /// Time of the next export of metrics.
    interval: Interval,
    messages: mpsc::UnboundedReceiver<String>,
    stop: CancellationToken,
    /// Time since which the counters have counted.
    started: Timestamp,
}

/// Events of the export, to be handled by its owner.
#[derive(Debug)]
pub(super) enum OtlpEvent {
    /// A message for the user.
    Message(String),
    /// Metrics are to be exported.
    MetricsDue,
}

impl Otlp {
    /// Starts the export if the flag or the environment request it.
    ///
    /// # Errors
    /// Fails if a variable of the environment cannot be used.
    pub(super) fn start(
        environment: &dyn Environment,
        is_requested: bool,
    ) -> Result<Option<Self>, CommandError> {
        let Some(settings) = Settings::read(environment, is_requested)? else {
            return Ok(None);
        };
        let attributes = settings.resource.iter();
        let attributes = attributes.map(|(key, value)| attribute(key, value.clone()));
        let resource = Resource {
            attributes: attributes.collect(),
            ..Resource::default()
        };
        let (sender, messages) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let delivery = |endpoint: CollectorEndpoint| {
            let state = Arc::<DeliveryState>::default();
            let exporter = HttpExporter::new(endpoint)?;
            let delivery = Delivery::new(exporter, state.clone(), sender.clone(), stop.clone());
            Ok::<_, CommandError>((delivery, state))
        };
        let limits = settings.spans;
        let traces = settings.traces.map(delivery).transpose()?;
        let metrics = settings.metrics.map(delivery).transpose()?;
        let period = settings.metric_interval;
        let mut interval = interval_at(Instant::now() + period, period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Some(Self {
            spans: traces.map(|(delivery, state)| {
                SpanQueue::start(delivery, state, resource.clone(), limits)
            }),
            metrics: metrics.map(|(delivery, _)| MetricQueue::start(delivery, resource.clone())),
            phases: PhaseLog::default(),
            interval,
            messages,
            stop,
            started: Timestamp::now(),
        }))
    }

    /// Handles a changed task.
    pub(super) fn change(&mut self, server: &Server, change: Change) {
        let Some(spans) = &self.spans else {
            return;
        };
        let (store, now) = (&server.snapshot.store, server.snapshot.now);
        let Some(record) = store.get(change.handle) else {
            return;
        };
        let vcenter = clean(&server.label);
        if !change.is_end {
            self.phases.observe(&vcenter, record, now);
            return;
        }
        let span_server = SpanServer {
            vcenter: &server.label,
            instance: server.instance(),
            address: &server.address,
        };
        let phases = self.phases.take(&vcenter, record);
        if let Some(span) = span(span_server, store, change.handle, phases, now) {
            spans.push(span);
        }
    }

    /// Removes the phases of tasks for which `is_kept` is false.
    pub(super) fn retain_phases(&mut self, is_kept: impl Fn(&str, &Arc<str>) -> bool) {
        self.phases.retain(is_kept);
    }

    /// Returns the next event.
    pub(super) async fn event(&mut self) -> OtlpEvent {
        tokio::select! {
            Some(message) = self.messages.recv() => OtlpEvent::Message(message),
            _ = self.interval.tick(), if self.metrics.is_some() => OtlpEvent::MetricsDue,
            else => std::future::pending().await,
        }
    }

    /// Exports a page of metrics in the `OpenMetrics` format, which counts `counted` tasks.
    pub(super) fn export_metrics(&self, page: &str, counted: u64) {
        if let Some(metrics) = &self.metrics {
            let started = nanoseconds(self.started);
            let now = nanoseconds(Timestamp::now());
            metrics.push(counted, metric_bridge::metrics(page, started, now));
        }
    }

    /// Returns the number of tasks that exported metrics count.
    pub(super) fn exported(&self) -> u64 {
        self.metrics.as_ref().map_or(0, MetricQueue::exported)
    }

    /// True if no span waits for a collector that accepts requests.
    pub(super) fn has_no_pending_spans(&self) -> bool {
        self.spans
            .as_ref()
            .is_none_or(SpanQueue::has_no_pending_spans)
    }

    /// Exports the spans and metrics that are waiting. Failed requests are not retried.
    pub(super) async fn finish(&mut self) {
        self.stop.cancel();
        let spans = async {
            if let Some(spans) = &mut self.spans {
                spans.finish().await;
            }
        };
        let metrics = async {
            if let Some(metrics) = &mut self.metrics {
                metrics.finish().await;
            }
        };
        tokio::join!(spans, metrics);
    }

    /// Returns a message about spans that were not exported, if any.
    pub(super) fn final_message(&self) -> Option<String> {
        let lost = self.spans.as_ref()?.lost_count();
        (lost > 0).then(|| format!("{lost} spans were not exported."))
    }
}
