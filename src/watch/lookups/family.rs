//! The family of the task that is followed, from the server's history.

use std::time::Duration;

use super::gate::Gate;
use crate::vim::{Client, Error, Pace, TaskQuery, Trace, types::TaskInfo};

/// How often it is looked for while something in it goes on; its members that run are watched meanwhile.
pub(super) const AGAIN: Duration = Duration::from_secs(30);
/// How many tasks of one family are read from the history.
const MOST: usize = 2_000;

/// What the history knows of the family of a task.
pub(super) async fn members(
    client: &Client,
    gate: &Gate,
    trace: &Trace,
) -> Result<Vec<TaskInfo>, Error> {
    let root = if let Some(root) = trace.root() {
        root.clone()
    } else {
        gate.pass().await;
        let info = client.task_info(&trace.mo_id).await?;
        info.root_key().unwrap_or(&info.key).clone()
    };
    let query = TaskQuery {
        roots: vec![root],
        ..TaskQuery::default()
    };
    let found = client
        .past_tasks_paced(gate, &query, MOST, |_| true)
        .await?;
    let found = found.into_iter();
    Ok(found
        .filter_map(|raw| TaskInfo::from_json(raw).ok())
        .collect())
}
