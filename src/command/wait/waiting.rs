//! What is being waited for, and whether it has come. Pure: `now` is an argument, by this machine's clock.

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{Outcome, choice::Sieve},
    search::{Next, Search},
};
use crate::{
    task::{
        Board, EndpointId, Handle, Presence, Record, ServerClock, Status, TaskChange, TaskId,
        Touched,
    },
    vim::Trace,
    watch::{Command, Link, LookUpAnswer, Update},
};

/// The one endpoint that is waited on.
pub(in crate::command) const HERE: EndpointId = EndpointId(0);

/// What ends the waiting.
#[derive(Debug, Clone)]
pub(in crate::command) struct Goal {
    /// The first that finishes is enough.
    pub(in crate::command) any: bool,
    /// All that they started has to finish, too: after so long without news of another.
    pub(in crate::command) children: Option<SignedDuration>,
    /// Wait for those among these that start from now on.
    pub(in crate::command) new: Option<Sieve>,
    /// Give up after this time.
    pub(in crate::command) timeout: Option<SignedDuration>,
    /// Give up after this time without the server.
    pub(in crate::command) max_outage: SignedDuration,
}

/// What became of a task that is waited for.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::command) enum Fate {
    /// Nothing yet.
    Open,
    /// It vanished; its end is looked for.
    Sought(Search),
    /// It ended.
    Ended(Status),
    /// Nobody knows: why.
    Unknown(Arc<str>),
}

/// A task that is waited for.
#[derive(Debug, Clone)]
pub(in crate::command) struct Awaited {
    pub(in crate::command) mo_id: Arc<str>,
    pub(in crate::command) fate: Fate,
    /// Since when it cannot be read.
    unreadable_since: Option<Timestamp>,
}

/// How the waiting ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::command) struct Conclusion {
    pub(in crate::command) outcome: Outcome,
    /// Why, where the tasks do not tell.
    pub(in crate::command) reason: Option<String>,
}

/// What an update brought.
#[derive(Debug, Default)]
pub(in crate::command) struct News {
    /// The tasks waited for that changed.
    pub(in crate::command) changed: Vec<Arc<str>>,
    /// The tasks whose fate was decided.
    pub(in crate::command) decided: Vec<Arc<str>>,
    /// Whether the state of the connection changed.
    pub(in crate::command) link: bool,
}

/// What is being waited for, and all that is known of it.
#[derive(Debug)]
pub(in crate::command) struct Waiting {
    goal: Goal,
    pub(in crate::command) board: Board,
    pub(in crate::command) clock: ServerClock,
    pub(in crate::command) link: Link,
    pub(in crate::command) began: Timestamp,
    pub(in crate::command) awaited: Vec<Awaited>,
    index: HashMap<Arc<str>, usize>,
    /// Since when the server is out of reach, and why.
    down: Option<(Timestamp, Option<Arc<str>>)>,
    /// When the last of a family was heard to end or to exist.
    stirred: Timestamp,
    /// The tasks of which the server said that there is no such task.
    ghosts: HashMap<Arc<str>, Arc<str>>,
    /// The tasks that could not be read, and why.
    unreadable: HashMap<Arc<str>, Arc<str>>,
}

impl Waiting {
    pub(in crate::command) fn new(goal: Goal, tasks: &[Arc<str>], now: Timestamp) -> Self {
        let mut waiting = Self {
            goal,
            board: Board::new(),
            clock: ServerClock::default(),
            link: Link::Connecting,
            began: now,
            awaited: Vec::new(),
            index: HashMap::new(),
            down: Some((now, None)),
            stirred: now,
            ghosts: HashMap::new(),
            unreadable: HashMap::new(),
        };
        for task in tasks {
            waiting.add(task);
        }
        waiting
    }

    fn add(&mut self, mo_id: &Arc<str>) -> bool {
        if self.index.contains_key(mo_id) {
            return false;
        }
        self.index.insert(mo_id.clone(), self.awaited.len());
        self.awaited.push(Awaited {
            mo_id: mo_id.clone(),
            fate: Fate::Open,
            unreadable_since: None,
        });
        true
    }

