//! Round times for the ticks of a time axis.

use std::ops::Range;

use jiff::{Timestamp, tz::TimeZone};

/// Time between ticks, in seconds.
pub const TICK_STEPS: [i64; 22] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    172_800, 604_800, 1_209_600, 2_592_000,
];

/// Returns the round local times of a range, `step` seconds apart; both ends of the range may be among them.
pub fn time_ticks(
    range: Range<Timestamp>,
    step: i64,
    zone: &TimeZone,
) -> impl Iterator<Item = Timestamp> {
    let offset = i64::from(zone.to_offset(range.start).seconds());
    let first = (range.start.as_second() + offset).div_euclid(step) * step - offset;
    (0..)
        .map_while(move |index: i64| Timestamp::from_second(first + index * step).ok())
        .skip_while(move |at| *at < range.start)
        .take_while(move |at| *at <= range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_local_times_of_the_range() {
        let range =
            "2026-03-04T10:12:00Z".parse().unwrap().."2026-03-04T12:00:00Z".parse().unwrap();
        let ticks = |offset: i8| {
            let zone = TimeZone::fixed(jiff::tz::offset(offset));
            let ticks = time_ticks(range.clone(), 3600, &zone);
            ticks.map(|at| at.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ticks(0), ["2026-03-04T11:00:00Z", "2026-03-04T12:00:00Z"]);
        assert_eq!(ticks(1), ticks(0));
    }
}
