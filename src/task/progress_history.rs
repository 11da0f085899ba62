//! The course of one task as it was observed: progress over time, and where its phase changed.
//!
//! Bounded: a task that reports a thousand changes keeps the few points that tell its shape. What thinning would
//! lose and the rules need (the longest pause, how often it moved) is counted as it comes.

use std::time::Duration;

use jiff::Timestamp;

/// The most points kept: 8 bytes each.
const MAX_POINTS: usize = 32;

/// A span in milliseconds; the longest that can be told is 49 days, what is longer counts as that.
type Millis = u32;

/// One observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressPoint {
    since_start: Millis,
    percent: u8,
    phase_began: bool,
}

/// In place of a percentage: the operation reported none.
const NO_PERCENT: u8 = u8::MAX;

impl ProgressPoint {
    /// How long after the task's start it was observed.
    pub fn since_start(self) -> Duration {
        Duration::from_millis(self.since_start.into())
    }

    /// Percent done, 0 to 100; `None` where the operation reported no figure.
    pub fn percent(self) -> Option<u8> {
        (self.percent != NO_PERCENT).then_some(self.percent)
    }

    /// Whether a new phase was seen to have begun here.
    pub fn phase_began(self) -> bool {
        self.phase_began
    }
}

/// What was observed of one running task, by the server's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressHistory {
    start: Timestamp,
    points: Vec<ProgressPoint>,
    moves: u32,
    last_move: Millis,
    longest_pause: Millis,
}

impl ProgressHistory {
    /// Begins with the first observation, made at `at` of a task that started at `start`. A start that lies in the
    /// future, or is unknown, is taken to be the observation.
    pub fn begin(start: Option<Timestamp>, at: Timestamp, percent: Option<u8>) -> Self {
        let start = start.filter(|start| *start <= at).unwrap_or(at);
        let mut history = Self {
            start,
            points: Vec::new(),
            moves: 0,
            last_move: 0,
            longest_pause: 0,
        };
        history.last_move = history.since_start(at);
        history.points.push(ProgressPoint {
            since_start: history.last_move,
            percent: percent.map_or(NO_PERCENT, |percent| percent.min(100)),
            phase_began: false,
        });
        history
    }

    /// Takes an observation: the figure as it is now, and whether the phase is another than before. What brings
    /// nothing new is left out; an observation from before the last one counts as made with it.
    pub fn observe(&mut self, at: Timestamp, percent: Option<u8>, phase_began: bool) {
        let percent = percent.map_or(NO_PERCENT, |percent| percent.min(100));
        let last = self.points.last().map(|point| point.percent);
        if last == Some(percent) && !phase_began {
            return;
        }
        let since_start = self.since_start(at).max(self.last_move);
        self.longest_pause = self.longest_pause.max(since_start - self.last_move);
        self.last_move = since_start;
        self.moves = self.moves.saturating_add(1);
        if self.points.len() == MAX_POINTS {
            self.downsample();
        }
        self.points.push(ProgressPoint {
            since_start,
            percent,
            phase_began,
        });
    }

    /// As much of it as had been observed at a moment; none if nothing had.
    #[must_use]
    pub fn until(&self, at: Timestamp) -> Option<Self> {
        let end = self.since_start(at);
        let points = self.points.iter().copied();
        let points: Vec<ProgressPoint> = points.take_while(|p| p.since_start <= end).collect();
        let last = *points.last()?;
        let dropped = u32::try_from(self.points.len() - points.len()).unwrap_or(u32::MAX);
        let last_move = last.since_start;
        Some(Self {
            start: self.start,
            points,
            moves: self.moves.saturating_sub(dropped),
            last_move,
            longest_pause: self.longest_pause.min(last_move),
        })
    }

    /// The kept observations, oldest first; never empty.
    pub fn points(&self) -> &[ProgressPoint] {
        &self.points
    }

    /// When the task started, as far as is known.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The last figure, 0 to 100.
    pub fn percent(&self) -> Option<u8> {
        self.points.last().and_then(|point| point.percent())
    }

    /// How often progress or phase changed while watched.
    pub fn moves(&self) -> u32 {
        self.moves
    }

    /// How long after the start progress or phase last changed (or the task was first seen).
    pub fn last_move(&self) -> Duration {
        Duration::from_millis(self.last_move.into())
    }

    /// The longest time between two changes of progress or phase, while watched; the present pause does not count.
    pub fn longest_pause(&self) -> Duration {
        Duration::from_millis(self.longest_pause.into())
    }

    /// How long the task has run at `now`; zero before its start.
    pub fn elapsed(&self, now: Timestamp) -> Duration {
        Duration::from_millis(self.since_start(now).into())
    }

    /// How long nothing has moved at `now`; zero before the last change.
    pub fn pause(&self, now: Timestamp) -> Duration {
        Duration::from_millis(self.since_start(now).saturating_sub(self.last_move).into())
    }

    fn since_start(&self, at: Timestamp) -> Millis {
        let millis = at.duration_since(self.start).as_millis().max(0);
        Millis::try_from(millis).unwrap_or(Millis::MAX)
    }

    /// Drops the inner point that tells least: the one nearest to the line between its neighbours, and among
    /// those on it the one in the narrowest place.
    fn downsample(&mut self) {
        let span = f64::from(self.last_move.max(1));
        let worth = |before: ProgressPoint, point: ProgressPoint, after: ProgressPoint| {
            if point.phase_began || [before, point, after].iter().any(|p| p.percent().is_none()) {
                return 1.0;
            }
            let at = |p: ProgressPoint| {
                (
                    f64::from(p.since_start) / span,
                    f64::from(p.percent) / 100.0,
                )
            };
            let ((x0, y0), (x, y), (x1, y1)) = (at(before), at(point), at(after));
            let triangle = ((x - x0) * (y1 - y0) - (x1 - x0) * (y - y0)).abs();
            triangle + 0.1 * ((x1 - x0).powi(2) + (y1 - y0).powi(2))
        };
        let least = self
            .points
            .windows(3)
            .map(|three| worth(three[0], three[1], three[2]))
            .enumerate()
            .min_by(|(_, one), (_, other)| one.total_cmp(other));
        if let Some((before, _)) = least {
            self.points.remove(before + 1);
        }
    }
}

#[cfg(test)]
mod tests;
