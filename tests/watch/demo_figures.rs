//! Figures of blockers, warnings and estimates on the scenarios `demo` and `load`. `cargo test
//! --test integration demo_figures -- --nocapture` prints them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use jiff::Timestamp;
use vtask::{
    simulator::{
        Control, Options, Simulator,
        scenario::{LoadOptions, Scenario},
    },
    task::{
        BlockerKind, ChangeSet, FinishedRun, Forecaster, Handle, Rule, Status, TaskChange,
        TaskStore, TypicalDurations,
    },
    vim::types::TaskInfo,
};

use crate::watch::support::{SERVER, manual_clock, paused::PausedHarness};

const STEP: Duration = Duration::from_secs(5);

/// Start of the followed scenarios.
fn start() -> Timestamp {
    "2026-04-18T14:00:00Z".parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn demo_has_every_blocker_and_ancestors_inherit_it() {
    let simulator = Simulator::start(manual_clock("demo")).await.unwrap();
    let mut paused = PausedHarness::start(simulator, |options| options.entity_states = true).await;
    let mut blockers: BTreeMap<BlockerKind, BTreeSet<String>> = BTreeMap::new();
    let mut inherited = BTreeSet::new();
    for _ in 0..60 {
        paused.advance(Duration::from_secs(1)).await;
        let store = &paused.harness.store;
        for (handle, _) in store.iter() {
            if let Some(blocker) = store.blocker(handle) {
                let text = store.blocker_text(handle, blocker);
                blockers.entry(blocker.kind).or_default().insert(text);
                if blocker.blocked != handle {
                    inherited.insert(blocker.kind);
                }
            }
        }
        if blockers.len() == 3 && !inherited.is_empty() {
            break;
        }
    }
    println!("{blockers:#?}");
    assert_eq!(blockers.len(), 3, "{blockers:?}");
    let has_text = |kind, text: &str| blockers[&kind].iter().any(|shown| shown.contains(text));
    assert!(has_text(
        BlockerKind::LostHost,
        "host esx-21 is not responding"
    ));
    assert!(has_text(BlockerKind::Queue, "queued behind"));
    assert!(has_text(BlockerKind::Question, "waits for an answer"));
    assert!(inherited.contains(&BlockerKind::LostHost), "{inherited:?}");
    paused.stop().await;
}

/// Tasks followed without a connection, with the durations learned from finished ones.
struct FollowedTasks {
    control: Control,
    store: TaskStore,
    typical: TypicalDurations,
    now: Timestamp,
}

impl FollowedTasks {
    fn new(simulator: &Simulator, runs: Vec<FinishedRun>) -> Self {
        let mut typical = TypicalDurations::default();
        typical.add_runs(SERVER, runs);
        Self {
            now: start(),
            control: simulator.control(),
            store: TaskStore::new(),
            typical,
        }
    }

    fn advance(&mut self) {
        self.control.advance(STEP);
        self.now += STEP;
        let mut runs = Vec::new();
        for info in self.control.expected_tasks() {
            let info = Box::new(TaskInfo::from_json(info).unwrap());
            let key = info.key.clone();
            let known = self.store.find_key(SERVER, &key);
            if known.is_some_and(|known| self.store.get(known).unwrap().status().is_finished()) {
                continue;
            }
            if Status::of(&info) == Status::Success
                && let Some((start, end)) = info.start_time().zip(info.complete_time())
            {
                runs.push(FinishedRun {
                    operation: info.description_id.as_ref().into(),
                    entity: info.entity.as_ref().map(|entity| entity.value.clone()),
                    duration: end.duration_since(start).unsigned_abs(),
                });
            }
            let change = TaskChange::Full { info, at: self.now };
            self.store
                .apply(SERVER, change, &mut ChangeSet::default())
                .unwrap();
        }
        self.typical.add_runs(SERVER, runs);
    }

    fn running(&self) -> Vec<Handle> {
        let running = self.store.iter();
        let running = running.filter(|(_, record)| record.status() == Status::Running);
        running.map(|(handle, _)| handle).collect()
    }
}

/// Shares of running rows with a warning.
#[derive(Debug, Default)]
struct WarningCounts {
    rows: usize,
    with_warning: usize,
    rules: BTreeSet<Rule>,
}

impl WarningCounts {
    fn add(&mut self, tasks: &FollowedTasks) {
        let (store, typical) = (&tasks.store, Some(&tasks.typical));
        for (handle, _) in store.iter() {
            let found = store.warnings(handle, typical, tasks.now);
            self.rules.extend(found.iter().map(|warning| warning.rule));
        }
        for handle in tasks.running() {
            self.rows += 1;
            let found = store.warnings(handle, typical, tasks.now);
            self.with_warning += usize::from(!found.is_empty());
        }
    }

    fn share(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "few rows")]
        let share = self.with_warning as f64 / self.rows.max(1) as f64;
        share
    }
}

