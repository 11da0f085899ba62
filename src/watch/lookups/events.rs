//! The events of the task that is followed.

use std::time::Duration;

use super::gate::Gate;
use crate::vim::{Client, Error, Pace, Trace, types::TaskEvent};

/// How often they are read while the task goes on, and once more after it.
pub(super) const AGAIN: Duration = Duration::from_secs(5);

/// The events of a task, oldest first.
pub(super) async fn events(
    client: &Client,
    gate: &Gate,
    trace: &Trace,
) -> Result<Vec<TaskEvent>, Error> {
    let chain = if let Some(chain) = trace.event_chain() {
        chain
    } else {
        gate.pass().await;
        client.task_info(&trace.mo_id).await?.event_chain_id
    };
    if !gate.pass().await {
        return Ok(Vec::new());
    }
    client.task_events(chain).await
}
