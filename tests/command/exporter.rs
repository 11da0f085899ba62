//! `vtask exporter`: metrics over HTTP, counted once through outages and restarts.

mod otlp;
mod web;

use std::{future::Future, path::Path, time::Duration};

use vtask::simulator::{
    Simulator,
    fault_injection::{FaultEffect, FaultPlan, FaultRule},
};

use crate::support::command::{
    CommandOutput, Outputs, SharedBuffer, advance, config, http_client, line, metric_sum, server,
    wait_until, wait_until_async,
};

/// A running exporter.
struct Exporter {
    err: SharedBuffer,
}

impl Exporter {
    async fn url(&self) -> String {
        wait_until(|| self.err.text().contains("/metrics\n")).await;
        let text = self.err.text();
        let (_, rest) = text.split_once("serving ").unwrap();
        let (url, _) = rest.split_once("/metrics\n").unwrap();
        url.to_owned()
    }

    async fn get(&self, path: &str, accept: &str) -> (u16, String, String) {
        let url = format!("{}{path}", self.url().await);
        let request = http_client().get(url).header("accept", accept);
        let response = request.send().await.unwrap();
        let content_type = response.headers()["content-type"].to_str().unwrap();
        let content_type = content_type.to_owned();
        let status = response.status().as_u16();
        (status, content_type, response.text().await.unwrap())
    }

    async fn metrics(&self) -> String {
        let (status, _, page) = self.get("/metrics", "*/*").await;
        assert_eq!(status, 200, "{page}");
        page
    }

    /// Returns the sum of the series of a metric with these labels.
    async fn sum(&self, metric: &str, labels: &str) -> f64 {
        metric_sum(&self.metrics().await, metric, labels)
    }

    async fn until_sum(&self, metric: &str, labels: &str, expected: f64) {
        let what = format!("{metric} {labels} is {expected}");
        wait_until_async(&what, async || {
            (self.sum(metric, labels).await - expected).abs() < 0.001
        })
        .await;
    }

    async fn until_ready(&self) {
        wait_until_async("the exporter is ready", async || {
            self.get("/-/ready", "*/*").await.0 == 200
        })
        .await;
    }
}

/// Runs the command until `actions` ends, then sends Ctrl-C.
async fn during<F: Future<Output = ()>>(
    words: &str,
    simulator: &Simulator,
    actions: impl FnOnce(Exporter) -> F,
) -> CommandOutput {
    let line = line(&format!("exporter --listen 127.0.0.1:0 {words}"));
    let actions = |outputs: Outputs| actions(Exporter { err: outputs.err });
    line.during(simulator, actions).await.0
}

const FINISHED: &str = "vtask_tasks_finished_total";

