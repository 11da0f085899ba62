//! Progress curves of finished runs: a few numbers for each, as learned by watching the run.

use std::{str::FromStr, time::Duration};

use super::progress_history::ProgressHistory;

/// Minimum length of a plateau as a fraction of the duration.
const MIN_PLATEAU_FRACTION: f64 = 0.1;

/// Maximum number of percentage points between the ends of a plateau, and between the levels of two
/// plateaus that count as the same.
const SAME_LEVEL: u8 = 3;

/// Minimum duration of a run whose curve is kept.
const MIN_DURATION: Duration = Duration::from_secs(10);

/// Thousandths of the duration of a run.
type Share = u16;

/// The course of a finished run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProgressCurve {
    seconds: f64,
    /// Times at which 10, 20 … 90 % was last reached.
    tenths: [Share; 9],
    plateau: Option<Plateau>,
}

/// The longest time without progress.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Plateau {
    percent: u8,
    begin: Share,
    end: Share,
}

impl Plateau {
    /// True if the plateau is between the tenths below and above its level. Otherwise progress fell after it, and its
    /// level was not kept.
    fn is_between(self, tenths: &[Share; 9]) -> bool {
        let next = usize::from(self.percent / 10);
        let below = next.checked_sub(1).map_or(0, |tenth| tenths[tenth]);
        let above = tenths.get(next).copied().unwrap_or(1000);
        (below..=above).contains(&self.begin) && (self.begin..=above).contains(&self.end)
    }
}

/// A level at which past runs stayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsualPlateau {
    /// The level.
    pub percent: u8,
    /// Shortest and longest stay.
    pub stays: (Duration, Duration),
}

impl ProgressCurve {
    /// Summarizes the progress of a run that ended after `duration`. `None` for a short run and if
    /// its progress was not watched from early on.
    pub fn of(history: &ProgressHistory, duration: Duration) -> Option<Self> {
        let seconds = duration.as_secs_f64();
        let points = history.points().iter().filter_map(|point| {
            Some((
                point.since_start().as_secs_f64().min(seconds),
                point.percent()?,
            ))
        });
        let points: Vec<(f64, u8)> = points.collect();
        let (first_at, first) = points.first().copied()?;
        let is_complete = first <= 10 || first_at <= 0.1 * seconds;
        if duration < MIN_DURATION || points.len() < 3 || !is_complete {
            return None;
        }
        let is_exact = history.moves() as usize + 1 == history.points().len();
        // Between points that are far apart others may have been dropped, but not the length of the longest pause.
        let longest_pause = history.longest_pause().as_secs_f64();
        let ends = points.iter().skip(1).copied().chain([(seconds, u8::MAX)]);
        let pauses = points
            .iter()
            .zip(ends)
            .map(|(&(from, percent), (to, next))| {
                let is_pause = is_exact || next == u8::MAX || next.abs_diff(percent) <= SAME_LEVEL;
                let max_length = if is_pause {
                    f64::INFINITY
                } else {
                    longest_pause
                };
                (from, percent, max_length.min(to - from))
            });
        let longest = pauses.max_by(|a, b| a.2.total_cmp(&b.2));
        let plateau = longest.filter(|(_, _, length)| *length >= MIN_PLATEAU_FRACTION * seconds);
        let reached = |percent: u8| {
            let below = points.iter().rposition(|(_, done)| *done < percent)?;
            let (from, to) = (points[below], *points.get(below + 1)?);
            if is_exact {
                return Some(to.0);
            }
            let pause = plateau.filter(|(begin, ..)| (from.0..to.0).contains(begin));
            let pause = pause.map_or(0.0, |(.., length)| length);
            let part = f64::from(percent - from.1) / f64::from(to.1 - from.1);
            Some(from.0 + pause + (to.0 - from.0 - pause) * part)
        };
        let tenths = [10, 20, 30, 40, 50, 60, 70, 80, 90].map(|percent| {
            let is_never_below = points.iter().all(|(_, done)| *done >= percent);
            let missing = if is_never_below { first_at } else { seconds };
            share(reached(percent).unwrap_or(missing), seconds)
        });
        let plateau = plateau.map(|(from, percent, length)| Plateau {
            percent: percent.min(99),
            begin: share(from, seconds),
            end: share(from + length, seconds),
        });
        Some(Self {
            seconds,
            tenths,
            plateau: plateau.filter(|plateau| plateau.is_between(&tenths)),
        })
    }

