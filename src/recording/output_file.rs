//! The file of a record: complete zstd frames, or plain lines.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::line::Header;

/// Fast; higher levels use more time than they save space at this frame size.
const LEVEL: i32 = 1;

/// Error while writing a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file exists.
    #[error("the record {0} exists already. Give another name; records are never overwritten.")]
    Exists(String),
    /// The file cannot be created.
    #[error("cannot create the record {0}: {1}.")]
    Create(String, io::Error),
    /// A copy cannot be written.
    #[error("{0}")]
    Write(String),
}

/// The file of a record.
pub(super) struct OutputFile {
    pub(super) output: Box<dyn Write + Send>,
    /// `None` for a plain file.
    pub(super) compressor: Option<zstd::bulk::Compressor<'static>>,
    /// The path, to notice that the file was removed.
    pub(super) path: Option<PathBuf>,
    /// Size in bytes.
    pub(super) size: u64,
}

impl OutputFile {
    /// Creates a file, compressed unless its name ends in `.ndjson`, and writes the header.
    pub(super) fn create(path: &Path, header: &Header) -> Result<Self, RecordError> {
        let name = path.display().to_string();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => RecordError::Exists(name.clone()),
            _ => RecordError::Create(name.clone(), error),
        })?;
        let is_plain = path
            .extension()
            .is_some_and(|extension| extension == "ndjson");
        let failed = |error| RecordError::Create(name.clone(), error);
        let compressor = if is_plain {
            None
        } else {
            let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(failed)?;
            compressor.include_checksum(true).map_err(failed)?;
            Some(compressor)
        };
        let mut frames = Self {
            output: Box::new(file),
            compressor,
            path: Some(path.to_owned()),
            size: 0,
        };
        let mut first = serde_json::to_vec(header).unwrap_or_default();
        first.push(b'\n');
        frames.write(&first).map_err(failed)?;
        Ok(frames)
    }

    /// Appends lines as one frame. The error is a message for the user.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), String> {
        let name = self.path.as_deref().unwrap_or(Path::new("")).display();
        if let Some(path) = &self.path
            && let Err(error) = fs::metadata(path)
        {
            return Err(format!(
                "Recording stopped: the record {name} is no longer there ({error})."
            ));
        }
        if lines.is_empty() {
            return Ok(());
        }
        let name = name.to_string();
        self.write(lines).map_err(|error| {
            format!("Recording stopped: cannot write to the record {name}: {error}.")
        })
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let frame = match &mut self.compressor {
            None => None,
            Some(compressor) => Some(compressor.compress(lines)?),
        };
        let bytes = frame.as_deref().unwrap_or(lines);
        self.output.write_all(bytes)?;
        self.size += bytes.len() as u64;
        Ok(())
    }
}
