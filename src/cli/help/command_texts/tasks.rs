//! Texts of the commands that read, await and cancel tasks.

use super::shared::READING;
use crate::cli::help::texts::Texts;

const OUTCOMES: &[(u8, &str)] = &[
    (1, "a task failed"),
    (2, "wrong usage or configuration"),
    (3, "a task was cancelled"),
    (
        4,
        "outcome unknown: server unreachable, task expired, or record ended",
    ),
    (5, "login refused"),
    (6, "a task is stalled (--stalled)"),
    (124, "timed out"),
    (130, "interrupted (143 SIGTERM, 129 SIGHUP)"),
];
const GET: &[(u8, &str)] = &[
    (1, "a task failed"),
    (2, "wrong usage or configuration"),
    (3, "a task was cancelled"),
    (4, "server unreachable, or task not found"),
    (5, "login refused"),
    (124, "timed out"),
];

pub(super) const TEXTS: &[Texts] = &[
    Texts {
        name: "get",
        usage: &["[OPTIONS] <TASK>..."],
        examples: &[
            "vtask get task-4711  # one line, with the error if it failed",
            "vtask get task-4711 --json  # TaskInfo as the server sent it",
            "vtask list --ids | vtask get -  # tasks of another command",
        ],
        exit_codes: GET,
        notes: "A running task counts as success.",
        globals: &[],
    },
    Texts {
        name: "list",
        usage: &["[OPTIONS]"],
        examples: &[
            "vtask list --state active  # queued and running tasks",
            "vtask list --since 24h --state failed --json  # failures of the last day, one JSON object per line",
            "vtask list --since 7d --format csv  # for a spreadsheet",
            "vtask list --entity db-prod-01 --ids  # task IDs for other commands",
            "vtask list --filter 'target:db-* elapsed>1h'  # a filter as on the screen",
        ],
        exit_codes: READING,
        notes: "JSON has times in whole seconds, as jq's fromdate reads them; --json keeps the server's fractions. \
                Templates are Jinja: template='{{moId}} {{status}}'.\n\n\
                Without --since and --until: tasks that are queued, running, or ended within the last minutes. With \
                them the server's history is searched by the time at which tasks were queued. The list is filtered, \
                then sorted, then cut at --limit.",
        globals: &[],
    },
    Texts {
        name: "tree",
        usage: &["[OPTIONS] <TASK>..."],
        examples: &[
            "vtask tree task-4711  # the task with its ancestors and descendants",
            "vtask tree task-4711 --json  # one JSON object per line, with depth and parentMoId",
            "vtask tree lab/task-4711  # a task on the vCenter of a profile",
        ],
        exit_codes: READING,
        notes: "Children come from the recent tasks and the server's history.",
        globals: &[],
    },
    Texts {
        name: "events",
        usage: &["[OPTIONS] <TASK>..."],
        examples: &[
            "vtask events task-4711  # oldest first",
            "vtask events task-4711 --json  # one JSON object per line, with the event as sent",
            "vtask events lab/task-4711 --timeout 10s  # with a time limit",
        ],
        exit_codes: READING,
        notes: "",
        globals: &[],
    },
    Texts {
        name: "report",
        usage: &["[OPTIONS] --html|--markdown <OUT> [FILE|TASK]..."],
        examples: &[
            "vtask report --since yesterday --html night.html  # all tasks since yesterday",
            "vtask report task-4711 --html report.html  # a task and the tasks that it started",
            "vtask report --since 8h --state failed,cancelled --markdown -  # for a ticket",
            "vtask report night.ndjson.zst --html night.html  # a record, with outages and cancel requests",
            "vtask report --since 24h --user '*\\ops' --title 'CHG-4711' --html chg-4711.html  # tasks of a user, with a heading",
        ],
        exit_codes: READING,
        notes: "The HTML file is complete in itself: it loads nothing and runs no scripts. It has a light and a dark \
                appearance and prints on A4. Existing files are replaced.\n\n\
                Without TASKs and flags: the recent tasks. TASKs are added to tasks that the flags select. Times are in \
                the local time zone in HTML, in UTC in Markdown.",
        globals: &[],
    },
    Texts {
        name: "wait",
        usage: &[
            "[OPTIONS] <TASK>...",
            "[OPTIONS] --entity <NAME>|--filter <FILTER>|…",
            "[OPTIONS] --new",
        ],
        examples: &[
            "vtask wait task-4711 --timeout 2h && echo moved  # act on success",
            "vtask wait --entity db-prod-01 --operation 'Relocate*'  # running tasks that match",
            "vtask wait --new --user '*\\terraform' --any  # the first task that starts from now on",
            "vtask list --ids --state active | vtask wait - --json  # one JSON object per change",
        ],
        exit_codes: OUTCOMES,
        notes: "If tasks end differently, a failure takes precedence over a cancellation, and that over an unknown \
                outcome. If --timeout passes while only --settle is running, the tasks' own outcome counts. A server \
                that is unreachable does not affect tasks on others.\n\n\
                With --from, tasks that are still running at the end of the record have an unknown outcome, as have \
                those that are not in it.\n\n\
                JSON: one object per line, of type task (at each change), link (connection) and summary (last). \
                assets/json-v1.schema.json describes the fields.",
        globals: &[],
    },
    Texts {
        name: "cancel",
        usage: &[
            "[OPTIONS] <TASK>...",
            "[OPTIONS] --entity <NAME>|--filter <FILTER>|…",
        ],
        examples: &[
            "vtask cancel task-4711  # show the cancel flags and ask for confirmation",
            "vtask cancel task-4711 --yes --wait  # in a script, until the task has ended",
            "vtask list --entity db-prod-01 --state active --ids | vtask cancel - --yes  # all tasks of a VM",
        ],
        exit_codes: &[
            (
                1,
                "a request was refused or came too late, or with --wait a task was not cancelled",
            ),
            (
                2,
                "wrong usage or configuration, or the connection is read-only",
            ),
            (4, "a task has expired, or its outcome is unknown"),
            (5, "login refused"),
            (124, "timed out"),
            (130, "interrupted, or not confirmed"),
        ],
        notes: "Tasks that are cancelled, or whose cancellation was requested before, are reported and count as \
                success; no further request is sent for them. --wait waits for them, too. The server accepts a \
                request before it acts on it.\n\n\
                JSON: one object per task, of type cancel, with answer: accepted, alreadyCancelling, \
                alreadyCancelled, notAsked (ended otherwise), notSupported, invalidState, noPermission, gone, failed.",
        globals: &[],
    },
];