    /// Returns the duration in seconds.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Returns the seconds after which a percentage was last reached, interpolated linearly.
    pub fn reached(&self, percent: impl Into<f64>) -> f64 {
        let percent = percent.into();
        let (mut below, mut above) = ((0.0, 0), (100.0, 1000));
        let mut consider = |level: f64, share: Share| {
            if level <= percent {
                if level >= below.0 {
                    below = (level, share);
                }
            } else if level < above.0 {
                above = (level, share);
            }
        };
        for (level, share) in (1_u8..).zip(self.tenths) {
            consider(f64::from(level) * 10.0, share);
        }
        if let Some(plateau) = self.plateau {
            consider(f64::from(plateau.percent), plateau.begin);
            consider(f64::from(plateau.percent) + 0.01, plateau.end);
        }
        let part = (percent - below.0) / (above.0 - below.0);
        let (from, to) = (f64::from(below.1), f64::from(above.1));
        (from + (to - from) * part.clamp(0.0, 1.0)) / 1000.0 * self.seconds
    }

    /// Returns the level of the longest time without progress, and its length in seconds.
    pub fn plateau(&self) -> Option<(u8, f64)> {
        let plateau = self.plateau?;
        let length = f64::from(plateau.end.saturating_sub(plateau.begin)) / 1000.0 * self.seconds;
        Some((plateau.percent, length))
    }

    /// Returns the plateau, if a run at `percent` is at its level.
    pub fn plateau_at(&self, percent: u8) -> Option<(u8, f64)> {
        let at_level = |(level, _): &(u8, f64)| level.abs_diff(percent) <= SAME_LEVEL;
        self.plateau().filter(at_level)
    }
}

fn share(at: f64, seconds: f64) -> Share {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    let share = (at / seconds * 1000.0).clamp(0.0, 1000.0).round() as Share;
    share
}

/// Returns the level at which most of the runs stayed, and for how long.
pub fn usual_plateau(curves: &[ProgressCurve]) -> Option<UsualPlateau> {
    let mut levels: Vec<u8> = curves
        .iter()
        .filter_map(|c| Some(c.plateau?.percent))
        .collect();
    levels.sort_unstable();
    let percent = *levels.get(levels.len() / 2)?;
    let stays = curves.iter().filter_map(|curve| curve.plateau_at(percent));
    let mut stays: Vec<f64> = stays.map(|(_, length)| length).collect();
    stays.sort_by(f64::total_cmp);
    let is_usual = stays.len() > 1 && 2 * stays.len() > curves.len();
    let seconds = |stay: &f64| Duration::try_from_secs_f64(*stay).ok();
    // Without the most extreme tenth at either end.
    let skipped = stays.len() / 10;
    let shortest = seconds(stays.get(skipped)?)?;
    let longest = seconds(stays.get(stays.len() - 1 - skipped)?)?;
    is_usual.then_some(UsualPlateau {
        percent,
        stays: (shortest, longest),
    })
}

impl std::fmt::Display for ProgressCurve {
    /// Writes the duration, the tenths and the plateau, separated by spaces.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1}", self.seconds)?;
        for share in self.tenths {
            write!(f, " {share}")?;
        }
        if let Some(plateau) = self.plateau {
            write!(f, " {} {} {}", plateau.percent, plateau.begin, plateau.end)?;
        }
        Ok(())
    }
}

impl FromStr for ProgressCurve {
    type Err = ();

