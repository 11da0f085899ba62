//! The key inequalities of the table that `cargo run --release --example estimates` prints, on fewer runs.

#[path = "../examples/estimates/judge.rs"]
mod judge;
#[path = "../examples/estimates/runs.rs"]
mod runs;

use runs::{CLASSES, Class};

const RUNS: usize = 120;
const SEED: u64 = 99;

#[test]
fn an_even_course_is_judged_as_well_as_by_the_rule_of_three() {
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
fn uneven_courses_are_judged_better() {
    for class in [Class::SlowingDown, Class::LongPlateau, Class::FallingBack] {
        for moment in judge::MOMENTS {
            let score = judge::score(class, moment, true, RUNS, SEED);
            assert!(
                score.error < 0.9 * score.naive_there,
                "{class:?} {moment}: {score:?}"
            );
            assert!(score.naive.is_finite() && score.width >= 1.0);
        }
    }
}

#[test]
fn in_the_middle_of_a_run_intervals_hold_the_truth() {
    for class in CLASSES {
        let score = judge::score(class, 0.5, true, RUNS, SEED);
        assert!(score.held >= 0.75, "{class:?}: {score:?}");
    }
}

#[test]
fn ordinary_plateaus_are_no_stalls_and_stalls_are_noticed() {
    let stalls = judge::stalls(Class::OrdinaryPlateaus, true, RUNS, SEED);
    assert!(stalls.false_alarms <= 0.04, "{stalls:?}");
    assert!(stalls.in_time_for_operation >= 0.9, "{stalls:?}");
    assert!(stalls.in_time > 0.0 && stalls.delay.is_finite());
}
