//! The texts of each command.

use super::Texts;

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
const READING: &[(u8, &str)] = &[
    (2, "wrong usage or configuration"),
    (4, "server unreachable, or task not found"),
    (5, "login refused"),
    (124, "timed out"),
];
const FOLLOWING: &[(u8, &str)] = &[
    (2, "wrong usage or configuration, output not writable"),
    (5, "login refused"),
    (124, "timed out"),
    (130, "interrupted (143 SIGTERM, 129 SIGHUP)"),
];
const LOCAL: &[(u8, &str)] = &[(2, "wrong usage or configuration")];
const NO_SERVER: &[&str] = &["color", "verbose", "log_file", "log_format"];

/// The texts of all commands.
pub const COMMANDS: &[Texts] = &[
    Texts {
        name: "",
        usage: &["[OPTIONS] [TASK]... | <COMMAND>"],
        examples: &[
            ("vtask demo", "try the screen without a server"),
            (
                "vtask --url vc01.lab --username ops@vsphere.local",
                "all recent tasks of a vCenter",
            ),
            (
                "vtask wait task-4711 && echo done",
                "wait for a task in a script",
            ),
        ],
        exit_codes: &[
            (2, "wrong usage or configuration"),
            (130, "interrupted (143 SIGTERM, 129 SIGHUP)"),
        ],
        notes: "",
        globals: &[],
    },
    Texts {
        name: "options",
        usage: &[""],
        examples: &[
            ("vtask list --profile lab", "a server of the config file"),
            (
                "vtask --url vc01.lab --username ops list",
                "before or after the command",
            ),
            (
                "vtask get task-4711 --timeout 10s -vv --log-file vtask.log",
                "time limit, and a log",
            ),
        ],
        exit_codes: LOCAL,
        notes: "Each option has a variable: VTASK_CA_FILE for --ca-file, and so on. VTASK_PASSWORD has the password, \
                VTASK_SESSION a session, VTASK_AUTHORIZATION an Authorization header. govc's variables are read, too.\n\
                Typed options come first, then variables, then the profile.",
        globals: &[],
    },
    Texts {
        name: "get",
        usage: &["[OPTIONS] <TASK>..."],
        examples: &[
            (
                "vtask get task-4711",
                "one line, with the error if it failed",
            ),
            (
                "vtask get task-4711 --json",
                "TaskInfo as the server sent it",
            ),
            ("vtask list --ids | vtask get -", "tasks of another command"),
        ],
        exit_codes: GET,
        notes: "A running task counts as success.",
        globals: &[],
    },
    Texts {
        name: "list",
        usage: &["[OPTIONS]"],
        examples: &[
            ("vtask list --state active", "queued and running tasks"),
            (
                "vtask list --since 24h --state failed --json",
                "failures of the last day, one JSON object per line",
            ),
            ("vtask list --since 7d --format csv", "for a spreadsheet"),
            (
                "vtask list --entity db-prod-01 --ids",
                "task IDs for other commands",
            ),
            (
                "vtask list --filter 'target:db-* elapsed>1h'",
                "a filter as on the screen",
            ),
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
            (
                "vtask tree task-4711",
                "the task with its ancestors and descendants",
            ),
            (
                "vtask tree task-4711 --json",
                "one JSON object per line, with depth and parentMoId",
            ),
            (
                "vtask tree lab/task-4711",
                "a task on the vCenter of a profile",
            ),
        ],
        exit_codes: READING,
        notes: "Children come from the recent tasks and the server's history.",
        globals: &[],
    },
    Texts {
        name: "events",
        usage: &["[OPTIONS] <TASK>..."],
        examples: &[
            ("vtask events task-4711", "oldest first"),
            (
                "vtask events task-4711 --json",
                "one JSON object per line, with the event as sent",
            ),
            (
                "vtask events lab/task-4711 --timeout 10s",
                "with a time limit",
            ),
        ],
        exit_codes: READING,
        notes: "",
        globals: &[],
    },
    Texts {
        name: "report",
        usage: &["[OPTIONS] --html|--markdown <OUT> [FILE|TASK]..."],
        examples: &[
            (
                "vtask report --since yesterday --html night.html",
                "all tasks since yesterday",
            ),
            (
                "vtask report task-4711 --html report.html",
                "a task and the tasks that it started",
            ),
            (
                "vtask report --since 8h --state failed,cancelled --markdown -",
                "for a ticket",
            ),
            (
                "vtask report night.ndjson.zst --html night.html",
                "a record, with outages and cancel requests",
            ),
            (
                "vtask report --since 24h --user '*\\ops' --title 'CHG-4711' --html chg-4711.html",
                "tasks of a user, with a heading",
            ),
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
            (
                "vtask wait task-4711 --timeout 2h && echo moved",
                "act on success",
            ),
            (
                "vtask wait --entity db-prod-01 --operation 'Relocate*'",
                "running tasks that match",
            ),
            (
                "vtask wait --new --user '*\\terraform' --any",
                "the first task that starts from now on",
            ),
            (
                "vtask list --ids --state active | vtask wait - --json",
                "one JSON object per change",
            ),
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
            (
                "vtask cancel task-4711",
                "show the cancel flags and ask for confirmation",
            ),
            (
                "vtask cancel task-4711 --yes --wait",
                "in a script, until the task has ended",
            ),
            (
                "vtask list --entity db-prod-01 --state active --ids | vtask cancel - --yes",
                "all tasks of a VM",
            ),
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
    Texts {
        name: "demo",
        usage: &["[OPTIONS]"],
        examples: &[
            ("vtask demo", "the screen over an embedded vCenter"),
            (
                "vtask demo --vcenters 2 --speed 3",
                "two vCenters, three times as fast",
            ),
            ("vtask demo --theme light --ascii", "another look"),
        ],
        exit_codes: LOCAL,
        notes: "",
        globals: &[
            "color",
            "verbose",
            "log_file",
            "log_format",
            "config",
            "read_only",
        ],
    },
    Texts {
        name: "record",
        usage: &["[OPTIONS] [TASK]... <FILE>", "redact [OPTIONS] <IN> <OUT>"],
        examples: &[
            (
                "vtask record --for 8h night.ndjson.zst",
                "all recent tasks of a maintenance night",
            ),
            (
                "vtask record task-4711 clone.ndjson",
                "one task, as plain NDJSON",
            ),
            (
                "vtask list --from night.ndjson.zst --state failed",
                "read a record",
            ),
            (
                "vtask record redact night.ndjson.zst public.ndjson.zst",
                "a copy without names",
            ),
        ],
        exit_codes: READING,
        notes: "Events of failed tasks are read and recorded, too. The file may be read while it is written.",
        globals: &[],
    },
    Texts {
        name: "replay",
        usage: &["[OPTIONS] <FILE>", "[OPTIONS] --demo"],
        examples: &[
            ("vtask replay --demo", "a record that comes with vtask"),
            (
                "vtask replay night.ndjson.zst --speed 60",
                "an hour in a minute",
            ),
            ("vtask replay night.ndjson.zst --at 1h", "its last hour"),
        ],
        exit_codes: LOCAL,
        notes: "< > [ ] go back and forward in what has been shown. Nothing can be cancelled.",
        globals: NO_SERVER,
    },
    Texts {
        name: "stream",
        usage: &["[OPTIONS]"],
        examples: &[
            ("vtask stream", "every change, one JSON object per line"),
            ("vtask stream --state failed --cursor FILE", "failures"),
            ("vtask stream --profile lab,branch", "two vCenters"),
        ],
        exit_codes: FOLLOWING,
        notes: "A line is a task as `vtask list -o ndjson` prints it, with eventId and seenAt, the local time at which \
                the change was seen. The first lines are the recent tasks. A task that finished has one line with its \
                outcome, also if it finished during an outage or, with --cursor, while vtask was not running, as far as \
                the history of the server goes back. After a kill it may be repeated, with the same eventId.\n\n\
                A server that is unreachable is reported once and retried; a refused login is not.",
        globals: &[],
    },
    Texts {
        name: "exporter",
        usage: &["[OPTIONS]"],
        examples: &[
            ("vtask exporter", "on http://127.0.0.1:9788/metrics"),
            ("vtask exporter --cursor FILE", "restarts without a gap"),
            (
                "vtask exporter --listen 0.0.0.0:9788 --web-config web.yml",
                "for other hosts",
            ),
            (
                "vtask exporter --otlp",
                "to a collector at localhost:4318, too",
            ),
        ],
        exit_codes: FOLLOWING,
        notes: "/metrics has the text format of Prometheus, or OpenMetrics if the client accepts it; /-/healthy and \
                /-/ready are for probes. Each task that finished is counted once; with --cursor, tasks that finished \
                while vtask was not running are counted after the start.\n\n\
                The file of --web-config has the format of Prometheus' exporters: tls_server_config, \
                basic_auth_users. With --otlp or OTEL_EXPORTER_OTLP_ENDPOINT, each task that finishes is exported as a \
                span, with the children of a task in the same trace, and the metrics, too; the other OTEL_ variables \
                apply.",
        globals: &[],
    },
    Texts {
        name: "simulate",
        usage: &["[OPTIONS]"],
        examples: &[
            ("vtask simulate", "listen on 127.0.0.1:8989"),
            (
                "vtask simulate --tls --scenario load --tasks 10000",
                "many tasks over HTTPS",
            ),
            (
                "vtask simulate --faults assets/faults/guide.toml",
                "inject faults",
            ),
        ],
        exit_codes: LOCAL,
        notes: "Prints `url`, `scenario` (or `record`), `accepts` and, with --tls, `sha256`, one per line, then serves until it is \
                interrupted.",
        globals: NO_SERVER,
    },
    Texts {
        name: "trust",
        usage: &["[OPTIONS] <COMMAND>"],
        examples: &[
            ("vtask trust list", "trusted certificates"),
            (
                "vtask trust add vc01.lab",
                "show a certificate and ask whether to trust it",
            ),
            ("vtask trust remove vc01.lab", "forget it"),
        ],
        exit_codes: &[
            (2, "wrong usage or configuration"),
            (4, "server unreachable, or certificate not accepted"),
        ],
        notes: "",
        globals: &[
            "color",
            "verbose",
            "log_file",
            "log_format",
            "known_hosts",
            "timeout",
        ],
    },
    Texts {
        name: "logout",
        usage: &["[OPTIONS]"],
        examples: &[
            ("vtask logout", "end the kept session of the default server"),
            ("vtask logout --profile lab", "of a profile"),
            (
                "vtask logout --profile lab --profile branch",
                "of two profiles",
            ),
        ],
        exit_codes: &[
            (2, "wrong usage or configuration"),
            (4, "server unreachable; the session is removed locally"),
        ],
        notes: "",
        globals: &[],
    },
    Texts {
        name: "config",
        usage: &["[OPTIONS] <COMMAND>"],
        examples: &[
            (
                "vtask config init && vtask config edit",
                "begin with a commented file",
            ),
            (
                "vtask config set profiles.lab.url vc01.lab",
                "change a setting, keeping comments",
            ),
            ("vtask config show", "settings in effect and their sources"),
            ("vtask config check", "all errors of the config file"),
            (
                "vtask config set-password lab",
                "store a password in the system's keyring",
            ),
        ],
        exit_codes: LOCAL,
        notes: "",
        globals: &[],
    },
    Texts {
        name: "doctor",
        usage: &["[OPTIONS]"],
        examples: &[
            ("vtask doctor", "check this machine and the default server"),
            (
                "vtask doctor --profile lab",
                "check the server of a profile",
            ),
            (
                "vtask doctor --url vc01.lab --username ops",
                "check a server",
            ),
        ],
        exit_codes: &[
            (2, "problems on this machine"),
            (4, "server unreachable"),
            (5, "login refused"),
        ],
        notes: "Lines that begin with ! are problems. Passwords, sessions and tokens are not printed; names of servers \
                and users are. Signs in and reads; changes nothing on the server.",
        globals: &[],
    },
    Texts {
        name: "completions",
        usage: &["[OPTIONS] <SHELL>"],
        examples: &[
            (
                "source <(vtask completions bash)",
                "in ~/.bashrc; zsh: in ~/.zshrc, after compinit",
            ),
            (
                "vtask completions fish | source",
                "in ~/.config/fish/config.fish",
            ),
            (
                "eval (vtask completions elvish | slurp)",
                "in ~/.config/elvish/rc.elv",
            ),
            (
                "vtask completions powershell | Out-String | Invoke-Expression",
                "in $PROFILE",
            ),
        ],
        exit_codes: LOCAL,
        notes: "Task IDs are read from the server given so far, if that needs no password prompt, within two seconds. \
                --keep-session avoids the login.",
        globals: NO_SERVER,
    },
    Texts {
        name: "man",
        usage: &["[OPTIONS] [COMMAND]..."],
        examples: &[
            ("vtask man | man -l -", "read the manual page"),
            ("vtask man wait | man -l -", "of a command"),
            (
                "vtask man --dir /usr/local/share/man/man1",
                "install all pages",
            ),
        ],
        exit_codes: LOCAL,
        notes: "",
        globals: NO_SERVER,
    },
];
