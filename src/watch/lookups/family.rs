//! Reads the family of the followed task: members that are not watched yet or had expired before they could be read.
//!
//! Descendants and siblings are found by the keys of the lineage. For expired ancestors there is no filter by key, so
//! the history is read backwards from the queue time of the child. If only named tasks are watched, the recent tasks
//! are checked, too.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use vtask_vim::{
    Client, Error, RecordAction, Throttle,
    types::{TaskInfo, TaskLocator, TaskQuery, text_at},
};

use super::scheduler::Permit;

/// Interval of the search while a member runs; running members are watched meanwhile.
pub(super) const REFRESH_INTERVAL: Duration = Duration::from_secs(30);
/// Maximum number of tasks of one family read from the history.
const MAX_RELATIVES: usize = 2_000;
/// Maximum depth of descendants requested level by level, if they do not name their root.
const MAX_DEPTH: usize = 16;
/// Maximum number of records scanned for an ancestor: a busy hour of a large server.
const MAX_SCANNED: usize = 3_000;
/// Number of recent tasks read per pass to check whether they belong to the family.
const MAX_RECENT: usize = 10;

/// The result of a search, partial if it failed midway.
#[derive(Debug)]
pub(crate) struct FamilyFound {
    /// The number of the subscription.
    pub(super) number: u32,
    /// The task with all that is known by now.
    pub(super) locator: TaskLocator,
    pub(super) family: FamilyMembers,
    /// The keys of ancestors searched for; `None` if only descendants were read.
    pub(super) searched: Option<HashSet<Arc<str>>>,
    pub(super) outcome: Result<(), Error>,
}

/// Members of a family.
#[derive(Debug, Default)]
pub(super) struct FamilyMembers {
    pub(super) members: Vec<TaskInfo>,
    /// Recent tasks that belong to it.
    pub(super) recent: Vec<Arc<str>>,
    /// Recent tasks that do not.
    pub(super) unrelated: Vec<Arc<str>>,
    /// moIds of the members.
    seen: HashSet<Arc<str>>,
    /// Keys of the members.
    keys: HashSet<Arc<str>>,
}

/// Results that stay valid while one family is followed.
#[derive(Debug, Default)]
pub(super) struct FamilyCache {
    /// Recent tasks that do not belong to it.
    pub(super) unrelated: HashSet<Arc<str>>,
    /// Keys already searched for in the history.
    pub(super) searched: HashSet<Arc<str>>,
    /// moIds of the members whose end was read from the history.
    pub(super) reported: HashSet<Arc<str>>,
}

/// The missing part of a family.
#[derive(Debug)]
pub(super) struct Missing {
    /// Keys of missing ancestors.
    pub(super) above: HashSet<Arc<str>>,
    /// Tasks already known to belong to the family or not, if only named tasks are watched.
    pub(super) known: Option<HashSet<Arc<str>>>,
    /// The error that made the history unusable.
    pub(super) failure: Option<Error>,
}

impl FamilyMembers {
    fn add(&mut self, info: TaskInfo) {
        if self.seen.insert(info.mo_id().clone()) {
            self.keys.insert(info.key.clone());
            self.members.push(info);
        }
    }

    /// Returns the keys named as parents and roots by the members and the task, without those of members.
    pub(super) fn named(&self, locator: &TaskLocator, members: &[TaskInfo]) -> HashSet<Arc<str>> {
        let named = members.iter();
        let named = named.flat_map(|info| [info.parent_key(), info.root_key()]);
        let named = named.chain([locator.parent(), locator.root()]).flatten();
        let is_other = |key: &&Arc<str>| !self.keys.contains(*key) && locator.key() != Some(*key);
        named.filter(is_other).cloned().collect()
    }
}

