//! The order of tasks in a report: families by time, children behind their parents.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::ReportTask;
use crate::{
    task::{Handle, TaskEntry, TaskStore},
    vim::types::{TaskEvent, TaskInfo},
};

/// Returns the entries of tasks, oldest first, each followed by its descendants among them. `now` is the server's time.
pub fn tasks_in_order(
    store: &TaskStore,
    chosen: &[Handle],
    server: &str,
    events: &BTreeMap<Handle, Vec<TaskEvent>>,
    now: Timestamp,
) -> Vec<ReportTask> {
    let is_chosen: HashSet<Handle> = chosen.iter().copied().collect();
    let mut roots = Vec::new();
    let mut children: HashMap<Handle, Vec<Handle>> = HashMap::new();
    for handle in &is_chosen {
        let mut above = store.parent(*handle);
        while let Some(parent) = above.filter(|parent| !is_chosen.contains(parent)) {
            above = store.parent(parent);
        }
        match above {
            Some(parent) => children.entry(parent).or_default().push(*handle),
            None => roots.push(*handle),
        }
    }
    let newest_first = |handles: &mut Vec<Handle>| {
        handles.sort_by_cached_key(|handle| {
            let record = store.get(*handle)?;
            let ordering_time = record.info.as_deref().and_then(TaskInfo::ordering_time);
            Some((ordering_time, record.id.mo_id.clone()))
        });
        handles.reverse();
    };
    newest_first(&mut roots);
    let mut open: Vec<(Handle, usize)> = roots.into_iter().map(|root| (root, 0)).collect();
    let mut tasks = Vec::new();
    while let Some((handle, depth)) = open.pop() {
        if let Some(mut below) = children.remove(&handle) {
            newest_first(&mut below);
            open.extend(below.into_iter().map(|child| (child, depth + 1)));
        }
        let events = events.get(&handle).map_or(&[][..], Vec::as_slice);
        let entry = TaskEntry::of(store, handle, server, events, now);
        tasks.extend(entry.map(|entry| ReportTask {
            entry,
            depth,
            cancel_requests: Vec::new(),
        }));
    }
    tasks
}

/// Merges the tasks of several vCenters by the time at which their families began.
pub fn merge(servers: Vec<Vec<ReportTask>>) -> Vec<ReportTask> {
    let mut families: Vec<Vec<ReportTask>> = Vec::new();
    for task in servers.into_iter().flatten() {
        match families.last_mut() {
            Some(family) if task.depth > 0 => family.push(task),
            _ => families.push(vec![task]),
        }
    }
    families.sort_by_key(|family| {
        let first = family.first()?;
        first.entry.span.map(|span| span.queued)
    });
    families.into_iter().flatten().collect()
}
