//! Root causes of the failures of a report.

use super::ReportTask;
use crate::task::FaultEntry;

/// A type of fault at the end of chains.
pub(super) struct Cause<'a> {
    /// The fault of the first task.
    pub(super) fault: &'a FaultEntry,
    /// Number of different messages.
    pub(super) messages: usize,
    /// The tasks that failed for it, as indexes of the failures.
    pub(super) failures: Vec<usize>,
}

/// Groups failed tasks by the type of the innermost fault, most frequent first.
pub(super) fn root_causes<'a>(failures: &[&'a ReportTask]) -> Vec<Cause<'a>> {
    let mut causes: Vec<Cause<'a>> = Vec::new();
    for (index, task) in failures.iter().enumerate() {
        let Some(fault) = task.entry.faults.last() else {
            continue;
        };
        let same = causes
            .iter_mut()
            .find(|cause| cause.fault.type_name == fault.type_name);
        match same {
            Some(cause) => cause.failures.push(index),
            None => causes.push(Cause {
                fault,
                messages: 0,
                failures: vec![index],
            }),
        }
    }
    for cause in &mut causes {
        let tasks = cause
            .failures
            .iter()
            .filter_map(|index| failures.get(*index));
        let mut messages: Vec<&str> = tasks
            .filter_map(|task| Some(task.entry.faults.last()?.text.as_str()))
            .collect();
        messages.sort_unstable();
        messages.dedup();
        cause.messages = messages.len();
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.failures.len()));
    causes
}
