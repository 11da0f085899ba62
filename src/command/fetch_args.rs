//! How a command follows tasks: the flags of the fetch loop.

use std::{sync::Arc, time::Duration};

use clap::Args;

use crate::{
    config::Defaults,
    text::parse_seconds,
    vim::ConnectOptions,
    watch::{FetchMode, WatchOptions},
};

/// How to follow tasks.
#[derive(Debug, Clone, Default, Args)]
pub struct FetchArgs {
    /// How to follow tasks: with one long poll for all, or reading them one by one [default: auto]
    #[arg(long, env = "VTASK_FETCH", value_enum)]
    pub fetch: Option<FetchMode>,

    /// How often a running task is read where that is done one by one, in seconds [default: 2]
    #[arg(long, env = "VTASK_INTERVAL", value_name = "SECONDS", value_parser = parse_seconds)]
    pub interval: Option<f64>,
}

impl FetchArgs {
    /// What the fetch loop is told.
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
        options
    }
}
