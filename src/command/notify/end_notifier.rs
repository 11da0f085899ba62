//! Telling beside the screen: between the fetch loop and the screen, everything passes through and what ends is noted.
//!
//! It keeps a board of its own, so that the screen's state stays free of it; where nobody is to be told there is none.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    NotifyArgs,
    exec::{self, FinishedTask},
    terminal::{self, TabProgress, Terminal},
};
use crate::{
    command::{display_name, json_output, terminal_writer::TerminalWriter},
    task::{ChangeSet, EndpointId, Handle, ServerClock, Status, TaskId, TaskStore},
    text::duration,
    watch::{Command, Update},
};

/// What is told, of which tasks.
#[derive(Debug)]
pub(in crate::command) struct EndNotifier {
    tell: NotifyArgs,
    /// Whether tasks count that are neither named nor pinned.
    all: bool,
    /// What the servers are called, by their ids' numbers.
    endpoints: Vec<String>,
    named: HashSet<TaskId>,
    pinned: HashSet<TaskId>,
    board: TaskStore,
    clocks: HashMap<EndpointId, ServerClock>,
    /// Those that were seen before they ended.
    open: HashSet<Handle>,
}

impl EndNotifier {
    pub(in crate::command) fn new(
        tell: NotifyArgs,
        all: bool,
        endpoints: Vec<String>,
        named: HashSet<TaskId>,
    ) -> Self {
        Self {
            tell,
            all,
            endpoints,
            named,
            pinned: HashSet::new(),
            board: TaskStore::new(),
            clocks: HashMap::new(),
            open: HashSet::new(),
        }
    }

    /// Notes what the user asks for.
    fn note(&mut self, endpoint: EndpointId, command: &Command) {
        let ids = |tasks: &[Arc<str>]| -> Vec<TaskId> {
            let ids = tasks.iter().map(|task| TaskId::new(endpoint, task.clone()));
            ids.collect()
        };
        match command {
            Command::Watch(tasks) => self.named.extend(ids(tasks)),
            Command::Unwatch(tasks) => {
                for id in ids(tasks) {
                    self.named.remove(&id);
                    self.pinned.remove(&id);
                }
            }
            Command::Pin(tasks, true) => self.pinned.extend(ids(tasks)),
            Command::Pin(tasks, false) => {
                for id in ids(tasks) {
                    self.pinned.remove(&id);
                }
            }
            _ => {}
        }
    }

    /// Notes an update. Answers the tasks that ended with it and of which is to be told.
    fn take(&mut self, endpoint: EndpointId, update: &Update, now: Timestamp) -> Vec<FinishedTask> {
        match update {
            Update::Clock(clock) => {
                self.clocks.insert(endpoint, *clock);
            }
            Update::Labels(labels) => self.board.set_labels(endpoint, labels.clone()),
            Update::Tasks { changes, .. } => {
                let mut touched = ChangeSet::default();
                for change in changes {
                    // What does not fit is the screen's to tell.
                    let _ = self.board.apply(endpoint, change.clone(), &mut touched);
                }
                return self.ended(&touched, now);
            }
            _ => {}
        }
        Vec::new()
    }

    fn ended(&mut self, touched: &ChangeSet, now: Timestamp) -> Vec<FinishedTask> {
        for removed in &touched.removed {
            self.open.remove(removed);
        }
        let mut ended = Vec::new();
        for handle in &touched.changed {
            let Some(record) = self.board.get(*handle) else {
                continue;
            };
            if record.status().is_active() {
                self.open.insert(*handle);
                continue;
            }
            let id = &record.id;
            let is_told = self.all || self.named.contains(id) || self.pinned.contains(id);
            if record.status().is_finished() && self.open.remove(handle) && is_told {
                ended.extend(self.told(*handle, now));
            }
        }
        ended
    }

    fn told(&self, handle: Handle, now: Timestamp) -> Option<FinishedTask> {
        let record = self.board.get(handle)?;
        let info = record.info.as_deref()?;
        let error = info.error.as_ref().map(|error| error.text());
        let endpoint = record.id.endpoint;
        let clock = self.clocks.get(&endpoint).copied().unwrap_or_default();
        let name = self.endpoints.get(usize::from(endpoint.0));
        Some(FinishedTask {
            mo_id: record.id.mo_id.to_string(),
            operation: self.board.operation(record).into_owned(),
            target: display_name::target(info).unwrap_or_default().to_owned(),
            outcome: json_output::outcome(record.status()).unwrap_or("unknown"),
            duration: record.run_time(clock.at(now)),
            error: error.unwrap_or_default(),
            started_by: display_name::started_by(&info.reason)
                .unwrap_or_default()
                .to_owned(),
            endpoint: name.cloned().unwrap_or_default(),
        })
    }

    /// `12 running, 1 failed`, and whether something failed.
    fn title(&self) -> (String, TabProgress) {
        let counts = self.board.counts();
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
        let mark = if is_idle {
            TabProgress::At(100)
        } else {
            TabProgress::Busy
        };
        (format!("vtask: {}", parts.join(", ")), mark)
    }
}

