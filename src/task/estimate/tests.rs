use super::*;
use crate::{fixture::at, progress_curve::ProgressCurve};

fn typical_model(minutes: impl IntoIterator<Item = u64>) -> DurationStats {
    DurationStats::of(minutes.into_iter().map(|m| Duration::from_secs(m * 60))).unwrap()
}

fn durations(typical: &DurationStats) -> PastRuns<'_> {
    PastRuns {
        durations: Some(typical),
        curves: &[],
    }
}

/// Returns even progress: one percent every `step` seconds, up to `percent`.
fn even(percent: u8, step: i64) -> ProgressHistory {
    let mut history = ProgressHistory::begin(Some(at(0)), at(0), Some(0));
    for done in 1..=percent {
        history.observe(at(i64::from(done) * step), Some(done), false);
    }
    history
}

#[test]
fn constant_rate_is_extrapolated() {
    let history = even(50, 10);
    let estimate = estimate(at(0), Some(&history), PastRuns::default(), at(500)).unwrap();
    assert!(
        (470..530).contains(&estimate.best.as_secs()),
        "{estimate:?}"
    );
    assert!(estimate.low < estimate.best && estimate.best < estimate.high);
    assert_eq!(estimate.basis, Basis::Pace);
}

/// Returns the best estimate in seconds without typical durations.
fn best(history: &ProgressHistory, curves: &[ProgressCurve], now: i64) -> f64 {
    let past = PastRuns {
        durations: None,
        curves,
    };
    let estimate = estimate(at(0), Some(history), past, at(now)).unwrap();
    estimate.best.as_secs_f64()
}

fn assert_near(value: f64, expected: f64) {
    assert!(
        (value / expected - 1.0).abs() < 0.05,
        "{value}, not {expected}"
    );
}

#[test]
fn slower_pace_is_averaged_with_the_pace_before() {
    let mut history = even(40, 10);
    for done in 1..=20 {
        history.observe(at(400 + 30 * i64::from(done)), Some(40 + done), false);
    }
    assert_near(best(&history, &[], 1005), 1005.0 * 40.0 / 60.0);
}

#[test]
fn only_an_exceptional_pause_does_not_count_for_the_pace() {
    let with_pauses = |pauses: &[u8]| {
        let mut history = ProgressHistory::begin(Some(at(0)), at(0), Some(0));
        let mut second = 0;
        for done in 1..=50 {
            second += if pauses.contains(&done) { 200 } else { 5 };
            history.observe(at(second), Some(done), false);
        }
        (history, second)
    };
    let (single, now) = with_pauses(&[20]);
    assert_near(best(&single, &[], now + 2), 255.0);
    let (repeated, now) = with_pauses(&[10, 20, 30, 40]);
    assert_near(best(&repeated, &[], now + 2), 1030.0);
}

#[test]
fn run_beyond_all_past_runs_is_estimated_by_its_pace() {
    let typical = typical_model(5..=20);
    let history = even(19, 148);
    let now = at(19 * 148);
    let estimate = estimate(at(0), Some(&history), durations(&typical), now).unwrap();
    assert_near(estimate.best.as_secs_f64(), 19.0 * 148.0 * 81.0 / 19.0);
}

#[test]
fn plateau_moves_the_estimate_to_the_typical_rest() {
    let history = even(95, 5);
    let typical = typical_model([15, 16, 16, 17, 18]);
    let estimate = estimate(at(0), Some(&history), durations(&typical), at(600)).unwrap();
    assert_near(estimate.best.as_secs_f64(), 360.0);
}

#[test]
fn second_run_with_a_plateau_is_predicted() {
    let first = ProgressCurve::of(&even(95, 5), Duration::from_secs(950)).unwrap();
    // Before and on the plateau, in a run of the same operation that takes longer.
    assert!(best(&even(75, 6), &[first], 450) > 300.0);
    assert!((best(&even(95, 6), &[first], 800) - 340.0).abs() < 171.0);
}

#[test]
fn curve_that_explains_nothing_or_disagrees_does_not_count() {
    let history = even(60, 10);
    let alone = best(&history, &[], 605);
    let same = ProgressCurve::of(&even(99, 20), Duration::from_secs(2000)).unwrap();
    assert_near(best(&history, &[same], 605), alone);
    // Its first pass is not in the curve, which contains when each tenth was last reached.
    let mut second_pass = even(90, 5);
    for done in 0..=99 {
        second_pass.observe(at(460 + i64::from(done) * 5), Some(done), false);
    }
    let second_pass = ProgressCurve::of(&second_pass, Duration::from_secs(960)).unwrap();
    assert_near(best(&history, &[second_pass], 605), alone);
}

