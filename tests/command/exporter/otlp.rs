//! Export to an OpenTelemetry collector: a receiver that decodes the requests.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use jiff::Timestamp;
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data, number_data_point},
    trace::v1::{Span, status::StatusCode as Code},
};
use prost::Message as _;
use vtask::simulator::{Simulator, scenario::Scenario};

use super::{Exporter, FINISHED};
use crate::support::command::{
    CommandLine, CommandOutput, Outputs, advance, line, server, server_with, wait_until,
    wait_until_async,
};

/// Status of a collector that accepts a request but does not answer.
const HANGS: u16 = 0;

#[derive(Default)]
struct Received {
    status: AtomicU16,
    /// Statuses of the next requests, before `status` applies.
    next_statuses: Mutex<VecDeque<u16>>,
    /// Requests are answered while this is unlocked.
    answering: tokio::sync::Mutex<()>,
    headers: Mutex<Vec<HeaderMap>>,
    resource: Mutex<BTreeMap<String, String>>,
    spans: Mutex<Vec<Span>>,
    metrics: Mutex<Vec<Metric>>,
}

/// A receiver of OTLP over HTTP.
struct Collector {
    url: String,
    received: Arc<Received>,
}

impl Collector {
    async fn start() -> Self {
        let received = Arc::new(Received::default());
        received.status.store(200, Ordering::Relaxed);
        let router = Router::new().fallback(receive).with_state(received.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, received }
    }

    fn answer_with(&self, status: u16) {
        self.received.status.store(status, Ordering::Relaxed);
    }

    /// Returns the spans by task.
    fn spans(&self) -> BTreeMap<String, Span> {
        let spans = self.received.spans.lock().unwrap().clone().into_iter();
        spans
            .map(|span| (text(&span.attributes, "vsphere.task.id"), span))
            .collect()
    }

    async fn until_spans(&self, count: usize) -> BTreeMap<String, Span> {
        wait_until(|| self.spans().len() >= count).await;
        self.spans()
    }

    /// Returns the latest metric of a name.
    fn metric(&self, name: &str) -> Option<Metric> {
        let metrics = self.received.metrics.lock().unwrap();
        metrics.iter().rfind(|metric| metric.name == name).cloned()
    }
}

async fn receive(
    State(received): State<Arc<Received>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    received.headers.lock().unwrap().push(headers.clone());
    assert_eq!(headers["content-type"], "application/x-protobuf");
    drop(received.answering.lock().await);
    let next = received.next_statuses.lock().unwrap().pop_front();
    let status = next.unwrap_or_else(|| received.status.load(Ordering::Relaxed));
    if status == HANGS {
        std::future::pending::<()>().await;
    }
    let body = if headers.get("content-encoding").is_some() {
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&body[..]), &mut plain)
            .unwrap();
        plain
    } else {
        body.to_vec()
    };
    if status != 200 {
        return StatusCode::from_u16(status).unwrap();
    }
    match uri.path() {
        "/v1/traces" => {
            let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
            for spans in request.resource_spans {
                let resource = spans.resource.unwrap().attributes;
                let resource = resource
                    .iter()
                    .map(|pair| (pair.key.clone(), text(&resource, &pair.key)));
                *received.resource.lock().unwrap() = resource.collect();
                for scope in spans.scope_spans {
                    received.spans.lock().unwrap().extend(scope.spans);
                }
            }
        }
        "/v1/metrics" => {
            let request = ExportMetricsServiceRequest::decode(&body[..]).unwrap();
            let scopes = request.resource_metrics.into_iter();
            let scopes = scopes.flat_map(|metrics| metrics.scope_metrics);
            let metrics = scopes.flat_map(|scope| scope.metrics);
            received.metrics.lock().unwrap().extend(metrics);
        }
        _ => return StatusCode::NOT_FOUND,
    }
    StatusCode::OK
}

fn value(attributes: &[KeyValue], key: &str) -> Option<Value> {
    let found = attributes.iter().find(|pair| pair.key == key)?;
    found.value.clone()?.value
}

