//! How long operations usually take, read from the server's history: in the background, one request a second.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::{
    task::FinishedRun,
    vim::{
        Client, Error, TaskQuery,
        types::{ManagedObjectReference, TaskInfo, TaskState},
    },
};

/// How long after the beginning the history is asked first: the board comes before.
pub(super) const FIRST: Duration = Duration::from_secs(3);
/// How often it is asked again.
pub(super) const AGAIN: Duration = Duration::from_secs(30 * 60);
/// How many tasks are read at a time, and how often, at most: the history of a busy server holds a million.
const PAGE: usize = 500;
const PAGES: usize = 6;
/// Between two requests.
const BREATH: Duration = Duration::from_secs(1);

/// The newest runs that ended well, the oldest of them first.
pub(super) async fn runs(client: &Client) -> Result<Vec<FinishedRun>, Error> {
    let query = TaskQuery {
        states: vec![TaskState::Success],
        ..TaskQuery::default()
    };
    let collector = client.create_history(&query).await?;
    let read = read(client, &collector).await;
    sleep(BREATH).await;
    // Where this fails it ends with the session.
    let _ = client.destroy_history(&collector).await;
    let mut runs: Vec<_> = read?.into_iter().filter_map(run).collect();
    runs.reverse();
    Ok(runs)
}

async fn read(client: &Client, collector: &ManagedObjectReference) -> Result<Vec<Value>, Error> {
    sleep(BREATH).await;
    client.reset_history(collector).await?;
    let mut found = Vec::new();
    for _ in 0..PAGES {
        sleep(BREATH).await;
        let page = client.older_history(collector, PAGE).await?;
        let is_end = page.is_empty();
        found.extend(page);
        if is_end {
            break;
        }
    }
    Ok(found)
}

/// What a record says of how long its operation takes; nothing where its times make no sense.
fn run(record: Value) -> Option<FinishedRun> {
    let info = TaskInfo::from_json(record).ok()?;
    let took = info.complete_time?.duration_since(info.start_time?);
    Some(FinishedRun {
        operation: (&*info.description_id).into(),
        entity: info.entity.map(|entity| entity.value),
        took: Duration::try_from(took).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::task::fixture::{at, info};

    fn taken(start: i64, complete: i64) -> Option<FinishedRun> {
        let more = json!({"startTime": at(start).to_string(), "completeTime": at(complete).to_string(),
            "state": "success", "entity": {"type": "VirtualMachine", "value": "vm-7"}});
        run(info("task-1", &more).to_json())
    }

    #[test]
    fn what_ran_backwards_or_has_no_times_teaches_nothing() {
        let run_of = taken(10, 70).unwrap();
        assert_eq!(
            (run_of.took, run_of.entity.as_deref()),
            (Duration::from_secs(60), Some("vm-7"))
        );
        assert_eq!(taken(70, 10), None);
        assert_eq!(run(json!({"key": "task-1"})), None);
        assert_eq!(run(json!(7)), None);
    }
}
