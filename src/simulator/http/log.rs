//! The log of requests, for tests and for whoever measures a client.

use std::collections::VecDeque;
use std::time::Duration;

/// How many requests are remembered.
const REMEMBERED: usize = 50_000;

/// A request that was answered.
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
    /// The status of the answer.
    pub status: u16,
    /// Bytes of the answer's body before compression.
    pub bytes: usize,
}

/// The newest requests and the number of all.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    newest: VecDeque<RequestRecord>,
    count: u64,
}

impl RequestLog {
    /// Adds a request.
    pub(crate) fn add(&mut self, record: RequestRecord) {
        self.count += 1;
        if self.newest.len() == REMEMBERED {
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
        *self = Self::default();
    }
}
