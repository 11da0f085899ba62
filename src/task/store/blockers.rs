//! Blockers of tasks: a pending question, a lost host, or a task ahead in the queue.
//! Each record knows if it is blocked itself, and how many in its subtree are, so that a change
//! costs the path to the root and finding a blocker costs the blocked branches.

use super::{ChangeSet, Handle, TaskStore, entity_index::EntityUses, node::BlockerKind};
use crate::{
    display_name,
    entity_state::{EntityState, LostHost, PendingQuestion},
    status::Status,
};

/// Number of tasks at the head of a queue that are checked again when a task ahead of them changes.
/// Those further back have earlier ones before them in any case.
const MAX_RECHECKED: usize = 64;

/// Maximum number of tasks that are searched for the first blocker.
const MAX_SEARCHED: usize = 256;

/// Blocker of a task, or of the first blocked task below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocker {
    /// The kind.
    pub kind: BlockerKind,
    /// The blocked task: the task itself or one below it.
    pub blocked: Handle,
    /// The task to look at: the one ahead in the queue, else the blocked one.
    pub by: Handle,
}

impl TaskStore {
    /// Returns the pending question of the virtual machine that an active task operates on.
    pub fn question(&self, handle: Handle) -> Option<&PendingQuestion> {
        self.entity_state(handle)?.question.as_ref()
    }

    /// Returns the host of an active task to which the server has no connection.
    pub fn lost_host(&self, handle: Handle) -> Option<&LostHost> {
        self.entity_state(handle)?.lost_host.as_ref()
    }

    fn entity_state(&self, handle: Handle) -> Option<&EntityState> {
        let node = self.nodes.get(handle)?;
        node.entity_state
            .as_deref()
            .filter(|_| node.record.status().is_active())
    }

    /// Sets what is known about the entity of a task.
    pub fn set_entity_state(
        &mut self,
        handle: Handle,
        state: EntityState,
        touched: &mut ChangeSet,
    ) {
        if let Some(node) = self.nodes.get_mut(handle) {
            node.entity_state = (state != EntityState::default()).then(|| Box::new(state));
            self.refresh_blocker(handle, touched);
            touched.changed.extend(self.path(handle));
        }
    }

    /// Takes over what another store knows about the entities of tasks.
    pub fn copy_entity_states(&mut self, other: &Self, tasks: &[Handle], touched: &mut ChangeSet) {
        for &handle in tasks {
            let known = self.get(handle).and_then(|record| other.find(&record.id));
            if let Some(state) = known.and_then(|known| other.entity_state(known)) {
                self.set_entity_state(handle, state.clone(), touched);
            }
        }
    }

    /// Returns the tasks that a queued one probably waits for: active on its entity or locking it,
    /// started or queued before it, and not among its ancestors.
    pub fn ahead_in_queue(&self, handle: Handle) -> impl Iterator<Item = Handle> {
        let record = self.get(handle);
        let info = record.and_then(|record| record.info.as_ref());
        let entity_and_time = record.zip(info).and_then(|(record, info)| {
            let entity = info.entity.as_ref()?;
            Some(((record.id.server, entity.value.clone()), info.queue_time()))
        });
        let ahead =
            entity_and_time.map(|(entity, queued)| self.entity_index.ahead(&entity, queued));
        ahead
            .into_iter()
            .flatten()
            .filter(move |other| !self.path(handle).any(|above| above == *other))
    }

    /// Returns what a task waits for, else the most urgent blocker below it.
    pub fn blocker(&self, top: Handle) -> Option<Blocker> {
        let node = self.nodes.get(top)?;
        if let Some(kind) = node.blocked {
            return self.blocker_of(top, top, kind);
        }
        let mut first: Option<(BlockerKind, Option<jiff::Timestamp>, Blocker)> = None;
        let blocked = self.subtree(top, |node| node.counts().blocked > 0);
        for (handle, node) in blocked.take(MAX_SEARCHED) {
            let began = node.record.info.as_ref().and_then(|info| info.began());
            if let Some(kind) = node.blocked
                && first
                    .as_ref()
                    .is_none_or(|(other, at, _)| (kind, began) < (*other, *at))
                && let Some(blocker) = self.blocker_of(top, handle, kind)
            {
                first = Some((kind, began, blocker));
            }
        }
        first.map(|(.., blocker)| blocker)
    }

