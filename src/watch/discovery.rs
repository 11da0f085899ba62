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

impl Endpoint {
    /// Handles the answer to a read of the list.
    pub(super) async fn take_recent(
        &mut self,
        reading: &mut InFlight,
        answer: Result<Vec<ManagedObjectReference>, Error>,
    ) -> Result<(), LoopExit> {
        reading.knows_recent = true;
        let error = match answer {
            Ok(tasks) => {
                self.renewals.succeeded(&Call::Recent);
                reading.doubts.listed();
                self.unlisted = None;
                return self.take_recent_list(reading, tasks).await;
            }
            Err(error) => error,
        };
        if self.ends_session(Call::Recent, &error) {
            return Err(LoopExit::SessionDead(Box::new(error)));
        }
        if error.is_transient() {
            return if reading.doubts.list(&error) {
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
            self.unlisted = Some(reason);
            self.tell(Update::Notice(told.into())).await?;
        }
        Ok(())
    }

    /// Handles the current list, read or pushed.
    pub(super) async fn take_recent_list(
        &mut self,
        reading: &mut InFlight,
        tasks: Vec<ManagedObjectReference>,
    ) -> Result<(), LoopExit> {
        reading.knows_recent = true;
        self.make_room(reading);
        let tasks: Vec<_> = tasks.into_iter().map(|task| task.value).collect();
        self.watched.discovered(&tasks, Instant::now());
        self.tell_of_too_many().await
    }

    /// Reports once that there are more tasks than the limit.
    async fn tell_of_too_many(&mut self) -> Result<(), LoopExit> {
        if self.watched.take_refusal() {
            let most = self.options.most_tasks;
            let told = format!(
                "There are more than {most} tasks; further ones are not watched unless they are named."
            );
            self.tell(Update::Notice(told.into())).await?;
        }
        Ok(())
    }
}
