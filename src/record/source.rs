//! Places from which a record is read.

use std::{io::Cursor, path::PathBuf};

use super::{ReadError, Reader};

/// A record that can be opened several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// A record that is part of the program.
    BuiltIn(&'static [u8]),
}

impl Source {
    /// Opens the record.
    ///
    /// # Errors
    /// Those of [`Reader::open`].
    pub fn open(&self) -> Result<Reader, ReadError> {
        match self {
            Self::File(path) => Reader::open(path),
            Self::BuiltIn(bytes) => Reader::new(Cursor::new(*bytes), "the built-in record"),
        }
    }
}
