//! The server's clock relative to the local clock, and durations between its timestamps.

use jiff::{SignedDuration, Timestamp};

/// Offset between a server's clock and the local clock. Ages and durations of tasks use server
/// time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerClock {
    /// Server time minus local time.
    pub offset: SignedDuration,
}

impl ServerClock {
    /// Computes the offset from one reading: `server` is the response to a request sent and
    /// received at these local times. Assumes that the server read its clock halfway between the
    /// two.
    pub fn from_reading(server: Timestamp, sent: Timestamp, received: Timestamp) -> Self {
        let middle = sent + received.duration_since(sent) / 2;
        Self {
            offset: server.duration_since(middle),
        }
    }

    /// Converts a local time to server time.
    pub fn at(self, local: Timestamp) -> Timestamp {
        local.checked_add(self.offset).unwrap_or(local)
    }
}

/// Tolerated difference between the clocks of a server's components; a larger negative span is
/// inconsistent.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(5);

/// Returns the time between two timestamps, never negative; `None` if it is negative beyond the
/// tolerance.
pub(super) fn span(from: Timestamp, to: Timestamp) -> Option<SignedDuration> {
    let span = to.duration_since(from);
    (span >= -CLOCK_TOLERANCE).then(|| span.max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_uses_middle_of_request() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let clock = ServerClock::from_reading(at(1000), at(100), at(102));
        assert_eq!(clock.offset, SignedDuration::from_secs(899));
        assert_eq!(clock.at(at(200)), at(1099));
    }
}
