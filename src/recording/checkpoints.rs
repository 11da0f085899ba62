//! States at some lines of a record, so that a jump need not play it from its beginning.
//!
//! A thread reads the whole record once, while it is already shown. The number of checkpoints and their size are limited:
//! when a limit is reached, every other one is dropped and the distance is doubled.

use std::{
    collections::VecDeque,
    io::Cursor,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread,
};

use jiff::Timestamp;

use super::{Damage, Line, ReadError, Reader, RecordedState, Source};

/// Initial number of decompressed bytes between two checkpoints.
const MIN_DISTANCE: u64 = 32 << 20;
const MAX_CHECKPOINTS: usize = 64;
/// Maximum size of all checkpoints, compressed.
const MAX_BYTES: usize = 48 << 20;
/// Number of lines after which progress is published.
const LINES_PER_STEP: usize = 2000;
/// Fast; a checkpoint is made while the record is read.
const LEVEL: i32 = 1;

/// State of a record before one of its lines.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Offset of the line in the file.
    pub(super) offset: u64,
    /// Bytes of the lines before it, decompressed.
    bytes: u64,
    /// Latest time of the lines before it.
    pub(super) time: Timestamp,
    /// Lines with the state, in a zstd frame.
    state: Arc<[u8]>,
}

impl Checkpoint {
    /// Returns the latest time of the lines before it.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Returns the lines with the state.
    pub(super) fn lines(&self) -> VecDeque<Line> {
        let text = zstd::decode_all(Cursor::new(&*self.state)).unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n');
        lines
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect()
    }
}

/// The checkpoints of a record that were made so far.
#[derive(Debug)]
pub struct Checkpoints(Arc<Mutex<CheckpointList>>);

#[derive(Debug)]
struct CheckpointList {
    checkpoints: Vec<Checkpoint>,
    distance: u64,
    /// Latest time of the lines read so far.
    latest: Timestamp,
    /// Damage to the record; `None` until the record has been read to its end.
    damage: Option<Damage>,
}

impl Checkpoints {
    /// Starts to read a record in a thread, which ends with this value.
    ///
    /// # Errors
    /// Those of [`Reader::open`].
    pub fn start(source: &Source) -> Result<Self, ReadError> {
        let reader = source.open()?;
        let found = Arc::new(Mutex::new(CheckpointList::new(reader.header().started)));
        let weak = Arc::downgrade(&found);
        thread::spawn(move || read(reader, &weak));
        Ok(Self(found))
    }

    /// Returns the latest time of the record and what could not be read, once it has been read to its end.
    pub fn end(&self) -> Option<(Timestamp, Damage)> {
        let found = lock(&self.0);
        Some((found.latest, found.damage.clone()?))
    }

    /// Returns the last checkpoint before a time or, with `bytes`, the last one that is at least so many bytes before it.
    pub fn before(&self, time: Timestamp, bytes: u64) -> Option<Checkpoint> {
        let found = lock(&self.0);
        let mut before = found.checkpoints.iter().rev();
        let last = before.find(|checkpoint| checkpoint.time < time)?;
        if bytes == 0 {
            return Some(last.clone());
        }
        before
            .find(|checkpoint| checkpoint.bytes + bytes <= last.bytes)
            .cloned()
    }
}

impl CheckpointList {
    fn new(started: Timestamp) -> Self {
        Self {
            checkpoints: Vec::new(),
            distance: MIN_DISTANCE,
            latest: started,
            damage: None,
        }
    }

    fn add(&mut self, checkpoint: Checkpoint) {
        self.checkpoints.push(checkpoint);
        let size = |found: &Self| {
            found
                .checkpoints
                .iter()
                .map(|c| c.state.len())
                .sum::<usize>()
        };
        while self.checkpoints.len() > 1
            && (self.checkpoints.len() > MAX_CHECKPOINTS || size(self) > MAX_BYTES)
        {
            let mut number = 0;
            self.checkpoints.retain(|_| {
                number += 1;
                number % 2 == 0
            });
            self.distance *= 2;
        }
    }
}

/// Reads a record to its end or until the checkpoints are no longer needed.
fn read(mut reader: Reader, found: &Weak<Mutex<CheckpointList>>) {
    let mut state = RecordedState::default();
    let mut latest = reader.header().started;
    let mut last = 0;
    let mut distance = MIN_DISTANCE;
    loop {
        for _ in 0..LINES_PER_STEP {
            if reader.bytes() - last >= distance
                && let Some(offset) = reader.offset()
            {
                last = reader.bytes();
                let Some(found) = found.upgrade() else { return };
                let checkpoint = checkpoint(&state, offset, last, latest);
                let mut found = lock(&found);
                found.add(checkpoint);
                distance = found.distance;
            }
            let Some(line) = reader.next() else {
                if let Some(found) = found.upgrade() {
                    let mut found = lock(&found);
                    found.latest = latest;
                    found.damage = Some(reader.damage().clone());
                }
                return;
            };
            latest = latest.max(line.t);
            state.apply(line, reader.line_length());
        }
        let Some(found) = found.upgrade() else { return };
        lock(&found).latest = latest;
    }
}

fn checkpoint(state: &RecordedState, offset: u64, bytes: u64, time: Timestamp) -> Checkpoint {
    let mut text = Vec::new();
    state.append_lines(&mut text, time);
    // Compressing in memory does not fail.
    let state = zstd::bulk::compress(&text, LEVEL).unwrap_or_default();
    Checkpoint {
        offset,
        bytes,
        time,
        state: state.into(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The data is consistent between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
