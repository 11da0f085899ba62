//! Texts of the commands that write and replay records.

use super::shared::{LOCAL, NO_SERVER, READING};
use crate::cli::help::texts::Texts;

pub(super) const TEXTS: &[Texts] = &[
    Texts {
        name: "record",
        usage: &["[OPTIONS] [TASK]... <FILE>", "redact [OPTIONS] <IN> <OUT>"],
        examples: &[
            "vtask record --for 8h night.ndjson.zst  # all recent tasks of a maintenance night",
            "vtask record task-4711 clone.ndjson  # one task, as plain NDJSON",
            "vtask list --from night.ndjson.zst --state failed  # read a record",
            "vtask record redact night.ndjson.zst public.ndjson.zst  # a copy without names",
        ],
        exit_codes: READING,
        notes: "Events of failed tasks are read and recorded, too. The file may be read while it is written.",
        globals: &[],
    },
    Texts {
        name: "replay",
        usage: &["[OPTIONS] <FILE>", "[OPTIONS] --demo"],
        examples: &[
            "vtask replay --demo  # a record that comes with vtask",
            "vtask replay night.ndjson.zst --speed 60  # an hour in a minute",
            "vtask replay night.ndjson.zst --at 1h  # its last hour",
        ],
        exit_codes: LOCAL,
        notes: "< > [ ] go back and forward in what has been shown. Nothing can be cancelled.",
        globals: NO_SERVER,
    },
];
