//! Discovery of tasks through the list of recent tasks.

use vtask_vim::{Digest, Error, types::ManagedObjectReference};

use super::{
    Update,
    concurrent_requests::ConcurrentRequests,
    session_renewals::{Call, SessionRenewals},
    stop_reason::LoopExit,
    task_feed::TaskFeed,
};

/// Number of consecutive refusals after which the list of recent tasks counts as unavailable to this account.
const MAX_LIST_REFUSALS: u32 = 3;

/// State of the discovery: the refusals of the list of recent tasks.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    /// The reported reason.
    reported: Option<String>,
    /// Number of consecutive refusals.
    refusals: u32,
}

impl Discovery {
    /// Handles the answer to a read of the list. Returns the updates to send.
    pub(super) fn handle_list(
        &mut self,
        requests: &mut ConcurrentRequests,
        feed: &mut TaskFeed,
        renewals: &mut SessionRenewals,
        answer: Result<Option<(Vec<ManagedObjectReference>, Digest)>, Error>,
    ) -> Result<Vec<Update>, LoopExit> {
        requests.knows_recent = true;
        let mut updates = Vec::new();
        let error = match answer {
            Ok(changed) => {
                renewals.succeeded(&Call::Recent);
                requests.failures.record_list_success();
                *self = Self::default();
                if let Some((tasks, digest)) = changed {
                    requests.list_digest = Some(digest);
                    feed.add_recent(tasks);
                }
                return Ok(updates);
            }
            Err(error) => error,
        };
        if renewals.ends_session(Call::Recent, &error) {
            return Err(LoopExit::dead(error));
        }
        if error.is_transient() {
            return if requests.failures.record_list_failure(&error) {
                Err(LoopExit::failed(error))
            } else {
                Ok(updates)
            };
        }
        let reason = error.reason();
        if self.reported.as_ref() != Some(&reason) {
            let notice = format!(
                "The recent tasks cannot be listed, so new tasks are not discovered: {reason}"
            );
            self.reported = Some(reason.clone());
            updates.push(Update::Notice(notice.into()));
        }
        self.refusals = self.refusals.saturating_add(1);
        if self.refusals == MAX_LIST_REFUSALS {
            updates.push(Update::RecentRefused(reason.into()));
        }
        Ok(updates)
    }
}