/// Reads descendants and siblings of a task from the history.
pub(super) async fn below(
    client: &Client,
    permit: &Permit,
    number: u32,
    locator: TaskLocator,
) -> FamilyFound {
    let mut found = FamilyFound {
        number,
        locator,
        family: FamilyMembers::default(),
        searched: None,
        outcome: Ok(()),
    };
    found.outcome = async {
        if found.locator.key().is_none() {
            permit.ready().await;
            found.locator = TaskLocator::of(&client.task_info(&found.locator.mo_id).await?);
        }
        read_lineage(client, permit, &found.locator, &mut found.family).await
    }
    .await;
    found
}

/// Reads the missing part, as far as it can be found.
pub(super) async fn read_missing(
    client: &Client,
    permit: &Permit,
    number: u32,
    locator: TaskLocator,
    missing: Missing,
) -> FamilyFound {
    let mut family = FamilyMembers::default();
    let searched = missing.above.clone();
    let outcome = async {
        if let Some(known) = &missing.known {
            read_recent(client, permit, &locator, known, &mut family).await?;
        }
        match missing.failure {
            Some(failure) => Err(failure),
            None => read_ancestors(client, permit, &locator, missing.above, &mut family).await,
        }
    }
    .await;
    FamilyFound {
        number,
        locator,
        family,
        searched: Some(searched),
        outcome,
    }
}

async fn read_lineage(
    client: &Client,
    permit: &Permit,
    locator: &TaskLocator,
    family: &mut FamilyMembers,
) -> Result<(), Error> {
    let (Some(key), Some(root)) = (locator.key().cloned(), locator.root().cloned()) else {
        return Ok(());
    };
    let by_root = TaskQuery {
        roots: vec![root.clone()],
        ..TaskQuery::default()
    };
    read(client, permit, &by_root, family).await?;
    // Some name their parent only.
    let mut parents = vec![key, root.clone()];
    parents.extend(locator.parent().cloned());
    parents.sort();
    parents.dedup();
    let mut searched: HashSet<Arc<str>> = parents.iter().cloned().collect();
    for _ in 0..MAX_DEPTH {
        let by_parents = TaskQuery {
            parents,
            ..TaskQuery::default()
        };
        read(client, permit, &by_parents, family).await?;
        let names_root = |info: &&TaskInfo| info.root_key().is_some_and(|named| *named == root);
        let rest = family.members.iter().filter(|info| !names_root(info));
        let rest = rest.map(|info| info.key.clone());
        parents = rest.filter(|key| searched.insert(key.clone())).collect();
        if parents.is_empty() || family.members.len() >= MAX_RELATIVES || !permit.is_wanted() {
            break;
        }
    }
    Ok(())
}

async fn read(
    client: &Client,
    permit: &Permit,
    query: &TaskQuery,
    family: &mut FamilyMembers,
) -> Result<(), Error> {
    let limit = MAX_RELATIVES.saturating_sub(family.members.len()).max(1);
    let pick = query.pick_lineage();
    let found = client.past_tasks_paced(permit, query, limit, pick).await?;
    // Records that cannot be read are skipped.
    let found = found.tasks.into_iter().map(TaskInfo::from_json);
    found.flatten().for_each(|info| family.add(info));
    Ok(())
}

/// Reads the ancestors with these keys, and their ancestors.
async fn read_ancestors(
    client: &Client,
    permit: &Permit,
    locator: &TaskLocator,
    mut missing: HashSet<Arc<str>>,
    family: &mut FamilyMembers,
) -> Result<(), Error> {
    let mut searched = missing.clone();
    let mut from = locator.clone();
    while !missing.is_empty() && permit.is_wanted() {
        let mut found: HashMap<Arc<str>, TaskInfo> = HashMap::new();
        for query in from.parent_queries() {
            let mut scanned = 0;
            let still = missing.len() - found.len();
            let pick = |record: &Value| {
                scanned += 1;
                if text_at(record, &["key"]).is_some_and(|key| missing.contains(key)) {
                    RecordAction::Take
                } else if scanned < MAX_SCANNED {
                    RecordAction::Leave
                } else {
                    RecordAction::Stop
                }
            };
            let records = client.past_tasks_paced(permit, &query, still, pick).await?;
            for info in records.tasks.into_iter().flat_map(TaskInfo::from_json) {
                if missing.contains(&info.key) {
                    found.insert(info.key.clone(), info);
                }
            }
            if found.len() == missing.len() {
                break;
            }
        }
        // An ancestor was queued before its descendants.
        let Some(oldest) = found.values().min_by_key(|info| info.ordering_time()) else {
            break;
        };
        from = TaskLocator::of(oldest);
        let parents = found.values().filter_map(TaskInfo::parent_key);
        missing = parents
            .filter(|key| searched.insert((*key).clone()))
            .cloned()
            .collect();
        missing.retain(|key| !family.keys.contains(key));
        for info in found.into_values() {
            family.add(info);
        }
    }
    Ok(())
}

