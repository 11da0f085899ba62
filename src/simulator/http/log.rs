//! The log of requests, for tests and for whoever measures a client.

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

/// How many requests are remembered.
const MAX_RECORDS: usize = 50_000;

/// A request that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// When it arrived, as real time since the server's start.
    pub at: Duration,
    /// The HTTP method.
    pub method: String,
    /// What it was for, without ids: `Task/info`, `PropertyCollector/WaitForUpdatesEx`, `hello`.
    pub kind: String,
    /// The raw path.
    pub path: String,
    /// The status of the answer; 0 if there was none: the connection was cut, or the client went away.
    pub status: u16,
    /// Bytes of the answer's body before compression, where that is known.
    pub bytes: usize,
}

impl fmt::Display for RequestRecord {
    /// Seconds since the start, status, bytes, method and kind, with tabs between.
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

/// Bytes of an answer's body before compression, on the answer itself.
#[derive(Clone, Copy)]
pub(in crate::simulator) struct Size(pub usize);

/// A request that is under way; it gets into the log however it ends.
pub(in crate::simulator) struct InFlight {
    running: Arc<ServerCore>,
    /// What is known of it.
    pub record: RequestRecord,
}

impl InFlight {
    /// A request that has just come.
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

    /// It is answered.
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

/// The newest requests and the number of all.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    newest: VecDeque<RequestRecord>,
    count: u64,
    /// Where every request is written, too.
    sink: Option<LineWriter<File>>,
}

impl RequestLog {
    /// Adds a request.
    pub(crate) fn add(&mut self, record: RequestRecord) {
        self.count += 1;
        if let Some(sink) = &mut self.sink
            && writeln!(sink, "{record}").is_err()
        {
            // A disk that is full does not get emptier by trying.
            self.sink = None;
        }
        if self.newest.len() == MAX_RECORDS {
            self.newest.pop_front();
        }
        self.newest.push_back(record);
    }

    /// The newest requests, oldest first.
    pub(crate) fn newest(&self) -> Vec<RequestRecord> {
        self.newest.iter().cloned().collect()
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.newest.clear();
        self.count = 0;
    }

    /// Writes every request from now on to a file, one line each.
    pub(crate) fn write_to(&mut self, file: File) {
        self.sink = Some(LineWriter::new(file));
    }
}