#[tokio::test]
async fn metrics_health_and_readiness_are_served() {
    let simulator = server().await;
    let control = simulator.control();
    during("", &simulator, |exporter| async move {
        assert_eq!(exporter.get("/-/healthy", "*/*").await.0, 200);
        exporter.until_ready().await;
        exporter
            .until_sum("vtask_tasks", "state=\"running\"", 6.0)
            .await;
        assert!(exporter.sum("vtask_link_up", "vcenter=").await > 0.5);
        advance(&control, 60).await;
        exporter.until_sum(FINISHED, "", 6.0).await;
        assert!((exporter.sum(FINISHED, "outcome=\"failed\"").await - 2.0).abs() < 0.1);
        let clone = "operation=\"VirtualMachine.clone\",fault=\"NoDiskSpace\"";
        assert!((exporter.sum("vtask_task_failures_total", clone).await - 1.0).abs() < 0.1);
        let requests = exporter.sum("vtask_api_requests_total", "Login").await;
        assert!((requests - 1.0).abs() < 0.1, "{requests}");
        let (_, content_type, page) = exporter
            .get(
                "/metrics",
                "application/openmetrics-text;version=1.0.0,*/*;q=0.1",
            )
            .await;
        assert!(content_type.starts_with("application/openmetrics-text"));
        assert!(page.ends_with("# EOF\n"), "{page}");
        let (_, content_type, _) = exporter.get("/metrics", "text/plain").await;
        assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
        assert_eq!(exporter.get("/-/healthy", "*/*").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn only_selected_tasks_are_counted() {
    let simulator = server().await;
    let control = simulator.control();
    let words = "--operation VirtualMachine.relocate";
    during(words, &simulator, |exporter| async move {
        exporter.until_ready().await;
        // Three of the six running tasks are relocations.
        exporter
            .until_sum("vtask_tasks", "state=\"running\"", 3.0)
            .await;
        advance(&control, 30).await;
        exporter.until_sum(FINISHED, "", 3.0).await;
    })
    .await;
}

#[tokio::test]
async fn an_outage_is_shown_and_its_failures_are_counted_once() {
    let simulator = server().await;
    let control = simulator.control();
    during("", &simulator, |exporter| async move {
        exporter
            .until_sum("vtask_tasks", "state=\"running\"", 6.0)
            .await;
        let unavailable = FaultRule::new("*", FaultEffect::status(503));
        control.inject(&FaultPlan::default().with(unavailable));
        exporter.until_sum("vtask_link_up", "", 0.0).await;
        control.advance(Duration::from_secs(1800));
        control.clear_faults();
        exporter.until_sum("vtask_link_up", "", 1.0).await;
        exporter.until_sum(FINISHED, "", 6.0).await;
        control.kill_sessions();
        advance(&control, 5).await;
        exporter.until_sum("vtask_link_up", "", 1.0).await;
        exporter.until_ready().await;
        assert!((exporter.sum(FINISHED, "").await - 6.0).abs() < 0.1);
    })
    .await;
}

async fn run_with_cursor(cursor: &Path, simulator: &Simulator, expected: f64, seconds: u64) {
    let words = format!("--cursor {}", cursor.display());
    let control = simulator.control();
    during(&words, simulator, |exporter| async move {
        exporter.until_ready().await;
        advance(&control, seconds).await;
        exporter.until_sum(FINISHED, "", expected).await;
    })
    .await;
}

#[tokio::test]
async fn restart_counts_tasks_finished_meanwhile() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    let cursor = directory.path().join("cursor");
    // Tasks 2, 7 (failed), 5 and 8 have finished after 17 seconds, 6 with its child.
    run_with_cursor(&cursor, &simulator, 5.0, 17).await;
    simulator.control().advance(Duration::from_secs(600));
    run_with_cursor(&cursor, &simulator, 1.0, 0).await;
    run_with_cursor(&cursor, &simulator, 0.0, 0).await;
}

#[tokio::test]
async fn several_vcenters_have_the_names_of_their_profiles() {
    let (lab, branch) = (server().await, server().await);
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), &[("lab", &lab), ("branch", &branch)]);
    let words = format!("--profile lab,branch --config {config}");
    during(&words, &lab, |exporter| async move {
        for vcenter in ["lab", "branch"] {
            let labels = format!("vcenter=\"{vcenter}\",state=\"running\"");
            exporter.until_sum("vtask_tasks", &labels, 6.0).await;
        }
    })
    .await;
}

#[tokio::test]
async fn several_vcenters_have_their_own_positions_in_a_cursor() {
    let (lab, branch) = (server().await, server().await);
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), &[("lab", &lab), ("branch", &branch)]);
    let cursor = directory.path().join("cursor");
    let words = format!(
        "--profile lab,branch --config {config} --cursor {}",
        cursor.display()
    );
    let control = lab.control();
    during(&words, &lab, |exporter| async move {
        exporter.until_ready().await;
        advance(&control, 17).await;
        exporter.until_sum(FINISHED, "vcenter=\"lab\"", 5.0).await;
        exporter
            .until_sum(FINISHED, "vcenter=\"branch\"", 0.0)
            .await;
    })
    .await;
    // The tasks of both servers have the same IDs.
    branch.control().advance(Duration::from_secs(600));
    during(&words, &lab, |exporter| async move {
        exporter.until_ready().await;
        exporter
            .until_sum(FINISHED, "vcenter=\"branch\"", 6.0)
            .await;
        exporter.until_sum(FINISHED, "vcenter=\"lab\"", 0.0).await;
    })
    .await;
}

#[tokio::test]
async fn port_in_use_is_an_error() {
    let simulator = server().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let words = format!("exporter --listen {}", listener.local_addr().unwrap());
    let output = line(&words).on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.err.contains("--listen"), "{output:?}");
}
