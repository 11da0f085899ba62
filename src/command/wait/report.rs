//! What is shown while waiting: bars that are redrawn in place, or a plain line per change; and NDJSON for machines.

use std::{collections::HashMap, fmt::Write as _, io::Write as _, sync::Arc};

use jiff::{Timestamp, TimestampRound, Unit};

use super::{
    bars::{self, Look},
    json::{self, Written},
    waiting::{Conclusion, Fate, News, Waiting},
};
use crate::{
    command::{
        CommandError, Outcome, shape,
        stage::{Outlet, unwritable},
        tell::{
            TellArgs,
            exec::Ended,
            terminal::{self, Mark, Terminal},
        },
        words,
    },
    task::{Progress, Record, Status},
    text::{duration, sanitize},
    watch::Link,
};

/// How people are told what goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::command) enum Talk {
    /// Not at all.
    None,
    /// A plain line per change.
    Lines,
    /// Bars, redrawn in place.
    Bars,
}

/// Shows what goes on.
pub(in crate::command) struct Reporter<'a> {
    pub(in crate::command) talk: Talk,
    pub(in crate::command) json: bool,
    pub(in crate::command) look: Look,
    pub(in crate::command) tell: TellArgs,
    pub(in crate::command) terminal: Terminal,
    pub(in crate::command) endpoint: String,
    pub(in crate::command) out: &'a mut Outlet,
    pub(in crate::command) err: &'a mut Outlet,
    /// How many lines of bars stand on the screen.
    drawn: usize,
    titled: bool,
    written: Written,
    told: HashMap<Arc<str>, String>,
    told_link: Option<String>,
}

impl<'a> Reporter<'a> {
    pub(in crate::command) fn new(
        talk: Talk,
        json: bool,
        look: Look,
        endpoint: String,
        out: &'a mut Outlet,
        err: &'a mut Outlet,
    ) -> Self {
        Self {
            talk,
            json,
            look,
            tell: TellArgs::default(),
            terminal: Terminal::from_environment(|_| None),
            endpoint,
            out,
            err,
            drawn: 0,
            titled: false,
            written: Written::default(),
            told: HashMap::new(),
            told_link: None,
        }
    }

    /// Shows what an update brought.
    pub(super) fn news(
        &mut self,
        waiting: &Waiting,
        news: &News,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        let mut changed = news.changed.clone();
        changed.extend(
            news.decided
                .iter()
                .filter(|mo_id| !news.changed.contains(mo_id))
                .cloned(),
        );
        if self.json {
            let mut text = String::new();
            if news.link {
                text.extend(self.written.link(waiting, &self.endpoint, now));
            }
            for mo_id in &changed {
                text.extend(self.written.task(waiting, mo_id, &self.endpoint, now));
            }
            self.data(&text)?;
        }
        if self.talk == Talk::Lines {
            if news.link {
                self.link_line(waiting, now);
            }
            for mo_id in &changed {
                self.task_line(waiting, mo_id, now);
            }
        }
        Ok(())
    }

