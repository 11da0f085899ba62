//! Notifications while the full screen is shown.

use std::{
    fmt,
    io::{self, Write},
};

use tokio::{sync::mpsc, task::JoinSet};

use super::{
    NotifyArgs, exec,
    terminal::{self, TabProgress, Terminal},
};
use crate::{
    app::Notifier,
    task::{FinishedTask, ServerId, Status, StatusCounts},
    text::duration,
    watch::Update,
};

/// Rings the bell, sends desktop notifications, sets the window title and runs the command of `--exec`. Restores the
/// title when it is dropped, and ends commands that still run.
pub(in crate::command) struct ScreenNotifier {
    args: NotifyArgs,
    terminal: Terminal,
    /// Receives the output of commands as messages. Weak, so that the channel closes with the last server.
    messages: mpsc::WeakSender<(ServerId, Update)>,
    commands: JoinSet<()>,
}

impl ScreenNotifier {
    pub(in crate::command) fn new(
        args: NotifyArgs,
        terminal: Terminal,
        messages: mpsc::WeakSender<(ServerId, Update)>,
    ) -> Self {
        if args.title {
            write(&terminal.begin());
        }
        Self {
            args,
            terminal,
            messages,
            commands: JoinSet::new(),
        }
    }

    fn run_command(&mut self, command: String, task: FinishedTask) {
        let messages = self.messages.clone();
        while self.commands.try_join_next().is_some() {}
        self.commands.spawn(async move {
            for line in exec::run(command, task).await {
                let Some(messages) = messages.upgrade() else {
                    return;
                };
                let message = Update::Notice(format!("--exec: {line}").into());
                let _ = messages.send((ServerId::default(), message)).await;
            }
        });
    }
}

impl Notifier for ScreenNotifier {
    fn task_finished(&mut self, task: &FinishedTask) {
        if self.args.notify {
            write(&self.terminal.notify("vtask", &describe(task)));
        }
        if self.args.bell {
            write(&terminal::bell());
        }
        if let Some(command) = self.args.exec.clone() {
            self.run_command(command, task.clone());
        }
    }

    fn counts_changed(&mut self, counts: &StatusCounts) {
        if self.args.title {
            let (title, progress) = title(counts);
            write(&self.terminal.show(&title, progress));
        }
    }
}

impl Drop for ScreenNotifier {
    fn drop(&mut self) {
        if self.args.title {
            write(&self.terminal.end());
        }
    }
}

impl fmt::Debug for ScreenNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScreenNotifier").finish_non_exhaustive()
    }
}

/// Writes to the terminal between two frames. Drawing detects a lost terminal, so errors are ignored here.
fn write(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Returns a line such as `Clone VM web01: success after 3m`.
fn describe(task: &FinishedTask) -> String {
    let took = task
        .duration
        .map(|took| format!(" after {}", duration(took)));
    format!(
        "{} {}: {}{}",
        task.operation,
        task.target,
        task.outcome,
        took.unwrap_or_default()
    )
}

/// Returns a title such as `vtask: 12 running, 1 failed`, with the progress shown on the tab.
fn title(counts: &StatusCounts) -> (String, TabProgress) {
    let words = [
        (Status::Running, "running"),
        (Status::Queued, "queued"),
        (Status::Failed, "failed"),
    ];
    let parts: Vec<String> = words
        .into_iter()
        .filter(|(status, _)| counts[*status] > 0)
        .map(|(status, word)| format!("{} {word}", counts[status]))
        .collect();
    let is_idle = counts[Status::Running] + counts[Status::Queued] == 0;
    let progress = if is_idle {
        TabProgress::At(100)
    } else {
        TabProgress::Busy
    };
    (format!("vtask: {}", parts.join(", ")), progress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_lists_statuses_that_occur() {
        let mut counts = StatusCounts::default();
        assert_eq!(title(&counts), ("vtask: ".to_owned(), TabProgress::At(100)));
        counts.add(Status::Failed);
        counts.add(Status::Running);
        let expected = "vtask: 1 running, 1 failed".to_owned();
        assert_eq!(title(&counts), (expected, TabProgress::Busy));
    }
}
