//! Texts of the commands for setup and diagnosis.

use super::shared::{LOCAL, NO_SERVER};
use crate::cli::help::texts::Texts;

pub(super) const TEXTS: &[Texts] = &[
    Texts {
        name: "trust",
        usage: &["[OPTIONS] <COMMAND>"],
        examples: &[
            "vtask trust list  # trusted certificates",
            "vtask trust add vc01.lab  # show a certificate and ask whether to trust it",
            "vtask trust remove vc01.lab  # forget it",
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
            "vtask logout  # end the kept session of the default server",
            "vtask logout --profile lab  # of a profile",
            "vtask logout --profile lab --profile branch  # of two profiles",
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
            "vtask config init && vtask config edit  # begin with a commented file",
            "vtask config set profiles.lab.url vc01.lab  # change a setting, keeping comments",
            "vtask config show  # settings in effect and their sources",
            "vtask config check  # all errors of the config file",
            "vtask config set-password lab  # store a password in the system's keyring",
        ],
        exit_codes: LOCAL,
        notes: "",
        globals: &[],
    },
    Texts {
        name: "doctor",
        usage: &["[OPTIONS]"],
        examples: &[
            "vtask doctor  # check this machine and the default server",
            "vtask doctor --profile lab  # check the server of a profile",
            "vtask doctor --url vc01.lab --username ops  # check a server",
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
            "source <(vtask completions bash)  # in ~/.bashrc; zsh: in ~/.zshrc, after compinit",
            "vtask completions fish | source  # in ~/.config/fish/config.fish",
            "eval (vtask completions elvish | slurp)  # in ~/.config/elvish/rc.elv",
            "vtask completions powershell | Out-String | Invoke-Expression  # in $PROFILE",
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
            "vtask man | man -l -  # read the manual page",
            "vtask man wait | man -l -  # of a command",
            "vtask man --dir /usr/local/share/man/man1  # install all pages",
        ],
        exit_codes: LOCAL,
        notes: "",
        globals: NO_SERVER,
    },
];
