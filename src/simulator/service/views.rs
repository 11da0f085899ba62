//! Views: sets of objects of a session, as start objects of property filters.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::value::MoRef;

#[derive(Debug)]
pub(crate) enum View {
    /// Objects listed by the client.
    List(ListView),
    /// Objects of some types below a container at the time of the view's creation; the inventory is constant.
    Container {
        container: MoRef,
        /// Types of the objects; all if empty.
        types: Vec<String>,
        /// True to include all descendants, false for children only.
        recursive: bool,
        members: Vec<MoRef>,
    },
}

/// A list view: unique objects in the order of their addition.
#[derive(Debug, Default)]
pub(crate) struct ListView {
    order: BTreeMap<u64, MoRef>,
    positions: HashMap<MoRef, u64>,
    next: u64,
    /// Incremented with every change.
    pub generation: u64,
}

impl ListView {
    pub(super) fn add(&mut self, object: MoRef) {
        if !self.positions.contains_key(&object) {
            self.positions.insert(object.clone(), self.next);
            self.order.insert(self.next, object);
            self.next += 1;
        }
    }

    pub(super) fn remove(&mut self, object: &MoRef) {
        if let Some(position) = self.positions.remove(object) {
            self.order.remove(&position);
        }
    }

    pub(super) fn clear(&mut self) {
        self.order.clear();
        self.positions.clear();
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &MoRef> {
        self.order.values()
    }
}

impl View {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::List(_) => "ListView",
            Self::Container { .. } => "ContainerView",
        }
    }

    pub(crate) fn members(&self) -> Box<dyn Iterator<Item = &MoRef> + '_> {
        match self {
            Self::List(list) => Box::new(list.members()),
            Self::Container { members, .. } => Box::new(members.iter()),
        }
    }

    /// Incremented with every change of the view.
    pub(crate) fn generation(&self) -> u64 {
        match self {
            Self::List(list) => list.generation,
            Self::Container { .. } => 0,
        }
    }

    /// Returns a property other than `view`, which depends on the existing objects.
    pub(crate) fn property(&self, name: &str) -> Value {
        match (self, name) {
            (Self::Container { container, .. }, "container") => container.to_json(),
            (Self::Container { types, .. }, "type") => types.as_slice().into(),
            (Self::Container { recursive, .. }, "recursive") => (*recursive).into(),
            _ => Value::Null,
        }
    }
}
