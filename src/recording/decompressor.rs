//! Decompresses a record frame by frame, so that reading can start again between two frames.

use std::io::{self, BufRead, BufReader, Read};

/// Maximum history of a zstd frame that has to be kept to decompress it, as a power of two.
const MAX_WINDOW_LOG: u32 = 23;
/// Decompressed bytes accepted per byte of the file, in addition to [`FREE_BYTES`]. Records of real servers have ten to
/// forty; a file that expands more is a decompression bomb.
const MAX_EXPANSION: u64 = 1000;
const FREE_BYTES: u64 = 64 << 20;
/// First bytes of a zstd frame.
pub(super) const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BUFFER: usize = 64 << 10;

type File = CountingReader<BufReader<Box<dyn Read + Send>>>;

/// The decompressed content of a file; that of a plain file is passed on.
pub(super) struct Decompressor {
    state: State,
    /// Offset in the file at which the current frame begins, or reading began in a plain file.
    start: u64,
    /// Bytes returned since `start`.
    from_frame: u64,
    /// Bytes returned from all frames.
    returned: u64,
}

enum State {
    Plain(File),
    BetweenFrames(File),
    InFrame(Box<zstd::stream::read::Decoder<'static, File>>),
    /// After an error.
    Ended,
}

impl Decompressor {
    /// Starts at the current place of the input, whose offset in the file is `start`.
    pub(super) fn new(input: impl Read + Send + 'static, start: u64) -> io::Result<Self> {
        let input: Box<dyn Read + Send> = Box::new(input);
        let mut input = CountingReader {
            input: BufReader::with_capacity(BUFFER, input),
            consumed: start,
        };
        let is_compressed = input.fill_buf()?.starts_with(&ZSTD_MAGIC);
        let state = if is_compressed {
            State::BetweenFrames(input)
        } else {
            State::Plain(input)
        };
        Ok(Self {
            state,
            start,
            from_frame: 0,
            returned: 0,
        })
    }

    /// Returns the offset of the byte that is `unread` bytes before the end of what was returned, if it begins a frame or
    /// is in a plain file.
    pub(super) fn offset_before(&self, unread: u64) -> Option<u64> {
        match self.state {
            State::Plain(_) => Some(self.start + self.from_frame - unread),
            _ => (self.from_frame == unread).then_some(self.start),
        }
    }

    fn begin_frame(&mut self, input: File) -> io::Result<()> {
        self.start = input.consumed;
        self.from_frame = 0;
        let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?.single_frame();
        decoder.window_log_max(MAX_WINDOW_LOG)?;
        self.state = State::InFrame(Box::new(decoder));
        Ok(())
    }

    /// Counts returned bytes. Fails when there are more than a record can contain.
    fn count(&mut self, length: usize, consumed: u64) -> io::Result<usize> {
        self.from_frame += length as u64;
        self.returned += length as u64;
        let limit = consumed
            .saturating_mul(MAX_EXPANSION)
            .saturating_add(FREE_BYTES);
        if self.returned > limit {
            return Err(io::Error::other(
                "it expands more than a record of tasks can",
            ));
        }
        Ok(length)
    }
}

impl Read for Decompressor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Plain(mut input) => {
                    let length = input.read(buffer)?;
                    self.from_frame += length as u64;
                    self.state = State::Plain(input);
                    return Ok(length);
                }
                State::BetweenFrames(mut input) => {
                    if input.fill_buf()?.is_empty() {
                        self.start = input.consumed;
                        self.from_frame = 0;
                        self.state = State::BetweenFrames(input);
                        return Ok(0);
                    }
                    self.begin_frame(input)?;
                }
                State::InFrame(mut decoder) => {
                    let length = decoder.read(buffer)?;
                    if length > 0 {
                        let consumed = decoder.get_ref().consumed;
                        self.state = State::InFrame(decoder);
                        return self.count(length, consumed);
                    }
                    self.state = State::BetweenFrames(decoder.finish());
                }
                State::Ended => return Ok(0),
            }
        }
    }
}

/// Counts the bytes consumed.
struct CountingReader<R> {
    input: R,
    consumed: u64,
}

impl<R: BufRead> BufRead for CountingReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.consumed += length as u64;
        self.input.consume(length);
    }
}

impl<R: BufRead> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.consumed += length as u64;
        Ok(length)
    }
}
