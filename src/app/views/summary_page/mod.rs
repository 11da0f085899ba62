//! The summary of all tasks: sections, selected row and layout.

#[cfg(test)]
mod tests;
pub(in crate::app) mod update;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::{
    app::state::AppState,
    task::{Handle, ServerId, StatusCounts, Summary, summary::SummaryGroup},
};

/// Maximum age of a failure that is listed.
const RECENT_FAILURE_AGE: SignedDuration = SignedDuration::from_hours(1);
/// Minimum screen width for two columns.
const MIN_COLUMNS_FOR_TWO: u16 = 140;
/// Maximum number of rows in an expanded section.
const MAX_EXPANDED_ROWS: usize = 200;

/// A section of the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    Operations,
    /// Longest-running tasks.
    Running,
    /// Failures of the last hour.
    Failures,
    /// Longest-waiting tasks.
    Queued,
    /// Counts by server, if there are several.
    Servers,
    /// Counts by initiator.
    Users,
}

impl SectionKind {
    /// Returns the maximum number of rows.
    fn max_rows(self, is_wide: bool) -> usize {
        match (self, is_wide) {
            (Self::Operations, false) => 7,
            (Self::Operations, true) => 20,
            (Self::Running | Self::Failures | Self::Users, false) => 5,
            (Self::Running | Self::Failures, true) => 12,
            (Self::Queued, false) => 3,
            (Self::Queued, true) => 8,
            (Self::Users, true) => 10,
            (Self::Servers, _) => 9,
        }
    }
}

/// The subject of a summary row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowSubject {
    Operation(Arc<str>),
    User(Arc<str>),
    Server(ServerId),
    Task(Handle),
    /// The rows of a collapsed section that are not shown.
    More(SectionKind),
}

/// A row of the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRow {
    pub subject: RowSubject,
    /// Task counts; empty for a single task.
    pub counts: StatusCounts,
}

/// A section with its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub kind: SectionKind,
    pub rows: Vec<SummaryRow>,
    /// Total number of tasks, operations or accounts.
    pub total: usize,
    /// Number of rows that are not shown.
    pub hidden: usize,
}

/// The open summary.
#[derive(Debug)]
pub struct SummaryPage {
    pub summary: Box<Summary>,
    /// The selected row.
    chosen: Option<RowSubject>,
    /// Index of the selected row at the last update.
    index: usize,
    /// Expanded sections.
    expanded: Vec<SectionKind>,
}

impl SummaryPage {
    fn new(state: &AppState) -> Self {
        Self {
            summary: Box::new(Summary::of(&state.view().store)),
            chosen: None,
            index: 0,
            expanded: Vec::new(),
        }
    }

    /// Returns the sections of a screen of that width, in one or two columns.
    pub fn columns(&self, state: &AppState, now: Timestamp) -> Vec<Vec<Section>> {
        let is_wide = state.size.width >= MIN_COLUMNS_FOR_TWO;
        let section = |kind| self.section(state, kind, is_wide, now);
        let several = state.servers.len() > 1;
        let servers = several.then(|| section(SectionKind::Servers));
        let users = section(SectionKind::Users);
        let mut counts = vec![section(SectionKind::Operations)];
        let tasks = [
            SectionKind::Running,
            SectionKind::Failures,
            SectionKind::Queued,
        ]
        .map(section);
        if is_wide {
            counts.extend(servers);
            counts.push(users);
            return vec![counts, tasks.into()];
        }
        counts.extend(tasks);
        counts.extend(servers);
        counts.push(users);
        vec![counts]
    }

    fn section(
        &self,
        state: &AppState,
        kind: SectionKind,
        is_wide: bool,
        now: Timestamp,
    ) -> Section {
        let is_open = self.expanded.contains(&kind);
        let maximum = if is_open {
            MAX_EXPANDED_ROWS
        } else {
            kind.max_rows(is_wide)
        };
        let summary = &self.summary;
        let (mut rows, total) = match kind {
            SectionKind::Operations => groups(summary.operations(maximum), RowSubject::Operation),
            SectionKind::Users => groups(summary.users(maximum), RowSubject::User),
            SectionKind::Servers => {
                let servers = state.servers.iter().take(maximum);
                let rows = servers.map(|server| SummaryRow {
                    subject: RowSubject::Server(server.id),
                    counts: summary.server(server.id),
                });
                (rows.collect(), state.servers.len())
            }
            SectionKind::Running => {
                tasks(summary.longest_running().take(maximum), summary.running())
            }
            SectionKind::Queued => tasks(summary.longest_queued().take(maximum), summary.queued()),
            SectionKind::Failures => {
                let failed = failures(state, summary, now);
                tasks(failed.iter().copied().take(maximum), failed.len())
            }
        };
        let hidden = total - rows.len();
        if hidden > 0 && !is_open {
            rows.push(SummaryRow {
                subject: RowSubject::More(kind),
                counts: StatusCounts::default(),
            });
        }
        Section {
            kind,
            rows,
            total,
            hidden,
        }
    }

    /// Returns the index of the selected row, or the last known index if it is gone.
    pub fn selected_index(&self, rows: &[RowSubject]) -> usize {
        let found = self.chosen.as_ref().and_then(|chosen| {
            let mut rows = rows.iter();
            rows.position(|row| row == chosen)
        });
        found.unwrap_or_else(|| self.index.min(rows.len().saturating_sub(1)))
    }

    fn choose(&mut self, rows: &[RowSubject], index: usize) {
        self.index = index.min(rows.len().saturating_sub(1));
        self.chosen = rows.get(self.index).cloned();
    }

    /// Expands a section.
    fn expand(&mut self, kind: SectionKind) {
        if !self.expanded.contains(&kind) {
            self.expanded.push(kind);
        }
    }

    /// Returns the tasks listed individually.
    fn tasks(&self, state: &AppState, now: Timestamp) -> Vec<Handle> {
        let columns = self.columns(state, now);
        let rows = columns.iter().flatten().flat_map(|section| &section.rows);
        let tasks = rows.filter_map(|row| match row.subject {
            RowSubject::Task(handle) => Some(handle),
            _ => None,
        });
        tasks.collect()
    }
}

fn groups(
    (groups, more): (Vec<SummaryGroup<'_>>, usize),
    subject: fn(Arc<str>) -> RowSubject,
) -> (Vec<SummaryRow>, usize) {
    let total = groups.len() + more;
    let rows = groups.into_iter().map(|group| SummaryRow {
        subject: subject(group.name.clone()),
        counts: group.counts,
    });
    (rows.collect(), total)
}

fn tasks(handles: impl Iterator<Item = Handle>, total: usize) -> (Vec<SummaryRow>, usize) {
    let rows = handles.map(|handle| SummaryRow {
        subject: RowSubject::Task(handle),
        counts: StatusCounts::default(),
    });
    (rows.collect(), total)
}

/// Returns the failures of the last hour by each server's clock, latest first.
fn failures(state: &AppState, summary: &Summary, now: Timestamp) -> Vec<Handle> {
    let times = state.servers.iter().map(|server| server.time(now));
    let Some(earliest) = times.min() else {
        return Vec::new();
    };
    let failed = summary.failed_since(earliest - RECENT_FAILURE_AGE);
    let is_recent = |handle: &Handle| {
        state.view().store.get(*handle).is_some_and(|record| {
            let at = record.completed_at().or(record.observed_at());
            at.is_some_and(|at| state.time(record, now).duration_since(at) <= RECENT_FAILURE_AGE)
        })
    };
    failed.filter(is_recent).collect()
}