    /// Returns the blocker of a blocked task, as seen from a task above it. A task does not wait
    /// for its own descendants to wait for each other.
    fn blocker_of(&self, top: Handle, blocked: Handle, kind: BlockerKind) -> Option<Blocker> {
        let by = match kind {
            BlockerKind::Question | BlockerKind::LostHost => blocked,
            BlockerKind::Queue => self
                .ahead_in_queue(blocked)
                .take(MAX_SEARCHED)
                .find(|ahead| top == blocked || !self.path(*ahead).any(|above| above == top))?,
        };
        Some(Blocker { kind, blocked, by })
    }

    /// Describes a blocker for the row of a task: `waits for an answer`, above it `waits for an
    /// answer: Migrate legacy-nt4`, `queued behind Snapshot db-prod-01`, `host esx-07 is
    /// disconnected`.
    pub fn blocker_text(&self, top: Handle, blocker: Blocker) -> String {
        let named = |handle: Handle| {
            let Some(record) = self.get(handle) else {
                return String::new();
            };
            let operation = self.operation(record);
            match record.info.as_deref().and_then(display_name::target) {
                Some(target) => format!("{} {target}", without_object(&operation)),
                None => operation.into_owned(),
            }
        };
        match blocker.kind {
            BlockerKind::Question if blocker.blocked == top => "waits for an answer".to_owned(),
            BlockerKind::Question => format!("waits for an answer: {}", named(blocker.blocked)),
            BlockerKind::LostHost => self
                .lost_host(blocker.blocked)
                .map_or_else(String::new, LostHost::text),
            BlockerKind::Queue => format!("queued behind {}", named(blocker.by)),
        }
    }

    /// Updates the entity index after a record changed, and the tasks that wait for its entities.
    pub(super) fn reindex(&mut self, handle: Handle, before: &EntityUses, touched: &mut ChangeSet) {
        let record = self.get(handle);
        let after = record.map(EntityUses::of).unwrap_or_default();
        if *before != after {
            self.entity_index.change(handle, before, &after);
            for entity in before.in_use().iter().chain(after.in_use()) {
                let queued = self.entity_index.queued(entity);
                let queued: Vec<Handle> = queued.take(MAX_RECHECKED).collect();
                for other in queued {
                    self.refresh_blocker(other, touched);
                }
            }
        }
        self.refresh_blocker(handle, touched);
    }

    /// Updates what the queued records of a moved subtree wait for: a task does not wait for its
    /// ancestors.
    pub(super) fn refresh_blockers_below(&mut self, top: Handle, touched: &mut ChangeSet) {
        let mut stack = vec![top];
        while let Some(handle) = stack.pop() {
            self.refresh_blocker(handle, touched);
            let queued = |child: &Handle| self.family(*child)[Status::Queued] > 0;
            stack.extend(self.children(handle).iter().copied().filter(queued));
        }
    }

    /// Updates what a record waits for, and the counts up the path.
    pub(super) fn refresh_blocker(&mut self, handle: Handle, touched: &mut ChangeSet) {
        let after = self.own_blocker(handle);
        if self
            .nodes
            .get(handle)
            .is_some_and(|node| node.blocked != after)
        {
            self.change_counted(handle, touched, |node| node.blocked = after);
            touched.changed.extend(self.path(handle));
        }
    }

    fn own_blocker(&self, handle: Handle) -> Option<BlockerKind> {
        let record = self.get(handle)?;
        if !record.status().is_active() {
            None
        } else if self.question(handle).is_some() {
            Some(BlockerKind::Question)
        } else if self.lost_host(handle).is_some() {
            Some(BlockerKind::LostHost)
        } else {
            let is_queued = record.status() == Status::Queued;
            let is_behind = is_queued && self.ahead_in_queue(handle).next().is_some();
            is_behind.then_some(BlockerKind::Queue)
        }
    }
}

/// Returns the name of an operation without the kind of its object, if the object's name follows: `Migrate` for `Migrate
/// virtual machine`.
fn without_object(operation: &str) -> &str {
    const OBJECT: &str = " virtual machine";
    let start = operation.len().saturating_sub(OBJECT.len());
    match (operation.get(..start), operation.get(start..)) {
        (Some(verb), Some(object)) if !verb.is_empty() && object.eq_ignore_ascii_case(OBJECT) => {
            verb
        }
        _ => operation,
    }
}

#[cfg(test)]
mod tests;
