//! Texts of the commands that run as services.

use crate::cli::help::texts::Texts;

const FOLLOWING: &[(u8, &str)] = &[
    (2, "wrong usage or configuration, output not writable"),
    (5, "login refused"),
    (124, "timed out"),
    (130, "interrupted (143 SIGTERM, 129 SIGHUP)"),
];

pub(super) const TEXTS: &[Texts] = &[
    Texts {
        name: "stream",
        usage: &["[OPTIONS]"],
        examples: &[
            "vtask stream  # every change, one JSON object per line",
            "vtask stream --state failed --cursor FILE  # failures",
            "vtask stream --profile lab,branch  # two vCenters",
        ],
        exit_codes: FOLLOWING,
        notes: "A line is a task as `vtask list -o ndjson` prints it, with eventId and seenAt, the local time at which \
                the change was seen. The first lines are the recent tasks. A task that finished has one line with its \
                outcome, even if it finished during an outage or, with --cursor, while vtask was not running, as far as \
                the history of the server goes back. After a kill it may be repeated, with the same eventId.\n\n\
                A server that is unreachable is reported once and retried; a refused login is not.",
        globals: &[],
    },
    Texts {
        name: "exporter",
        usage: &["[OPTIONS]"],
        examples: &[
            "vtask exporter  # on http://127.0.0.1:9788/metrics",
            "vtask exporter --cursor FILE  # restarts without a gap",
            "vtask exporter --listen 0.0.0.0:9788 --web-config web.yml  # for other hosts",
            "vtask exporter --otlp  # to a collector at localhost:4318, too",
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
];
