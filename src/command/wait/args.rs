//! What `vtask wait` is told.

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
/// Shows a bar for each task on standard error while it waits, and tells by its exit code how they ended. It outlives
/// expired sessions and a server that restarts; of a task that vanished the history is asked.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = LONG_ABOUT)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent flags of a command line"
)]
pub struct WaitArgs {
    /// Tasks to wait for, in any form; - reads them from standard input, separated by white space
    #[arg(value_name = "TASK", required_unless_present_any = ["entity", "operation", "user", "activation_id", "filter", "new"])]
    pub tasks: Vec<String>,

    /// Which tasks besides (or instead of) those that are named: the ones that are queued or running now.
    #[command(flatten)]
    pub choice: TaskSelector,

    /// Wait for tasks that start from now on instead of those that are there; until at least one has come and all
    /// that came have finished
    #[arg(long, conflicts_with = "tasks", help_heading = "Which tasks")]
    pub new: bool,

    /// Until the first of them has finished, however
    #[arg(long)]
    pub any: bool,

    /// Until everything that they started has finished, too
    #[arg(long, conflicts_with = "any")]
    pub children: bool,

    /// With --children: how long nothing of the family may end or come to light before it counts as finished
    #[arg(long, value_name = "SPAN", value_parser = parse_positive_duration, requires = "children", default_value = "6s")]
    pub settle: SignedDuration,

    /// How long it may take.
    #[command(flatten)]
    pub timeout: TimeoutArgs,

    /// Give a server up when it cannot be reached for this long [default: 10m]
    #[arg(long, env = "VTASK_MAX_OUTAGE", value_name = "SPAN", value_parser = parse_positive_duration)]
    pub max_outage: Option<SignedDuration>,

    /// Show nothing; only the exit code tells
    #[arg(short, long)]
    pub quiet: bool,

    /// Write every change to standard output, one JSON object a line, the last line the summary
    #[arg(long)]
    pub json: bool,

    /// Whom to tell, and how.
    #[command(flatten)]
    pub tell: NotifyArgs,

    /// How to follow.
    #[command(flatten)]
    pub follow: FetchArgs,

    /// Which server, and how to sign in.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}
