//! The summary of all tasks: its sections, which entry is pointed at, and what is seen of it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::state::AppState;
use crate::task::{EndpointId, Handle, StatusCounts, Summary, summary::Group};

/// For how long a failure is news.
const RECENT_FAILURE_AGE: SignedDuration = SignedDuration::from_hours(1);
/// From this width on tasks stand at the right of the counts.
const MIN_COLUMNS_FOR_TWO: u16 = 140;
/// What a section that was opened shows at most.
const MAX_EXPANDED_ROWS: usize = 200;

/// A part of the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    /// Counts by operation.
    Operations,
    /// The tasks that have been running for longest.
    Running,
    /// The failures of the last hour.
    Failures,
    /// The tasks that have been waiting for longest.
    Queued,
    /// Counts by endpoint, where there are several.
    Endpoints,
    /// Counts by who or what started the tasks.
    Users,
}

impl SectionKind {
    /// How many entries it shows in one column, and in one of two.
    fn most(self, is_wide: bool) -> usize {
        match (self, is_wide) {
            (Self::Operations, false) => 7,
            (Self::Operations, true) => 20,
            (Self::Running | Self::Failures | Self::Users, false) => 5,
            (Self::Running | Self::Failures, true) => 12,
            (Self::Queued, false) => 3,
            (Self::Queued, true) => 8,
            (Self::Users, true) => 10,
            (Self::Endpoints, _) => 9,
        }
    }
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowSubject {
    /// The tasks of an operation.
    Operation(Arc<str>),
    /// The tasks that somebody or something started.
    User(Arc<str>),
    /// The tasks of an endpoint.
    Endpoint(EndpointId),
    /// A task.
    Task(Handle),
    /// What the part does not show.
    More(SectionKind),
}

/// An entry of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub subject: RowSubject,
    /// How many tasks it stands for, if it is not about one.
    pub counts: StatusCounts,
}

/// A part with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Which one.
    pub part: SectionKind,
    /// What is in it.
    pub entries: Vec<Entry>,
    /// How much there is: tasks, operations or accounts.
    pub total: usize,
    /// How much of that is not shown.
    pub more: usize,
}

/// The summary as it is shown.
#[derive(Debug)]
pub struct SummaryPage {
    /// The numbers.
    pub summary: Summary,
    /// What is pointed at.
    chosen: Option<RowSubject>,
    /// The place of that among all entries when it was looked for last.
    place: usize,
    /// Parts that show all that they have.
    opened: Vec<SectionKind>,
}

impl SummaryPage {
    /// The summary of the tasks that are shown.
    pub fn new(state: &AppState) -> Self {
        Self {
            summary: Summary::of(&state.store),
            chosen: None,
            place: 0,
            opened: Vec::new(),
        }
    }

    /// What is shown on a screen of that width: one column of sections, or two.
    pub fn columns(&self, state: &AppState, now: Timestamp) -> Vec<Vec<Section>> {
        let is_wide = state.size.width >= MIN_COLUMNS_FOR_TWO;
        let section = |part| self.section(state, part, is_wide, now);
        let several = state.servers.len() > 1;
        let endpoints = several.then(|| section(SectionKind::Endpoints));
        let users = section(SectionKind::Users);
        let mut counts = vec![section(SectionKind::Operations)];
        let tasks = [
            SectionKind::Running,
            SectionKind::Failures,
            SectionKind::Queued,
        ]
        .map(section);
        if is_wide {
            counts.extend(endpoints);
            counts.push(users);
            return vec![counts, tasks.into()];
        }
        counts.extend(tasks);
        counts.extend(endpoints);
        counts.push(users);
        vec![counts]
    }

    fn section(
        &self,
        state: &AppState,
        part: SectionKind,
        is_wide: bool,
        now: Timestamp,
    ) -> Section {
        let is_open = self.opened.contains(&part);
        let most = if is_open {
            MAX_EXPANDED_ROWS
        } else {
            part.most(is_wide)
        };
        let summary = &self.summary;
        let (mut entries, total) = match part {
            SectionKind::Operations => groups(summary.operations(most), RowSubject::Operation),
            SectionKind::Users => groups(summary.users(most), RowSubject::User),
            SectionKind::Endpoints => {
                let servers = state.servers.iter().take(most);
                let entries = servers.map(|server| Entry {
                    subject: RowSubject::Endpoint(server.id),
                    counts: summary.endpoint(server.id),
                });
                (entries.collect(), state.servers.len())
            }
            SectionKind::Running => tasks(summary.longest_running().take(most), summary.running()),
            SectionKind::Queued => tasks(summary.longest_queued().take(most), summary.queued()),
            SectionKind::Failures => {
                let failed = failures(state, summary, now);
                tasks(failed.iter().copied().take(most), failed.len())
            }
        };
        let more = total - entries.len();
        if more > 0 && !is_open {
            entries.push(Entry {
                subject: RowSubject::More(part),
                counts: StatusCounts::default(),
            });
        }
        Section {
            part,
            entries,
            total,
            more,
        }
    }

    /// The place of what is pointed at: where it was, if it is there no more.
    pub fn place(&self, entries: &[RowSubject]) -> usize {
        let found = self.chosen.as_ref().and_then(|chosen| {
            let mut entries = entries.iter();
            entries.position(|entry| entry == chosen)
        });
        found.unwrap_or_else(|| self.place.min(entries.len().saturating_sub(1)))
    }

    /// Points at the entry of that place.
    pub(super) fn choose(&mut self, entries: &[RowSubject], place: usize) {
        self.place = place.min(entries.len().saturating_sub(1));
        self.chosen = entries.get(self.place).cloned();
    }

    /// Lets a part show all that it has.
    pub(super) fn open(&mut self, part: SectionKind) {
        if !self.opened.contains(&part) {
            self.opened.push(part);
        }
    }

    /// The tasks that are shown by themselves.
    pub(super) fn tasks(&self, state: &AppState, now: Timestamp) -> Vec<Handle> {
        let columns = self.columns(state, now);
        let entries = columns
            .iter()
            .flatten()
            .flat_map(|section| &section.entries);
        let tasks = entries.filter_map(|entry| match entry.subject {
            RowSubject::Task(handle) => Some(handle),
            _ => None,
        });
        tasks.collect()
    }
}

fn groups(
    (groups, more): (Vec<Group<'_>>, usize),
    subject: fn(Arc<str>) -> RowSubject,
) -> (Vec<Entry>, usize) {
    let total = groups.len() + more;
    let entries = groups.into_iter().map(|group| Entry {
        subject: subject(group.name.clone()),
        counts: group.counts,
    });
    (entries.collect(), total)
}

fn tasks(handles: impl Iterator<Item = Handle>, total: usize) -> (Vec<Entry>, usize) {
    let entries = handles.map(|handle| Entry {
        subject: RowSubject::Task(handle),
        counts: StatusCounts::default(),
    });
    (entries.collect(), total)
}

/// The failures of the last hour by the clock of each server, the latest first.
fn failures(state: &AppState, summary: &Summary, now: Timestamp) -> Vec<Handle> {
    let times = state.servers.iter().map(|server| server.time(now));
    let Some(earliest) = times.min() else {
        return Vec::new();
    };
    let failed = summary.failed_since(earliest - RECENT_FAILURE_AGE);
    let is_news = |handle: &Handle| {
        state.store.get(*handle).is_some_and(|record| {
            let at = record.finished_at().or(record.seen);
            at.is_some_and(|at| state.time(record, now).duration_since(at) <= RECENT_FAILURE_AGE)
        })
    };
    failed.filter(is_news).collect()
}
