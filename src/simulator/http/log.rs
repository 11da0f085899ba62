//! Log of requests, for tests and for measuring clients.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{LineWriter, Write};
use std::time::Duration;

const MAX_RECORDS: usize = 50_000;

/// A completed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// Arrival, as real time since the server's start.
    pub at: Duration,
    /// HTTP method.
    pub method: String,
    /// Endpoint without IDs: `Task/info`, `PropertyCollector/WaitForUpdatesEx`, `hello`.
    pub kind: String,
    /// Raw path.
    pub path: String,
    /// Status of the response; 0 if the connection was cut or closed by the client before one was sent.
    pub status: u16,
    /// Size of the response body before compression, if known.
    pub bytes: usize,
}

impl fmt::Display for RequestRecord {
    /// Tab-separated: seconds since the server's start, status, bytes, method and kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at,
            method,
            kind,
            status,
            bytes,
            ..
        } = self;
        write!(
            f,
            "{:.6}\t{status}\t{bytes}\t{method}\t{kind}",
            at.as_secs_f64()
        )
    }
}

/// Response extension with the size of the body before compression.
#[derive(Clone, Copy)]
pub(crate) struct BodySize(pub usize);

/// The newest requests and the total count.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    newest: VecDeque<RequestRecord>,
    count: u64,
    /// File to which every request is written.
    sink: Option<LineWriter<File>>,
}

impl RequestLog {
    pub(crate) fn add(&mut self, record: RequestRecord) {
        self.count += 1;
        if let Some(sink) = &mut self.sink
            && writeln!(sink, "{record}").is_err()
        {
            // Ignore further write errors, e.g. of a full disk.
            self.sink = None;
        }
        if self.newest.len() == MAX_RECORDS {
            self.newest.pop_front();
        }
        self.newest.push_back(record);
    }

    /// Returns the newest requests, oldest first.
    pub(crate) fn newest(&self) -> Vec<RequestRecord> {
        self.newest.iter().cloned().collect()
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn clear(&mut self) {
        self.newest.clear();
        self.count = 0;
    }

    /// Writes every further request to a file, one per line.
    pub(crate) fn write_to(&mut self, file: File) {
        self.sink = Some(LineWriter::new(file));
    }
}