    /// Reads what `Display` writes; fails on values that no run can have.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut fields = text.split_ascii_whitespace();
        let seconds: f64 = fields.next().and_then(|s| s.parse().ok()).ok_or(())?;
        let shares: Vec<Share> = fields
            .map(str::parse)
            .collect::<Result<_, _>>()
            .or(Err(()))?;
        let (tenths, rest) = shares.split_first_chunk::<9>().ok_or(())?;
        let plateau = match *rest {
            [] => None,
            [percent, begin, end] => Some(Plateau {
                percent: u8::try_from(percent).or(Err(()))?,
                begin,
                end,
            }),
            _ => return Err(()),
        };
        let is_valid = (10.0..1e8).contains(&seconds)
            && tenths.is_sorted()
            && tenths[8] <= 1000
            && plateau.is_none_or(|plateau| plateau.percent < 100 && plateau.is_between(tenths));
        is_valid
            .then_some(Self {
                seconds,
                tenths: *tenths,
                plateau,
            })
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::at;

    /// Returns the history of a run that reports one percent every `step` seconds.
    fn even(percent: u8, step: i64) -> ProgressHistory {
        let mut history = ProgressHistory::begin(Some(at(0)), at(0), Some(0));
        for done in 1..=percent {
            history.observe(at(i64::from(done) * step), Some(done), false);
        }
        history
    }

    fn curve(percent: u8, step: i64, seconds: u64) -> ProgressCurve {
        ProgressCurve::of(&even(percent, step), Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn curve_has_tenths_and_the_plateau() {
        let stuck = curve(95, 5, 950);
        for (percent, second) in [(0, 0), (10, 50), (55, 275), (90, 450), (95, 475), (96, 950)] {
            let reached = stuck.reached(percent);
            assert!(
                (reached - f64::from(second)).abs() < 10.0,
                "{percent}: {reached}"
            );
        }
        let (level, length) = stuck.plateau().unwrap();
        assert!(level == 95 && (length - 475.0).abs() < 2.0, "{length}");
        assert_eq!(stuck.plateau_at(93), stuck.plateau());
        assert_eq!(stuck.plateau_at(50), None);
        assert_eq!(curve(99, 5, 500).plateau(), None);
    }

    #[test]
    fn pause_before_a_leap_is_a_plateau() {
        let mut history = even(45, 5);
        for done in 55..=99 {
            history.observe(at(525 + i64::from(done - 55) * 5), Some(done), false);
        }
        let curve = ProgressCurve::of(&history, Duration::from_secs(750)).unwrap();
        let (level, length) = curve.plateau().unwrap();
        assert!(level == 45 && (length - 300.0).abs() < 2.0, "{length}");
        assert!((curve.reached(50) - 525.0).abs() < 2.0);
    }

    #[test]
    fn short_and_partly_watched_runs_are_not_learned() {
        assert_eq!(
            ProgressCurve::of(&even(99, 0), Duration::from_secs(5)),
            None
        );
        assert_eq!(
            ProgressCurve::of(&even(1, 5), Duration::from_secs(500)),
            None
        );
        let mut late = ProgressHistory::begin(Some(at(0)), at(300), Some(60));
        for done in 61..=99 {
            late.observe(at(i64::from(done) * 5), Some(done), false);
        }
        assert_eq!(ProgressCurve::of(&late, Duration::from_secs(500)), None);
    }

    #[test]
    fn usual_plateau_needs_most_of_several_runs() {
        let stuck = [curve(95, 5, 715), curve(94, 5, 1010), curve(96, 5, 900)];
        let usual = usual_plateau(&stuck).unwrap();
        assert_eq!(
            (
                usual.percent,
                usual.stays.0.as_secs(),
                usual.stays.1.as_secs()
            ),
            (95, 240, 540)
        );
        assert_eq!(usual_plateau(&stuck[..1]), None);
        let even = curve(99, 5, 500);
        assert_eq!(usual_plateau(&[stuck[0], even, even, even]), None);
    }

    #[test]
    fn curve_is_read_as_written() {
        for curve in [curve(95, 5, 950), curve(99, 5, 500)] {
            assert_eq!(curve.to_string().parse(), Ok(curve));
        }
    }
}