    /// The server's time.
    pub(in crate::command) fn server_time(&self, now: Timestamp) -> Timestamp {
        self.clock.at(now)
    }

    pub(in crate::command) fn handle(&self, mo_id: &Arc<str>) -> Option<Handle> {
        self.board.find(&TaskId::new(HERE, mo_id.clone()))
    }

    pub(in crate::command) fn record(&self, mo_id: &Arc<str>) -> Option<&Record> {
        self.board.get(self.handle(mo_id)?)
    }

    /// What a task is to be shown as: its fate, else how the board has it.
    pub(in crate::command) fn status(&self, awaited: &Awaited) -> Status {
        match awaited.fate {
            Fate::Ended(status) => status,
            Fate::Unknown(_) => Status::Lost,
            Fate::Open | Fate::Sought(_) => self
                .record(&awaited.mo_id)
                .map_or(Status::Ghost, Record::status),
        }
    }

    /// Takes an update in.
    pub(in crate::command) fn take(&mut self, update: Update, now: Timestamp) -> News {
        let mut news = News::default();
        match update {
            Update::Link(link) => {
                self.take_link(link, now);
                news.link = true;
            }
            Update::Clock(clock) => self.clock = clock,
            Update::Labels(labels) => self.board.set_labels(HERE, labels),
            Update::Tasks { changes, .. } => {
                for change in changes {
                    self.take_change(change, &mut news);
                }
            }
            Update::LookedUp { mo_id, answer } => self.take_answer(&mo_id, answer, now, &mut news),
            Update::Server(_)
            | Update::Cancel { .. }
            | Update::Privilege { .. }
            | Update::Family { .. }
            | Update::Events { .. }
            | Update::Past { .. }
            | Update::Typical(_)
            | Update::TypicalUnknown(_)
            | Update::Question { .. }
            | Update::Notice(_) => {}
        }
        self.widen(now, &mut news);
        self.review(now, &mut news);
        news
    }

    fn take_link(&mut self, link: Link, now: Timestamp) {
        if link.is_current() {
            self.down = None;
            // What was asked before the outage may never be answered.
            for awaited in &mut self.awaited {
                if let Fate::Sought(search) = &mut awaited.fate {
                    search.ask_again(now);
                }
            }
        } else {
            let since = self.down.take().map_or(now, |(since, _)| since);
            let reason = match &link {
                Link::Retrying { reason, .. } => Some(reason.clone()),
                _ => None,
            };
            self.down = Some((since, reason));
        }
        self.link = link;
    }

    fn take_change(&mut self, change: TaskChange, news: &mut News) {
        let mo_id = change.mo_id().clone();
        match &change {
            TaskChange::Ghost { key, reason } => {
                self.ghosts.insert(key.clone(), reason.clone());
            }
            TaskChange::Unreadable { reason, .. } => {
                self.unreadable.insert(mo_id.clone(), reason.clone());
            }
            _ => {
                self.unreadable.remove(&mo_id);
            }
        }
        // A value that does not fit is left out; the others count.
        let _ = self.board.apply(HERE, change, &mut Touched::default());
        if self.index.contains_key(&mo_id) && !news.changed.contains(&mo_id) {
            news.changed.push(mo_id);
        }
    }

    fn take_answer(
        &mut self,
        mo_id: &Arc<str>,
        answer: LookUpAnswer,
        now: Timestamp,
        news: &mut News,
    ) {
        let Some(awaited) = self
            .index
            .get(mo_id)
            .and_then(|at| self.awaited.get_mut(*at))
        else {
            return;
        };
        let Fate::Sought(search) = &mut awaited.fate else {
            return;
        };
        if let Next::GiveUp(why) = search.answered(answer, now) {
            awaited.fate = Fate::Unknown(why);
            news.decided.push(mo_id.clone());
        }
    }

