//! Output while waiting: progress bars or a line per change, and JSON lines.

use std::{
    collections::{HashMap, HashSet},
    io::Write as _,
};

use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};

use super::{
    bar::BarStyle,
    json::{self, LastWritten},
    messages, progress_bars,
    tracker::{TaskOutcome, TrackedTask, TrackerChanges, WaitResult, WaitTracker},
};
use crate::{
    command::{
        CommandError, Outcome,
        connection_report::connection,
        io_context::Output,
        notify::{
            NotifyArgs,
            terminal::{self, Terminal},
        },
    },
    task::{ServerId, TaskId},
    text::{duration, sanitize},
    watch::ConnectionState,
};

/// The output on standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::command) enum OutputMode {
    #[default]
    None,
    /// Errors of tasks, at the end.
    Errors,
    /// A line per change.
    Lines,
    /// Progress bars, redrawn in place.
    Bars,
}

/// Options of the output and notifications of a wait.
#[derive(Debug, Default)]
pub(in crate::command) struct ReportOptions {
    pub(in crate::command) output_mode: OutputMode,
    pub(in crate::command) json: bool,
    pub(in crate::command) notify: NotifyArgs,
    /// Command for tasks that stall.
    pub(in crate::command) on_stall: Option<String>,
    /// Interval of progress lines in a log.
    pub(in crate::command) log_every: Option<SignedDuration>,
}

/// A line that was printed for a task.
#[derive(Debug)]
struct PrintedLine {
    /// The state of the task in the line, without its progress.
    state: String,
    at: Timestamp,
}

/// Prints the output of `vtask wait`.
pub(in crate::command) struct Reporter<'a> {
    pub(super) options: ReportOptions,
    style: BarStyle,
    pub(super) terminal: Terminal,
    out: &'a mut Output,
    err: &'a mut Output,
    /// Number of lines that the bars occupy.
    drawn: usize,
    titled: bool,
    written: LastWritten,
    /// The last line of each task.
    printed: HashMap<TaskId, PrintedLine>,
    /// Servers that were reported as unreachable.
    reported_unreachable: HashSet<ServerId>,
}

impl<'a> Reporter<'a> {
    pub(in crate::command) fn new(
        options: ReportOptions,
        style: BarStyle,
        out: &'a mut Output,
        err: &'a mut Output,
    ) -> Self {
        Self {
            options,
            style,
            terminal: Terminal::from_environment(|_| None),
            out,
            err,
            drawn: 0,
            titled: false,
            written: LastWritten::default(),
            printed: HashMap::new(),
            reported_unreachable: HashSet::new(),
        }
    }

    /// Prints the changes of an update.
    pub(super) fn show(
        &mut self,
        tracker: &WaitTracker,
        effect: &TrackerChanges,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        let notices = effect.notices.iter();
        let notices: Vec<String> = notices.map(|text| format!("vtask: {text}")).collect();
        if !notices.is_empty() {
            self.print_above_bars(&notices);
        }
        let mut changed = effect.changed.clone();
        let decided = effect.decided.iter();
        changed.extend(decided.filter(|id| !effect.changed.contains(id)).cloned());
        if self.options.json {
            let mut text = String::new();
            for server in &effect.connections {
                text.extend(self.written.connection(tracker, *server, now));
            }
            for id in &changed {
                text.extend(self.written.task(tracker, id, now));
            }
            self.out.print(&text)?;
        }
        if self.options.output_mode == OutputMode::Lines {
            for server in &effect.connections {
                self.connection_line(tracker, *server, now);
            }
            for id in &changed {
                self.task_line(tracker, id, now);
            }
        }
        Ok(())
    }

    fn message(&mut self, text: &str) {
        // Errors are ignored: messages are best effort.
        let _ = self.err.writer.write_all(text.as_bytes());
        let _ = self.err.writer.flush();
    }

    fn connection_line(&mut self, tracker: &WaitTracker, id: ServerId, now: Timestamp) {
        let Some(server) = tracker.server(id) else {
            return;
        };
        let before = server.prefix();
        let text = match (&server.connection, &server.given_up) {
            // If there is only one server, the result reports the reason.
            (_, Some(loss)) if server.name.is_some() => {
                format!("{before}given up: {}", loss.reason)
            }
            (ConnectionState::Retrying { .. }, None) => {
                self.reported_unreachable.insert(id);
                format!("{before}{}", connection(&server.connection, now))
            }
            (connection, None)
                if connection.is_current() && self.reported_unreachable.remove(&id) =>
            {
                format!("{} answers again.", server.label)
            }
            _ => return,
        };
        self.message(&format!("vtask: {}\n", sanitize(&text)));
    }

    /// Prints a line such as `19:51:06 task-4711 running 42% Relocate virtual machine · db-prod-01: Copying disks` if
    /// the state of the task has changed.
    fn task_line(&mut self, tracker: &WaitTracker, id: &TaskId, now: Timestamp) {
        let Some(task) = tracker.task(id) else {
            return;
        };
        let state = messages::state(tracker, task);
        if self.printed.get(id).is_none_or(|line| line.state != state) {
            self.write_task_line(tracker, task, state, now);
        }
    }