    fn data(&mut self, text: &str) -> Result<(), CommandError> {
        if text.is_empty() {
            return Ok(());
        }
        let out = &mut self.out.writer;
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|error| unwritable(&error))
    }

    fn talk(&mut self, text: &str) {
        // Where nobody listens there is nothing to do about it.
        let _ = self.err.writer.write_all(text.as_bytes());
        let _ = self.err.writer.flush();
    }

    fn link_line(&mut self, waiting: &Waiting, now: Timestamp) {
        let text = match &waiting.link {
            Link::Retrying { .. } => format!("vtask: {}", bars::link(&waiting.link, now)),
            link if link.is_current() && self.told_link.is_some() => {
                "vtask: the server answers again.".to_owned()
            }
            _ => return,
        };
        if link_is_back(&waiting.link) {
            self.told_link = None;
        } else {
            self.told_link = Some(text.clone());
        }
        self.talk(&format!("{}\n", sanitize(&text)));
    }

    /// `19:51:06 task-4711 running 42% Relocate virtual machine · db-prod-01: Copying disks`.
    fn task_line(&mut self, waiting: &Waiting, mo_id: &Arc<str>, now: Timestamp) {
        let Some(task) = waiting.awaited.iter().find(|task| task.mo_id == *mo_id) else {
            return;
        };
        let text = change(waiting, task);
        if self.told.get(mo_id) == Some(&text) {
            return;
        }
        let time = waiting
            .server_time(now)
            .round(TimestampRound::new().smallest(Unit::Second))
            .unwrap_or(now);
        self.talk(&format!("{time} {}\n", sanitize(&text)));
        self.told.insert(mo_id.clone(), text);
    }

    /// Draws the bars anew, in place, and the title.
    pub(super) fn redraw(&mut self, waiting: &Waiting, now: Timestamp) {
        if self.talk == Talk::Bars {
            let size = self.err.size.as_ref().map_or((80, 24), |size| size());
            let lines = bars::lines(waiting, now, size, self.look);
            let mut text = self.back();
            for line in &lines {
                text.push_str(line);
                text.push_str("\u{1b}[K\n");
            }
            text.push_str("\u{1b}[J");
            self.drawn = lines.len();
            self.talk(&text);
        }
        if self.tell.title && self.err.is_terminal() {
            let mut text = String::new();
            if !std::mem::replace(&mut self.titled, true) {
                text.push_str(&self.terminal.begin());
            }
            text.push_str(&self.terminal.show(&title(waiting), mark(waiting)));
            self.talk(&text);
        }
    }

    /// Back to where the bars begin.
    fn back(&mut self) -> String {
        match std::mem::take(&mut self.drawn) {
            0 => "\r".to_owned(),
            lines => format!("\r\u{1b}[{lines}A"),
        }
    }

    /// Lines that stay, above the bars.
    pub(super) fn above(&mut self, lines: &[String]) {
        let mut text = String::new();
        if self.talk == Talk::Bars {
            text = self.back();
            text.push_str("\u{1b}[J");
        }
        for line in lines {
            text.push_str(&sanitize(line));
            text.push('\n');
        }
        self.talk(&text);
    }

    /// The end: the bars as they are, the summary, and whoever is to be told.
    pub(super) fn end(
        &mut self,
        waiting: &Waiting,
        conclusion: &Conclusion,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        self.redraw(waiting, now);
        self.clear();
        if let Some(reason) = &conclusion.reason {
            // A reason is an error: that much is said to those who asked for silence, too.
            self.talk(&format!("vtask: {}\n", sanitize(reason)));
        }
        if self.talk == Talk::Lines && conclusion.outcome != Outcome::Interrupted {
            let text = format!(
                "{} after {}",
                bars::sum(waiting),
                duration(now.duration_since(waiting.began))
            );
            self.talk(&format!("vtask: {text}\n"));
        }
        if self.talk == Talk::Bars {
            // A bar has little room for a reason.
            for task in &waiting.awaited {
                if let Fate::Unknown(why) = &task.fate {
                    let text = format!("vtask: what became of {} is not known: {why}", task.mo_id);
                    let _ = writeln!(self.err.writer, "{}", sanitize(&text));
                }
            }
        }
        if conclusion.outcome != Outcome::Interrupted && self.err.is_terminal() {
            if self.tell.notify {
                let text = self.terminal.notify(
                    "vtask",
                    &format!("{}: {}", conclusion.outcome.word(), title(waiting)),
                );
                self.talk(&text);
            }
            if self.tell.bell {
                self.talk(&terminal::bell());
            }
        }
        if self.json {
            self.data(&json::summary(waiting, conclusion, &self.endpoint, now))?;
        }
        Ok(())
    }

    /// Takes title and progress off the terminal.
    fn clear(&mut self) {
        if std::mem::take(&mut self.titled) {
            let text = self.terminal.end();
            self.talk(&text);
        }
    }
}

impl Drop for Reporter<'_> {
    // However the waiting ended: by an error, by a panic.
    fn drop(&mut self) {
        self.clear();
    }
}

fn link_is_back(link: &Link) -> bool {
    link.is_current()
}

