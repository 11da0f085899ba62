//! What is looked up around tasks: families, events, the past, usual durations.

mod past;
mod typical;

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Command, FamilyState, Update,
    answers::{Done, End},
    endpoint::Endpoint,
    reading::Reading,
    watched::Origin,
};
use crate::{
    task::FinishedRun,
    vim::{
        Client, Error, TaskQuery,
        types::{TaskEvent, TaskInfo},
    },
};

/// How many tasks of one family are read from the history.
const FAMILY: usize = 2_000;

/// What was looked up.
pub(super) enum Found {
    Family(Arc<str>, Result<Vec<TaskInfo>, Error>),
    Events(Arc<str>, Result<Vec<TaskEvent>, Error>),
    Past(past::Answer),
    Typical(Result<Vec<FinishedRun>, Error>),
}

/// The look-ups of one endpoint.
#[derive(Debug, Default)]
pub(super) struct LookUps {
    /// The search of the history.
    pub(super) past: past::Past,
    /// When it is looked up next how long operations usually take; first some time after the first tasks came.
    typical_at: Option<Instant>,
}

impl Endpoint {
    /// Begins a look-up that a command asks for.
    pub(super) async fn look_up(
        &mut self,
        reading: &mut Reading,
        command: Command,
    ) -> Result<(), End> {
        match command {
            Command::FollowFamily(Some(mo_id)) => {
                let state = FamilyState::Searching;
                let update = Update::Family {
                    mo_id: mo_id.clone(),
                    state,
                };
                self.tell(update).await?;
                reading.start(|client| async move {
                    let family = family(&client, &mo_id).await;
                    Done::Found(Found::Family(mo_id, family))
                });
            }
            Command::FollowEvents(Some(mo_id)) => reading.start(|client| async move {
                let events = events(&client, &mo_id).await;
                Done::Found(Found::Events(mo_id, events))
            }),
            Command::Past(request) => self.ask_past(reading, request).await?,
            _ => {}
        }
        Ok(())
    }

    /// When it is looked up next how long operations usually take.
    pub(super) fn typical_at(&self) -> Option<Instant> {
        self.lookups.typical_at.filter(|_| self.options.typical)
    }

    /// Looks up how long operations usually take, when it is time.
    pub(super) fn start_typical(&mut self, reading: &mut Reading, now: Instant) {
        if !self.options.typical {
            return;
        }
        let at = *self.lookups.typical_at.get_or_insert(now + typical::FIRST);
        if at <= now {
            self.lookups.typical_at = Some(now + typical::AGAIN);
            reading.start(|client| async move {
                Done::Found(Found::Typical(typical::runs(&client).await))
            });
        }
    }

    /// Tells what was found.
    pub(super) async fn take_found(
        &mut self,
        reading: &mut Reading,
        found: Found,
    ) -> Result<(), End> {
        match found {
            Found::Family(mo_id, Ok(members)) => {
                let now = Instant::now();
                for info in members {
                    let member = info.mo_id().clone();
                    // The history lags behind: of a task that is watched more is known, and of one that goes on more
                    // will be once it is.
                    if self.watched.contains(&member) {
                        continue;
                    }
                    if info.state.is_finished() {
                        self.take_whole(reading, &member, Box::new(info), None);
                    } else {
                        self.watched.add(&member, Origin::Lineage, now);
                    }
                }
                self.tell_changes(reading).await?;
                let state = FamilyState::Found { at: self.now() };
                self.tell(Update::Family { mo_id, state }).await?;
            }
            Found::Family(mo_id, Err(error)) => {
                let state = FamilyState::Failed(error.reason().into());
                self.tell(Update::Family { mo_id, state }).await?;
            }
            Found::Events(mo_id, events) => {
                let events = events.map(Arc::from).map_err(|error| error.reason().into());
                self.tell(Update::Events { mo_id, events }).await?;
            }
            Found::Past(answer) => self.take_past_page(reading, answer).await?,
            Found::Typical(runs) => {
                let update = match runs {
                    Ok(runs) => Update::Typical(runs),
                    Err(error) => Update::TypicalUnknown(error.reason().into()),
                };
                self.tell(update).await?;
            }
        }
        Ok(())
    }
}

async fn family(client: &Client, mo_id: &str) -> Result<Vec<TaskInfo>, Error> {
    let info = client.task_info(mo_id).await?;
    let root = info.root_key().unwrap_or(&info.key).clone();
    let query = TaskQuery {
        roots: vec![root],
        ..TaskQuery::default()
    };
    let found = client.past_tasks(&query, FAMILY, |_| true).await?;
    let found = found.into_iter();
    Ok(found
        .filter_map(|raw| TaskInfo::from_json(raw).ok())
        .collect())
}

async fn events(client: &Client, mo_id: &str) -> Result<Vec<TaskEvent>, Error> {
    let chain = client.task_info(mo_id).await?.event_chain_id;
    client.task_events(chain).await
}
