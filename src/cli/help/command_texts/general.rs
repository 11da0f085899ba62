//! Texts of the program itself and of its global options.

use super::shared::LOCAL;
use crate::cli::help::texts::Texts;

pub(super) const TEXTS: &[Texts] = &[
    Texts {
        name: "",
        usage: &["[OPTIONS] [TASK]... | <COMMAND>"],
        examples: &[
            "vtask demo  # try the screen without a server",
            "vtask --url vc01.lab --username ops@vsphere.local  # all recent tasks of a vCenter",
            "vtask wait task-4711 && echo done  # wait for a task in a script",
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
            "vtask list --profile lab  # a server of the config file",
            "vtask --url vc01.lab --username ops list  # before or after the command",
            "vtask get task-4711 --timeout 10s -vv --log-file vtask.log  # time limit, and a log",
        ],
        exit_codes: LOCAL,
        notes: "Each option has a variable: VTASK_CA_FILE for --ca-file, and so on. VTASK_PASSWORD has the password, \
                VTASK_SESSION a session, VTASK_AUTHORIZATION an Authorization header. govc's variables are read, too.\n\
                Typed options come first, then variables, then the profile.",
        globals: &[],
    },
];
