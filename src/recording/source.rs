//! Places from which a record is read.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;

use super::{Header, ReadError, Reader, decompressor::ZSTD_MAGIC};

/// Bytes at the end of a file among which its last line is searched.
const TAIL: u64 = 1 << 20;
/// Number of places from which the last line is looked for; random bytes may look like the beginning of a frame.
const MAX_STARTS: usize = 8;

/// A record that can be opened several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// A record in memory.
    Memory(Arc<[u8]>),
}

impl Source {
    /// Opens the record.
    ///
    /// # Errors
    /// Those of [`Reader::open`].
    pub fn open(&self) -> Result<Reader, ReadError> {
        match self {
            Self::File(path) => Reader::open(path),
            Self::Memory(bytes) => Reader::new(Cursor::new(bytes.clone()), "the record in memory"),
        }
    }

    /// Opens the record at a place that a reader of it returned.
    pub(super) fn open_at(&self, offset: u64, header: Header) -> io::Result<Reader> {
        match self {
            Self::File(path) => Reader::open_at(File::open(path)?, offset, header),
            Self::Memory(bytes) => Reader::open_at(Cursor::new(bytes.clone()), offset, header),
        }
    }

    /// Returns the time of the last line that can be read, reading only the last part of the file.
    pub fn last_time(&self, header: &Header) -> Option<Timestamp> {
        let tail = match self {
            Self::File(path) => tail(path).ok()?,
            Self::Memory(bytes) => bytes.to_vec(),
        };
        let is_start = |at: &usize| {
            let rest = &tail[*at..];
            rest.starts_with(&ZSTD_MAGIC)
                || (*at > 0 && tail[at - 1] == b'\n' && rest.starts_with(b"{"))
        };
        let starts = (0..tail.len()).rev().filter(is_start).take(MAX_STARTS);
        starts.into_iter().find_map(|start| {
            let last = Cursor::new(tail[start..].to_vec());
            let reader = Reader::open_at(last, 0, header.clone()).ok()?;
            reader.map(|line| line.t).max()
        })
    }
}

/// Reads the last part of a file.
fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(bytes)
}
