//! The flags of `vtask wait`.

use clap::Args;
use jiff::SignedDuration;

use super::super::{
    deadline::TimeoutArgs, fetch_args::FetchArgs, notify::NotifyArgs, selector::TaskSelector,
};
use crate::{config::ConnectionArgs, text::parse_positive_duration};

const LONG_ABOUT: &str = "\
Exit codes: 0 all succeeded, 1 one failed, 3 one was cancelled (and none failed), 4 an outcome is unknown, \
5 sign-in refused, 124 --timeout passed, 130 interrupted. With --children, if --timeout passes when every task that is \
known of the families has ended and only --settle is not over, the tasks' own outcome counts, and a line says so.

--json writes one object a line to standard output, each with \"version\":1, a \"type\", at (the time) and endpoint. \
Times are RFC 3339 by the server's clock, durations are in seconds, what is unknown is null.

Type \"task\", at every change of a task: moId, status (queued, running, success, failed, cancelled, lost, ghost, \
unknown), outcome (success, failed, cancelled, unknown; null while it goes on), operation, operationId, target, \
targetMoId, startedBy, phase, progress (percent), progressDerived, cancelable, cancelRequested, parentKey, rootKey, \
queuedAt, startedAt, completedAt, queuedSeconds, durationSeconds, error {type, message, causes, rootCause}, trouble, and \
info: the TaskInfo as the server sent it. causes and rootCause are {type, message}, the outermost first; a NoPermission \
has its privilege and object, too. trouble is why no more is known, else what deserves a second look.

Type \"link\", when the connection breaks or comes back: state (connecting, live, polling, retrying, signed-out, \
given-up), reason, attempt, nextAt.

Type \"summary\", the last line: outcome (success, failed, cancelled, unknown, refused, timeout, interrupted), \
exitCode, durationSeconds, reason, tasks [{endpoint, moId, status, outcome, durationSeconds, error}]; its endpoint is \
null where several servers were waited on.

Several vCenters: --profile lab --profile branch, and lab/task-4711 where the server does not show otherwise. One that \
is away or refuses does not disturb the others; what becomes of its tasks is unknown.";

/// Wait until tasks have finished
///
/// Shows a progress bar for each task on standard error; the exit code tells the result. Survives expired sessions and
/// server restarts; missing tasks are looked up in history.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = LONG_ABOUT)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent flags of a command line"
)]
pub struct WaitArgs {
    /// Tasks to wait for: ID, URN or URL; - reads them from standard input, separated by white space
    #[arg(value_name = "TASK", required_unless_present_any = ["entity", "operation", "user", "activation_id", "filter", "new"])]
    pub tasks: Vec<String>,

    /// Selects queued and running tasks, in addition to or instead of TASKs.
    #[command(flatten)]
    pub choice: TaskSelector,

    /// Wait for tasks that start from now on, until at least one has started and all of them have ended
    #[arg(long, conflicts_with = "tasks", help_heading = "Which tasks")]
    pub new: bool,

    /// Return when any task ends
    #[arg(long)]
    pub any: bool,

    /// Also wait for child tasks
    #[arg(long, conflicts_with = "any")]
    pub children: bool,

    /// With --children: quiet period after the last child task
    #[arg(long, value_name = "SPAN", value_parser = parse_positive_duration, requires = "children", default_value = "6s")]
    pub settle: SignedDuration,

    #[command(flatten)]
    pub timeout: TimeoutArgs,

    /// Stop waiting for a server after this long unreachable [default: 10m]
    #[arg(long, env = "VTASK_MAX_OUTAGE", value_name = "SPAN", value_parser = parse_positive_duration)]
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

    #[command(flatten)]
    pub connection: ConnectionArgs,
}