/// How a task stands, in one line.
fn change(waiting: &Waiting, task: &super::waiting::Awaited) -> String {
    let mo_id = &task.mo_id;
    let status = waiting.status(task);
    let Some((record, info)) = waiting
        .record(mo_id)
        .and_then(|record| Some((record, record.info.as_deref()?)))
    else {
        return match &task.fate {
            Fate::Unknown(why) => format!("{mo_id} unknown: {why}"),
            _ => format!("{mo_id} not visible; looking for it in the history"),
        };
    };
    let mut text = format!("{mo_id} {}", shape::status(status));
    let progress = waiting
        .handle(mo_id)
        .map_or(Progress::None, |handle| waiting.board.progress(handle));
    if let Some(percent) = progress.percent().filter(|_| status.is_active()) {
        let _ = write!(text, " {percent}%");
    }
    text.push(' ');
    text.push_str(&waiting.board.operation(record));
    if let Some(target) = words::target(info) {
        let _ = write!(text, " · {target}");
    }
    if record.is_cancel_requested() {
        text.push_str(" (cancellation requested)");
    }
    let more = match (&task.fate, &info.error, &info.description) {
        (Fate::Unknown(why), _, _) => Some(why.to_string()),
        (Fate::Sought(_), _, _) => Some("vanished; looking for its end in the history".to_owned()),
        (_, Some(error), _) => Some(error.text()),
        (_, _, Some(phase)) if status.is_active() => Some(phase.text().to_owned()),
        _ => None,
    };
    if let Some(more) = more {
        let _ = write!(text, ": {more}");
    }
    text
}

/// What stands in the window's title: the task, or how many there are.
fn title(waiting: &Waiting) -> String {
    let one = match &waiting.awaited[..] {
        [task] => waiting.record(&task.mo_id),
        _ => None,
    };
    match one.and_then(|record| Some((record, record.info.as_deref()?))) {
        Some((record, info)) => {
            let target = words::target(info).unwrap_or_default();
            let percent = record
                .progress()
                .percent()
                .filter(|_| record.status().is_active());
            let percent = percent
                .map(|percent| format!("{percent}% "))
                .unwrap_or_default();
            format!("{percent}{} {target}", waiting.board.operation(record))
        }
        None => bars::sum(waiting),
    }
}

/// All together, in percent: what is over counts as done.
fn mark(waiting: &Waiting) -> Mark {
    let mut sum = 0_usize;
    let mut failed = false;
    let mut known = true;
    for task in &waiting.awaited {
        failed |= matches!(task.fate, Fate::Ended(Status::Failed) | Fate::Unknown(_));
        let progress = waiting
            .handle(&task.mo_id)
            .map(|handle| waiting.board.progress(handle));
        match (task.is_decided(), progress.and_then(Progress::percent)) {
            (true, _) => sum += 100,
            (false, Some(percent)) => sum += usize::from(percent),
            (false, None) => known = false,
        }
    }
    let percent = sum.checked_div(waiting.awaited.len()).unwrap_or(0);
    let percent = u8::try_from(percent).unwrap_or(100);
    match (failed, known) {
        (true, _) => Mark::Failed(percent),
        (false, true) if !waiting.awaited.is_empty() => Mark::At(percent),
        (false, _) => Mark::Busy,
    }
}

/// What is told of a task that ended.
pub(super) fn ended(
    waiting: &Waiting,
    mo_id: &Arc<str>,
    endpoint: &str,
    now: Timestamp,
) -> Option<Ended> {
    let task = waiting.awaited.iter().find(|task| task.mo_id == *mo_id)?;
    let record = waiting.record(mo_id);
    let info = record.and_then(|record| record.info.as_deref());
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Some(Ended {
        mo_id: mo_id.to_string(),
        operation: record
            .filter(|record| record.info.is_some())
            .map(|record| waiting.board.operation(record).into_owned())
            .unwrap_or_default(),
        target: text(info.and_then(words::target)),
        outcome: shape::outcome(waiting.status(task)).unwrap_or("unknown"),
        duration: record.and_then(|record: &Record| record.ran_for(waiting.server_time(now))),
        error: match (&task.fate, info.and_then(|info| info.error.as_deref())) {
            (Fate::Unknown(why), _) => why.to_string(),
            (_, Some(fault)) => fault.text(),
            _ => String::new(),
        },
        started_by: text(info.and_then(|info| words::started_by(&info.reason))),
        endpoint: endpoint.to_owned(),
    })
}
