//! The label of a task's operation never changes during a run: the server's labels arrive before the first task is
//! reported, or are not used at all.

use std::time::{Duration, Instant};

use crate::{
    both_ways,
    support::{Bench, standing, watch_by},
};
use vtask::{
    simulator::{
        Control, Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule},
    },
    watch::{FetchMode, Link},
};

const OPERATION: &str = "VirtualMachine.ExportVmLRO";

async fn delayed(mode: FetchMode, delay: Duration) -> (Simulator, Control, Bench) {
    let simulator = Simulator::start(standing("demo")).await.unwrap();
    let control = simulator.control();
    let rule = FaultRule::new("TaskManager/description", FaultEffect::Delay(delay.into()));
    control.inject(&FaultPlan::default().with(rule));
    let bench = Bench::start(watch_by(mode, &simulator, &[]));
    (simulator, control, bench)
}

/// The label of the first task of an operation that the built-in labels do not have.
fn label(bench: &Bench) -> Option<String> {
    let labels = &bench.labels;
    let mut infos = bench
        .board
        .iter()
        .filter_map(|(_, record)| record.info.as_deref());
    let info = infos.find(|info| &*info.description_id == OPERATION)?;
    Some(labels.operation(info).into_owned())
}

async fn labels_that_come_soon_are_there_before_the_first_task(mode: FetchMode) {
    let (_simulator, control, mut bench) = delayed(mode, Duration::from_millis(700)).await;
    bench
        .until("a task", |bench| bench.board.iter().next().is_some())
        .await;
    assert!(!bench.labels.is_empty(), "tasks came before the labels");
    bench.until_truth("the truth", &control).await;
    assert_eq!(label(&bench).unwrap(), "Export OVF template");
    bench.stop().await;
}

async fn labels_that_come_late_rename_nothing(mode: FetchMode) {
    let delay = Duration::from_millis(2800);
    let (_simulator, control, mut bench) = delayed(mode, delay).await;
    let began = Instant::now();
    bench
        .until("the operation", |bench| label(bench).is_some())
        .await;
    assert!(
        began.elapsed() < delay,
        "the tasks wait no longer than the limit"
    );
    assert_eq!(label(&bench).unwrap(), "Export VM");
    // The answer comes meanwhile; the tasks go on to change.
    let driving = async {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            control.advance(Duration::from_secs(1));
        }
    };
    let later = |_: &Bench| began.elapsed() > delay + Duration::from_secs(1);
    tokio::select! {
        () = bench.until("the labels' time", later) => {}
        () = driving => {}
    }
    assert!(bench.labels.is_empty());
    assert_eq!(label(&bench).unwrap(), "Export VM");
    bench.stop().await;
}

async fn labels_that_are_refused_hold_nothing_up(mode: FetchMode) {
    let simulator = Simulator::start(standing("demo")).await.unwrap();
    let control = simulator.control();
    let rule = FaultRule::new("TaskManager/description", FaultEffect::status(500));
    control.inject(&FaultPlan::default().with(rule));
    let mut bench = Bench::start(watch_by(mode, &simulator, &[]));
    bench.until_truth("the truth", &control).await;
    assert_eq!(label(&bench).unwrap(), "Export VM");
    let is_away = |link: &Link| matches!(link, Link::Retrying { .. } | Link::SignedOut { .. });
    assert!(!bench.links.iter().any(is_away), "{:?}", bench.links);
    bench.stop().await;
}

both_ways!(
    labels_that_come_soon_are_there_before_the_first_task,
    labels_that_come_late_rename_nothing,
    labels_that_are_refused_hold_nothing_up,
);
