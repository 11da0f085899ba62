use super::*;
use crate::fixture::HERE;

fn run(operation: &str, entity: Option<&str>, seconds: u64) -> FinishedRun {
    FinishedRun {
        operation: operation.into(),
        entity: entity.map(Arc::from),
        duration: Duration::from_secs(seconds),
    }
}

#[test]
fn median_and_quartiles_match_sample() {
    let typical = DurationStats::of((1..=101).map(Duration::from_secs)).unwrap();
    assert_eq!(typical.median(), Duration::from_secs(51));
    assert_eq!(
        typical.quartiles(),
        (Duration::from_secs(26), Duration::from_secs(76))
    );
    assert_eq!(typical.unusual(), Some(Duration::from_secs(111)));
    assert_eq!(typical.percentile(255), Duration::from_secs(101));
}

#[test]
fn minimum_runs_apply_per_scope() {
    let mut durations = TypicalDurations::default();
    durations.add_runs(HERE, (1..=4).map(|n| run("clone", Some("vm-1"), n)));
    assert_eq!(durations.get(HERE, "clone", None), None);
    durations.add_runs(HERE, (0..20).map(|n| run("clone", Some("vm-2"), 100 + n)));
    let of = |entity| durations.get(HERE, "clone", entity).unwrap().count();
    assert_eq!((of(Some("vm-1")), of(Some("vm-2")), of(None)), (24, 16, 24));
    assert_eq!(durations.get(ServerId(1), "clone", None), None);
    durations.forget(HERE);
    assert_eq!(durations.get(HERE, "clone", None), None);
}

#[test]
fn samples_are_bounded() {
    let mut durations = TypicalDurations::default();
    for round in 0..3_u64 {
        let runs = (0..5000).map(|n| run(&format!("op-{n}"), Some(&format!("vm-{n}")), round));
        durations.add_runs(HERE, runs);
    }
    durations.add_runs(HERE, (0..500).map(|n| run("op-1", None, n)));
    assert_eq!(durations.operations.len(), MAX_OPERATIONS);
    assert_eq!(durations.entities.len(), MAX_ENTITIES);
    assert_eq!(durations.get(HERE, "op-1", None).unwrap().count(), MAX_RUNS);
}
