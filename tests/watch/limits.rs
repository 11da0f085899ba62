//! Limits on tasks, fields and requests, and single invalid responses.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::watch::support::{Harness, count, manual_clock, start_server, watch_by};
use vtask::{
    simulator::{
        Options, Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule, ReplacementText},
        scenario::Scenario,
    },
    vim::types::limits,
    watch::FetchMode,
};

crate::watch::support::push_and_poll! {
    long_texts_and_fields_are_truncated,
    tasks_beyond_the_limit_are_rejected_and_reported,
    one_invalid_response_does_not_stop_the_loop,
    refused_list_is_reported,
}

fn plan_with(rule: FaultRule) -> FaultPlan {
    FaultPlan::default().with(rule)
}

async fn long_texts_and_fields_are_truncated(mode: FetchMode) {
    let mut options = manual_clock("demo");
    let long = ReplacementText::Repeated {
        text: "é".to_owned(),
        times: 20_000,
    };
    // Without labels: hundreds of texts, 25 MB, would take most of the time.
    for kind in ["Task/*", "PropertyCollector/*", "SessionManager/*"] {
        let rule = FaultRule::new(kind, FaultEffect::Texts(Arc::from([long.clone()])));
        options.faults = std::mem::take(&mut options.faults).with(rule);
    }
    let simulator = Simulator::start(options).await.unwrap();
    let mut harness = Harness::start(watch_by(mode, &simulator, &[]));
    harness
        .until("tasks", |harness| harness.store.len() >= 10)
        .await;
    let mut cut = 0;
    for (_, record) in harness.store.iter() {
        let Some(info) = record.info.as_deref() else {
            continue;
        };
        let name = info.entity_name.as_deref().unwrap_or_default();
        assert!(name.chars().count() < limits::MAX_TEXT_CHARS + 40);
        cut += usize::from(name.ends_with("… 3616 more characters"));
        for (name, _) in info.unknown().iter() {
            assert!(name.chars().count() < limits::MAX_TEXT_CHARS + 40);
        }
    }
    assert!(cut >= 10, "{cut}");
    let user = &harness.facts.as_ref().unwrap().user;
    assert!(user.ends_with("more characters"), "{}", user.len());
    harness.stop().await;
}

async fn tasks_beyond_the_limit_are_rejected_and_reported(mode: FetchMode) {
    let mut options = Options::new(Scenario::load("load").unwrap()).manual();
    options.load.tasks = Some(200);
    options.load.finish = true;
    let simulator = Simulator::start(options).await.unwrap();
    let control = simulator.control();
    let mut options = watch_by(mode, &simulator, &[]);
    options.max_tasks = 120;
    options.keep_finished = 100;
    let mut harness = Harness::start(options);
    harness
        .until("the notice", |harness| {
            harness
                .notices
                .iter()
                .any(|notice| notice.contains("more than 120 tasks"))
        })
        .await;
    harness
        .until("the maximum number of tasks", |harness| {
            harness.store.len() == 120
        })
        .await;
    // While tasks finish and others start, the limit holds and the notice is not repeated.
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        control.advance(Duration::from_secs(20));
        let before = harness.changes;
        harness
            .until_seen("changes", |harness| harness.changes > before)
            .await;
        assert!(harness.store.len() <= 132, "{}", harness.store.len());
        seen.extend(
            harness
                .store
                .iter()
                .map(|(_, record)| record.id.mo_id.clone()),
        );
    }
    assert!(harness.notices.len() <= 22, "{}", harness.notices.len());
    harness.assert_never_lost("connection");
    harness.stop().await;
}

async fn one_invalid_response_does_not_stop_the_loop(mode: FetchMode) {
    for (kind, effect) in [
        ("Task/info", FaultEffect::Malformed),
        ("Task/info", FaultEffect::Page),
        ("Task/info", FaultEffect::status(502)),
        ("Task/info", FaultEffect::Truncated),
        ("TaskManager/recentTask", FaultEffect::Malformed),
        ("TaskManager/recentTask", FaultEffect::status(504)),
        ("TaskManager/description", FaultEffect::Malformed),
        ("TaskManager/description", FaultEffect::status(500)),
    ] {
        let (simulator, control) = start_server("demo").await;
        // Labels are optional, so they may fail every time.
        let rule = FaultRule::new(kind, effect.clone());
        let rule = if kind.ends_with("description") {
            rule
        } else {
            rule.after(1).times(1)
        };
        control.inject(&plan_with(rule));
        let mut harness = Harness::start(watch_by(mode, &simulator, &[]));
        harness.until_synced("the tasks", &control).await;
        let before = count(&control, kind);
        control.advance(Duration::from_secs(5));
        harness.until_synced("the new tasks", &control).await;
        // With push no task is read individually.
        if !kind.ends_with("description") && (mode == FetchMode::Poll || !kind.starts_with("Task/"))
        {
            harness
                .until_seen("more requests", |_| count(&control, kind) > before)
                .await;
        }
        harness.assert_never_lost(&format!("{kind} {effect:?}"));
        harness.stop().await;
    }
}

async fn refused_list_is_reported(mode: FetchMode) {
    for status in [401, 403] {
        let (simulator, control) = start_server("quiet").await;
        control.inject(&plan_with(FaultRule::new(
            "TaskManager/recentTask",
            FaultEffect::status(status),
        )));
        let mut harness = Harness::start(watch_by(mode, &simulator, &[]));
        harness
            .until("the notice", |harness| {
                harness.notices.iter().any(|notice| {
                    notice.contains("cannot be listed") && notice.contains(&status.to_string())
                })
            })
            .await;
        harness
            .until_seen("more refusals", |_| {
                count(&control, "TaskManager/recentTask") > 4
            })
            .await;
        harness.drain();
        assert_eq!(harness.notices.len(), 1, "{:?}", harness.notices);
        control.clear_faults();
        harness.until_synced("the tasks", &control).await;
        harness.assert_never_lost("connection");
        harness.stop().await;
    }
}

#[tokio::test]
async fn read_rate_limit_is_kept() {
    let mut options = Options::new(Scenario::load("load").unwrap()).manual();
    options.load.tasks = Some(100);
    let simulator = Simulator::start(options).await.unwrap();
    let control = simulator.control();
    let mut options = watch_by(FetchMode::Poll, &simulator, &[]);
    options.interval = Duration::from_millis(1);
    options.max_reads_per_second = 50;
    let mut harness = Harness::start(options);
    harness
        .until_seen("many requests", |_| count(&control, "Task/info") > 250)
        .await;
    harness.stop().await;
    let times: Vec<Duration> = control
        .requests()
        .iter()
        .filter(|request| request.kind == "Task/info")
        .map(|request| request.at)
        .collect();
    // The rate for each second, and one burst.
    let seconds = times[times.len() - 1]
        .saturating_sub(times[0])
        .as_secs_f64();
    let max_requests = 50.0 + 50.0 * (seconds + 0.5);
    let count = u32::try_from(times.len()).unwrap();
    assert!(f64::from(count) <= max_requests, "{count} in {seconds} s");
}
