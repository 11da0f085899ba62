//! Quality of the estimates: the main inequalities of the table printed by `cargo bench --bench estimates`, on fewer
//! runs.

#[path = "../../benches/estimates/accuracy.rs"]
mod accuracy;
#[path = "../../benches/estimates/classes.rs"]
mod classes;
#[path = "../../benches/estimates/reference.rs"]
mod reference;
#[path = "../../benches/estimates/runs.rs"]
mod runs;

use accuracy::Knowledge;
use classes::{CLASSES, Class, HELD_OUT};

const RUNS: usize = 100;
const SEED: u64 = 99;

#[test]
fn even_progress_is_as_good_as_linear_extrapolation() {
    for score in accuracy::scores(Class::Linear, Knowledge::Durations, RUNS, SEED) {
        assert!(score.error <= score.naive.max(0.01) * 1.1, "{score:?}");
        assert!(
            score.estimated > 0.95 && score.width.is_finite(),
            "{score:?}"
        );
    }
}

#[test]
fn intervals_contain_the_actual_end_and_no_class_is_worse_than_linear_extrapolation() {
    for class in CLASSES.into_iter().chain(HELD_OUT) {
        for known in [
            Knowledge::Durations,
            Knowledge::Nothing,
            Knowledge::Curves(10),
        ] {
            for (moment, score) in accuracy::MOMENTS
                .into_iter()
                .zip(accuracy::scores(class, known, RUNS, SEED))
            {
                let context = format!("{class:?} {known:?} {moment}: {score:?}");
                assert!(score.covered >= 0.75, "{context}");
                // Medians of few runs differ by chance, most of all for small errors.
                let limit = if HELD_OUT.contains(&class) { 1.5 } else { 1.25 };
                assert!(
                    score.error <= limit * score.comparable_naive + 0.02,
                    "{context}"
                );
                assert!(
                    score.naive.is_finite() && score.estimated > 0.6,
                    "{context}"
                );
            }
        }
    }
}

#[test]
fn much_slower_runs_follow_their_pace_from_half_of_the_time() {
    let scores = accuracy::scores(Class::MuchSlower, Knowledge::Durations, RUNS, SEED);
    for (moment, score) in accuracy::MOMENTS.into_iter().zip(scores) {
        if moment >= 0.5 {
            assert!(
                score.error <= 1.25 * score.comparable_naive + 0.02 && score.covered >= 0.75,
                "{moment}: {score:?}"
            );
        }
    }
}

#[test]
fn known_plateau_is_predicted() {
    for known in [
        Knowledge::Curves(1),
        Knowledge::OnlyCurves(1),
        Knowledge::Curves(10),
    ] {
        let scores = accuracy::scores(Class::StuckAt95Alike, known, RUNS, SEED);
        let half = &scores[1];
        assert!(
            half.error <= 0.15 && half.covered >= 0.9,
            "{known:?}: {half:?}"
        );
        let stalls = accuracy::stalls(Class::StuckAt95Alike, known, RUNS, SEED);
        assert!(stalls.false_alarms <= 0.02, "{known:?}: {stalls:?}");
    }
}

#[test]
fn estimates_do_not_jump() {
    for class in CLASSES {
        let steadiness = accuracy::steadiness(class, Knowledge::Durations, 8, SEED);
        assert!(
            steadiness.median < 0.03 && steadiness.p90 < 0.12,
            "{class:?}: {steadiness:?}"
        );
        assert!(steadiness.p99.is_finite());
    }
}

#[test]
fn plateaus_are_not_stalls_and_stalls_are_detected() {
    for known in [Knowledge::Durations, Knowledge::Nothing] {
        let stalls = accuracy::stalls(Class::OrdinaryPlateaus, known, RUNS, SEED);
        assert!(stalls.false_alarms <= 0.04, "{stalls:?}");
        assert!(stalls.in_time_for_operation >= 0.8, "{stalls:?}");
        assert!(stalls.in_time > 0.0 && stalls.delay.is_finite());
    }
}

#[test]
fn perfect_model_is_best_on_noisy_runs() {
    let [moment, ..] = accuracy::MOMENTS;
    let (error, naive) = accuracy::reference_errors(moment, true, 4 * RUNS, SEED);
    let score = &accuracy::scores(Class::Noisy, Knowledge::Durations, 4 * RUNS, SEED)[0];
    assert!(
        error < score.error && error < naive,
        "{error} {naive} {score:?}"
    );
}