#[test]
fn stall_threshold_before_progress_considers_longer_runs() {
    let slow_start = |start: i64| {
        let mut history = ProgressHistory::begin(Some(at(0)), at(0), Some(0));
        for done in 1..=99_u8 {
            history.observe(at(start + i64::from(done)), Some(done), false);
        }
        let seconds = u64::try_from(start + 100).unwrap();
        ProgressCurve::of(&history, Duration::from_secs(seconds)).unwrap()
    };
    let waiting = ProgressHistory::begin(Some(at(0)), at(0), Some(0));
    let allowed = |minutes| {
        let typical = typical_model([2, 2, 2, 2, minutes]);
        let past = PastRuns {
            durations: Some(&typical),
            curves: &[slow_start(60); 10],
        };
        stall_threshold(at(0), &waiting, past).allowed
    };
    assert!(allowed(2) > Duration::from_secs(60));
    assert!(allowed(6) > allowed(2).mul_f64(1.5));
}

#[test]
fn noisy_progress_is_averaged() {
    let mut history = ProgressHistory::begin(Some(at(0)), at(0), Some(0));
    for second in (10..=500_u16).step_by(10) {
        let shaken = [0, 3, -3, 2, -2][usize::from(second / 10 % 5)];
        let percent = (i32::from(second) / 10 + shaken).max(1);
        history.observe(at(second.into()), u8::try_from(percent).ok(), false);
    }
    let estimate = estimate(at(0), Some(&history), PastRuns::default(), at(500)).unwrap();
    let best = estimate.best.as_secs();
    assert!((440..560).contains(&best), "{estimate:?}");
}

#[test]
fn single_decrease_is_not_noise() {
    let mut history = even(40, 10);
    for done in 10..=30 {
        history.observe(at(400 + 10 * i64::from(done)), Some(done), false);
    }
    assert!(!progress_series::ProgressSeries::of(&history).is_noisy);
}

#[test]
fn without_progress_typical_duration_is_used() {
    let history = ProgressHistory::begin(Some(at(0)), at(0), None);
    assert_eq!(
        estimate(at(0), Some(&history), PastRuns::default(), at(500)),
        None
    );
    assert_eq!(estimate(at(0), None, PastRuns::default(), at(500)), None);
    let typical = typical_model([12, 14, 15, 16, 20]);
    let estimate = estimate(at(0), Some(&history), durations(&typical), at(300)).unwrap();
    assert_eq!(estimate.basis, Basis::Typical);
    assert!(
        (480..840).contains(&estimate.best.as_secs()),
        "{estimate:?}"
    );
}

#[test]
fn estimate_counts_down_without_updates() {
    let history = even(50, 60);
    let typical = typical_model([50, 80, 90, 110, 150]);
    let mut before = estimate(at(0), Some(&history), durations(&typical), at(3000)).unwrap();
    for second in 3001..3400 {
        let next = estimate(at(0), Some(&history), durations(&typical), at(second)).unwrap();
        let step = next.best.as_secs_f64() - before.best.as_secs_f64();
        assert!(step.abs() < 60.0, "{step} at {second}");
        before = next;
    }
}

#[test]
fn estimate_is_ordered_or_none() {
    let mut rng = fastrand::Rng::with_seed(4711);
    let moment = |rng: &mut fastrand::Rng| match rng.u8(..10) {
        0 => Timestamp::MIN,
        1 => Timestamp::MAX,
        2 => at(rng.i64(-100_000..100_000_000)),
        _ => at(rng.i64(0..10_000)),
    };
    for _ in 0..3000 {
        let start = moment(&mut rng);
        let mut history =
            ProgressHistory::begin(Some(moment(&mut rng)), moment(&mut rng), Some(rng.u8(..)));
        for _ in 0..rng.usize(..60) {
            let percent = rng.bool().then(|| rng.u8(..));
            history.observe(moment(&mut rng), percent, rng.bool());
        }
        let typical = DurationStats::of(
            (0..rng.usize(..9)).map(|_| Duration::from_millis(rng.u64(..1 << 40))),
        );
        let now = moment(&mut rng);
        let past = PastRuns {
            durations: typical.as_ref(),
            curves: &[],
        };
        if let Some(estimate) = estimate(start, Some(&history), past, now) {
            assert!(estimate.low <= estimate.best && estimate.best <= estimate.high);
        }
        assert!(stall_threshold(start, &history, past).allowed >= Duration::from_secs(60));
    }
}
