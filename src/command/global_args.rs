//! Flags that every command takes, before or after its name.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use super::{deadline::TimeoutArgs, fetch_args::FetchArgs};
use crate::config::{ConnectionArgs, Environment};

/// Flags that every command takes, before or after its name.
#[expect(clippy::doc_markdown, reason = "these texts are what --help prints")]
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    #[command(flatten)]
    pub connection: ConnectionArgs,

    #[command(flatten)]
    pub timeout: TimeoutArgs,

    #[command(flatten)]
    pub fetch: FetchArgs,

    /// Log on standard error: -v events, -vv requests, -vvv also bodies
    #[arg(short, long, global = true, hide_short_help = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Write the log to FILE; filter with VTASK_LOG=vtask::http=debug
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "VTASK_LOG_FILE",
        value_name = "FILE"
    )]
    pub log_file: Option<PathBuf>,

    /// Form of log and messages: text, json [default: text]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "VTASK_LOG_FORMAT",
        value_enum,
        hide_possible_values = true,
        hide_default_value = true,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,

    /// Use colors: auto (on a terminal without NO_COLOR), always, never [default: auto]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "VTASK_COLOR",
        value_enum,
        hide_possible_values = true,
        hide_default_value = true,
        default_value_t,
        value_name = "WHEN"
    )]
    pub color: ColorChoice,
}

/// Values of `--log-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    /// A JSON object per line.
    Json,
}

/// Values of `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    /// Returns an environment variable; this choice overrides `NO_COLOR`.
    pub(super) fn variable(self, environment: &dyn Environment, name: &str) -> Option<String> {
        match self {
            Self::Always if name == "NO_COLOR" => None,
            Self::Never if name == "NO_COLOR" => Some("1".to_owned()),
            _ => environment.get(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_overrides_no_color_only() {
        let set = |name: &str| Some(format!("{name} is set"));
        let no_color = |choice: ColorChoice| choice.variable(&set, "NO_COLOR");
        assert_eq!(no_color(ColorChoice::Auto).unwrap(), "NO_COLOR is set");
        assert_eq!(no_color(ColorChoice::Always), None);
        assert_eq!(
            ColorChoice::Never
                .variable(&|_: &str| None, "NO_COLOR")
                .unwrap(),
            "1"
        );
        assert_eq!(
            ColorChoice::Never.variable(&set, "TERM").unwrap(),
            "TERM is set"
        );
    }
}
