//! Observed progress of one task over time, with phase changes.
//! Bounded: a task that reports a thousand changes keeps the few points that define the shape of
//! its curve. Values that downsampling would lose and the rules need (the longest pause, the number
//! of changes) are counted as they come.

use std::time::Duration;

use jiff::Timestamp;

/// Maximum number of points, of 8 bytes each.
const MAX_POINTS: usize = 32;

/// A duration in milliseconds, saturating at 49 days.
type Millis = u32;

/// One observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressPoint {
    since_start: Millis,
    percent: u8,
    phase_began: bool,
}

/// Stored instead of a percentage if none was reported.
const NO_PERCENT: u8 = u8::MAX;

impl ProgressPoint {
    /// Returns the time between the task's start and the observation.
    pub fn since_start(self) -> Duration {
        Duration::from_millis(self.since_start.into())
    }

    /// Returns the percentage, 0 to 100; `None` if none was reported.
    pub fn percent(self) -> Option<u8> {
        (self.percent != NO_PERCENT).then_some(self.percent)
    }

    /// True if a new phase began.
    pub fn phase_began(self) -> bool {
        self.phase_began
    }
}

/// Observed progress of one running task, by the server's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressHistory {
    start: Timestamp,
    points: Vec<ProgressPoint>,
    moves: u32,
    last_move: Millis,
    longest_pause: Millis,
}

impl ProgressHistory {
    /// Starts a history with an observation at `at` of a task that started at `start`. A start that
    /// is unknown or in the future is replaced by `at`.
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

    /// Adds an observation: the current percentage, and true if the phase changed. Skips it if
    /// nothing changed; an observation older than the last one counts as simultaneous with it.
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

    /// Returns the part observed by a time; `None` if there is none.
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

    /// Returns the stored observations, oldest first; never empty.
    pub fn points(&self) -> &[ProgressPoint] {
        &self.points
    }

    /// Returns the task's start, as far as known.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Returns the last percentage, 0 to 100.
    pub fn percent(&self) -> Option<u8> {
        self.points.last().and_then(|point| point.percent())
    }

    /// Returns the number of observed changes of progress or phase.
    pub fn moves(&self) -> u32 {
        self.moves
    }

    /// Returns the time between the start and the last change (or the first observation).
    pub fn last_move(&self) -> Duration {
        Duration::from_millis(self.last_move.into())
    }

    /// Returns the longest observed time between two changes of progress or phase, without the
    /// current pause.
    pub fn longest_pause(&self) -> Duration {
        Duration::from_millis(self.longest_pause.into())
    }

    /// Returns the run time at `now`; zero before the start.
    pub fn elapsed(&self, now: Timestamp) -> Duration {
        Duration::from_millis(self.since_start(now).into())
    }

    fn since_start(&self, at: Timestamp) -> Millis {
        let millis = at.duration_since(self.start).as_millis().max(0);
        Millis::try_from(millis).unwrap_or(Millis::MAX)
    }

    /// Removes the inner point that contributes least to the curve: the one nearest to the line
    /// between its neighbours, and of several on that line the one with the closest neighbours.
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
        let minimum = self
            .points
            .windows(3)
            .map(|three| worth(three[0], three[1], three[2]))
            .enumerate()
            .min_by(|(_, a), (_, b)| a.total_cmp(b));
        if let Some((before, _)) = minimum {
            self.points.remove(before + 1);
        }
    }
}

#[cfg(test)]
mod tests;
