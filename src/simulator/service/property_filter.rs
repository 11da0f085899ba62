//! A property filter: the objects it watches and the state of each one that its client has.
//!
//! A filter stores two versions of every object: the last one that the client acknowledged (`acknowledged`), and the
//! last one sent (`issued`). A lost response is undone by resetting the second to the first. Objects with changes are
//! in a queue, each once, and are reported in the order of their first change, so that no object starves under load.
//! Further changes of a queued object are merged into its update.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};

use super::filter_spec::FilterSpec;
use super::object_source::ObjectSource;
use crate::method_fault::{self, MethodFault};
use crate::value::MoRef;
use crate::world::changes::ChangedObject;
use crate::world::task::{Field, TaskId};

/// Identifies an object in a filter. A changed object is cheaper to compare.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum MemberKey {
    Changed(ChangedObject),
    Other(MoRef),
}

#[derive(Debug)]
pub(super) struct FilterMember {
    pub(super) object: MoRef,
    /// True if the filter selects the object now.
    pub(super) present: bool,
    pub(super) queued: bool,
    pub(super) unacknowledged: bool,
    pub(super) acknowledged: Option<u64>,
    pub(super) issued: Option<u64>,
}

/// A property path, and the task field if it is one.
#[derive(Debug)]
pub(super) struct PropertyPath {
    pub(super) text: String,
    pub(super) field: Option<Field>,
}

/// A `PropertyFilter`.
#[derive(Debug)]
pub(super) struct PropertyFilter {
    pub(super) reference: MoRef,
    /// The specification as sent by the client.
    pub(super) raw: Value,
    /// True if changes are reported by property path rather than for the whole property.
    pub(super) partial: bool,
    spec: FilterSpec,
    pub(super) paths: HashMap<String, Vec<PropertyPath>>,
    members: HashMap<MemberKey, FilterMember>,
    queue: VecDeque<MemberKey>,
    unacknowledged: Vec<MemberKey>,
    /// Missing objects of `objectSet` to report, for the first time or again after a lost response.
    missing: Vec<MoRef>,
    missing_issued: bool,
    scanned_version: u64,
    view_generations: Option<u64>,
}

impl PropertyFilter {
    /// Creates a filter that has reported nothing. Fails if an object of `objectSet` is missing, unless the
    /// specification reports missing objects.
    pub(super) fn new(
        reference: MoRef,
        spec: FilterSpec,
        raw: Value,
        partial: bool,
        objects: &dyn ObjectSource,
    ) -> Result<Self, MethodFault> {
        spec.select(objects)?;
        Ok(Self {
            reference,
            raw,
            partial,
            spec,
            paths: HashMap::new(),
            members: HashMap::new(),
            queue: VecDeque::new(),
            unacknowledged: Vec::new(),
            missing: Vec::new(),
            missing_issued: false,
            scanned_version: 0,
            view_generations: None,
        })
    }

    /// Resets the filter: the client has no state.
    pub(super) fn forget(&mut self) {
        self.members.clear();
        self.queue.clear();
        self.unacknowledged.clear();
        self.missing.clear();
        self.missing_issued = false;
        self.scanned_version = 0;
        self.view_generations = None;
    }

    /// Marks everything issued so far as received by the client.
    pub(super) fn acknowledge(&mut self) {
        for key in self.unacknowledged.drain(..) {
            let Some(member) = self.members.get_mut(&key) else {
                continue;
            };
            member.unacknowledged = false;
            member.acknowledged = member.issued;
            if member.acknowledged.is_none() && !member.present {
                self.members.remove(&key);
            }
        }
        if std::mem::take(&mut self.missing_issued) {
            self.missing.clear();
        }
    }

    /// Queues what was issued since the last acknowledgement again, in the same order.
    pub(super) fn undo(&mut self) {
        let unacknowledged = std::mem::take(&mut self.unacknowledged);
        for key in unacknowledged.into_iter().rev() {
            let Some(member) = self.members.get_mut(&key) else {
                continue;
            };
            member.unacknowledged = false;
            member.issued = member.acknowledged;
            if !std::mem::replace(&mut member.queued, true) {
                self.queue.push_front(key);
            }
        }
        self.missing_issued = false;
    }

    /// Queues the changed objects. `look_at_views` includes the objects added to and removed from views.
    pub(super) fn catch_up(&mut self, objects: &dyn ObjectSource, look_at_views: bool) {
        let changes = objects.context().world.changes();
        if self.view_generations.is_none() {
            self.scanned_version = changes.version();
        }
        let view_generations = self.sum_of_view_generations(objects);
        if self.view_generations.is_none()
            || (look_at_views && self.view_generations != Some(view_generations))
        {
            self.select_again(objects);
            self.view_generations = Some(view_generations);
        }
        if self.scanned_version < changes.floor() {
            // The changes since then are incomplete.
            let keys: Vec<MemberKey> = self.members.keys().cloned().collect();
            for key in keys {
                self.enqueue_change(key, objects);
            }
        } else {
            for subject in changes.since(self.scanned_version) {
                self.enqueue_change(MemberKey::Changed(subject), objects);
            }
        }
        if objects.context().writer.behavior.push_recent_tasks
            && self.scanned_version < changes.tasks_changed()
        {
            let managers = self
                .spec
                .starts()
                .filter(|start| &*start.kind == "TaskManager");
            for manager in managers.cloned().collect::<Vec<_>>() {
                self.enqueue(MemberKey::Other(manager));
            }
        }
        self.scanned_version = changes.version();
    }

