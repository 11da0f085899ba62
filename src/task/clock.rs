//! The server's clock as seen from here.

use jiff::{SignedDuration, Timestamp};

/// How far a server's clock is from this machine's. Ages and durations of tasks go by the server's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerClock {
    /// Server time minus local time.
    pub offset: SignedDuration,
}

impl ServerClock {
    /// From one reading: the server said `server` in answer to a request sent and received at these local times.
    /// The middle of the two is taken as the moment of the reading.
    pub fn from_reading(server: Timestamp, sent: Timestamp, received: Timestamp) -> Self {
        let middle = sent + received.duration_since(sent) / 2;
        Self {
            offset: server.duration_since(middle),
        }
    }

    /// The server's time at a local time.
    pub fn at(self, local: Timestamp) -> Timestamp {
        local.checked_add(self.offset).unwrap_or(local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_taken_at_the_middle_of_the_request() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let clock = ServerClock::from_reading(at(1000), at(100), at(102));
        assert_eq!(clock.offset, SignedDuration::from_secs(899));
        assert_eq!(clock.at(at(200)), at(1099));
    }
}
