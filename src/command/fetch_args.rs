//! Flags that control how tasks are fetched.

use std::{sync::Arc, time::Duration};

use clap::Args;

use crate::{
    config::{Defaults, process_environment},
    text::parse_seconds,
    vim::ConnectOptions,
    watch::{FetchMode, LabelCache, WatchOptions},
};

/// Flags that control how tasks are fetched.
#[derive(Debug, Clone, Default, Args)]
pub struct FetchArgs {
    /// Screen, wait, --watch: one long poll (push), reading each task (poll) [default: auto]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "VTASK_FETCH",
        value_name = "MODE",
        value_enum,
        hide_possible_values = true
    )]
    pub fetch: Option<FetchMode>,

    /// Screen, wait, --watch: interval at which tasks are read one by one [default: 2s]
    #[arg(long, global = true, hide_short_help = true, env = "VTASK_INTERVAL", value_name = "SPAN", value_parser = parse_seconds)]
    pub interval: Option<f64>,
}

impl FetchArgs {
    /// Returns the options of a watcher.
    pub(super) fn options(
        &self,
        connect: ConnectOptions,
        tasks: Vec<Arc<str>>,
        defaults: &Defaults,
    ) -> WatchOptions {
        let mut options = WatchOptions::new(connect, tasks);
        if let Some(fetch) = self.fetch.or(defaults.fetch) {
            options.fetch = fetch;
        }
        if let Some(interval) = self.interval.or(defaults.interval) {
            options.interval = Duration::from_secs_f64(interval);
        }
        options.label_cache = LabelCache::from_environment(process_environment);
        options
    }
}
