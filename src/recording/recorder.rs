//! Writes a record: lines are collected in memory and written by a thread at least every second.

use std::{
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    Entry, Header, Line,
    output_file::{OutputFile, RecordError},
    reader::MAX_LINE,
    redact::Redactor,
    rotation::{Limits, RecordRotation},
};

/// Maximum time from a line to its frame.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);
/// Number of collected bytes that are written before the interval has passed.
const FRAME_BYTES: usize = 256 << 10;
/// Number of bytes after which lines are dropped until the disk has taken the earlier ones. Includes space for one line.
const MAX_BUFFER: usize = 1 << 20;

/// A record that is being written. Cheap to clone; all clones write to the same file.
#[derive(Debug, Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    buffer: Mutex<Buffer>,
    wake: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    redactor: Option<Redactor>,
    /// Lines dropped since the last one that was kept.
    dropped: u64,
    /// The writer has failed; nothing is collected any more.
    failed: bool,
    /// The failure, until it is reported.
    problem: Option<String>,
    closing: bool,
    /// Lines written so far.
    lines: u64,
}

impl Recorder {
    /// Creates a file, compressed unless its name ends in `.ndjson`, and writes the header. With a redactor, names are
    /// replaced.
    ///
    /// # Errors
    /// Fails if the file exists or cannot be created.
    pub fn create(
        path: &Path,
        header: Header,
        redactor: Option<Redactor>,
    ) -> Result<Self, RecordError> {
        let (header, redactor) = redacted(header, redactor);
        let output_file = OutputFile::create(path, &header)?;
        Ok(Self::start(output_file, None, redactor))
    }

    /// Creates a file in a directory of records. When the file reaches its share of the limits the record continues in
    /// a new one, and the oldest files are removed.
    ///
    /// # Errors
    /// Fails if the directory or the file cannot be created.
    pub fn create_in(
        directory: &Path,
        limits: Limits,
        header: Header,
        redactor: Option<Redactor>,
    ) -> Result<Self, RecordError> {
        let (header, redactor) = redacted(header, redactor);
        let name = || directory.display().to_string();
        vtask_files::private_file::create_directory(directory)
            .map_err(|error| RecordError::Create(name(), error))?;
        let rotation = RecordRotation::new(directory.to_owned(), limits, header);
        let output_file = rotation.first()?;
        Ok(Self::start(output_file, Some(rotation), redactor))
    }

    fn start(
        output_file: OutputFile,
        rotation: Option<RecordRotation>,
        redactor: Option<Redactor>,
    ) -> Self {
        let shared = Arc::new(Shared {
            buffer: Mutex::new(Buffer {
                redactor,
                ..Buffer::default()
            }),
            wake: Condvar::new(),
            thread: Mutex::new(None),
        });
        let writing = shared.clone();
        let thread = thread::spawn(move || writing.write_all(output_file, rotation));
        *lock(&shared.thread) = Some(thread);
        Self { shared }
    }

    /// Adds a line. Never waits for the disk.
    pub fn add(&self, t: Timestamp, vc: u16, entry: Entry) {
        let mut buffer = lock(&self.shared.buffer);
        if buffer.failed || buffer.closing {
            return;
        }
        if buffer.bytes.len() >= MAX_BUFFER {
            buffer.dropped += 1;
            return;
        }
        if buffer.dropped > 0 {
            let lines = std::mem::take(&mut buffer.dropped);
            buffer.push(&Line {
                t,
                vc,
                entry: Entry::Lost { lines },
            });
        }
        let entry = match &mut buffer.redactor {
            Some(redactor) => redactor.entry(entry),
            None => entry,
        };
        buffer.push(&Line { t, vc, entry });
        if buffer.bytes.len() >= FRAME_BYTES {
            self.shared.wake.notify_one();
        }
    }

    /// Returns the number of bytes that are not written yet.
    #[cfg(test)]
    pub(super) fn backlog(&self) -> usize {
        lock(&self.shared.buffer).bytes.len()
    }

    /// Returns the reason why recording stopped, once.
    pub fn take_problem(&self) -> Option<String> {
        lock(&self.shared.buffer).problem.take()
    }

    /// Writes everything that was added and ends the record. Returns the number of lines, or the reason why recording
    /// stopped before, unless it was taken.
    ///
    /// # Errors
    /// Fails if recording has stopped because of an error that was not reported yet.
    pub fn finish(&self) -> Result<u64, String> {
        lock(&self.shared.buffer).closing = true;
        self.shared.wake.notify_one();
        if let Some(thread) = lock(&self.shared.thread).take() {
            // A writer that panicked has nothing to report.
            let _ = thread.join();
        }
        let mut buffer = lock(&self.shared.buffer);
        match buffer.problem.take() {
            Some(problem) => Err(problem),
            None => Ok(buffer.lines),
        }
    }
}

fn redacted(header: Header, redactor: Option<Redactor>) -> (Header, Option<Redactor>) {
    match redactor {
        Some(mut redactor) => (redactor.header(&header), Some(redactor)),
        None => (header, None),
    }
}

impl Buffer {
    fn push(&mut self, line: &Line) {
        let start = self.bytes.len();
        // Values of a server can always be written; a line that a reader would refuse counts as lost.
        if serde_json::to_writer(&mut self.bytes, line).is_err()
            || self.bytes.len() - start >= MAX_LINE
        {
            self.bytes.truncate(start);
            self.dropped += 1;
            return;
        }
        self.bytes.push(b'\n');
        self.lines += 1;
    }
}

impl Shared {
    /// Writes frames until the record is closed or an error occurs.
    fn write_all(&self, mut output_file: OutputFile, mut rotation: Option<RecordRotation>) {
        let mut batch = Vec::new();
        loop {
            let buffer = lock(&self.buffer);
            let is_waiting =
                |buffer: &mut Buffer| !buffer.closing && buffer.bytes.len() < FRAME_BYTES;
            let (mut buffer, _) = self
                .wake
                .wait_timeout_while(buffer, FLUSH_INTERVAL, is_waiting)
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut buffer.bytes, &mut batch);
            let closing = buffer.closing;
            drop(buffer);
            let written = output_file
                .append(&batch)
                .and_then(|()| match &mut rotation {
                    Some(rotation) => rotation.rotate_if_due(&mut output_file),
                    None => Ok(()),
                });
            if let Err(problem) = written {
                let mut buffer = lock(&self.buffer);
                buffer.failed = true;
                buffer.problem = Some(problem);
                buffer.bytes = Vec::new();
                return;
            }
            batch.clear();
            batch.shrink_to(2 * FRAME_BYTES);
            if closing {
                return;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The data is consistent between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
