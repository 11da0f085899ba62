use super::*;
use crate::fixture::at;

#[test]
fn downsampling_keeps_both_ends_and_the_decrease() {
    let mut history = ProgressHistory::begin(Some(at(0)), at(0), Some(0));
    for second in 1..=1000_i64 {
        let percent = if second <= 500 {
            second / 8
        } else {
            (second - 500) / 5
        };
        history.observe(at(second), u8::try_from(percent).ok(), false);
    }
    let points = history.points();
    assert!(points.len() <= MAX_POINTS);
    assert_eq!(points[0].percent(), Some(0));
    assert_eq!(history.percent(), Some(100));
    let top = points.iter().filter(|p| p.since_start().as_secs() <= 500);
    assert!(top.map(|p| p.percent().unwrap()).max() >= Some(60));
    assert!(size_of::<ProgressPoint>() <= 8 && size_of::<ProgressHistory>() <= 56);
}

#[test]
fn downsampling_keeps_pause_and_change_counts() {
    let mut history = ProgressHistory::begin(Some(at(0)), at(10), Some(1));
    history.observe(at(20), Some(1), false);
    history.observe(at(40), Some(2), false);
    history.observe(at(45), Some(2), true);
    assert_eq!(history.moves(), 2);
    assert_eq!(history.longest_pause(), Duration::from_secs(30));
    assert!(history.points()[2].phase_began());
}

#[test]
fn invalid_times_and_percentages_are_clamped() {
    let mut history = ProgressHistory::begin(Some(at(100)), at(50), Some(200));
    assert_eq!(history.start(), at(50));
    assert_eq!(history.percent(), Some(100));
    history.observe(at(10), None, false);
    assert_eq!(history.percent(), None);
    history.observe(Timestamp::MAX, Some(3), false);
    history.observe(Timestamp::MIN, Some(4), false);
    assert_eq!(history.percent(), Some(4));
}
