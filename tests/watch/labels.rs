//! The label of a task's operation never changes during a run: the server's labels arrive before the first task is
//! reported, or are not used at all.

use std::time::{Duration, Instant};

use crate::watch::support::{Harness, start_server, watch_by};
use vtask::{
    simulator::{
        Control, Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule},
    },
    watch::FetchMode,
};

const OPERATION: &str = "VirtualMachine.ExportVmLRO";

async fn start_with_delayed_labels(
    mode: FetchMode,
    delay: Duration,
) -> (Simulator, Control, Harness) {
    let (simulator, control) = start_server("demo").await;
    let rule = FaultRule::new("TaskManager/description", FaultEffect::Delay(delay.into()));
    control.inject(&FaultPlan::default().with(rule));
    let harness = Harness::start(watch_by(mode, &simulator, &[]));
    (simulator, control, harness)
}

/// Returns the label of the first task whose operation has no built-in label.
fn label(harness: &Harness) -> Option<String> {
    let labels = &harness.labels;
    let mut infos = harness
        .store
        .iter()
        .filter_map(|(_, record)| record.info.as_deref());
    let info = infos.find(|info| &*info.description_id == OPERATION)?;
    Some(labels.operation(info).into_owned())
}

async fn early_labels_precede_the_first_task(mode: FetchMode) {
    let (_simulator, control, mut harness) =
        start_with_delayed_labels(mode, Duration::from_millis(700)).await;
    harness
        .until("a task", |harness| harness.store.iter().next().is_some())
        .await;
    assert!(
        !harness.labels.is_empty(),
        "tasks were reported before the labels"
    );
    harness.until_synced("the tasks", &control).await;
    assert_eq!(label(&harness).unwrap(), "Export OVF template");
    harness.stop().await;
}

async fn late_labels_are_ignored(mode: FetchMode) {
    let delay = Duration::from_millis(2800);
    let (_simulator, control, mut harness) = start_with_delayed_labels(mode, delay).await;
    let began = Instant::now();
    harness
        .until("the operation", |harness| label(harness).is_some())
        .await;
    assert!(
        began.elapsed() < delay,
        "the tasks wait no longer than the limit"
    );
    assert_eq!(label(&harness).unwrap(), "Export VM");
    // The response arrives while tasks change.
    let advancing = async {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            control.advance(Duration::from_secs(1));
        }
    };
    let later = |_: &Harness| began.elapsed() > delay + Duration::from_secs(1);
    tokio::select! {
        () = harness.until("the time of the labels", later) => {}
        () = advancing => {}
    }
    assert!(harness.labels.is_empty());
    assert_eq!(label(&harness).unwrap(), "Export VM");
    harness.stop().await;
}

async fn refused_labels_do_not_delay_tasks(mode: FetchMode) {
    let (simulator, control) = start_server("demo").await;
    let rule = FaultRule::new("TaskManager/description", FaultEffect::status(500));
    control.inject(&FaultPlan::default().with(rule));
    let mut harness = Harness::start(watch_by(mode, &simulator, &[]));
    harness.until_synced("the tasks", &control).await;
    assert_eq!(label(&harness).unwrap(), "Export VM");
    harness.assert_never_lost("connection");
    harness.stop().await;
}

crate::watch::support::push_and_poll!(
    early_labels_precede_the_first_task,
    late_labels_are_ignored,
    refused_labels_do_not_delay_tasks,
);
