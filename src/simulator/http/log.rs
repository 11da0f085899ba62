//! Log of requests, for tests and for measuring clients.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{LineWriter, Write};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;

use crate::simulator::faults::Dropped;
use crate::simulator::server::ServerCore;

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
pub(in crate::simulator) struct Size(pub usize);

/// A request in progress, logged on drop.
pub(in crate::simulator) struct InFlight {
    running: Arc<ServerCore>,
    pub record: RequestRecord,
}

impl InFlight {
    pub(in crate::simulator) fn begin(
        running: &Arc<ServerCore>,
        request: &Request,
        kind: String,
    ) -> Self {
        let record = RequestRecord {
            at: running.real_time(),
            method: request.method().to_string(),
            kind,
            path: request.uri().path().to_owned(),
            status: 0,
            bytes: 0,
        };
        Self {
            running: running.clone(),
            record,
        }
    }

    /// Records the status and size of the response.
    pub(in crate::simulator) fn end(mut self, response: Response) -> Response {
        let extensions = response.extensions();
        if extensions.get::<Dropped>().is_none() {
            self.record.status = response.status().as_u16();
            self.record.bytes = extensions.get::<Size>().map_or(0, |size| size.0);
        }
        response
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.running.log().add(self.record.clone());
    }
}

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
