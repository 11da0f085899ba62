//! Notifications: bell, desktop notification, window title, tab progress, and a command of the user.

pub mod exec;
pub(super) mod screen_notifier;
pub mod terminal;

use clap::{ArgAction, Args};

use crate::config::{Defaults, env_flag};

#[expect(clippy::doc_markdown, reason = "these texts are what --help prints")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct NotifyArgs {
    /// Ring the bell when a task ends; --notify: desktop notification
    #[arg(long, hide_short_help = true, env = "VTASK_BELL", action = ArgAction::SetTrue, value_parser = env_flag)]
    pub bell: bool,

    /// Send a desktop notification when a task ends
    ///
    /// By OSC 9, 99 or 777, depending on the terminal.
    #[arg(long, hide_short_help = true, env = "VTASK_NOTIFY", action = ArgAction::SetTrue, value_parser = env_flag)]
    pub notify: bool,

    /// Show progress in the window title and on the terminal's tab
    #[arg(long, hide_short_help = true, env = "VTASK_TITLE", action = ArgAction::SetTrue, value_parser = env_flag)]
    pub title: bool,

    /// Run COMMAND for each finished task, described by VTASK_MOID, …
    ///
    /// The environment of the command has VTASK_MOID, VTASK_OPERATION, VTASK_TARGET, VTASK_OUTCOME
    /// (success, failed, cancelled, unknown), VTASK_DURATION_SECONDS, VTASK_ERROR, VTASK_STARTED_BY and
    /// VTASK_ENDPOINT. Quote them like any variable: "$VTASK_TARGET".
    #[arg(long, hide_short_help = true, env = "VTASK_EXEC", value_name = "COMMAND")]
    pub exec: Option<String>,
}

impl NotifyArgs {
    /// True if any notification is enabled.
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }

    /// Fills in values of the config file for flags that are not given.
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