    fn write_task_line(
        &mut self,
        tracker: &WaitTracker,
        task: &TrackedTask,
        state: String,
        now: Timestamp,
    ) {
        let text = messages::change(tracker, task);
        let time = tracker
            .server_time(task.id.server, now)
            .round(TimestampRound::new().smallest(Unit::Second))
            .unwrap_or(now);
        self.message(&format!("{time} {}\n", sanitize(&text)));
        let line = PrintedLine { state, at: now };
        self.printed.insert(task.id.clone(), line);
    }

    /// Prints the progress of running tasks at the interval of `--log-every`.
    fn progress_lines(&mut self, tracker: &WaitTracker, now: Timestamp) {
        let is_log = self.options.output_mode == OutputMode::Lines;
        let Some(interval) = self.options.log_every.filter(|_| is_log) else {
            return;
        };
        for task in tracker.tasks.iter().filter(|task| !task.is_decided()) {
            let last = self.printed.get(&task.id);
            if let Some(last) = last.filter(|last| now.duration_since(last.at) >= interval) {
                let state = last.state.clone();
                self.write_task_line(tracker, task, state, now);
            }
        }
    }

    /// Redraws the bars and the window title.
    pub(super) fn redraw(&mut self, tracker: &WaitTracker, now: Timestamp) {
        self.progress_lines(tracker, now);
        if self.options.output_mode == OutputMode::Bars {
            let size = self.err.size.as_ref().map_or((80, 24), |size| size());
            let lines = progress_bars::lines(tracker, now, size, self.style);
            let mut text = self.cursor_to_first_bar();
            for line in &lines {
                text.push_str(line);
                text.push_str("\u{1b}[K\n");
            }
            text.push_str("\u{1b}[J");
            self.drawn = lines.len();
            self.message(&text);
        }
        if self.options.notify.title && self.err.is_terminal() {
            let mut text = String::new();
            if !std::mem::replace(&mut self.titled, true) {
                text.push_str(&self.terminal.begin());
            }
            text.push_str(
                &self
                    .terminal
                    .show(&messages::title(tracker), messages::tab_progress(tracker)),
            );
            self.message(&text);
        }
    }

    /// Returns the sequence that moves the cursor to the first bar.
    fn cursor_to_first_bar(&mut self) -> String {
        match std::mem::take(&mut self.drawn) {
            0 => "\r".to_owned(),
            lines => format!("\r\u{1b}[{lines}A"),
        }
    }

    /// Prints lines above the bars.
    pub(super) fn print_above_bars(&mut self, lines: &[String]) {
        let mut text = String::new();
        if self.options.output_mode == OutputMode::Bars {
            text = self.cursor_to_first_bar();
            text.push_str("\u{1b}[J");
        }
        for line in lines {
            text.push_str(&sanitize(line));
            text.push('\n');
        }
        self.message(&text);
    }

    /// Prints the final state, the result and the notifications.
    pub(super) fn end(
        &mut self,
        tracker: &WaitTracker,
        result: &WaitResult,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        self.redraw(tracker, now);
        self.clear();
        if let Some(reason) = &result.reason {
            // The reason is an error, which is printed even with --quiet.
            self.message(&format!("vtask: {}\n", sanitize(reason)));
        }
        if self.options.output_mode == OutputMode::Lines
            && !matches!(result.outcome, Outcome::Interrupted(_))
        {
            let text = format!(
                "{} after {}",
                messages::totals(tracker),
                duration(now.duration_since(tracker.began))
            );
            self.message(&format!("vtask: {text}\n"));
        }
        if self.options.output_mode == OutputMode::Errors {
            let tasks = tracker.tasks.iter();
            for line in tasks.flat_map(|task| messages::error(tracker, task)) {
                self.message(&format!("vtask: {}\n", sanitize(&line)));
            }
        }
        if self.options.output_mode == OutputMode::Bars {
            // Bars have little space for a reason and show the start of the outermost fault only; servers that were given
            // up have been reported already.
            for task in &tracker.tasks {
                let given_up = tracker.server(task.id.server);
                let given_up = given_up.and_then(|server| server.given_up.as_ref());
                let lines = messages::error(tracker, task);
                let is_shown = match &task.outcome {
                    TaskOutcome::Unknown(why) => given_up.is_none_or(|loss| loss.reason != *why),
                    _ => lines.len() > 1,
                };
                for line in lines.iter().filter(|_| is_shown) {
                    let _ = writeln!(self.err.writer, "vtask: {}", sanitize(line));
                }
            }
        }
        if !matches!(result.outcome, Outcome::Interrupted(_)) && self.err.is_terminal() {
            if self.options.notify.notify {
                let text = self.terminal.notify(
                    "vtask",
                    &format!("{}: {}", result.outcome.word(), messages::title(tracker)),
                );
                self.message(&text);
            }
            if self.options.notify.bell {
                self.message(&terminal::bell());
            }
        }
        if self.options.json {
            self.out.print(&json::summary(tracker, result, now))?;
        }
        Ok(())
    }

    /// Restores the window title.
    fn clear(&mut self) {
        if std::mem::take(&mut self.titled) {
            let text = self.terminal.end();
            self.message(&text);
        }
    }
}

impl Drop for Reporter<'_> {
    // Also after errors and panics.
    fn drop(&mut self) {
        self.clear();
    }
}
