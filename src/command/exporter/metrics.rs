//! The metrics of tasks. Counters and histograms grow with each task that ends, gauges are set at each scrape.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::AtomicU64},
};

use jiff::{SignedDuration, Timestamp};
use prometheus_client::{
    encoding::{prometheus_text, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use super::{
    super::json_output,
    label_limit::{LabelLimit, clean},
    series::{Labels, Series},
    stall_times::StallTimes,
};
use crate::{
    metrics::RequestCounts,
    task::{Handle, Status, TaskRecord, TaskStore, display_name},
    vim::types::TaskInfo,
};

/// Maximum number of operations and fault types.
pub(super) const MAX_OPERATIONS: usize = 100;
pub(super) const MAX_FAULTS: usize = 50;
/// Maximum number of tasks of a vCenter whose progress is exported, and their minimum run time.
pub(super) const MAX_PROGRESS: usize = 50;
const LONG_RUNNING: SignedDuration = SignedDuration::from_mins(5);
/// Upper bounds of the durations, in seconds: from a second to a day.
const DURATION_BUCKETS: [f64; 12] = [
    1., 5., 15., 60., 180., 600., 1800., 3600., 7200., 14_400., 43_200., 86_400.,
];
const QUEUE_BUCKETS: [f64; 8] = [0.1, 1., 5., 15., 60., 300., 1800., 7200.];

type Counters<const N: usize> = Series<N, Counter>;
type Gauges<const N: usize> = Family<Labels<N>, Gauge>;
type Ratios<const N: usize> = Family<Labels<N>, Gauge<f64, AtomicU64>>;
type Histograms<const N: usize> = Series<N, Histogram>;

/// Text formats of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextFormat {
    /// The text format of Prometheus, version 0.0.4.
    Prometheus,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

/// State of a vCenter at a scrape.
pub(super) struct ServerState<'a> {
    pub(super) vcenter: &'a str,
    pub(super) store: &'a TaskStore,
    /// The selected tasks that are queued or running.
    pub(super) active: Vec<Handle>,
    /// Time by the server's clock.
    pub(super) now: Timestamp,
    pub(super) is_up: bool,
    pub(super) requests: RequestCounts,
}

/// All metrics.
#[derive(Debug)]
pub(super) struct TaskMetrics {
    registry: Registry,
    operations: LabelLimit,
    faults: LabelLimit,
    finished: Counters<3>,
    failures: Counters<3>,
    durations: Histograms<3>,
    queue_times: Histograms<2>,
    cancel_requests: Counters<2>,
    tasks: Gauges<3>,
    stalled: Gauges<2>,
    blocked: Gauges<2>,
    oldest: Gauges<2>,
    progress: Ratios<4>,
    up: Gauges<1>,
    requests: Counters<2>,
    received: Counters<1>,
    /// Stall times by vCenter.
    stall_times: HashMap<Arc<str>, StallTimes>,
    /// Active tasks whose cancel request was counted or is older than vtask, with their vCenter.
    cancelling: HashSet<(Arc<str>, Arc<str>)>,
}

impl TaskMetrics {
    pub(super) fn new() -> Self {
        let durations: fn() -> Histogram = || Histogram::new(DURATION_BUCKETS);
        let queue_times: fn() -> Histogram = || Histogram::new(QUEUE_BUCKETS);
        let mut metrics = Self {
            registry: Registry::with_prefix("vtask"),
            operations: LabelLimit::new(MAX_OPERATIONS),
            faults: LabelLimit::new(MAX_FAULTS),
            finished: Series::new(Family::default()),
            failures: Series::new(Family::default()),
            durations: Series::new(Family::new_with_constructor(durations)),
            queue_times: Series::new(Family::new_with_constructor(queue_times)),
            cancel_requests: Series::new(Family::default()),
            tasks: Family::default(),
            stalled: Family::default(),
            blocked: Family::default(),
            oldest: Family::default(),
            progress: Family::default(),
            up: Family::default(),
            requests: Series::new(Family::default()),
            received: Series::new(Family::default()),
            stall_times: HashMap::new(),
            cancelling: HashSet::new(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Version of vtask", version);
        let tasks = self.tasks.clone();
        registry.register("tasks", "Queued and running tasks", tasks);
        for (name, help, metric) in [
            (
                "tasks_finished",
                "Tasks that finished, by outcome: success, failed, cancelled, unknown",
                self.finished.family(),
            ),
            (
                "task_failures",
                "Tasks that failed, by type of the fault",
                self.failures.family(),
            ),
        ] {
            registry.register(name, help, metric);
        }
        registry.register_with_unit(
            "task_duration",
            "Run time of finished tasks",
            Unit::Seconds,
            self.durations.family(),
        );
        registry.register_with_unit(
            "task_queue_time",
            "Time that finished tasks were queued",
            Unit::Seconds,
            self.queue_times.family(),
        );
        registry.register(
            "cancel_requests",
            "Cancel requests seen on tasks",
            self.cancel_requests.family(),
        );
        registry.register(
            "tasks_stalled",
            "Running tasks without progress for unusually long",
            self.stalled.clone(),
        );
        registry.register(
            "tasks_blocked",
            "Active tasks that wait, themselves or a child, for an answer, a lost host or another task",
            self.blocked.clone(),
        );
        registry.register_with_unit(
            "oldest_running_task_age",
            "Run time of the task that has been running for longest",
            Unit::Seconds,
            self.oldest.clone(),
        );
        registry.register(
            "task_progress_ratio",
            "Reported progress of tasks that have been running for five minutes",
            self.progress.clone(),
        );
        let up = self.up.clone();
        registry.register("link_up", "1 while tasks of the vCenter are current", up);
        registry.register(
            "api_requests",
            "Requests to the vCenter",
            self.requests.family(),
        );
        registry.register_with_unit(
            "api_received",
            "Bytes of responses, as received",
            Unit::Bytes,
            self.received.family(),
        );
    }

    /// Counts a changed task; `is_end` once per task, when its end is seen.
    pub(super) fn count(
        &mut self,
        vcenter: &str,
        store: &TaskStore,
        handle: Handle,
        is_end: bool,
        now: Timestamp,
    ) {
        let Some(record) = store.get(handle) else {
            return;
        };
        let Some(info) = record.info.as_deref() else {
            return;
        };
        let vcenter = clean(vcenter);
        let operation = self.operations.value(display_name::operation_id(info));
        self.count_cancel_request(&vcenter, &operation, record, info, is_end);
        let mut finished = |outcome: &str| {
            let labels = [
                ("vcenter", vcenter.clone()),
                ("operation", operation.clone()),
                ("outcome", outcome.into()),
            ];
            self.finished.get(&labels)
        };
        if !is_end {
            // Creates the counters at 0: Prometheus sees no increase in a series that first appears at 1.
            for outcome in ["success", "failed", "cancelled"] {
                finished(outcome);
            }
            return;
        }
        let outcome = json_output::outcome(record.status()).unwrap_or("unknown");
        finished(outcome).inc();
        if record.status() == Status::Failed {
            let fault = info.error.as_deref();
            let fault = fault.map_or("unknown", |fault| fault.type_name());
            let labels = [
                ("vcenter", vcenter.clone()),
                ("operation", operation.clone()),
                ("fault", self.faults.value(fault)),
            ];
            self.failures.get(&labels).inc();
        }
        if let Some(queued) = record.queued_for(now) {
            let labels = [
                ("vcenter", vcenter.clone()),
                ("operation", operation.clone()),
            ];
            let queue_time = self.queue_times.get(&labels);
            queue_time.observe(queued.as_secs_f64());
        }
        if let Some(ran) = record.run_time(now) {
            let labels = [
                ("vcenter", vcenter),
                ("operation", operation),
                ("outcome", outcome.into()),
            ];
            let duration = self.durations.get(&labels);
            duration.observe(ran.as_secs_f64());
        }
    }

    /// Counts the cancel request of a task once. A request that was sent before the task was first seen is counted only
    /// if the task ends at once; else an earlier run of vtask has counted it.
    fn count_cancel_request(
        &mut self,
        vcenter: &Arc<str>,
        operation: &Arc<str>,
        record: &TaskRecord,
        info: &TaskInfo,
        is_end: bool,
    ) {
        let key = (vcenter.clone(), record.id.mo_id.clone());
        let is_requested = info.cancelled || record.status() == Status::Cancelled;
        let is_known = self.cancelling.contains(&key);
        if is_requested && !is_known {
            if is_end
                || record
                    .cancel_observation()
                    .is_some_and(|seen| seen.is_exact)
            {
                let labels = [
                    ("vcenter", vcenter.clone()),
                    ("operation", operation.clone()),
                ];
                self.cancel_requests.get(&labels).inc();
            }
            self.cancelling.insert(key.clone());
        }
        if is_end {
            self.cancelling.remove(&key);
        }
    }

    /// Removes the series of vCenters and what is known of tasks for which `is_kept` is false.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&str, Option<&Arc<str>>) -> bool) {
        let is_followed = |vcenter: &str| is_kept(vcenter, None);
        self.finished.retain(is_followed);
        self.failures.retain(is_followed);
        self.durations.retain(is_followed);
        self.queue_times.retain(is_followed);
        self.cancel_requests.retain(is_followed);
        self.requests.retain(is_followed);
        self.received.retain(is_followed);
        self.stall_times.retain(|vcenter, _| is_followed(vcenter));
        self.cancelling
            .retain(|(vcenter, mo_id)| is_kept(vcenter, Some(mo_id)));
    }

    /// Removes the gauges of the previous scrape.
    pub(super) fn clear(&mut self) {
        self.tasks.clear();
        self.stalled.clear();
        self.blocked.clear();
        self.oldest.clear();
        self.progress.clear();
        self.up.clear();
    }

    /// Sets the gauges of a vCenter.
    pub(super) fn set(&mut self, server: &ServerState<'_>) {
        let vcenter = clean(server.vcenter);
        let of_vcenter = || ("vcenter", vcenter.clone());
        self.up
            .get_or_create(&[of_vcenter()])
            .set(i64::from(server.is_up));
        let received = self.received.get(&[of_vcenter()]);
        received.inc_by(server.requests.raw_bytes.saturating_sub(received.get()));
        for (request, count) in &server.requests.requests {
            let labels = [of_vcenter(), ("request", (*request).into())];
            let requests = self.requests.get(&labels);
            requests.inc_by(count.saturating_sub(requests.get()));
        }
        let mut long_running = Vec::new();
        let stall_times = self.stall_times.entry(vcenter.clone()).or_default();
        stall_times.begin();
        for &handle in &server.active {
            let Some(record) = server.store.get(handle) else {
                continue;
            };
            let Some(info) = record.info.as_deref() else {
                continue;
            };
            let operation = self.operations.value(display_name::operation_id(info));
            let labels = [of_vcenter(), ("operation", operation.clone())];
            let state = json_output::status(record.status());
            let by_state = [
                of_vcenter(),
                ("state", state.into()),
                ("operation", operation.clone()),
            ];
            self.tasks.get_or_create(&by_state).inc();
            if stall_times.is_stalled(server.store, handle, server.now) {
                self.stalled.get_or_create(&labels).inc();
            }
            let blocker = server.store.blocker(handle);
            if blocker.is_some() {
                self.blocked.get_or_create(&labels).inc();
            }
            let Some(ran) = record
                .run_time(server.now)
                .filter(|_| record.status() == Status::Running)
            else {
                continue;
            };
            let oldest = self.oldest.get_or_create_owned(&labels);
            oldest.set(oldest.get().max(ran.as_secs()));
            if ran >= LONG_RUNNING && info.progress.is_some() {
                long_running.push((ran, record, operation));
            }
        }
        long_running.sort_by_key(|(ran, ..)| std::cmp::Reverse(*ran));
        for (_, record, operation) in long_running.into_iter().take(MAX_PROGRESS) {
            let info = record.info.as_deref();
            let target = info.and_then(display_name::target).unwrap_or_default();
            let labels = [
                of_vcenter(),
                ("task", clean(&record.id.mo_id)),
                ("operation", operation),
                ("target", clean(target)),
            ];
            if let Some(percent) = record.progress().percent() {
                let progress = self.progress.get_or_create(&labels);
                progress.set(f64::from(percent) / 100.);
            }
        }
    }

    /// Returns the metrics as text.
    pub(super) fn text(&self, format: TextFormat) -> String {
        let mut page = String::new();
        // Writing to a string cannot fail.
        let _ = match format {
            TextFormat::Prometheus => prometheus_text::encode(&mut page, &self.registry),
            TextFormat::OpenMetrics => text::encode(&mut page, &self.registry),
        };
        page
    }
}

#[cfg(test)]
mod tests;