    fn sum_of_view_generations(&self, objects: &dyn ObjectSource) -> u64 {
        self.spec
            .starts()
            .filter_map(|start| objects.view(start))
            .map(|view| view.generation() + 1)
            .sum()
    }

    fn select_again(&mut self, objects: &dyn ObjectSource) {
        let first = self.view_generations.is_none();
        let selected = self.spec.select(objects).unwrap_or_default();
        if first {
            self.missing = selected.missing;
        }
        self.members
            .values_mut()
            .for_each(|member| member.present = false);
        for object in selected.objects {
            if !self.has_paths(&object.kind) {
                continue;
            }
            let key = key_of(&object, objects);
            let member = self.members.entry(key.clone()).or_insert(FilterMember {
                object,
                present: false,
                queued: false,
                unacknowledged: false,
                acknowledged: None,
                issued: None,
            });
            member.present = true;
            if member.issued.is_none() && !std::mem::replace(&mut member.queued, true) {
                self.queue.push_back(key);
            }
        }
        let lost: Vec<MemberKey> = self
            .members
            .iter()
            .filter(|(_, member)| !member.present && !member.queued)
            .map(|(key, _)| key.clone())
            .collect();
        for key in lost {
            self.enqueue(key);
        }
    }

    fn has_paths(&mut self, kind: &str) -> bool {
        if self.paths.contains_key(kind) {
            return true;
        }
        let Some(paths) = FilterSpec::paths([&self.spec], kind) else {
            return false;
        };
        let field_of = |path: &str| {
            path.strip_prefix("info.")
                .filter(|_| kind == "Task")
                .and_then(Field::named)
        };
        let paths = paths
            .into_iter()
            .map(|text| PropertyPath {
                field: field_of(&text),
                text,
            })
            .collect();
        self.paths.insert(kind.to_owned(), paths);
        true
    }

    fn enqueue(&mut self, key: MemberKey) {
        if let Some(member) = self.members.get_mut(&key)
            && !std::mem::replace(&mut member.queued, true)
        {
            self.queue.push_back(key);
        }
    }

    /// Queues a changed object if the filter selects it.
    fn enqueue_change(&mut self, key: MemberKey, objects: &dyn ObjectSource) {
        if let Some(member) = self.members.get_mut(&key) {
            if let MemberKey::Changed(ChangedObject::Task(id)) = &key
                && objects.context().world.task(*id).is_none()
            {
                member.present = false;
                if self.spec.names(&member.object) && self.spec.report_missing {
                    self.missing.push(member.object.clone());
                    self.missing_issued = false;
                }
            }
            self.enqueue(key);
        }
    }

    /// Returns at most `maximum` updates as a `PropertyFilterUpdate`, their number, and true if more are queued. `always`
    /// returns one even if it is empty.
    pub(super) fn take(
        &mut self,
        maximum: usize,
        always: bool,
        objects: &dyn ObjectSource,
    ) -> (Option<Value>, usize, bool) {
        let mut updates = Vec::new();
        let mut more = false;
        while let Some(key) = self.queue.front() {
            let Some(member) = self.members.get(key) else {
                self.queue.pop_front();
                continue;
            };
            let sent = self.updates_of(member, objects);
            if !sent.is_empty() && !updates.is_empty() && updates.len() + sent.len() > maximum {
                more = true;
                break;
            }
            if !sent.is_empty() && maximum == 0 {
                more = true;
                break;
            }
            let Some(key) = self.queue.pop_front() else {
                break;
            };
            updates.extend(sent);
            self.mark_issued(key, objects.context().world.version());
        }
        let missing: Vec<Value> = if std::mem::replace(&mut self.missing_issued, true) {
            Vec::new()
        } else {
            let form = objects.context().writer.behavior.error_form;
            self.missing
                .iter()
                .map(|object| {
                    let fault = method_fault::embedded(
                        &MethodFault::object_not_found(object).into_json(),
                        form,
                    );
                    json!({"_typeName": "MissingObject", "obj": object.to_json(), "fault": fault})
                })
                .collect()
        };
        let count = updates.len();
        if updates.is_empty() && missing.is_empty() && !always {
            return (None, 0, more);
        }
        let mut update =
            json!({"_typeName": "PropertyFilterUpdate", "filter": self.reference.to_json()});
        if !updates.is_empty() {
            update["objectSet"] = Value::Array(updates);
        }
        if !missing.is_empty() {
            update["missingSet"] = Value::Array(missing);
        }
        (Some(update), count, more)
    }

    /// Marks the object at the head of the queue as issued.
    fn mark_issued(&mut self, key: MemberKey, version: u64) {
        let Some(member) = self.members.get_mut(&key) else {
            return;
        };
        member.queued = false;
        member.issued = member.present.then_some(version);
        if !member.present && member.acknowledged.is_none() && !member.unacknowledged {
            self.members.remove(&key);
        } else if !std::mem::replace(&mut member.unacknowledged, true) {
            self.unacknowledged.push(key);
        }
    }
}

fn key_of(object: &MoRef, objects: &dyn ObjectSource) -> MemberKey {
    let task = (&*object.kind == "Task")
        .then(|| TaskId::parse(&object.id))
        .flatten();
    let subject = task.map(ChangedObject::Task).or_else(|| {
        objects
            .context()
            .world
            .inventory()
            .find(object)
            .map(ChangedObject::Entity)
    });
    subject.map_or_else(|| MemberKey::Other(object.clone()), MemberKey::Changed)
}
