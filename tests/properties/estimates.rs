//! Properties of estimates: finite and ordered for any observation.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use vtask::{
    task::{
        ChangeSet, DurationStats, Estimate, FinishedRun, Forecaster, Handle, PastRuns,
        ProgressCurve, ProgressHistory, ServerId, Status, TaskChange, TaskStore, TypicalDurations,
        estimate, stall_threshold,
    },
    vim::types::TaskInfo,
};

use super::cases;

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn after(seconds: f64) -> Timestamp {
    start() + SignedDuration::from_secs_f64(seconds)
}

/// Generates observations: pause before, percentage, true for a new phase.
fn observations() -> impl Strategy<Value = Vec<(f64, Option<u8>, bool)>> {
    let pause = prop_oneof![3 => 0.0..5.0, 2 => 0.0..500.0, 1 => -50.0..1e6];
    prop::collection::vec(
        (
            pause,
            prop::option::weighted(0.9, 0_u8..=100),
            prop::bool::weighted(0.1),
        ),
        0..80,
    )
}

fn durations() -> impl Strategy<Value = Vec<Duration>> {
    prop::collection::vec(
        prop_oneof![0.0..1e4, Just(0.0), 1e6..1e9].prop_map(Duration::from_secs_f64),
        0..40,
    )
}

fn in_order(estimate: Estimate) -> bool {
    estimate.low <= estimate.best && estimate.best <= estimate.high
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn estimate_is_ordered_for_any_observation(
        observations in observations(), durations in durations(), sorted in any::<bool>(), late in -1e4..1e8_f64, began in prop::option::of(-1e6..1e6_f64)
    ) {
        let mut percents: Vec<_> = observations.iter().filter_map(|(_, percent, _)| *percent).collect();
        percents.sort_unstable();
        let mut percents = percents.into_iter();
        let mut history = ProgressHistory::begin(began.map(after), start(), None);
        let mut at = 0.0;
        for (pause, percent, phase) in observations {
            at += pause;
            let percent = if sorted { percent.and_then(|_| percents.next()) } else { percent };
            history.observe(after(at), percent, phase);
        }
        let curves: Vec<ProgressCurve> = durations.iter().filter_map(|d| ProgressCurve::of(&history, *d)).collect();
        for curve in &curves {
            prop_assert_eq!(curve.to_string().parse::<ProgressCurve>().is_ok(), curve.seconds() < 1e8);
            prop_assert!((1..=100).all(|percent| curve.reached(percent) >= curve.reached(percent - 1)));
            prop_assert!(curve.reached(100) <= curve.seconds() * 1.001);
        }
        let typical = DurationStats::of(durations);
        let now = after(at + late);
        let known = [(typical.as_ref(), &curves[..]), (typical.as_ref(), &[]), (None, &curves), (None, &[])];
        for past in known.map(|(durations, curves)| PastRuns { durations, curves }) {
            for history in [Some(&history), None] {
                let estimate = estimate(start(), history, past, now);
                if let Some(estimate) = estimate {
                    prop_assert!(in_order(estimate), "{:?}", estimate);
                }
            }
            let _ = stall_threshold(start(), &history, past);
        }
    }

    #[test]
    fn constant_rate_is_recognized(each in 0.5..600.0_f64, last_percent in 20_u8..95) {
        let mut history = ProgressHistory::begin(Some(start()), start(), Some(0));
        let mut before = f64::INFINITY;
        for percent in 1..=last_percent {
            let now = after(each * f64::from(percent));
            history.observe(now, Some(percent), false);
            if percent < 10 {
                continue;
            }
            let Some(estimate) = estimate(start(), Some(&history), PastRuns::default(), now) else {
                continue;
            };
            let remaining = each * f64::from(100 - percent);
            let best = estimate.best.as_secs_f64();
            prop_assert!(best > 0.6 * remaining && best < 1.6 * remaining, "{} of {} at {}", best, remaining, percent);
            prop_assert!(best < before * 1.02, "{} after {}", best, before);
            before = best;
        }
        prop_assert!(before.is_finite());
    }

    /// A parent that waits for a child never ends before it, in estimate and in either bound, at
    /// any time and in whatever order the two are evaluated.
    #[test]
    fn parent_is_not_expected_before_an_active_child(
        parents in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, 0..3_usize), 1..12),
        observations in prop::collection::vec((any::<prop::sample::Index>(), 0.0..300.0_f64, 0..=100_i32), 0..80),
        durations in durations(),
        late in 0.0..5e3_f64,
        children_first in any::<bool>(),
    ) {
        let server = ServerId(0);
        let states = ["running", "running", "queued", "success"];
        let mut store = TaskStore::new();
        let observe = |store: &mut TaskStore, number: usize, progress: Option<i32>, at: f64| {
            let (parent, state, entity) = &parents[number];
            let parent = (number > 0).then(|| format!("task-{}", parent.index(number)));
            let started = states[*state] != "queued";
            let wire = json!({
                "key": format!("task-{number}"), "task": {"type": "Task", "value": format!("task-{number}")},
                "descriptionId": "x.y", "state": states[*state], "cancelled": false, "cancelable": true,
                "reason": {"_typeName": "TaskReasonSystem"}, "eventChainId": 1, "parentTaskKey": parent,
                "entity": {"type": "VirtualMachine", "value": format!("vm-{entity}")}, "progress": progress,
                "queueTime": start().to_string(), "startTime": started.then(|| start().to_string()),
            });
            let info = Box::new(TaskInfo::from_json(wire).unwrap());
            let change = TaskChange::Full { info, at: after(at) };
            store.apply(server, change, &mut ChangeSet::default()).unwrap();
        };
        for number in 0..parents.len() {
            observe(&mut store, number, Some(0), 1.0);
        }
        let mut at = 1.0;
        for (number, pause, percent) in observations {
            at += pause;
            observe(&mut store, number.index(parents.len()), Some(percent), at);
        }
        let mut typical = TypicalDurations::default();
        typical.add_runs(server, durations.into_iter().map(|duration| FinishedRun {
            operation: "x.y".into(), entity: None, duration,
        }));
        let mut forecaster = Forecaster::new(&store, Some(&typical), after(at + late));
        let mut tasks: Vec<Handle> = store.iter().map(|(handle, _)| handle).collect();
        if children_first {
            tasks.reverse();
        }
        let forecasts: Vec<_> = tasks.into_iter().filter_map(|task| Some((task, forecaster.forecast(task)?))).collect();
        for (child, child_forecast) in &forecasts {
            prop_assert!(child_forecast.estimate.is_none_or(in_order));
            let Some(parent) = store.parent(*child) else { continue };
            let Some((_, parent_forecast)) = forecasts.iter().find(|(task, _)| *task == parent) else { continue };
            let Some((child_forecast, parent_forecast)) = child_forecast.estimate.zip(parent_forecast.estimate) else { continue };
            prop_assert!(store.get(parent).unwrap().status() != Status::Success);
            prop_assert!(child_forecast.best <= parent_forecast.best && child_forecast.low <= parent_forecast.low && child_forecast.high <= parent_forecast.high);
        }
    }
}