async fn start_with_learned_durations(scenario: &str) -> (Simulator, Vec<FinishedRun>) {
    let simulator = Simulator::start(manual_clock(scenario)).await.unwrap();
    let mut paused = PausedHarness::start(simulator, |options| options.typical = true).await;
    for _ in 0..120 {
        if !paused.harness.runs.is_empty() {
            break;
        }
        paused.advance(Duration::from_secs(1)).await;
    }
    let runs = std::mem::take(&mut paused.harness.runs);
    assert!(!runs.is_empty());
    paused.stop().await;
    let mut options = manual_clock(scenario);
    options.starts_at = Some(start());
    (Simulator::start(options).await.unwrap(), runs)
}

#[tokio::test(start_paused = true)]
async fn demo_estimates_are_steady_and_warnings_correct() {
    let (simulator, runs) = start_with_learned_durations("demo").await;
    let mut tasks = FollowedTasks::new(&simulator, runs);
    let mut warnings = WarningCounts::default();
    let mut before: HashMap<Handle, f64> = HashMap::new();
    let mut changes = Vec::new();
    for _ in 0..240 {
        tasks.advance();
        warnings.add(&tasks);
        let FollowedTasks {
            store,
            typical,
            now,
            ..
        } = &tasks;
        let mut forecaster = Forecaster::new(store, Some(typical), *now);
        let mut after = HashMap::new();
        for handle in tasks.running() {
            let forecast = forecaster.forecast(handle).unwrap();
            let Some(estimate) = forecast.estimate else {
                continue;
            };
            let best = estimate.best.as_secs_f64();
            let parent = store
                .parent(handle)
                .and_then(|parent| forecaster.forecast(parent));
            if let Some(parent) = parent.and_then(|parent| parent.estimate) {
                assert!(parent.best >= estimate.best, "{:?}", store.get(handle));
            }
            // Estimates of short tasks jump because their reports are few.
            let is_long = best > 60.0;
            if let Some(before) = before.get(&handle).filter(|_| is_long) {
                let expected = (before - STEP.as_secs_f64()).max(0.0);
                let change = (best - expected).abs() / before.max(STEP.as_secs_f64());
                changes.push(change);
            }
            after.insert(handle, best);
        }
        before = after;
    }
    changes.sort_by(f64::total_cmp);
    let quantile = |thousandths: usize| changes[(changes.len() - 1) * thousandths / 1000] * 100.0;
    println!(
        "demo, 20 min, every 5 s: {} changes of estimates above a minute beyond the elapsed time, in % of the estimate: \
         median {:.2}, 90 % {:.2}, 99 % {:.1}",
        changes.len(),
        quantile(500),
        quantile(900),
        quantile(990)
    );
    println!(
        "demo: {:.1} % of {} running rows flagged, by {:?}",
        warnings.share() * 100.0,
        warnings.rows,
        warnings.rules
    );
    assert!(quantile(500) < 2.0 && quantile(900) < 15.0);
    let expected = [
        Rule::Stalled,
        Rule::CancelIgnored,
        Rule::ParentFinished,
        Rule::QueuedLong,
        Rule::LongerThanUsual,
    ];
    for rule in expected {
        assert!(warnings.rules.contains(&rule), "no case of {rule:?}");
    }
}

#[tokio::test]
async fn load_flags_at_most_one_percent_of_rows() {
    let mut options = Options::new(Scenario::load("load").unwrap()).manual();
    options.starts_at = Some(start());
    options.load = LoadOptions {
        finish: true,
        ..LoadOptions::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let mut tasks = FollowedTasks::new(&simulator, Vec::new());
    let mut warnings = WarningCounts::default();
    for _ in 0..120 {
        tasks.advance();
        warnings.add(&tasks);
    }
    println!(
        "load, 10 min: {:.2} % of {} running rows flagged, by {:?}",
        warnings.share() * 100.0,
        warnings.rows,
        warnings.rules
    );
    assert!(warnings.rows > 10_000);
    assert!(warnings.share() <= 0.01, "{warnings:?}");
}