/// Reads the newest unknown recent tasks and sorts them into members and others.
async fn read_recent(
    client: &Client,
    permit: &Permit,
    locator: &TaskLocator,
    known: &HashSet<Arc<str>>,
    family: &mut FamilyMembers,
) -> Result<(), Error> {
    if !permit.ready().await {
        return Ok(());
    }
    let tasks = client.recent_tasks().await?;
    let is_new = |mo_id: &Arc<str>| !known.contains(mo_id);
    let new = tasks.into_iter().rev().map(|task| task.value);
    for mo_id in new.filter(is_new).take(MAX_RECENT) {
        if !permit.ready().await {
            break;
        }
        match client.task_info(&mo_id).await {
            Ok(info) if is_relative(&info, locator) => family.recent.push(mo_id),
            Err(error) if error.is_session_dead() || error.is_transient() => return Err(error),
            // Membership of an unreadable task cannot be determined.
            Ok(_) | Err(_) => family.unrelated.push(mo_id),
        }
    }
    Ok(())
}

fn is_relative(info: &TaskInfo, locator: &TaskLocator) -> bool {
    let ours = [locator.key(), locator.parent(), locator.root()];
    let theirs = [info.parent_key(), info.root_key(), Some(&info.key)];
    let is_ours = |key: &Arc<str>| ours.iter().flatten().any(|ours| **ours == *key);
    theirs.into_iter().flatten().any(is_ours)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vtask_task::fixture::info;

    use super::*;

    #[test]
    fn a_task_that_names_a_member_belongs_to_the_family() {
        let lineage = json!({"parentTaskKey": "task-2", "rootTaskKey": "task-1"});
        let locator = TaskLocator::of(&info("task-3", &lineage));
        for more in [
            json!({"rootTaskKey": "task-1"}),
            json!({"parentTaskKey": "task-3"}),
            json!({"parentTaskKey": "task-2"}),
        ] {
            assert!(is_relative(&info("task-9", &more), &locator), "{more}");
        }
        assert!(
            is_relative(&info("task-1", &json!({})), &locator),
            "the root itself"
        );
        assert!(!is_relative(
            &info("task-9", &json!({"parentTaskKey": "task-8"})),
            &locator
        ));
    }

    #[test]
    fn named_tasks_that_were_not_found_are_missing() {
        let lineage = json!({"parentTaskKey": "task-2", "rootTaskKey": "task-1"});
        let locator = TaskLocator::of(&info("task-3", &lineage));
        let mut family = FamilyMembers::default();
        let child = json!({"parentTaskKey": "task-4", "rootTaskKey": "task-1"});
        family.add(*info("task-5", &child));
        family.add(*info("task-5", &child));
        family.add(*info("task-2", &json!({"parentTaskKey": "task-1"})));
        assert_eq!(family.members.len(), 2, "no duplicates");
        let mut missing: Vec<_> = family
            .named(&locator, &family.members)
            .into_iter()
            .collect();
        missing.sort();
        assert_eq!(missing, ["task-1".into(), "task-4".into()] as [Arc<str>; 2]);
    }
}
