//! Facts about a record that are known only from its lines.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Damage, Entry, Header, ReadError, Reader, Source};

/// Number of lines in which each server has sent its time.
const FIRST_LINES: usize = 10_000;

/// Facts about a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The header.
    pub header: Header,
    /// Latest time of a line; the start if there is none.
    pub end: Timestamp,
    /// First known difference between the clock of each vCenter and that of the recording machine.
    clock_offsets: BTreeMap<u16, i64>,
    /// The parts that could not be read.
    pub damage: Damage,
}

impl Overview {
    /// Reads the beginning of a record; `end` is then too early.
    ///
    /// # Errors
    /// Those of [`Reader::open`].
    pub fn of_beginning(source: &Source) -> Result<Self, ReadError> {
        Ok(Self::read(source.open()?, FIRST_LINES))
    }

    /// Reads a whole record.
    ///
    /// # Errors
    /// Those of [`Reader::open`].
    pub fn of_whole(source: &Source) -> Result<Self, ReadError> {
        Ok(Self::read(source.open()?, usize::MAX))
    }

    fn read(mut reader: Reader, limit: usize) -> Self {
        let header = reader.header().clone();
        let mut end = header.started;
        let mut clock_offsets = BTreeMap::new();
        for line in reader.by_ref().take(limit) {
            end = end.max(line.t);
            if let Entry::ClockOffset(offset) = line.entry {
                clock_offsets.entry(line.vc).or_insert(offset);
            }
        }
        Self {
            header,
            end,
            clock_offsets,
            damage: reader.damage().clone(),
        }
    }

    /// Returns the time of a vCenter minus the time of the record.
    pub fn clock_offset(&self, vc: u16) -> SignedDuration {
        let offset = self.clock_offsets.get(&vc).copied();
        SignedDuration::from_millis(offset.unwrap_or_default())
    }
}
