//! Locations of the entities that tasks operate on. Pure but for the requests; `now` is an argument.
//!
//! Many entities are read with one request, those of active tasks first. They are read again after a task on them has
//! finished, because it may have moved them, and after a long time, because they may be renamed or moved otherwise.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::DropGuard;
use vtask_task::TaskChange;
use vtask_vim::{
    Client, Error, InventoryCache, MAX_LOCATED_AT_ONCE,
    types::{EntityLocation, ManagedObjectReference, TaskInfo, TaskState},
};

use super::scheduler::{Permit, Priority, Scheduler};
use crate::watch_set::WatchSet;

/// Time after which known locations are read again.
const REFRESH_INTERVAL: Duration = Duration::from_secs(30 * 60);
/// Delay of reading an entity whose task has finished, so that several are read with one request.
const FINISHED_DELAY: Duration = Duration::from_secs(5);
/// Delay after an attempt that may succeed later.
const RETRY_INTERVAL: Duration = Duration::from_secs(60);
/// Maximum number of entities; the oldest ones are forgotten beyond it.
const MAX_ENTITIES: usize = 20_000;

type Located = Vec<(ManagedObjectReference, EntityLocation)>;

/// Result of reading the locations of some entities.
#[derive(Debug)]
pub(crate) struct LocationsFound {
    cache: InventoryCache,
    located: Result<Located, Error>,
}

/// The entities of tasks.
#[derive(Debug)]
pub(super) struct Locations {
    is_wanted: bool,
    /// Entities by number, in the order of arrival.
    entities: VecDeque<Entity>,
    /// Number of the first of them.
    first: usize,
    numbers: HashMap<ManagedObjectReference, usize>,
    /// Entities that were not read yet: with active tasks, and others.
    unread: [VecDeque<usize>; 2],
    /// Entities to be read again.
    due: BTreeSet<(Instant, usize)>,
    /// Entities of active tasks.
    active: HashMap<Arc<str>, usize>,
    /// The entities being read.
    requests: Option<(Vec<usize>, DropGuard)>,
    priority: Priority,
    /// Time before which nothing is read, after a failure.
    not_before: Instant,
    cache: InventoryCache,
    cached_since: Instant,
    has_renewed: bool,
}

#[derive(Debug)]
struct Entity {
    reference: ManagedObjectReference,
    /// Time of the next read; `None` if it is unread or being read.
    due: Option<Instant>,
    /// Hash of the location sent last.
    sent: Option<u64>,
}

