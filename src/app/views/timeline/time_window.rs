//! The displayed period of the timeline, relative to now.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

const MIN_SPAN: SignedDuration = SignedDuration::from_secs(20);
const MAX_SPAN: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The displayed period. It moves with the time, so that “now” keeps its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeWindow {
    /// Start of the period relative to now.
    start: SignedDuration,
    span: SignedDuration,
}

impl Default for TimeWindow {
    fn default() -> Self {
        Self::around(SignedDuration::ZERO, SignedDuration::ZERO)
    }
}

impl TimeWindow {
    /// Returns a period around these times relative to now, with some space at both sides. The past and the future get
    /// a sixth each at least.
    pub(super) fn around(first: SignedDuration, last: SignedDuration) -> Self {
        let past = -first.min(SignedDuration::ZERO);
        let future = last.max(SignedDuration::ZERO);
        let (past, future) = (past.max(future / 5), future.max(past / 5));
        let margin = (past + future) / 20;
        let past = past.max(MIN_SPAN / 2) + margin;
        let future = future.max(MIN_SPAN / 2) + margin;
        Self {
            start: -past,
            span: past + future,
        }
    }

    /// True if another period is not much longer at either end.
    pub(super) fn covers(self, other: &Self) -> bool {
        let tolerance = self.span / 8;
        let (end, other_end) = (self.start + self.span, other.start + other.span);
        other.start >= self.start - tolerance && other_end <= end + tolerance
    }

    /// Returns the displayed period.
    pub fn range(&self, now: Timestamp) -> Range<Timestamp> {
        let start = now.saturating_add(self.start).unwrap_or(now);
        let end = start.saturating_add(self.span).unwrap_or(start);
        start..end
    }

    /// Halves or doubles the period. Now keeps its place or, outside the period, the middle.
    pub(super) fn zoom(&mut self, is_closer: bool) {
        let span = if is_closer {
            self.span / 2
        } else {
            self.span * 2
        };
        let span = span.clamp(MIN_SPAN.min(self.span), MAX_SPAN.max(self.span));
        let is_inside = self.start <= SignedDuration::ZERO && -self.start <= self.span;
        let fixed = if is_inside {
            SignedDuration::ZERO
        } else {
            self.start + self.span / 2
        };
        let before = (fixed - self.start).as_secs_f64() / self.span.as_secs_f64();
        let before = SignedDuration::try_from_secs_f64(span.as_secs_f64() * before);
        self.start = fixed - before.unwrap_or(span / 2);
        self.span = span;
    }

    /// Moves the period by a quarter of its length.
    pub(super) fn pan(&mut self, is_later: bool) {
        let step = self.span / 4;
        let start = if is_later {
            self.start + step
        } else {
            self.start - step
        };
        self.start = start.clamp(-MAX_SPAN, MAX_SPAN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::at;

    fn range(window: TimeWindow) -> (i64, i64) {
        let range = window.range(at(0));
        let since = |time: Timestamp| time.duration_since(at(0)).as_secs();
        (since(range.start), since(range.end))
    }

    #[test]
    fn window_contains_first_and_last_with_space() {
        let minutes = SignedDuration::from_mins;
        let window = TimeWindow::around(minutes(-60), minutes(60));
        assert_eq!(range(window), (-66 * 60, 66 * 60));
        // Without a future, now is not at the edge.
        let window = TimeWindow::around(minutes(-60), minutes(0));
        assert_eq!(range(window).1, 15 * 60 + 36);
        let (start, end) = range(TimeWindow::default());
        assert!(start < 0 && end > 0);
    }

    #[test]
    fn zoom_keeps_now_in_place_and_is_limited() {
        let minutes = SignedDuration::from_mins;
        let mut window = TimeWindow::around(minutes(-60), minutes(60));
        window.zoom(true);
        assert_eq!(range(window), (-33 * 60, 33 * 60));
        window.zoom(false);
        assert_eq!(range(window), (-66 * 60, 66 * 60));
        for is_closer in [true, false] {
            for _ in 0..100 {
                window.zoom(is_closer);
            }
            let (start, end) = range(window);
            let span = SignedDuration::from_secs(end - start);
            assert!(span >= MIN_SPAN && span <= MAX_SPAN, "{span:?}");
        }
    }

    #[test]
    fn pan_moves_by_a_quarter_and_zoom_then_keeps_the_middle() {
        let minutes = SignedDuration::from_mins;
        let mut window = TimeWindow::around(minutes(-60), minutes(60));
        window.pan(true);
        assert_eq!(range(window), (-33 * 60, 99 * 60));
        for _ in 0..4 {
            window.pan(true);
        }
        let (start, end) = range(window);
        assert!(start > 0, "now is outside");
        window.zoom(true);
        let (start_now, end_now) = range(window);
        assert_eq!(start + end, start_now + end_now);
        for is_later in [true, false] {
            for _ in 0..100_000 {
                window.pan(is_later);
            }
            let range = window.range(Timestamp::MAX);
            assert!(range.start <= range.end);
        }
    }
}
