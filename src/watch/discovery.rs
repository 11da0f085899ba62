//! Discovery of tasks through the list of recent tasks.

use tokio::time::Instant;

use super::{
    Update,
    endpoint::{Endpoint, StopReason},
    read_loop::InFlight,
    renewals::Call,
    responses::LoopExit,
};
use crate::vim::{Error, types::ManagedObjectReference};

/// Number of consecutive refusals after which the list of recent tasks counts as unavailable to this account.
const MAX_LIST_REFUSALS: u32 = 3;

impl Endpoint {
    /// Handles the answer to a read of the list.
    pub(super) async fn handle_recent_tasks(
        &mut self,
        in_flight: &mut InFlight,
        answer: Result<Vec<ManagedObjectReference>, Error>,
    ) -> Result<(), LoopExit> {
        in_flight.knows_recent = true;
        let error = match answer {
            Ok(tasks) => {
                self.renewals.succeeded(&Call::Recent);
                in_flight.failures.record_list_success();
                self.unlisted = None;
                self.list_refusals = 0;
                return self.update_recent_tasks(in_flight, tasks).await;
            }
            Err(error) => error,
        };
        if self.ends_session(Call::Recent, &error) {
            return Err(LoopExit::SessionDead(Box::new(error)));
        }
        if error.is_transient() {
            return if in_flight.failures.record_list_failure(&error) {
                Err(StopReason::Failed(Box::new(error)).into())
            } else {
                Ok(())
            };
        }
        let reason = error.reason();
        if self.unlisted.as_ref() != Some(&reason) {
            let told = format!(
                "The recent tasks cannot be listed, so that new ones will not show up by themselves: {reason}"
            );
            self.unlisted = Some(reason.clone());
            self.send_update(Update::Notice(told.into())).await?;
        }
        self.list_refusals = self.list_refusals.saturating_add(1);
        if self.list_refusals == MAX_LIST_REFUSALS {
            self.send_update(Update::RecentRefused(reason.into()))
                .await?;
        }
        Ok(())
    }

    /// Handles the current list, read or pushed.
    pub(super) async fn update_recent_tasks(
        &mut self,
        in_flight: &mut InFlight,
        tasks: Vec<ManagedObjectReference>,
    ) -> Result<(), LoopExit> {
        in_flight.knows_recent = true;
        self.make_room(in_flight);
        let tasks: Vec<_> = tasks.into_iter().map(|task| task.value).collect();
        self.watched.add_recent(&tasks, Instant::now());
        self.report_task_limit().await
    }

    /// Reports once that there are more tasks than the limit.
    async fn report_task_limit(&mut self) -> Result<(), LoopExit> {
        if self.watched.take_limit_notice() {
            let limit = self.options.max_tasks;
            let told = format!(
                "There are more than {limit} tasks; further ones are not watched unless they are named."
            );
            self.send_update(Update::Notice(told.into())).await?;
        }
        Ok(())
    }
}
