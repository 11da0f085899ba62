//! Arguments of the full-screen view.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::{notify::NotifyArgs, record::RecordArgs};
use crate::{app::ColumnSet, config::env_flag, task::row_model::Sort, text::parse_factor};

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Tasks to watch: ID, URN or URL; - for standard input [default: all]
    #[arg(value_name = "TASK", hide_short_help = true)]
    pub tasks: Vec<String>,

    #[command(flatten)]
    pub screen: ScreenArgs,

    #[command(flatten)]
    pub notify: NotifyArgs,

    /// Notify for all finished tasks, not only named and pinned ones
    #[arg(long, hide_short_help = true, env = "VTASK_NOTIFY_ALL", action = ArgAction::SetTrue, value_parser = env_flag)]
    pub notify_all: bool,

    /// Former name of --notify-all
    #[arg(long, env = "VTASK_TELL_ALL", action = ArgAction::SetTrue, value_parser = env_flag, hide = true)]
    pub tell_all: bool,

    #[command(flatten)]
    pub record: RecordArgs,
}

#[derive(Debug, Clone, Args)]
pub struct ScreenArgs {
    /// auto, dark, light (--light), high-contrast, color-blind or own
    ///
    /// auto follows the terminal's background. Your own theme NAME is NAME.toml in ~/.config/vtask/themes.
    #[arg(long, hide_short_help = true, env = "VTASK_THEME", value_name = "NAME|FILE")]
    pub theme: Option<String>,

    /// Use a light theme; same as --theme light
    #[arg(long, hide_short_help = true, env = "VTASK_LIGHT", action = ArgAction::SetTrue, value_parser = env_flag, conflicts_with = "theme")]
    pub light: bool,

    /// Sort by these columns; - for descending: state,-elapsed
    ///
    /// Columns: urgency, state,
    /// task, phase, target, progress, elapsed, left, cancel, started-by, queued, started, completed, queued-for,
    /// endpoint, operation, id, parent, error, tag, activation, host, cluster, datacenter, folder.
    #[arg(
        long,
        hide_short_help = true,
        env = "VTASK_SORT",
        value_name = "COLUMN,…",
        allow_hyphen_values = true
    )]
    pub sort: Option<Sort>,

    /// Columns, with optional width: task,target,progress:20
    ///
    /// The columns of --sort without urgency, plus finish (expected end).
    #[arg(long, hide_short_help = true, env = "VTASK_COLUMNS", value_name = "COLUMN[:WIDTH],…")]
    pub columns: Option<ColumnSet>,

    /// Write performance statistics as JSON to FILE on exit
    ///
    /// Counts and latencies of requests, bytes and frames.
    #[arg(long, hide_short_help = true, env = "VTASK_STATS", value_name = "FILE")]
    pub stats: Option<PathBuf>,

    /// Draw with ASCII characters only
    #[arg(long, hide_short_help = true, env = "VTASK_ASCII", action = ArgAction::SetTrue, value_parser = env_flag)]
    pub ascii: bool,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Speed of simulated time; 2 runs twice as fast
    #[arg(long, default_value_t = 1.0, value_parser = parse_factor)]
    pub speed: f64,

    /// Random seed; the same seed gives the same run
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Number of vCenters
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=10))]
    pub vcenters: u16,

    #[command(flatten)]
    pub screen: ScreenArgs,
}