/// Returns the value of an attribute as text; empty if there is none.
fn text(attributes: &[KeyValue], key: &str) -> String {
    match value(attributes, key) {
        Some(Value::StringValue(text)) => text,
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn seconds(span: &Span) -> f64 {
    Duration::from_nanos(span.end_time_unix_nano - span.start_time_unix_nano).as_secs_f64()
}

fn exporter(collector: &Collector, words: &str) -> CommandLine {
    line(&format!("exporter --listen 127.0.0.1:0 {words}"))
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .variable("OTEL_BSP_SCHEDULE_DELAY", "10")
        .variable("OTEL_METRIC_EXPORT_INTERVAL", "50")
}

/// Runs the command until `actions` ends, then sends Ctrl-C. Also returns the time from then to its end.
async fn during<F: Future<Output = ()>>(
    line: CommandLine,
    simulator: &Simulator,
    actions: impl FnOnce(Exporter) -> F,
) -> (CommandOutput, Duration) {
    let actions = |outputs: Outputs| actions(Exporter { err: outputs.err });
    line.during(simulator, actions).await
}

#[tokio::test]
async fn a_finished_lineage_is_one_trace() {
    let simulator = server().await;
    let control = simulator.control();
    let collector = Collector::start().await;
    let line = exporter(&collector, "")
        .variable("OTEL_SERVICE_NAME", "tasks")
        .variable("OTEL_RESOURCE_ATTRIBUTES", "site=lab")
        .variable("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
    let (output, _) = during(line, &simulator, |exporter| async move {
        exporter.until_ready().await;
        advance(&control, 30).await;
        exporter.until_sum(FINISHED, "", 6.0).await;
    })
    .await;
    let spans = collector.until_spans(6).await;
    let (root, child) = (&spans["task-6"], &spans["task-7"]);
    assert_eq!(root.trace_id, child.trace_id);
    assert_eq!(
        (&child.parent_span_id, root.parent_span_id.len()),
        (&root.span_id, 0)
    );
    let mut traces: Vec<_> = spans.values().map(|span| span.trace_id.clone()).collect();
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), 5, "{spans:#?}");

    let relocation = &spans["task-1"];
    assert_eq!(relocation.name, "VirtualMachine.relocate");
    assert!((seconds(relocation) - 20.0).abs() < 0.1, "{relocation:#?}");
    assert_eq!(
        text(&relocation.attributes, "vsphere.task.outcome"),
        "success"
    );
    assert_eq!(text(&relocation.attributes, "user.name"), "LAB\\kim");
    assert_eq!(
        text(&relocation.attributes, "vsphere.task.activation_id"),
        "act-7"
    );
    assert!(value(&relocation.attributes, "vsphere.task.queue_time").is_some());
    let failed = &spans["task-2"];
    let status = failed.status.as_ref().unwrap();
    assert_eq!(
        (status.code(), status.message.as_str()),
        (Code::Error, "The datastore is full.")
    );
    assert_eq!(text(&failed.attributes, "error.type"), "NoDiskSpace");
    let exception = failed.events.iter().find(|event| event.name == "exception");
    let details = &exception.unwrap().attributes;
    assert_eq!(text(details, "exception.type"), "NoDiskSpace");
    assert_eq!(text(details, "exception.message"), "The datastore is full.");

    let resource = collector.received.resource.lock().unwrap();
    assert_eq!(
        (resource["service.name"].as_str(), resource["site"].as_str()),
        ("tasks", "lab")
    );
    assert!(output.err.lines().count() == 1, "{output:?}");
}

#[tokio::test]
async fn times_and_phases_are_those_of_the_server() {
    let simulator = server_with(|options| {
        let scenario = r#"
about = "test"
first_task = 1
[inventory]
datastores = ["ds"]
clusters = [{ name = "c", hosts = ["h1"] }]
machine_folders = [{ name = "f", cluster = "c", machines = ["a"] }]
[[task]]
at = "1s"
[task.what]
operation = "VirtualMachine.clone"
on = "a"
queue = "3s"
takes = "20m"
progress = "linear"
phases = [{ at = 0, key = "one", text = "Copying" }, { at = 50, key = "two", text = "Customizing" }]
"#;
        options.scenario = Scenario::parse("test", scenario).unwrap();
    })
    .await;
    let control = simulator.control();
    let collector = Collector::start().await;
    during(
        exporter(&collector, ""),
        &simulator,
        |exporter| async move {
            exporter.until_ready().await;
            // Each step is received before the next one.
            for seconds in [8, 300, 360, 600] {
                let received = "vtask_api_received_bytes_total";
                let before = exporter.sum(received, "").await;
                control.advance(Duration::from_secs(seconds));
                wait_until_async("the changes are received", async || {
                    exporter.sum(received, "").await > before && control.pending_waits() > 0
                })
                .await;
            }
            exporter
                .until_sum(FINISHED, "outcome=\"success\"", 1.0)
                .await;
        },
    )
    .await;
    let output = line("get task-1 -o json").on(&simulator).await;
    let task: serde_json::Value = serde_json::from_str(&output.out).unwrap();
    let task = task.get(0).unwrap_or(&task);
    let nanoseconds = |name: &str| {
        let time: Timestamp = task["info"][name].as_str().unwrap().parse().unwrap();
        u64::try_from(time.as_nanosecond()).unwrap()
    };
    let span = &collector.until_spans(1).await["task-1"];
    assert_eq!(span.start_time_unix_nano, nanoseconds("startTime"));
    assert_eq!(span.end_time_unix_nano, nanoseconds("completeTime"));
    assert_eq!(text(&span.attributes, "vsphere.task.queue_time"), "3");
    let phases = span.events.iter().filter(|event| event.name == "phase");
    let phases = phases.map(|event| text(&event.attributes, "vsphere.task.phase"));
    assert_eq!(phases.collect::<Vec<_>>(), ["Copying", "Customizing"]);
}

#[tokio::test]
async fn a_restart_continues_a_trace() {
    let simulator = server().await;
    let control = simulator.control();
    let collector = Collector::start().await;
    let folder = tempfile::tempdir().unwrap();
    let words = format!("--cursor {}", folder.path().join("cursor").display());
    // The parent ends after 8 seconds, its child after 13.
    during(
        exporter(&collector, &words),
        &simulator,
        |exporter| async move {
            exporter.until_ready().await;
            advance(&control, 9).await;
            exporter
                .until_sum(FINISHED, "enterMaintenanceMode\",outcome=\"success", 1.0)
                .await;
        },
    )
    .await;
    assert!(!collector.spans().contains_key("task-7"));
    let control = simulator.control();
    control.advance(Duration::from_secs(600));
    during(
        exporter(&collector, &words),
        &simulator,
        |exporter| async move {
            exporter.until_ready().await;
        },
    )
    .await;
    let spans = collector.until_spans(6).await;
    assert_eq!(spans["task-6"].trace_id, spans["task-7"].trace_id);
    assert_eq!(spans["task-6"].span_id, spans["task-7"].parent_span_id);
    assert_eq!(collector.received.spans.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn metrics_are_those_of_the_page() {
    let simulator = server().await;
    let control = simulator.control();
    let collector = Collector::start().await;
    let received = collector.received.clone();
    let line = exporter(&collector, "").variable("OTEL_TRACES_EXPORTER", "none");
    during(line, &simulator, |exporter| async move {
        exporter.until_ready().await;
        advance(&control, 30).await;
        exporter.until_sum(FINISHED, "", 6.0).await;
        received.metrics.lock().unwrap().clear();
    })
    .await;
    assert!(collector.spans().is_empty());
    let Some(Data::Sum(finished)) = collector.metric("vtask_tasks_finished").unwrap().data else {
        panic!("no sum");
    };
    assert!(finished.is_monotonic);
    let counts = finished.data_points.iter().map(|point| match point.value {
        Some(number_data_point::Value::AsInt(count)) => count,
        other => panic!("{other:?}"),
    });
    assert_eq!(counts.sum::<i64>(), 6);
    let failed = finished.data_points.iter().filter(|point| {
        text(&point.attributes, "operation") == "VirtualMachine.clone"
            && text(&point.attributes, "outcome") == "failed"
    });
    assert_eq!(failed.count(), 1);
    let duration = collector.metric("vtask_task_duration_seconds").unwrap();
    assert_eq!(duration.unit, "s");
    let Some(Data::Histogram(duration)) = duration.data else {
        panic!("no histogram");
    };
    let counts: u64 = duration.data_points.iter().map(|point| point.count).sum();
    assert_eq!(counts, 6);
    for point in &duration.data_points {
        assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
        assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
        assert!(point.start_time_unix_nano < point.time_unix_nano);
    }
    assert!(matches!(
        collector.metric("vtask_link_up").unwrap().data,
        Some(Data::Gauge(_))
    ));
}

#[tokio::test]
async fn each_reason_of_an_outage_of_the_collector_is_reported_once() {
    let simulator = server().await;
    let control = simulator.control();
    let collector = Collector::start().await;
    let received = collector.received.clone();
    *received.next_statuses.lock().unwrap() = VecDeque::from([503, 503, 502]);
    let line = exporter(&collector, "")
        .variable("OTEL_METRICS_EXPORTER", "none")
        .variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")
        .variable("OTEL_BSP_MAX_QUEUE_SIZE", "2")
        .variable("OTEL_EXPORTER_OTLP_TIMEOUT", "60000")
        .variable("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20t0ken");
    let (output, _) = during(line, &simulator, |exporter| async move {
        let paused = received.answering.lock().await;
        exporter.until_ready().await;
        advance(&control, 30).await;
        exporter.until_sum(FINISHED, "", 6.0).await;
        drop(paused);
        wait_until(|| exporter.err.text().contains("again")).await;
    })
    .await;
    let sent = collector.received.headers.lock().unwrap()[0]["authorization"].clone();
    assert_eq!(sent, "Bearer t0ken");
    let messages: Vec<&str> = output.err.lines().skip(1).collect();
    let [first, second, recovered] = messages[..] else {
        panic!("{messages:#?}");
    };
    assert!(first.contains("/v1/traces: HTTP status 503"), "{first}");
    assert!(second.contains("/v1/traces: HTTP status 502"), "{second}");
    // One span was being sent, and two waited.
    assert!(
        recovered.ends_with("again; 3 spans were lost."),
        "{recovered}"
    );
    assert_eq!(collector.until_spans(3).await.len(), 3);
    assert!(!output.err.contains("t0ken"), "{output:?}");
}

#[tokio::test]
async fn queued_spans_are_exported_at_exit() {
    let simulator = server().await;
    let control = simulator.control();
    let collector = Collector::start().await;
    let exporter_with_long_intervals = || {
        exporter(&collector, "")
            .variable("OTEL_BSP_SCHEDULE_DELAY", "3600000")
            .variable("OTEL_METRIC_EXPORT_INTERVAL", "3600000")
    };
    during(
        exporter_with_long_intervals(),
        &simulator,
        |exporter| async move {
            exporter.until_ready().await;
            advance(&control, 30).await;
            exporter.until_sum(FINISHED, "", 6.0).await;
        },
    )
    .await;
    assert_eq!(collector.spans().len(), 6);
    assert!(collector.metric("vtask_tasks_finished").is_some());

    collector.answer_with(HANGS);
    let control = simulator.control();
    let (output, elapsed) = during(
        exporter_with_long_intervals(),
        &simulator,
        |exporter| async move {
            exporter.until_ready().await;
            control.advance(Duration::from_secs(3600));
            exporter
                .until_sum(FINISHED, "outcome=\"success\"", 2.0)
                .await;
        },
    )
    .await;
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
    assert!(
        output.err.contains("2 spans were not exported."),
        "{output:?}"
    );
}

#[tokio::test]
async fn wrong_variables_are_refused() {
    let simulator = server().await;
    let line = line("exporter --otlp").variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let output = line.on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        output
            .err
            .contains("OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf"),
        "{output:?}"
    );
}
