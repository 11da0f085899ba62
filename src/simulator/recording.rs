//! A record to serve instead of a scenario.

use jiff::{SignedDuration, Timestamp};
use vtask_recording::{Player, ReadError, Source};

use super::world::playback::Playback;
use super::world::time::Calendar;

/// A record to serve instead of a scenario.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The record.
    pub source: Source,
    /// Number of the vCenter to serve.
    pub vc: u16,
    /// Time of the record at the start of the server, by the clock of the machine that recorded it.
    pub at: Timestamp,
    /// Server time minus time of the record.
    pub clock_offset: SignedDuration,
}

impl Recording {
    /// Returns the server's time at its start.
    pub(super) fn origin(&self) -> Timestamp {
        let origin = self.at.checked_add(self.clock_offset).unwrap_or(self.at);
        // Servers count in microseconds; with a fraction of one in between their times would be rounded.
        Timestamp::from_microsecond(origin.as_microsecond()).unwrap_or(origin)
    }

    /// Opens the file.
    pub(super) fn open(&self) -> Result<Playback, ReadError> {
        let player = Player::new(self.source.open()?);
        let calendar = Calendar::new(self.origin());
        Ok(Playback::new(player, self.vc, self.at, calendar))
    }
}