impl Locations {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            is_wanted: false,
            entities: VecDeque::new(),
            first: 0,
            numbers: HashMap::new(),
            unread: Default::default(),
            due: BTreeSet::new(),
            active: HashMap::new(),
            requests: None,
            priority: Priority::Interactive,
            not_before: now,
            cache: InventoryCache::default(),
            cached_since: now,
            has_renewed: false,
        }
    }

    /// Starts or stops reading. The first request is made at once.
    pub(super) fn set_wanted(&mut self, is_wanted: bool) {
        self.is_wanted = is_wanted;
        self.priority = Priority::Interactive;
        if !is_wanted && let Some((numbers, _)) = self.requests.take() {
            self.unread[0].extend(numbers);
        }
    }

    /// Records the change of a task.
    pub(super) fn observe(&mut self, change: &TaskChange, watched: &WatchSet, now: Instant) {
        match change {
            TaskChange::Full { info, .. } | TaskChange::FromHistory { info, .. } => {
                self.record_task(info, now);
            }
            TaskChange::Fields { mo_id, fields, .. } => {
                let is_over = fields.iter().any(|(field, _)| *field == "state")
                    && watched.state(mo_id).is_some_and(TaskState::is_finished);
                if is_over {
                    self.record_finish(mo_id, now);
                }
            }
            TaskChange::Gone { mo_id, .. } | TaskChange::Unwatched { mo_id } => {
                self.record_finish(mo_id, now);
            }
            TaskChange::Placeholder { .. } | TaskChange::Unreadable { .. } => {}
        }
    }

    /// Records a task and its entity.
    pub(super) fn record_task(&mut self, info: &TaskInfo, now: Instant) {
        let Some(entity) = &info.entity else {
            return;
        };
        let is_active = !info.state.is_finished();
        let number = match self.numbers.get(entity) {
            Some(number) => *number,
            None => self.add(entity, is_active),
        };
        if is_active {
            self.active.insert(info.mo_id().clone(), number);
        } else {
            self.record_finish(info.mo_id(), now);
        }
    }

    fn add(&mut self, entity: &ManagedObjectReference, is_active: bool) -> usize {
        if self.entities.len() >= MAX_ENTITIES
            && let Some(oldest) = self.entities.pop_front()
        {
            if let Some(due) = oldest.due {
                self.due.remove(&(due, self.first));
            }
            self.numbers.remove(&oldest.reference);
            self.first += 1;
        }
        let number = self.first + self.entities.len();
        self.numbers.insert(entity.clone(), number);
        self.entities.push_back(Entity {
            reference: entity.clone(),
            due: None,
            sent: None,
        });
        self.unread[usize::from(!is_active)].push_back(number);
        number
    }

    /// Records the end of a task, which may have moved its entity.
    fn record_finish(&mut self, mo_id: &Arc<str>, now: Instant) {
        if let Some(number) = self.active.remove(mo_id)
            && self
                .entity(number)
                .is_some_and(|entity| entity.due.is_some())
        {
            self.schedule(number, Some(now + FINISHED_DELAY));
        }
    }

    fn entity(&mut self, number: usize) -> Option<&mut Entity> {
        self.entities.get_mut(number.checked_sub(self.first)?)
    }

    fn schedule(&mut self, number: usize, due: Option<Instant>) {
        let Some(entity) = self.entity(number) else {
            return;
        };
        if let Some(before) = std::mem::replace(&mut entity.due, due) {
            self.due.remove(&(before, number));
        }
        if let Some(due) = due {
            self.due.insert((due, number));
        }
    }

    /// Returns the time of the next read.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        if !self.is_wanted || self.requests.is_some() {
            return None;
        }
        let has_unread = self.unread.iter().any(|unread| !unread.is_empty());
        let due = if has_unread {
            Some(now)
        } else {
            self.due.first().map(|(due, _)| *due)
        };
        due.map(|due| due.max(self.not_before))
    }

    /// Starts the next read: returns its entities, what is known of the inventory, and the permit.
    pub(super) fn start_read(
        &mut self,
        scheduler: &Scheduler,
        now: Instant,
    ) -> (Vec<ManagedObjectReference>, InventoryCache, Permit) {
        let mut numbers: Vec<usize> = Vec::new();
        let mut batch = Vec::new();
        while batch.len() < MAX_LOCATED_AT_ONCE {
            let unread = self.unread.iter_mut().find_map(VecDeque::pop_front);
            let Some(number) = unread.or_else(|| self.take_due(now)) else {
                break;
            };
            // It may have been forgotten.
            if let Some(entity) = self.entity(number) {
                batch.push(entity.reference.clone());
                numbers.push(number);
            }
        }
        if self.cached_since + REFRESH_INTERVAL <= now {
            self.cache = InventoryCache::default();
            self.cached_since = now;
        }
        let priority = std::mem::replace(&mut self.priority, Priority::Followed);
        let (permit, guard) = scheduler.guarded_permit(priority);
        self.requests = Some((numbers, guard));
        (batch, std::mem::take(&mut self.cache), permit)
    }

    fn take_due(&mut self, now: Instant) -> Option<usize> {
        let (due, number) = *self.due.first()?;
        (due <= now).then(|| {
            self.schedule(number, None);
            number
        })
    }

    /// Handles the result of a read. Returns the changed locations, or the error of a dead session that is worth
    /// renewing.
    pub(super) fn record_result(
        &mut self,
        found: LocationsFound,
        can_renew: bool,
        now: Instant,
    ) -> Result<Located, Error> {
        let Some((numbers, _)) = self.requests.take() else {
            return Ok(Vec::new());
        };
        self.cache = found.cache;
        let error = match found.located {
            Ok(located) => {
                self.has_renewed = false;
                for number in numbers {
                    self.schedule(number, Some(now + REFRESH_INTERVAL));
                }
                return Ok(self.changed(located));
            }
            Err(error) => error,
        };
        self.unread[0].extend(&numbers);
        if error.is_session_dead() && can_renew && !std::mem::replace(&mut self.has_renewed, true) {
            return Err(error);
        }
        if error.is_transient() {
            self.not_before = now + RETRY_INTERVAL;
            return Ok(Vec::new());
        }
        // A refusal for one entity of a type applies to all of them.
        self.not_before = now + REFRESH_INTERVAL;
        let reason: Arc<str> = error.reason().into();
        let unread = self.unread.iter().flatten();
        let unread: Vec<_> = unread
            .filter_map(|number| self.entities.get(number.checked_sub(self.first)?))
            .map(|entity| entity.reference.clone())
            .collect();
        let refused = unread
            .into_iter()
            .map(|entity| (entity, EntityLocation::Unreadable(reason.clone())));
        let refused = refused.collect();
        Ok(self.changed(refused))
    }

    /// Returns the locations that differ from those sent last.
    fn changed(&mut self, mut located: Located) -> Located {
        located.retain(|(reference, location)| {
            let mut hasher = DefaultHasher::new();
            location.hash(&mut hasher);
            let hash = hasher.finish();
            let number = self.numbers.get(reference).copied();
            let entity = number.and_then(|number| self.entity(number));
            entity.is_some_and(|entity| entity.sent.replace(hash) != Some(hash))
        });
        located
    }

    /// Makes the interrupted read due again.
    pub(super) fn interrupted(&mut self) {
        if let Some((numbers, _)) = self.requests.take() {
            self.unread[0].extend(numbers);
        }
    }
}

/// Reads the locations of some entities.
pub(super) async fn locate(
    client: &Client,
    permit: &Permit,
    entities: &[ManagedObjectReference],
    mut cache: InventoryCache,
) -> LocationsFound {
    let located = client.locate(permit, &mut cache, entities).await;
    LocationsFound { cache, located }
}
