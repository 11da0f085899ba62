//! Quality of the estimates: the main inequalities of the table printed by `cargo run --release
//! --example estimates`, on fewer runs.

#[path = "../../examples/estimates/classes.rs"]
mod classes;
#[path = "../../examples/estimates/informed.rs"]
mod informed;
#[path = "../../examples/estimates/judge.rs"]
mod judge;
#[path = "../../examples/estimates/runs.rs"]
mod runs;

use classes::{CLASSES, Class, HELD_OUT};
use judge::Known;

const RUNS: usize = 150;
const SEED: u64 = 99;

#[test]
fn even_progress_is_as_good_as_linear_extrapolation() {
    for score in judge::scores(Class::Linear, Known::Durations, RUNS, SEED) {
        assert!(score.error <= score.naive.max(0.01) * 1.1, "{score:?}");
        assert!(
            score.answered > 0.95 && score.width.is_finite(),
            "{score:?}"
        );
    }
}

#[test]
fn intervals_contain_the_actual_end_and_no_class_is_worse_than_linear_extrapolation() {
    for class in CLASSES.into_iter().chain(HELD_OUT) {
        for known in [Known::Durations, Known::Nothing, Known::Curves(10)] {
            for (moment, score) in judge::MOMENTS
                .into_iter()
                .zip(judge::scores(class, known, RUNS, SEED))
            {
                let place = format!("{class:?} {known:?} {moment}: {score:?}");
                assert!(score.held >= 0.75, "{place}");
                // Medians of few runs differ by chance, most of all for small errors.
                let limit = if HELD_OUT.contains(&class) { 1.5 } else { 1.25 };
                assert!(score.error <= limit * score.naive_there + 0.02, "{place}");
                assert!(score.naive.is_finite() && score.answered > 0.6, "{place}");
            }
        }
    }
}

#[test]
fn known_plateau_is_predicted() {
    for known in [Known::Curves(1), Known::OnlyCurves(1), Known::Curves(10)] {
        let scores = judge::scores(Class::StuckAt95Alike, known, RUNS, SEED);
        let half = &scores[1];
        assert!(
            half.error <= 0.15 && half.held >= 0.9,
            "{known:?}: {half:?}"
        );
        let stalls = judge::stalls(Class::StuckAt95Alike, known, RUNS, SEED);
        assert!(stalls.false_alarms <= 0.02, "{known:?}: {stalls:?}");
    }
}

#[test]
fn estimates_do_not_jump() {
    for class in CLASSES {
        let steadiness = judge::steadiness(class, Known::Durations, 8, SEED);
        assert!(
            steadiness.median < 0.03 && steadiness.nine_in_ten < 0.12,
            "{class:?}: {steadiness:?}"
        );
        assert!(steadiness.most.is_finite());
    }
}

#[test]
fn plateaus_are_not_stalls_and_stalls_are_detected() {
    for known in [Known::Durations, Known::Nothing] {
        let stalls = judge::stalls(Class::OrdinaryPlateaus, known, RUNS, SEED);
        assert!(stalls.false_alarms <= 0.04, "{stalls:?}");
        assert!(stalls.in_time_for_operation >= 0.8, "{stalls:?}");
        assert!(stalls.in_time > 0.0 && stalls.delay.is_finite());
    }
}

#[test]
fn perfect_model_is_best_on_noisy_runs() {
    let [moment, ..] = judge::MOMENTS;
    let (error, naive) = judge::informed(moment, true, 4 * RUNS, SEED);
    let score = &judge::scores(Class::Noisy, Known::Durations, 4 * RUNS, SEED)[0];
    assert!(
        error < score.error && error < naive,
        "{error} {naive} {score:?}"
    );
}
