//! Options of the fetch loop.

use std::{sync::Arc, time::Duration};

use vtask_recording::Recorder;
use vtask_vim::ConnectOptions;

use super::{intervals::Intervals, label_cache::LabelCache, rate_limiter::MAX_READS_PER_SECOND};

/// The way tasks are followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FetchMode {
    /// One long poll for all tasks; if unavailable, polling, with later retries
    #[default]
    Auto,
    /// One long poll for all tasks only
    Push,
    /// Polling of each task at an interval
    Poll,
}

/// The tasks to watch on one server, and the way to do it.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// The connection.
    pub connect: ConnectOptions,
    /// Tasks named by the user.
    pub tasks: Vec<Arc<str>>,
    /// True to watch recent tasks, too.
    pub discover: bool,
    /// The way tasks are followed.
    pub fetch: FetchMode,
    /// Polling interval of running tasks.
    pub interval: Duration,
    /// Interval of reading the list of recent tasks.
    pub discover_interval: Duration,
    /// Duration of polling before the long poll is tried again.
    pub push_retry: Duration,
    /// Intervals and limits of the loop.
    pub intervals: Intervals,
    /// Cache of the operation labels; `None` reads them in each run.
    pub label_cache: Option<LabelCache>,
    /// True to learn typical durations from the server's history.
    pub typical: bool,
    /// True to look for pending questions and lost hosts of tasks that do not progress.
    pub entity_states: bool,
    /// Number of finished tasks to keep besides named and pinned ones.
    pub keep_finished: usize,
    /// Maximum number of watched tasks besides named ones. Beyond it the oldest finished tasks that are not pinned are
    /// evicted, then new tasks are rejected, which is reported.
    pub max_tasks: usize,
    /// Maximum number of task reads per second while polling, and size of a burst.
    pub max_reads_per_second: u32,
    /// Record to which everything is written that is sent to the consumer.
    pub recorder: Option<Recorder>,
}

impl WatchOptions {
    /// True if both refer to the same server and account, and tasks are followed in the same way.
    pub fn is_same(&self, other: &Self) -> bool {
        self.connect.is_same(&other.connect)
            && (self.fetch, self.interval) == (other.fetch, other.interval)
    }

    /// Returns the options to watch these tasks, or all recent ones if none is named.
    pub fn new(connect: ConnectOptions, tasks: Vec<Arc<str>>) -> Self {
        Self {
            discover: tasks.is_empty(),
            connect,
            tasks,
            fetch: FetchMode::Auto,
            interval: Duration::from_secs(2),
            discover_interval: Duration::from_secs(5),
            push_retry: Duration::from_secs(300),
            intervals: Intervals::default(),
            label_cache: None,
            typical: false,
            entity_states: false,
            keep_finished: 5_000,
            max_tasks: 100_000,
            max_reads_per_second: MAX_READS_PER_SECOND,
            recorder: None,
        }
    }
}
