//! What the fetch loop is told at its start.

use std::{sync::Arc, time::Duration};

use crate::vim::ConnectOptions;

/// How tasks are followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FetchMode {
    /// One long poll for all; where that is not to be had, one by one, with another try later
    #[default]
    Auto,
    /// One long poll for all, or nothing
    Push,
    /// One by one, at an interval
    Poll,
}

/// The loop's own spans. They suit a vCenter; only a test has reason to change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tempo {
    /// No pause before a retry is longer than this at first (it doubles with each failure)…
    pub first_retry: Duration,
    /// …nor than this later…
    pub last_retry: Duration,
    /// …and none is shorter than this.
    pub least_retry: Duration,
    /// How often a queued task is read, where that is done one by one.
    pub queued: Duration,
    /// After how long a task is read again that could not be read.
    pub unreadable: Duration,
    /// How long a long poll waits at most; whole seconds. Proxies cut longer ones.
    pub wait: Duration,
    /// How long a task that was put into the view may stay unheard of before it is read by itself, and again and
    /// again until it is heard of.
    pub heard_after: Duration,
    /// After how long without an answer of the long poll some of the tasks are read by themselves, and again after as
    /// long: a poll may hang although its session has ended.
    pub check: Duration,
    /// Clocks drift: how often the server's is read.
    pub clock: Duration,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            first_retry: Duration::from_secs(1),
            last_retry: Duration::from_secs(60),
            least_retry: Duration::from_millis(200),
            queued: Duration::from_secs(5),
            unreadable: Duration::from_secs(30),
            wait: Duration::from_secs(55),
            heard_after: Duration::from_secs(4),
            check: Duration::from_secs(10),
            clock: Duration::from_secs(300),
        }
    }
}

/// What to watch on one endpoint, and how.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// How to reach the server.
    pub connect: ConnectOptions,
    /// The tasks that the user named.
    pub tasks: Vec<Arc<str>>,
    /// Whether to watch what is recent on the server, too.
    pub discover: bool,
    /// How tasks are followed.
    pub fetch: FetchMode,
    /// How often a running task is read, where that is done one by one.
    pub interval: Duration,
    /// How often the list of recent tasks is read.
    pub discover_interval: Duration,
    /// How long tasks are read one by one, where the long poll is not to be had, before it is tried again.
    pub push_again: Duration,
    /// The loop's own spans.
    pub tempo: Tempo,
    /// Whether to look up in the server's history how long operations usually take.
    pub typical: bool,
    /// Whether to look whether virtual machines wait for an answer while their tasks stand still.
    pub questions: bool,
    /// How many finished tasks are kept on the board besides those that are named or pinned.
    pub keep_finished: usize,
    /// How many tasks are watched at most, besides those that are named. Where there are more, the finished ones that
    /// are not pinned make room, the oldest first; beyond that no further ones are taken, and that is told.
    pub most_tasks: usize,
    /// How many tasks are read in a second at most, where that is done one by one; as many at once after a rest.
    pub most_reads: u32,
}

impl WatchOptions {
    /// Watches these tasks; where none is named, everything recent on the server.
    pub fn new(connect: ConnectOptions, tasks: Vec<Arc<str>>) -> Self {
        Self {
            discover: tasks.is_empty(),
            connect,
            tasks,
            fetch: FetchMode::Auto,
            interval: Duration::from_secs(2),
            discover_interval: Duration::from_secs(5),
            push_again: Duration::from_secs(300),
            tempo: Tempo::default(),
            typical: false,
            questions: false,
            keep_finished: 5_000,
            most_tasks: 100_000,
            most_reads: 100,
        }
    }
}
