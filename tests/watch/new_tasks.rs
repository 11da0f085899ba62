//! New tasks while changes are pushed: their `info` is read in batches, then only changed fields are pushed.

use std::time::Duration;

use vtask::{
    simulator::{
        Control, Options, Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule},
        scenario::{LoadOptions, Scenario},
    },
    watch::{ConnectionState, FetchMode, LabelCache},
};

use crate::watch::support::{Harness, count, start_server, watch, watch_by, with_short_backoff};

const RETRIEVE: &str = "PropertyCollector/RetrievePropertiesEx";
const WAIT: &str = "PropertyCollector/WaitForUpdatesEx";
const LABELS: &str = "TaskManager/description";

fn bytes(control: &Control, kind: &str) -> usize {
    let requests = control.requests();
    let of_kind = requests.iter().filter(|request| request.kind == kind);
    of_kind.map(|request| request.bytes).sum()
}

async fn many_tasks() -> Simulator {
    let mut options = Options::new(Scenario::load("load").unwrap()).manual();
    options.load = LoadOptions {
        tasks: Some(250),
        rate: Some(0),
        ..LoadOptions::default()
    };
    Simulator::start(options).await.unwrap()
}

#[tokio::test]
async fn new_tasks_are_read_in_batches_and_only_changes_are_pushed() {
    let simulator = many_tasks().await;
    let control = simulator.control();
    let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[]));
    harness.until_synced("all tasks", &control).await;
    harness
        .until_seen("the report of all", |_| {
            bytes(&control, WAIT) > bytes(&control, RETRIEVE) / 2
        })
        .await;
    assert_eq!(count(&control, RETRIEVE), 3);
    assert_eq!(count(&control, "ListView/ModifyListView"), 1);
    assert_eq!(count(&control, "Task/info"), 0);
    let pushed = bytes(&control, WAIT);
    let read = bytes(&control, RETRIEVE);
    assert!(pushed < read * 3 / 2, "{pushed} against {read}");
    harness.stop().await;
}

/// If batches cannot be read, the filter covers all fields.
#[tokio::test]
async fn all_fields_are_pushed_if_tasks_cannot_be_read_together() {
    for effect in [
        FaultEffect::Fault("NoPermission".to_owned()),
        FaultEffect::Fault("ManagedObjectNotFound".to_owned()),
        FaultEffect::Page,
        FaultEffect::status(502),
    ] {
        let (simulator, control) = start_server("demo").await;
        control.inject(&FaultPlan::default().with(FaultRule::new(RETRIEVE, effect.clone())));
        let mut harness = Harness::start(with_short_backoff(watch(&simulator, &[])));
        harness.until_synced("all tasks", &control).await;
        control.advance(Duration::from_secs(20));
        harness.until_synced("their changes", &control).await;
        assert_eq!(
            harness.connections.last(),
            Some(&ConnectionState::Live),
            "{effect:?}"
        );
        assert_eq!(count(&control, "Task/info"), 0, "{effect:?}");
        let reads = count(&control, RETRIEVE);
        assert!(reads <= 3, "{effect:?}: {reads}");
        harness.stop().await;
    }
}

#[tokio::test]
async fn batch_is_read_again_after_a_transient_error() {
    for effect in [FaultEffect::status(503), FaultEffect::Truncated] {
        let simulator = many_tasks().await;
        let control = simulator.control();
        let rule = FaultRule::new(RETRIEVE, effect.clone()).times(2);
        control.inject(&FaultPlan::default().with(rule));
        let mut harness = Harness::push(&simulator);
        harness.until_synced("all tasks", &control).await;
        assert_eq!(count(&control, "Task/info"), 0, "{effect:?}");
        harness.stop().await;
    }
}

#[tokio::test]
async fn operation_labels_are_kept_between_runs() {
    let cache = tempfile::tempdir().unwrap();
    let (simulator, control) = start_server("demo").await;
    let mut labels = Vec::new();
    for _ in 0..2 {
        let mut options = watch(&simulator, &[]);
        options.label_cache = Some(LabelCache::new(cache.path()));
        let mut harness = Harness::start(options);
        harness.until_synced("all tasks", &control).await;
        labels.push(harness.labels.len());
        harness.stop().await;
    }
    assert_eq!(count(&control, LABELS), 1);
    assert!(labels[0] > 0 && labels[0] == labels[1], "{labels:?}");
}
