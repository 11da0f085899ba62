//! Answers the commands that the screen sends to fetch loops.

use std::sync::Arc;

use jiff::Timestamp;

use super::Replay;
use crate::{
    task::{ServerId, TaskId, cancellation::Privilege},
    vim::types::TaskLocator,
    watch::{Command, FamilyState, HistoryLookup, HistoryRequest, Update},
};

impl Replay {
    /// Returns the answers to a command at a time of the record.
    pub fn respond(&self, server: ServerId, command: &Command, now: Timestamp) -> Vec<Update> {
        let answer = match command {
            Command::FollowEvents(tasks) => return self.missing_events(server, tasks),
            // The members are among the recorded tasks.
            Command::FollowFamily(Some(task)) => Update::Family {
                mo_id: task.mo_id.clone(),
                state: FamilyState::Found { at: now },
            },
            Command::CheckPrivilege(task) => Update::Privilege {
                mo_id: task.mo_id.clone(),
                privilege: Privilege::Unknown("not recorded".into()),
            },
            Command::LookUp(task) => Update::LookedUp {
                mo_id: task.mo_id.clone(),
                answer: HistoryLookup::Failed(not_available()),
            },
            Command::SearchHistory(
                HistoryRequest::Begin { search, .. } | HistoryRequest::More { search },
            ) => Update::HistoryPage {
                search: *search,
                page: Err(not_available()),
            },
            _ => return Vec::new(),
        };
        vec![answer]
    }

    /// Returns an update for each task whose events were not recorded until now.
    fn missing_events(&self, server: ServerId, tasks: &[TaskLocator]) -> Vec<Update> {
        let reason: Arc<str> = "The record has no events of this task until now.".into();
        let is_missing = |task: &&TaskLocator| {
            let id = TaskId::new(server, task.mo_id.clone());
            !self.with_events.contains(&id)
        };
        let missing = tasks.iter().filter(is_missing);
        missing
            .map(|task| Update::Events {
                mo_id: task.mo_id.clone(),
                events: Err(reason.clone()),
            })
            .collect()
    }
}

fn not_available() -> Arc<str> {
    "Not available in a record".into()
}
