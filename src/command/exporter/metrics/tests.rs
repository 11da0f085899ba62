use serde_json::json;

use super::*;
use crate::task::fixture::{at, put};

fn scraped(metrics: &mut TaskMetrics, store: &TaskStore, seconds: i64) -> String {
    metrics.clear();
    metrics.set(&ServerState {
        vcenter: "lab",
        store,
        active: store
            .iter()
            .filter(|(_, record)| record.status().is_active())
            .map(|(handle, _)| handle)
            .collect(),
        now: at(seconds),
        is_up: true,
        requests: RequestCounts::default(),
    });
    metrics.text(TextFormat::Prometheus)
}

fn series(page: &str) -> usize {
    page.lines().filter(|line| !line.starts_with('#')).count()
}

#[test]
fn ten_thousand_operations_and_users_are_bounded() {
    let mut metrics = TaskMetrics::new();
    let mut store = TaskStore::new();
    for number in 0..10_000 {
        let operation = format!("Custom{number}.run");
        let user = json!({"_typeName": "TaskReasonUser", "userName": format!("user-{number}")});
        let active = json!({"descriptionId": operation, "reason": user, "progress": 7});
        let handle = put(&mut store, &format!("task-{number}"), &active, 1);
        metrics.count("lab", &store, handle, false, at(1));
        let failed = json!({"descriptionId": operation, "reason": user, "state": "error",
            "completeTime": at(9).to_string(),
            "error": {"_typeName": format!("Fault{number}"), "faultstring": "full"}});
        let handle = put(&mut store, &format!("ended-{number}"), &failed, 9);
        metrics.count("lab", &store, handle, true, at(9));
    }
    let page = scraped(&mut metrics, &store, 1000);
    // Three gauges, counters of three outcomes, and the buckets, sums and counts of two histograms.
    let operations = MAX_OPERATIONS + 1;
    let by_operation = operations * (3 + 3 + 15 + 11);
    let failures = operations + MAX_FAULTS;
    let bound = by_operation + failures + MAX_PROGRESS + 10;
    assert!(series(&page) <= bound, "{} of {bound}", series(&page));
    // The bound of a vCenter in docs/monitoring.md: two states, four outcomes.
    let worst = operations * (2 + 4 + MAX_FAULTS + 1 + 4 * 15 + 11 + 3 + 1) + MAX_PROGRESS + 40;
    assert!(bound < worst && worst < 13_500, "{worst}");
    assert!(page.contains("operation=\"other\""));
    assert!(page.contains("fault=\"other\""));
    let count = |start: &str| {
        let lines = page.lines().filter(|line| line.starts_with(start));
        let values = lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
        values.sum::<u64>()
    };
    assert_eq!(count("vtask_tasks{"), 10_000);
    assert_eq!(count("vtask_task_failures_total{"), 10_000);
    assert_eq!(count("vtask_task_duration_seconds_count{"), 10_000);
    let progress = page
        .lines()
        .filter(|line| line.starts_with("vtask_task_progress_ratio{"));
    assert_eq!(progress.count(), MAX_PROGRESS);
}

#[test]
fn metrics_of_a_few_tasks() {
    let mut metrics = TaskMetrics::new();
    let mut store = TaskStore::new();
    let clone =
        json!({"descriptionId": "VirtualMachine.clone", "progress": 40, "entityName": "web\"1\n"});
    let running = put(&mut store, "task-1", &clone, 1);
    metrics.count("lab", &store, running, false, at(1));
    let full = json!({"descriptionId": "VirtualMachine.clone", "state": "error",
        "completeTime": at(70).to_string(),
        "error": {"_typeName": "NoDiskSpace", "faultstring": "full"}});
    let failed = put(&mut store, "task-2", &full, 70);
    metrics.count("lab", &store, failed, true, at(70));
    let queued =
        json!({"descriptionId": "VirtualMachine.relocate", "state": "queued", "startTime": null});
    put(&mut store, "task-3", &queued, 70);
    let page = scraped(&mut metrics, &store, 400);
    let is_shown = |line: &&str| !line.starts_with('#') && !line.contains("_bucket");
    let mut lines: Vec<&str> = page.lines().filter(is_shown).collect();
    lines.retain(|line| !line.contains("vtask_build"));
    // Series have no order.
    lines.sort_unstable();
    insta::assert_snapshot!(lines.join("\n"));
    let open = metrics.text(TextFormat::OpenMetrics);
    assert!(open.ends_with("# EOF\n"));
}

#[test]
fn a_cancel_request_is_counted_once() {
    let mut metrics = TaskMetrics::new();
    let mut store = TaskStore::new();
    let running = json!({"descriptionId": "VirtualMachine.clone"});
    let cancelling = json!({"descriptionId": "VirtualMachine.clone", "cancelled": true});
    let ended = json!({"descriptionId": "VirtualMachine.clone", "cancelled": true, "state": "error",
        "completeTime": at(9).to_string(),
        "error": {"_typeName": "RequestCanceled", "faultstring": "cancelled"}});
    for (task, states) in [
        ("task-1", vec![&running, &cancelling, &cancelling, &ended]),
        // It was cancelled before the start of vtask.
        ("task-2", vec![&cancelling, &ended]),
        ("task-3", vec![&ended]),
    ] {
        for (second, state) in (1..).zip(states) {
            let handle = put(&mut store, task, state, second);
            let is_end = state["state"] == "error";
            metrics.count("lab", &store, handle, is_end, at(second));
        }
    }
    let page = scraped(&mut metrics, &store, 10);
    let line = "vtask_cancel_requests_total{vcenter=\"lab\",operation=\"VirtualMachine.clone\"} 2";
    assert!(page.contains(line), "{page}");
    assert!(metrics.cancelling.is_empty());
}

#[test]
fn series_and_tasks_of_a_removed_vcenter_are_removed() {
    let mut metrics = TaskMetrics::new();
    let mut store = TaskStore::new();
    let cancelling = json!({"descriptionId": "VirtualMachine.clone", "cancelled": true});
    let failed = json!({"descriptionId": "VirtualMachine.clone", "state": "error",
        "completeTime": at(9).to_string(),
        "error": {"_typeName": "NoDiskSpace", "faultstring": "full"}});
    for vcenter in ["lab", "branch"] {
        let handle = put(&mut store, "task-1", &cancelling, 1);
        metrics.count(vcenter, &store, handle, false, at(1));
        let handle = put(&mut store, "task-2", &failed, 9);
        metrics.count(vcenter, &store, handle, true, at(9));
    }
    let all = scraped(&mut metrics, &store, 10);
    metrics.retain(|_, _| true);
    assert_eq!(series(&scraped(&mut metrics, &store, 10)), series(&all));
    assert_eq!(metrics.cancelling.len(), 2);
    metrics.retain(|vcenter, mo_id| vcenter == "lab" && mo_id.is_none());
    let page = scraped(&mut metrics, &store, 10);
    assert!(
        page.contains("vtask_task_failures_total{vcenter=\"lab\""),
        "{page}"
    );
    assert!(!page.contains("branch"), "{page}");
    // The task may not change any more.
    assert!(metrics.cancelling.is_empty());
    metrics.retain(|_, _| false);
    assert!(metrics.stall_times.is_empty());
}
