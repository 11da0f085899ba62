//! The events of followed tasks.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use vtask_vim::{
    Client, Error, Throttle,
    types::{TaskEvent, TaskLocator},
};

use super::{scheduler::Permit, subscription::Subscription};

/// Interval of reading them while the task runs, and once after its end.
pub(super) const EVENTS_REFRESH_INTERVAL: Duration = Duration::from_secs(10);

/// A task whose events are followed.
#[derive(Debug)]
pub(super) struct EventSubscription {
    pub(super) subscription: Subscription,
    /// The events sent last.
    pub(super) sent: Option<Arc<[TaskEvent]>>,
}

impl EventSubscription {
    /// Follows the events of a task. `number` distinguishes the lookup from those for other tasks.
    pub(super) fn new(number: u32, task: TaskLocator, now: Instant) -> Self {
        let mut subscription = Subscription::numbered(number);
        subscription.follow(Some(task), now);
        Self {
            subscription,
            sent: None,
        }
    }
}

/// Returns the events of a task, oldest first.
pub(super) async fn events(
    client: &Client,
    permit: &Permit,
    locator: &TaskLocator,
) -> Result<Vec<TaskEvent>, Error> {
    let chain = if let Some(chain) = locator.event_chain() {
        chain
    } else {
        permit.ready().await;
        client.task_info(&locator.mo_id).await?.event_chain_id
    };
    if !permit.ready().await {
        return Ok(Vec::new());
    }
    client.task_events(chain).await
}