    /// Adds those that came to be waited for.
    fn widen(&mut self, now: Timestamp, news: &mut News) {
        let mut more: Vec<Arc<str>> = Vec::new();
        if let Some(choice) = &self.goal.new {
            let since = self.clock.at(self.began);
            let there = self.clock.at(now);
            let is_new = |handle: Handle, record: &Record| {
                record.info.as_ref().is_some_and(|info| {
                    info.queue_time >= since
                        && info.parent_key().is_none()
                        && choice.takes(&self.board, handle, there)
                })
            };
            let found = self
                .board
                .iter()
                .filter(|(handle, record)| is_new(*handle, record));
            more.extend(found.map(|(_, record)| record.id.mo_id.clone()));
            more.sort_unstable();
        }
        if self.goal.children.is_some() {
            let mut open: Vec<Handle> = self
                .awaited
                .iter()
                .filter_map(|task| self.handle(&task.mo_id))
                .collect();
            while let Some(handle) = open.pop() {
                for child in self.board.children(handle) {
                    let Some(record) = self.board.get(*child) else {
                        continue;
                    };
                    if !self.index.contains_key(&record.id.mo_id) && record.info.is_some() {
                        more.push(record.id.mo_id.clone());
                        open.push(*child);
                    }
                }
            }
        }
        for mo_id in more {
            if self.add(&mo_id) {
                self.stirred = now;
                news.changed.push(mo_id);
            }
        }
    }

    /// Decides what can be decided.
    fn review(&mut self, now: Timestamp, news: &mut News) {
        for at in 0..self.awaited.len() {
            let before = &self.awaited[at];
            if !matches!(before.fate, Fate::Open | Fate::Sought(_)) {
                continue;
            }
            let (fate, unreadable_since) = self.fate_of(before, now);
            if matches!(fate, Fate::Ended(_) | Fate::Unknown(_)) {
                news.decided.push(before.mo_id.clone());
                self.stirred = now;
            }
            let awaited = &mut self.awaited[at];
            awaited.fate = fate;
            awaited.unreadable_since = unreadable_since;
        }
    }

    fn fate_of(&self, awaited: &Awaited, now: Timestamp) -> (Fate, Option<Timestamp>) {
        let mo_id = &awaited.mo_id;
        let open = (awaited.fate.clone(), None);
        let Some(record) = self.record(mo_id) else {
            return open;
        };
        match record.status() {
            Status::Lost if awaited.fate == Fate::Open => {
                let trace = record.info.as_deref().map(Trace::of);
                let trace = trace.unwrap_or_else(|| Trace::named(mo_id.clone()));
                (Fate::Sought(Search::for_known(trace, now)), None)
            }
            Status::Ghost => match (self.ghosts.get(mo_id), self.unreadable.get(mo_id)) {
                (Some(reason), _) if awaited.fate == Fate::Open => {
                    let trace = Trace::named(mo_id.clone());
                    (
                        Fate::Sought(Search::for_name(trace, reason.clone(), now)),
                        None,
                    )
                }
                (None, Some(reason)) => (Fate::Unknown(reason.clone()), None),
                _ => open,
            },
            status if status.is_finished() && status != Status::Lost => (Fate::Ended(status), None),
            _ => match &record.presence {
                Presence::Unreadable(reason) => {
                    let since = awaited.unreadable_since.unwrap_or(now);
                    if now.duration_since(since) >= self.goal.max_outage {
                        (Fate::Unknown(reason.clone()), None)
                    } else {
                        (awaited.fate.clone(), Some(since))
                    }
                }
                _ => open,
            },
        }
    }

    /// What is to be asked of the fetch loop now.
    pub(in crate::command) fn due(&mut self, now: Timestamp) -> Vec<Command> {
        let is_up = self.down.is_none();
        let searches = self
            .awaited
            .iter_mut()
            .filter_map(|awaited| match &mut awaited.fate {
                Fate::Sought(search) if is_up => search.due(now),
                _ => None,
            });
        searches.map(Command::LookUp).collect()
    }

    /// Looks again at what only time decides.
    pub(in crate::command) fn pass(&mut self, now: Timestamp) -> News {
        let mut news = News::default();
        self.review(now, &mut news);
        news
    }
}

impl Awaited {
    /// Whether there is nothing more to wait for.
    pub(in crate::command) fn is_decided(&self) -> bool {
        matches!(self.fate, Fate::Ended(_) | Fate::Unknown(_))
    }
}

mod verdict;

#[cfg(test)]
mod tests;
