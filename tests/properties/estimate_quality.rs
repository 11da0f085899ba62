//! Quality of the estimates: the main inequalities of the table printed by `cargo run --release
//! --example estimates`, on fewer runs.

#[path = "../../examples/estimates/informed.rs"]
mod informed;
#[path = "../../examples/estimates/judge.rs"]
mod judge;
#[path = "../../examples/estimates/runs.rs"]
mod runs;

use runs::{CLASSES, Class};

const RUNS: usize = 120;
const SEED: u64 = 99;

#[test]
fn even_progress_is_as_good_as_linear_extrapolation() {
    for moment in judge::MOMENTS {
        let score = judge::score(Class::Linear, moment, true, RUNS, SEED);
        assert!(
            score.error <= score.naive.max(0.005) * 1.15,
            "{moment}: {score:?}"
        );
        assert!(
            score.answered > 0.85 && score.held >= 0.8,
            "{moment}: {score:?}"
        );
    }
}

#[test]
fn uneven_progress_is_better_than_linear_extrapolation() {
    for class in CLASSES {
        for (moment, with_history) in judge::MOMENTS
            .into_iter()
            .flat_map(|m| [(m, true), (m, false)])
        {
            let score = judge::score(class, moment, with_history, RUNS, SEED);
            // For noisy progress even a perfect model is hardly better than the mean rate.
            let at_most = if class == Class::Noisy { 1.2 } else { 0.97 };
            assert!(
                score.error <= at_most * score.naive_there,
                "{class:?} {moment} {with_history}: {score:?}"
            );
            assert!(
                score.held >= 0.7 && score.answered > 0.85,
                "{class:?} {moment} {with_history}: {score:?}"
            );
            assert!(score.naive.is_finite() && score.width < 20.0);
        }
    }
}

#[test]
fn estimates_do_not_jump() {
    for class in CLASSES {
        let steadiness = judge::steadiness(class, true, 8, SEED);
        assert!(
            steadiness.median < 0.03 && steadiness.nine_in_ten < 0.1,
            "{class:?}: {steadiness:?}"
        );
        assert!(steadiness.most.is_finite());
    }
}

#[test]
fn plateaus_are_not_stalls_and_stalls_are_detected() {
    for with_history in [true, false] {
        let stalls = judge::stalls(Class::OrdinaryPlateaus, with_history, RUNS, SEED);
        assert!(stalls.false_alarms <= 0.04, "{stalls:?}");
        assert!(stalls.in_time_for_operation >= 0.8, "{stalls:?}");
        assert!(stalls.in_time > 0.0 && stalls.delay.is_finite());
    }
}

#[test]
fn perfect_model_is_best_on_noisy_runs() {
    let [moment, ..] = judge::MOMENTS;
    let (error, naive) = judge::informed(moment, true, 4 * RUNS, SEED);
    let score = judge::score(Class::Noisy, moment, true, 4 * RUNS, SEED);
    assert!(
        error < score.error && score.error < naive,
        "{error} {score:?}"
    );
}