/// What stands between the fetch loop and the screen.
pub(in crate::command) struct NotifierChannels {
    pub(in crate::command) updates: mpsc::Receiver<(EndpointId, Update)>,
    pub(in crate::command) to_screen: mpsc::Sender<(EndpointId, Update)>,
    pub(in crate::command) commands: mpsc::UnboundedReceiver<(EndpointId, Command)>,
    /// The fetch loops' ears, by their ids' numbers.
    pub(in crate::command) to_loops: Vec<mpsc::UnboundedSender<Command>>,
}

/// Passes everything on, and tells, until the screen or the fetch loop ends.
pub(in crate::command) async fn stand(
    mut beside: EndNotifier,
    mut pipes: NotifierChannels,
    terminal: Terminal,
    out: TerminalWriter,
) {
    let mut hooks: JoinSet<Vec<String>> = JoinSet::new();
    let mut title = String::new();
    let mut has_commands = true;
    loop {
        tokio::select! {
            command = pipes.commands.recv(), if has_commands => match command {
                Some((endpoint, command)) => {
                    beside.note(endpoint, &command);
                    if let Some(to_loop) = pipes.to_loops.get(usize::from(endpoint.0)) {
                        // The fetch loop may have ended; its updates then end, too.
                        let _ = to_loop.send(command);
                    }
                }
                None => has_commands = false,
            },
            Some(Ok(lines)) = hooks.join_next() => {
                for line in lines {
                    let notice = Update::Notice(format!("--exec: {line}").into());
                    if pipes.to_screen.send((EndpointId::default(), notice)).await.is_err() {
                        return;
                    }
                }
            }
            update = pipes.updates.recv() => {
                let Some((endpoint, update)) = update else { return };
                let ended = beside.take(endpoint, &update, Timestamp::now());
                if pipes.to_screen.send((endpoint, update)).await.is_err() {
                    return;
                }
                let mut text = String::new();
                for ended in ended {
                    text.push_str(&announced(&beside.tell, terminal, &ended));
                    if let Some(command) = &beside.tell.exec {
                        hooks.spawn(exec::run(command.clone(), ended));
                    }
                }
                if beside.tell.title {
                    let (now, mark) = beside.title();
                    if now != title {
                        text.push_str(&terminal.show(&now, mark));
                        title = now;
                    }
                }
                out.write_between_frames(&text);
            }
        }
    }
}

/// What the terminal is told of a task that ended.
fn announced(tell: &NotifyArgs, terminal: Terminal, ended: &FinishedTask) -> String {
    let mut text = String::new();
    if tell.notify {
        let took = ended
            .duration
            .map(|took| format!(" after {}", duration(took)));
        let what = format!(
            "{} {}: {}{}",
            ended.operation,
            ended.target,
            ended.outcome,
            took.unwrap_or_default()
        );
        text.push_str(&terminal.notify("vtask", &what));
    }
    if tell.bell {
        text.push_str(&terminal::bell());
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use serde_json::{Value, json};

    use super::*;
    use crate::task::{
        TaskChange,
        fixture::{at, info},
    };

    const HERE: EndpointId = EndpointId(0);

    fn see(beside: &mut EndNotifier, mo_id: &str, more: &Value) -> Vec<String> {
        let change = TaskChange::Full {
            info: info(mo_id, more),
            at: at(0),
        };
        let update = Update::Tasks {
            changes: vec![change],
            since: Instant::now(),
        };
        let ended = beside.take(HERE, &update, at(60));
        ended.into_iter().map(|ended| ended.mo_id).collect()
    }

    fn beside(all: bool) -> EndNotifier {
        let tell = NotifyArgs::default();
        EndNotifier::new(
            tell,
            all,
            vec!["vc01".to_owned(), "vc02".to_owned()],
            HashSet::from([TaskId::new(HERE, "task-1")]),
        )
    }

    #[test]
    fn the_named_and_the_pinned_are_told_once_when_they_end() {
        let mut beside = beside(false);
        beside.note(HERE, &Command::Pin(vec!["task-2".into()], true));
        let success = json!({"state": "success"});
        for task in ["task-1", "task-2", "task-3"] {
            assert!(see(&mut beside, task, &json!({})).is_empty());
        }
        assert_eq!(see(&mut beside, "task-1", &success), ["task-1"]);
        assert!(see(&mut beside, "task-1", &success).is_empty());
        assert_eq!(see(&mut beside, "task-2", &success), ["task-2"]);
        assert!(see(&mut beside, "task-3", &success).is_empty());
    }

    #[test]
    fn what_had_ended_before_is_no_news() {
        let mut beside = beside(true);
        assert!(see(&mut beside, "task-1", &json!({"state": "success"})).is_empty());
        see(&mut beside, "task-9", &json!({}));
        assert_eq!(
            see(&mut beside, "task-9", &json!({"state": "error"})),
            ["task-9"]
        );
        assert_eq!(beside.title().0, "vtask: 1 failed");
    }
}
