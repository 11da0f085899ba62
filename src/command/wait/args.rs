//! The flags of `vtask wait`.

use clap::Args;
use jiff::SignedDuration;

use super::super::{fetch_args::FetchArgs, notify::NotifyArgs, selector::TaskSelector};
use crate::text::parse_positive_duration;

/// Wait until tasks have finished; the exit code is the result
#[derive(Debug, Clone, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent flags of a command line"
)]
pub struct WaitArgs {
    /// Tasks: ID, URN or URL; - for standard input
    #[arg(value_name = "TASK", required_unless_present_any = ["entity", "operation", "user", "activation_id", "filter", "new"])]
    pub tasks: Vec<String>,

    /// Selects queued and running tasks, in addition to or instead of TASKs.
    #[command(flatten)]
    pub choice: TaskSelector,

    /// Tasks that start from now on
    #[arg(long, conflicts_with = "tasks", help_heading = "Which tasks")]
    pub new: bool,

    /// Return when any task ends
    #[arg(long)]
    pub any: bool,

    /// Also wait for child tasks
    #[arg(long, conflicts_with = "any")]
    pub children: bool,

    /// With --children: quiet period after the last child task
    #[arg(long, hide_short_help = true, value_name = "SPAN", value_parser = parse_positive_duration, requires = "children", default_value = "6s")]
    pub settle: SignedDuration,

    /// Stop waiting for a server after this long unreachable [default: 10m]
    #[arg(long, hide_short_help = true, env = "VTASK_MAX_OUTAGE", value_name = "SPAN", value_parser = parse_positive_duration)]
    pub max_outage: Option<SignedDuration>,

    /// Print nothing
    #[arg(short, long)]
    pub quiet: bool,

    /// Print one JSON object per line for each change, and a summary at the end
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub tell: NotifyArgs,

    #[command(flatten)]
    pub follow: FetchArgs,
}
