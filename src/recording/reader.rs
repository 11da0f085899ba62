//! Reads a record line by line, with bounded memory, whatever the file contains.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use vtask_text::sanitize;

use super::{FORMAT_VERSION, Header, Line, decompressor::Decompressor};

/// Maximum length of a line in bytes. Longer ones are skipped.
pub(super) const MAX_LINE: usize = 8 << 20;
/// Size of the buffer of decompressed lines.
const BUFFER: usize = 64 << 10;
/// Error that prevents a record from being read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("cannot read {0}: {1}.")]
    Io(String, io::Error),
    /// The first line is not that of a record.
    #[error("{0} is not a vtask record: its first line has no “vtask_record”.")]
    NotARecord(String),
    /// A later version of the format.
    #[error(
        "{file} has version {version} of the record format; this vtask reads up to {FORMAT_VERSION}. Use a newer vtask."
    )]
    Version {
        /// Name of the file.
        file: String,
        /// Version of its format.
        version: u32,
    },
}

/// Parts of a record that could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Damage {
    /// Number of lines that are not valid.
    pub invalid_lines: u64,
    /// Reason why the rest of the file cannot be read: its end is missing, or it is damaged.
    pub rest: Option<String>,
    /// Number of lines that the recorder did not write because the disk was too slow.
    pub lost_lines: u64,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.invalid_lines > 0 {
            parts.push(format!("{} invalid lines were skipped", self.invalid_lines));
        }
        if self.lost_lines > 0 {
            let lost = self.lost_lines;
            parts.push(format!("{lost} lines were lost while recording"));
        }
        parts.extend(self.rest.clone());
        f.write_str(&parts.join("; "))
    }
}

/// The lines of a record, in the order of the file.
pub struct Reader {
    input: BufReader<Decompressor>,
    /// Bytes of lines read so far, decompressed.
    bytes: u64,
    last_length: usize,
    header: Header,
    damage: Damage,
    buffer: Vec<u8>,
    ended: bool,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("header", &self.header)
            .field("damage", &self.damage)
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// Fails if the file cannot be read, is no record, or has a later version.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let name = sanitize(&path.display().to_string()).into_owned();
        let file = File::open(path).map_err(|error| ReadError::Io(name.clone(), error))?;
        Self::new(file, &name)
    }

    /// Reads a record from `input`, which messages call `name`.
    ///
    /// # Errors
    /// Those of [`Reader::open`].
    pub fn new(input: impl Read + Send + 'static, name: &str) -> Result<Self, ReadError> {
        let failed = |error| ReadError::Io(name.to_owned(), error);
        let header = Header::new(jiff::Timestamp::UNIX_EPOCH, Vec::new());
        let mut reader = Self::without_header(input, 0, header).map_err(failed)?;
        let has_line = reader.read_line().map_err(failed)?;
        let not_a_record = || ReadError::NotARecord(name.to_owned());
        if !has_line {
            return Err(not_a_record());
        }
        let first: serde_json::Value =
            serde_json::from_slice(&reader.buffer).map_err(|_| not_a_record())?;
        let version = first["vtask_record"].as_u64().ok_or_else(not_a_record)?;
        match u32::try_from(version) {
            Ok(version) if version <= FORMAT_VERSION => {}
            version => {
                return Err(ReadError::Version {
                    file: name.to_owned(),
                    version: version.unwrap_or(u32::MAX),
                });
            }
        }
        reader.header = serde_json::from_value(first).map_err(|_| not_a_record())?;
        Ok(reader)
    }

    /// Continues at an [offset](Self::offset) of a file whose header is known.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub(super) fn open_at(
        mut input: impl Read + Seek + Send + 'static,
        offset: u64,
        header: Header,
    ) -> io::Result<Self> {
        input.seek(SeekFrom::Start(offset))?;
        Self::without_header(input, offset, header)
    }

    fn without_header(
        input: impl Read + Send + 'static,
        offset: u64,
        header: Header,
    ) -> io::Result<Self> {
        Ok(Self {
            input: BufReader::with_capacity(BUFFER, Decompressor::new(input, offset)?),
            bytes: 0,
            last_length: 0,
            header,
            damage: Damage::default(),
            buffer: Vec::new(),
            ended: false,
        })
    }

    /// Returns the offset in the file from which the next line can be read without the lines before it; `None` within a
    /// frame.
    pub(super) fn offset(&mut self) -> Option<u64> {
        // A failure is reported by the next read.
        self.input.fill_buf().ok()?;
        let unread = self.input.buffer().len() as u64;
        self.input.get_ref().offset_before(unread)
    }

    /// Returns the length of the last line in bytes.
    pub fn line_length(&self) -> usize {
        self.last_length
    }

    /// Returns the number of bytes of lines read so far, decompressed.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the parts that could not be read so far.
    pub fn damage(&self) -> &Damage {
        &self.damage
    }

    /// Reads a line into the buffer; false at the end. A line that is too long is skipped.
    fn read_line(&mut self) -> io::Result<bool> {
        loop {
            self.buffer.clear();
            let limit = MAX_LINE as u64 + 1;
            let mut limited = (&mut self.input).take(limit);
            let length = limited.read_until(b'\n', &mut self.buffer)?;
            if length == 0 {
                return Ok(false);
            }
            self.bytes += length as u64;
            self.last_length = length;
            if length <= MAX_LINE || self.buffer.ends_with(b"\n") {
                return Ok(true);
            }
            self.damage.invalid_lines += 1;
            self.input.skip_until(b'\n')?;
        }
    }
}

impl Iterator for Reader {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        while !self.ended {
            match self.read_line() {
                Ok(true) => {}
                Ok(false) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    self.damage.rest = Some(match error.kind() {
                        io::ErrorKind::UnexpectedEof => {
                            "the end of the record is missing; vtask was stopped while writing it"
                                .to_owned()
                        }
                        _ => format!("the rest of the record cannot be read: {error}"),
                    });
                }
            }
            let is_whole = self.buffer.ends_with(b"\n");
            // The part of a line before the damage is not a line.
            if self.buffer.is_empty() || (self.damage.rest.is_some() && !is_whole) {
                continue;
            }
            match serde_json::from_slice::<Line>(&self.buffer) {
                Ok(line) => {
                    if let super::Entry::Lost { lines } = line.entry {
                        self.damage.lost_lines = self.damage.lost_lines.saturating_add(lines);
                    }
                    self.buffer.clear();
                    return Some(line);
                }
                Err(_) if !is_whole => {
                    self.damage.rest = Some(
                        "the end of the record is missing; vtask was stopped while writing it"
                            .to_owned(),
                    );
                }
                Err(_) if self.buffer.iter().all(u8::is_ascii_whitespace) => {}
                // An entry of a later version of the program, or the header of a second record.
                Err(_) if is_other_entry(&self.buffer) => {}
                Err(_) => self.damage.invalid_lines += 1,
            }
            self.buffer.clear();
        }
        None
    }
}

/// True for an object with a time, and for a header.
fn is_other_entry(line: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct LineTime {
        #[serde(rename = "t")]
        _t: jiff::Timestamp,
    }
    let mut text = serde_json::Deserializer::from_slice(line);
    let is_timed = <LineTime as serde::Deserialize>::deserialize(&mut text).is_ok();
    (is_timed && text.end().is_ok()) || serde_json::from_slice::<Header>(line).is_ok()
}

#[cfg(test)]
mod tests;
