//! `vtask wait` gives no outcome away while `--max-outage` allows more: bad answers that may pass are outlived, and a
//! call that keeps failing leads to another way or to a clear end.

use std::time::Duration;

use crate::command_support::{line, server};
use vtask::simulator::{
    Simulator,
    faults::{CloseMode, FaultEffect, FaultPlan, FaultRule, FaultTarget},
};

async fn suffering(rule: FaultRule) -> Simulator {
    let simulator = server().await;
    simulator.control().inject(&FaultPlan::default().with(rule));
    simulator
}

#[tokio::test]
async fn a_task_that_was_never_read_outlives_bad_answers() {
    for effect in [
        FaultEffect::Page,
        FaultEffect::Malformed,
        FaultEffect::status(503),
        FaultEffect::cut(CloseMode::Reset, FaultTarget::Request),
    ] {
        let simulator = suffering(FaultRule::new("Task/info", effect.clone()).times(2)).await;
        let ran = line("wait task-1 --fetch poll --interval 0.05")
            .driven(&simulator)
            .await;
        assert_eq!(ran.code, 0, "{effect:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_task_that_is_never_readable_is_unknown_after_the_outage_only() {
    let simulator = suffering(FaultRule::new("Task/info", FaultEffect::Page)).await;
    let began = std::time::Instant::now();
    let ran = line("wait task-1 --fetch poll --interval 0.05 --max-outage 4s")
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(began.elapsed() >= Duration::from_secs(4));
    assert!(ran.err.contains("not JSON"), "{}", ran.err);
}

/// The task vanishes as soon as it ended; the history tells how, once it answers.
#[tokio::test]
async fn a_search_of_the_history_outlives_a_bad_answer() {
    let create = "TaskManager/CreateCollectorForTasks";
    for effect in [FaultEffect::Page, FaultEffect::status(503)] {
        let simulator = suffering(FaultRule::new(create, effect).times(1)).await;
        let ran = line("wait task-5").driven(&simulator).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[tokio::test]
async fn new_tasks_are_seen_where_the_view_can_never_be_changed() {
    for effect in [
        FaultEffect::Page,
        FaultEffect::Fault("NotSupported".to_owned()),
    ] {
        let simulator = suffering(FaultRule::new("ListView/ModifyListView", effect)).await;
        let ran = line("wait --new --entity x/y").driven(&simulator).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[tokio::test]
async fn labels_that_are_never_authenticated_end_no_session_again_and_again() {
    let refused = FaultEffect::Fault("NotAuthenticated".to_owned());
    let simulator = suffering(FaultRule::new("TaskManager/description", refused)).await;
    let ran = line("wait task-1").driven(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let requests = simulator.control().requests();
    let logins = requests
        .iter()
        .filter(|request| request.kind.ends_with("/Login"));
    assert!(logins.count() <= 2);
}

#[tokio::test]
async fn push_alone_ends_with_the_reason_where_it_is_refused() {
    let simulator = server().await;
    simulator
        .control()
        .change_behavior(|behavior| behavior.collector_permission = false);
    let ran = line("wait task-1 --fetch push").on(&simulator).await;
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.err.contains("NoPermission"), "{}", ran.err);
    assert!(ran.err.contains("--fetch auto"), "{}", ran.err);
}
