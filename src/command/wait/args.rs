//! The flags of `vtask wait`.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use super::super::{notify::NotifyArgs, record::RecordArgs, selector::TaskSelector};
use crate::{task::TimeExpr, text::parse_positive_duration};

/// Wait until tasks have finished; the exit code is the result
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags of a command line")]
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

    /// Return as soon as a task has failed or was cancelled
    #[arg(long, conflicts_with = "any")]
    pub fail_fast: bool,

    /// Exit with code 6 if a task makes no progress for SPAN
    #[arg(long, value_name = "SPAN", value_parser = parse_positive_duration)]
    pub stalled: Option<SignedDuration>,

    /// With --stalled: run COMMAND, as --exec does, and go on waiting
    #[arg(long, hide_short_help = true, value_name = "COMMAND", requires = "stalled")]
    pub on_stall: Option<String>,

    /// Succeed if there is no task to wait for
    #[arg(long, conflicts_with = "new")]
    pub allow_empty: bool,

    /// In a log: also print the progress, every SPAN
    #[arg(long, hide_short_help = true, env = "VTASK_LOG_EVERY", value_name = "SPAN", value_parser = parse_positive_duration)]
    pub log_every: Option<SignedDuration>,

    /// Print errors only
    #[arg(short, long)]
    pub quiet: bool,

    /// Print one JSON object per change and a summary
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub notify: NotifyArgs,

    #[command(flatten)]
    pub record: RecordArgs,

    /// Wait in a record by its clock; see also --at TIME, --vcenter NAME
    ///
    /// No time passes: the result is that of `vtask wait` started at TIME, which is the beginning of the record by
    /// default. Spans such as that of --timeout are by the clock of the record. If it ends before the wait does, the exit
    /// code is 4. Commands of --exec and --on-stall are not run, and nothing is recorded.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub from: Option<PathBuf>,

    /// With --from: begin at this time, such as 2026-01-31T02:30, or 10m before the end
    #[arg(
        id = "record_at",
        long = "at",
        hide_short_help = true,
        value_name = "TIME",
        requires = "from"
    )]
    pub at: Option<TimeExpr>,

    /// With --from: vCenter of the record, if there are several
    #[arg(
        id = "record_vcenter",
        long = "vcenter",
        hide_short_help = true,
        value_name = "NAME",
        requires = "from"
    )]
    pub vcenter: Option<String>,
}
