//! Texts of the commands with an embedded vCenter.

use super::shared::{LOCAL, NO_SERVER};
use crate::cli::help::texts::Texts;

pub(super) const TEXTS: &[Texts] = &[
    Texts {
        name: "demo",
        usage: &["[OPTIONS]"],
        examples: &[
            "vtask demo  # the screen over an embedded vCenter",
            "vtask demo --vcenters 2 --speed 3  # two vCenters, three times as fast",
            "vtask demo --theme light --ascii  # another theme",
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
        name: "simulate",
        usage: &["[OPTIONS]"],
        examples: &[
            "vtask simulate  # listen on 127.0.0.1:8989",
            "vtask simulate --tls --scenario load --tasks 10000  # many tasks over HTTPS",
            "vtask simulate --faults assets/faults/guide.toml  # inject faults",
        ],
        exit_codes: LOCAL,
        notes: "Prints `url`, `scenario` (or `record`), `accepts` and, with --tls, `sha256`, one per line, then serves until it is \
                interrupted.",
        globals: NO_SERVER,
    },
];
