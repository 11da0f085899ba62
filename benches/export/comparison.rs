//! Compares what finished on the vCenters with what the services have counted and written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{scraper::Counts, vcenters::FinishedTasks};

/// Differences of a service.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) missed: u64,
    pub(crate) doubled: u64,
}

impl Difference {
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Returns the numbers of tasks by vCenter, operation and outcome.
pub(crate) fn counts(finished: &FinishedTasks) -> Counts {
    let mut counts = Counts::new();
    for ((vcenter, _), tasks) in finished {
        for task in tasks {
            let labels = [
                vcenter.clone(),
                task.operation.clone(),
                task.outcome.to_owned(),
            ];
            *counts.entry(labels).or_default() += 1;
        }
    }
    counts
}

/// Compares counters with the tasks of these outcomes.
pub(crate) fn of_counters(expected: &Counts, counted: &Counts, outcomes: &[&str]) -> Difference {
    let mut difference = Difference::default();
    let all: BTreeSet<_> = expected.keys().chain(counted.keys()).collect();
    for labels in all {
        if !outcomes.contains(&labels[2].as_str()) {
            continue;
        }
        let number = |counts: &Counts| counts.get(labels).copied().unwrap_or_default();
        let (expected, counted) = (number(expected), number(counted));
        if expected != counted {
            println!(
                "{}: {expected} finished, {counted} counted",
                labels.join(" ")
            );
        }
        difference.missed += expected.saturating_sub(counted);
        difference.doubled += counted.saturating_sub(expected);
    }
    difference
}

/// Lines of the stream.
#[derive(Default)]
pub(crate) struct Lines {
    /// Event identifiers of the lines of finished tasks, by address of the vCenter and task.
    events: BTreeMap<(String, String), Vec<String>>,
    pub(crate) number: u64,
    pub(crate) bytes: u64,
    pub(crate) unreadable: u64,
}

impl Lines {
    /// Adds a line.
    pub(crate) fn add(&mut self, line: &str) {
        self.number += 1;
        self.bytes += line.len() as u64;
        if line.contains("\"outcome\":null") {
            return;
        }
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            self.unreadable += 1;
            return;
        };
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let task = (text("endpoint"), text("moId"));
        self.events.entry(task).or_default().push(text("eventId"));
    }

    /// Compares the lines with the tasks of these outcomes.
    pub(crate) fn difference(
        &self,
        finished: &FinishedTasks,
        outcomes: &[&str],
        prints: bool,
    ) -> Difference {
        let mut difference = Difference::default();
        for ((vcenter, address), tasks) in finished {
            let tasks = tasks.iter();
            for task in tasks.filter(|task| outcomes.contains(&task.outcome)) {
                match self.events.get(&(address.clone(), task.mo_id.clone())) {
                    None => {
                        if prints {
                            println!("{vcenter} {} {}: no line", task.mo_id, task.operation);
                        }
                        difference.missed += 1;
                    }
                    Some(events) => {
                        let different: BTreeSet<_> = events.iter().collect();
                        difference.doubled += different.len() as u64 - 1;
                    }
                }
            }
        }
        difference
    }

    /// Returns the number of lines that repeat one with the same identifier, as after a kill.
    pub(crate) fn repeated(&self) -> usize {
        let repeated = self.events.values().map(|events| {
            let different: BTreeSet<_> = events.iter().collect();
            events.len() - different.len()
        });
        repeated.sum()
    }
}
