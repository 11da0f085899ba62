//! A property filter: the objects it watches, and for each of them up to where its client knows it.
//!
//! A filter remembers two points for every object: what the client had when it last proved that it got an answer
//! (`acknowledged`), and what it has if it got everything sent since (`issued`). A lost answer is undone by going
//! back from the second to the first. Objects with news stand in a queue, each once, and are served in the order in
//! which their news came up, so that under any load none is left waiting for ever; what happens to an object while
//! it waits is folded into the one update.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};

use super::objects::Objects;
use super::spec::FilterSpec;
use crate::simulator::fault::{self, Fault};
use crate::simulator::value::MoRef;
use crate::simulator::world::changes::Subject;
use crate::simulator::world::task::{Field, TaskId};

/// What a filter knows its objects by: cheap to compare for what changes, a reference for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Subject(Subject),
    Other(MoRef),
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) object: MoRef,
    /// Whether the filter selects it now.
    pub(super) present: bool,
    pub(super) queued: bool,
    pub(super) touched: bool,
    pub(super) acknowledged: Option<u64>,
    pub(super) issued: Option<u64>,
}

/// A property path, and the field of a task that it names.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) text: String,
    pub(super) field: Option<Field>,
}

/// A property filter.
#[derive(Debug)]
pub(super) struct Filter {
    /// The reference to the filter.
    pub(super) reference: MoRef,
    /// The specification as it was sent.
    pub(super) raw: Value,
    /// Whether a change inside a property is reported by the part that changed.
    pub(super) partial: bool,
    spec: FilterSpec,
    pub(super) paths: HashMap<String, Vec<Path>>,
    members: HashMap<Key, Member>,
    queue: VecDeque<Key>,
    touched: Vec<Key>,
    /// Objects named directly that do not exist, not reported yet or to be reported again after a lost answer.
    missing: Vec<MoRef>,
    missing_issued: bool,
    scanned: u64,
    structure: Option<u64>,
}

impl Filter {
    /// A filter that has reported nothing. Objects named directly must exist, unless missing ones are reported.
    pub(super) fn new(
        reference: MoRef,
        spec: FilterSpec,
        raw: Value,
        partial: bool,
        objects: &Objects<'_>,
    ) -> Result<Self, Fault> {
        spec.select(objects)?;
        Ok(Self {
            reference,
            raw,
            partial,
            spec,
            paths: HashMap::new(),
            members: HashMap::new(),
            queue: VecDeque::new(),
            touched: Vec::new(),
            missing: Vec::new(),
            missing_issued: false,
            scanned: 0,
            structure: None,
        })
    }

    /// The client knows nothing: everything is new to it.
    pub(super) fn forget(&mut self) {
        self.members.clear();
        self.queue.clear();
        self.touched.clear();
        self.missing.clear();
        self.missing_issued = false;
        self.scanned = 0;
        self.structure = None;
    }

    /// The client has proved that it got everything issued so far.
    pub(super) fn acknowledge(&mut self) {
        for key in self.touched.drain(..) {
            let Some(member) = self.members.get_mut(&key) else {
                continue;
            };
            member.touched = false;
            member.acknowledged = member.issued;
            if member.acknowledged.is_none() && !member.present {
                self.members.remove(&key);
            }
        }
        if std::mem::take(&mut self.missing_issued) {
            self.missing.clear();
        }
    }

    /// The client did not get what was issued since its last acknowledgement: that is due again, in the same order.
    pub(super) fn undo(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        for key in touched.into_iter().rev() {
            let Some(member) = self.members.get_mut(&key) else {
                continue;
            };
            member.touched = false;
            member.issued = member.acknowledged;
            if !std::mem::replace(&mut member.queued, true) {
                self.queue.push_front(key);
            }
        }
        self.missing_issued = false;
    }

