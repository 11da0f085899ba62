//! Limits on tasks, fields and requests, and single invalid responses.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::support::{Harness, manual_clock, start_server, watch_by};
use vtask::{
    simulator::{
        Control, Options, Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule, ReplacementText},
        scenario::Scenario,
    },
    vim::types::limits,
    watch::FetchMode,
};

crate::both_ways! {
    long_texts_and_fields_are_truncated,
    tasks_beyond_the_limit_are_rejected_and_reported,
    one_invalid_response_does_not_stop_the_loop,
    refused_list_is_reported,
}

/// Waits for a state of the server, and applies updates meanwhile.
async fn until_seen(harness: &mut Harness, what: &str, mut seen: impl FnMut(&Harness) -> bool) {
    let waiting = async {
        while !seen(harness) {
            tokio::time::sleep(Duration::from_millis(10)).await;
            harness.drain();
        }
    };
    let met = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    assert!(
        met.is_ok(),
        "never seen: {what}; states {:?}",
        harness.connections
    );
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
    let mut watching = watch_by(mode, &simulator, &[]);
    watching.max_tasks = 120;
    watching.keep_finished = 100;
    let mut harness = Harness::start(watching);
    harness
        .until("the word", |harness| {
            harness
                .notices
                .iter()
                .any(|notice| notice.contains("more than 120 tasks"))
        })
        .await;
    harness
        .until("as many as may be", |harness| harness.store.len() == 120)
        .await;
    // While tasks finish and others start, the limit holds and the notice is not repeated.
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        control.advance(Duration::from_secs(20));
        let before = harness.changes;
        until_seen(&mut harness, "changes", |harness| harness.changes > before).await;
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
        let before = requests(&control, kind);
        control.advance(Duration::from_secs(5));
        harness.until_synced("the new tasks", &control).await;
        // With push no task is read individually.
        if !kind.ends_with("description") && (mode == FetchMode::Poll || !kind.starts_with("Task/"))
        {
            until_seen(&mut harness, "more requests", |_| {
                requests(&control, kind) > before
            })
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
            .until("the word", |harness| {
                harness.notices.iter().any(|notice| {
                    notice.contains("cannot be listed") && notice.contains(&status.to_string())
                })
            })
            .await;
        until_seen(&mut harness, "more refusals", |_| {
            requests(&control, "TaskManager/recentTask") > 4
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

fn requests(control: &Control, kind: &str) -> usize {
    control
        .requests()
        .iter()
        .filter(|request| request.kind == kind)
        .count()
}

#[tokio::test]
async fn read_rate_limit_is_kept() {
    let mut options = Options::new(Scenario::load("load").unwrap()).manual();
    options.load.tasks = Some(100);
    let simulator = Simulator::start(options).await.unwrap();
    let control = simulator.control();
    let mut watching = watch_by(FetchMode::Poll, &simulator, &[]);
    watching.interval = Duration::from_millis(1);
    watching.max_reads_per_second = 50;
    let mut harness = Harness::start(watching);
    until_seen(&mut harness, "many requests", |_| {
        requests(&control, "Task/info") > 250
    })
    .await;
    harness.stop().await;
    let times: Vec<Duration> = control
        .requests()
        .iter()
        .filter(|request| request.kind == "Task/info")
        .map(|request| request.at)
        .collect();
    // The rate for each second, and one burst.
    let lasted = times[times.len() - 1]
        .saturating_sub(times[0])
        .as_secs_f64();
    let most = 50.0 + 50.0 * (lasted + 0.5);
    let count = u32::try_from(times.len()).unwrap();
    assert!(f64::from(count) <= most, "{count} in {lasted} s");
}
