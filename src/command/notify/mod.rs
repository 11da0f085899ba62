//! Telling people that something has finished: the bell, the terminal's own notification, title and tab progress, a
//! command of their own.

pub(super) mod end_notifier;
pub mod exec;
pub mod terminal;

use clap::{ArgAction, Args};

use crate::config::{Defaults, switch};

/// Whom to tell, and how.
#[expect(clippy::doc_markdown, reason = "these texts are what --help prints")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct NotifyArgs {
    /// Ring the terminal's bell at the end
    #[arg(long, env = "VTASK_BELL", action = ArgAction::SetTrue, value_parser = switch, help_heading = "Telling people")]
    pub bell: bool,

    /// Let the terminal show a notification at the end (OSC 9, 99 or 777, as the terminal has it)
    #[arg(long, env = "VTASK_NOTIFY", action = ArgAction::SetTrue, value_parser = switch, help_heading = "Telling people")]
    pub notify: bool,

    /// Show the progress in the window's title and, where the terminal is known to have that, on its tab
    #[arg(long, env = "VTASK_TITLE", action = ArgAction::SetTrue, value_parser = switch, help_heading = "Telling people")]
    pub title: bool,

    /// Run this command (by the shell) for each task that ends, with VTASK_MOID, VTASK_OPERATION, VTASK_TARGET,
    /// VTASK_OUTCOME (success, failed, cancelled, unknown), VTASK_DURATION_SECONDS, VTASK_ERROR, VTASK_STARTED_BY and
    /// VTASK_ENDPOINT in its environment. Quote them there as any variable: "$VTASK_TARGET"
    #[arg(
        long,
        env = "VTASK_EXEC",
        value_name = "COMMAND",
        help_heading = "Telling people"
    )]
    pub exec: Option<String>,
}

impl NotifyArgs {
    /// Whether anybody is to be told.
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }

    /// The same, with what the config file has where a flag is not given.
    #[must_use]
    pub fn or(&self, defaults: &Defaults) -> Self {
        Self {
            bell: self.bell || defaults.bell,
            notify: self.notify || defaults.notify,
            title: self.title || defaults.title,
            exec: self.exec.clone().or_else(|| defaults.exec.clone()),
        }
    }
}
