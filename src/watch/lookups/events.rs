//! The events of the followed task.

use std::time::Duration;

use super::scheduler::Permit;
use crate::vim::{
    Client, Error, Throttle,
    types::{TaskEvent, TaskLocator},
};

/// Interval of reading them while the task runs, and once after its end.
pub(super) const EVENTS_REFRESH_INTERVAL: Duration = Duration::from_secs(5);

/// Returns the events of a task, oldest first.
pub(super) async fn events(
    client: &Client,
    permit: &Permit,
    trace: &TaskLocator,
) -> Result<Vec<TaskEvent>, Error> {
    let chain = if let Some(chain) = trace.event_chain() {
        chain
    } else {
        permit.pass().await;
        client.task_info(&trace.mo_id).await?.event_chain_id
    };
    if !permit.pass().await {
        return Ok(Vec::new());
    }
    client.task_events(chain).await
}