    /// Takes note of what changed. `look_at_views`: also of what a view has gained and lost.
    pub(super) fn catch_up(&mut self, objects: &Objects<'_>, look_at_views: bool) {
        let changes = objects.world.changes();
        if self.structure.is_none() {
            self.scanned = changes.version();
        }
        let structure = self.structure_of(objects);
        if self.structure.is_none() || (look_at_views && self.structure != Some(structure)) {
            self.select_again(objects);
            self.structure = Some(structure);
        }
        if self.scanned < changes.floor() {
            // Too far behind to be told of each departure.
            let keys: Vec<Key> = self.members.keys().cloned().collect();
            for key in keys {
                self.note(key, objects);
            }
        } else {
            for subject in changes.since(self.scanned) {
                self.note(Key::Subject(subject), objects);
            }
        }
        if objects.pen.behaviours.push_recent_tasks && self.scanned < changes.tasks_changed() {
            let managers = self
                .spec
                .starts()
                .filter(|start| &*start.kind == "TaskManager");
            for manager in managers.cloned().collect::<Vec<_>>() {
                self.enqueue(Key::Other(manager));
            }
        }
        self.scanned = changes.version();
    }

    fn structure_of(&self, objects: &Objects<'_>) -> u64 {
        self.spec
            .starts()
            .filter_map(|start| objects.view(start))
            .map(|view| view.generation() + 1)
            .sum()
    }

    fn select_again(&mut self, objects: &Objects<'_>) {
        let first = self.structure.is_none();
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
            let member = self.members.entry(key.clone()).or_insert(Member {
                object,
                present: false,
                queued: false,
                touched: false,
                acknowledged: None,
                issued: None,
            });
            member.present = true;
            if member.issued.is_none() && !std::mem::replace(&mut member.queued, true) {
                self.queue.push_back(key);
            }
        }
        let lost: Vec<Key> = self
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
        let Some(paths) = self.spec.paths(kind) else {
            return false;
        };
        let field_of = |path: &str| {
            path.strip_prefix("info.")
                .filter(|_| kind == "Task")
                .and_then(Field::named)
        };
        let paths = paths
            .into_iter()
            .map(|text| Path {
                field: field_of(&text),
                text,
            })
            .collect();
        self.paths.insert(kind.to_owned(), paths);
        true
    }

    fn enqueue(&mut self, key: Key) {
        if let Some(member) = self.members.get_mut(&key)
            && !std::mem::replace(&mut member.queued, true)
        {
            self.queue.push_back(key);
        }
    }

    /// Something happened to an object: it stands in line if it is one of ours.
    fn note(&mut self, key: Key, objects: &Objects<'_>) {
        if let Some(member) = self.members.get_mut(&key) {
            if let Key::Subject(Subject::Task(id)) = &key
                && objects.world.task(*id).is_none()
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

    /// Takes at most `most` updates off the line, as a `PropertyFilterUpdate` if there are any. `always`: also
    /// without any. The flag tells whether more are waiting.
    pub(super) fn take(
        &mut self,
        most: usize,
        always: bool,
        objects: &Objects<'_>,
    ) -> (Option<Value>, usize, bool) {
        let mut updates = Vec::new();
        let mut more = false;
        while let Some(key) = self.queue.front() {
            let Some(member) = self.members.get(key) else {
                self.queue.pop_front();
                continue;
            };
            let news = self.updates_of(member, objects);
            if !news.is_empty() && !updates.is_empty() && updates.len() + news.len() > most {
                more = true;
                break;
            }
            if !news.is_empty() && most == 0 {
                more = true;
                break;
            }
            let Some(key) = self.queue.pop_front() else {
                break;
            };
            updates.extend(news);
            self.served(key, objects.world.version());
        }
        let missing: Vec<Value> = if std::mem::replace(&mut self.missing_issued, true) {
            Vec::new()
        } else {
            let form = objects.pen.behaviours.error_form;
            self.missing
                .iter()
                .map(|object| {
                    let fault = fault::in_data(&Fault::object_not_found(object).into_json(), form);
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

    /// The object at the head of the line has been served.
    fn served(&mut self, key: Key, version: u64) {
        let Some(member) = self.members.get_mut(&key) else {
            return;
        };
        member.queued = false;
        member.issued = member.present.then_some(version);
        if !member.present && member.acknowledged.is_none() && !member.touched {
            self.members.remove(&key);
        } else if !std::mem::replace(&mut member.touched, true) {
            self.touched.push(key);
        }
    }
}

fn key_of(object: &MoRef, objects: &Objects<'_>) -> Key {
    let task = (&*object.kind == "Task")
        .then(|| TaskId::parse(&object.id))
        .flatten();
    let subject = task
        .map(Subject::Task)
        .or_else(|| objects.world.inventory().find(object).map(Subject::Entity));
    subject.map_or_else(|| Key::Other(object.clone()), Key::Subject)
}
