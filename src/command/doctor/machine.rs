//! This machine: platform, terminal, configuration.

use std::{env, path::PathBuf};

use super::page::Page;
use crate::{
    app::{ColorDepth, Options},
    command::{io_context::CommandIo, version},
    config::{self, ConnectionArgs, Environment},
    files::directories,
    shell_command,
    text::without_user_info,
};

/// Variables that are shown with their value, and those that hold a secret.
const PLAIN_VARIABLES: [&str; 24] = [
    "VTASK_URL",
    "VTASK_USERNAME",
    "VTASK_PROFILE",
    "VTASK_CONFIG",
    "VTASK_PASSWORD_FILE",
    "VTASK_SESSION_FILE",
    "VTASK_AUTHORIZATION_FILE",
    "VTASK_CA_FILE",
    "VTASK_THUMBPRINT",
    "VTASK_KNOWN_HOSTS",
    "VTASK_INSECURE",
    "VTASK_RELEASE",
    "VTASK_ALLOW_PLAIN_HTTP",
    "VTASK_KEEP_SESSION",
    "VTASK_READ_ONLY",
    "GOVC_URL",
    "GOVC_USERNAME",
    "GOVC_INSECURE",
    "GOVC_TLS_CA_CERTS",
    "GOVC_TLS_KNOWN_HOSTS",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];
const SECRET_VARIABLES: [&str; 4] = [
    "VTASK_PASSWORD",
    "VTASK_SESSION",
    "VTASK_AUTHORIZATION",
    "GOVC_PASSWORD",
];

pub(super) fn system(page: &mut Page) {
    page.section(&format!("vtask {}", version::LONG));
    let os = match os_name() {
        Some(name) => format!("{name} ({}, {})", env::consts::OS, env::consts::ARCH),
        None => format!("{}, {}", env::consts::OS, env::consts::ARCH),
    };
    page.row("System", &os);
}

/// Returns name and version of the system.
fn os_name() -> Option<String> {
    let program = if cfg!(windows) {
        Some("ver")
    } else if cfg!(target_os = "macos") {
        Some("echo macOS $(sw_vers -productVersion)")
    } else {
        None
    };
    if let Some(line) = program {
        let output = shell_command::command(line).output().ok()?;
        let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        return Some(name).filter(|name| !name.is_empty());
    }
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(line.trim_matches('"').to_owned())
}

pub(super) fn terminal(page: &mut Page, io: &CommandIo<'_>) {
    let environment = io.environment;
    let value = |name: &str| environment.get(name);
    let options = Options::from_environment(value);
    page.section("Terminal");
    let output = match &io.out.size {
        Some(size) => {
            let (width, height) = size();
            format!("{width} columns, {height} rows")
        }
        None => "not a terminal".to_owned(),
    };
    page.row("Output", &output);
    let names = ["TERM", "COLORTERM", "TERM_PROGRAM", "WT_SESSION", "LANG"];
    let known: Vec<_> = names
        .iter()
        .filter_map(|name| Some(format!("{name}={}", value(name)?)))
        .collect();
    page.row("Environment", &or_none(&known.join(" ")));
    let colors = match options.colors {
        ColorDepth::True => "24-bit",
        ColorDepth::Indexed => "256",
        ColorDepth::Sixteen => "16",
        ColorDepth::Mono => "none",
    };
    page.row("Colors", colors);
    let characters = if options.ascii { "ASCII" } else { "Unicode" };
    page.row("Characters", characters);
    let within = [
        ("TMUX", "tmux"),
        ("STY", "screen"),
        ("SSH_CONNECTION", "SSH"),
    ];
    let within: Vec<_> = within
        .iter()
        .filter(|(name, _)| value(name).is_some())
        .map(|(_, name)| *name)
        .collect();
    page.row("Within", &or_none(&within.join(", ")));
}

pub(super) fn configuration(page: &mut Page, args: &ConnectionArgs, environment: &dyn Environment) {
    page.section("Configuration");
    match config::check(args.config.as_deref(), environment) {
        Err(error) => page.problem("File", &error.0),
        Ok(result) => {
            let mut lines = result.text.lines();
            page.row("File", lines.next().unwrap_or_default());
            for line in lines {
                page.row("Profile", line.trim());
            }
            for problem in &result.problems {
                page.problem("Problem", problem);
            }
            for warning in &result.warnings {
                page.row("Warning", warning);
            }
        }
    }
    let variable = |name: &str| environment.get(name);
    for (name, directory) in [
        ("Data", directories::data_directory(variable)),
        ("State", directories::state_directory(variable)),
        ("Sessions", directories::runtime_directory(variable)),
    ] {
        page.result(name, &shown(directory));
    }
    for name in PLAIN_VARIABLES {
        if let Some(value) = environment.get(name) {
            page.row("Variable", &format!("{name}={}", without_user_info(&value)));
        }
    }
    for name in SECRET_VARIABLES {
        if environment.get(name).is_some() {
            page.row("Variable", &format!("{name}=(set, not shown)"));
        }
    }
}

fn shown(directory: Option<PathBuf>) -> Result<String, String> {
    match directory {
        Some(directory) => Ok(directory.display().to_string()),
        None => Err("no directory is known: the home directory is not set".to_owned()),
    }
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none" } else { text }.to_owned()
}
