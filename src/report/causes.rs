//! Root causes of the failures of a report.

use std::{cmp::Reverse, collections::BTreeSet};

use serde::Serialize;

use super::ReportTask;

/// A type of fault at the end of chains.
#[derive(Debug, Serialize)]
pub(super) struct Cause<'a> {
    pub(super) type_name: &'a str,
    /// Message of the first task.
    pub(super) text: &'a str,
    /// Number of different messages besides the first.
    pub(super) other_messages: usize,
    /// The tasks that failed for it: number among the failures, from 1, and name.
    pub(super) tasks: Vec<(usize, &'a str)>,
}

/// Groups failed tasks by the type of the innermost fault, most frequent first.
pub(super) fn root_causes<'a>(failures: &[&'a ReportTask]) -> Vec<Cause<'a>> {
    let mut causes: Vec<(Cause<'a>, BTreeSet<&str>)> = Vec::new();
    for (task, number) in failures.iter().zip(1..) {
        let entry = &task.entry;
        let Some(fault) = entry.faults.last() else {
            continue;
        };
        let task = (number, entry.target.as_deref().unwrap_or(entry.operation()));
        let mut others = causes.iter_mut();
        let same = others.find(|(cause, _)| cause.type_name == fault.type_name);
        if let Some((cause, messages)) = same {
            cause.tasks.push(task);
            messages.insert(&fault.text);
        } else {
            let cause = Cause {
                type_name: &fault.type_name,
                text: &fault.text,
                other_messages: 0,
                tasks: vec![task],
            };
            causes.push((cause, BTreeSet::from([&*fault.text])));
        }
    }
    causes.sort_by_key(|(cause, _)| Reverse(cause.tasks.len()));
    let counted = causes.into_iter().map(|(cause, messages)| Cause {
        other_messages: messages.len() - 1,
        ..cause
    });
    counted.collect()
}
