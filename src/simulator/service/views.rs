//! Views: sets of objects of a session, as start objects of property filters.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::fields::Fields;
use super::objects::Objects;
use super::schema::{is_a, is_managed};
use super::{ApiCall, CallResponse, Core};
use crate::simulator::fault::Fault;
use crate::simulator::value::{MoRef, Property};

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
    places: HashMap<MoRef, u64>,
    next: u64,
    /// Incremented with every change.
    pub generation: u64,
}

impl ListView {
    fn add(&mut self, object: MoRef) {
        if !self.places.contains_key(&object) {
            self.places.insert(object.clone(), self.next);
            self.order.insert(self.next, object);
            self.next += 1;
        }
    }

    fn remove(&mut self, object: &MoRef) {
        if let Some(place) = self.places.remove(object) {
            self.order.remove(&place);
        }
    }

    fn clear(&mut self) {
        self.order.clear();
        self.places.clear();
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
    pub(crate) fn property(&self, name: &str) -> Option<Property> {
        let Self::Container {
            container,
            types,
            recursive,
            ..
        } = self
        else {
            return None;
        };
        Some(match name {
            "container" => Property::reference(container),
            "type" => Property::List(
                "string",
                types
                    .iter()
                    .map(|name| Value::from(name.as_str()))
                    .collect(),
            ),
            "recursive" => Property::boolean(*recursive),
            _ => return None,
        })
    }
}

impl Core {
    /// Methods of `ViewManager` and of views.
    pub(super) fn call_views(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        let mut fields = self.fields(call)?;
        match (&*call.object.kind, &*call.member) {
            ("ViewManager", "CreateListView") => {
                self.may_collect(&call.object)?;
                let objects = fields.references("obj")?;
                fields.done()?;
                let mut list = ListView::default();
                self.add_existing(token, &mut list, objects);
                self.keep_view(token, View::List(list))
            }
            ("ViewManager", "CreateContainerView") => {
                self.may_collect(&call.object)?;
                let view = self.container_view(token, fields)?;
                self.keep_view(token, view)
            }
            ("ListView", "ModifyListView") => {
                let (add, remove) = (fields.references("add")?, fields.references("remove")?);
                fields.done()?;
                self.change_list(
                    token,
                    call,
                    |list| remove.iter().for_each(|object| list.remove(object)),
                    add,
                )
            }
            ("ListView", "ResetListView") => {
                let objects = fields.references("obj")?;
                fields.done()?;
                self.change_list(token, call, ListView::clear, objects)
            }
            ("ListView" | "ContainerView", "DestroyView") => {
                fields.done()?;
                let session = self.session_mut(token, &call.object)?;
                session.views.remove(&*call.object.id);
                self.view_changed();
                Ok(CallResponse::Void)
            }
            _ => Err(Fault::method_not_found(&call.object, &call.member)),
        }
    }

    fn container_view(&self, token: &str, mut fields: Fields) -> Result<View, Fault> {
        let container = fields.reference("container")?;
        let (types, recursive) = (fields.strings("type")?, fields.boolean("recursive")?);
        fields.done()?;
        if let Some(unknown) = types.iter().find(|kind| !is_managed(kind)) {
            let why = format!("There is no type {unknown}.");
            return Err(Fault::invalid_argument("type", &why));
        }
        let objects = self.objects(token);
        if !objects.exists(&container) {
            return Err(Fault::object_not_found(&container));
        }
        let inventory = self.world.inventory();
        let top = inventory
            .find(&container)
            .ok_or_else(|| Fault::invalid_argument("container", "It contains nothing."))?;
        let wanted = |kind: &str| types.is_empty() || types.iter().any(|wanted| is_a(kind, wanted));
        let members = inventory
            .all()
            .filter(|(id, entity)| {
                let below = if recursive {
                    *id != top && inventory.is_within(*id, top)
                } else {
                    entity.parent == Some(top)
                };
                below && wanted(entity.kind.type_name())
            })
            .map(|(_, entity)| entity.reference.clone())
            .collect();
        Ok(View::Container {
            container,
            types,
            recursive,
            members,
        })
    }

    fn keep_view(&mut self, token: &str, view: View) -> Result<CallResponse, Fault> {
        let kind = view.type_name();
        let id = self.new_session_id(token);
        let reference = MoRef::new(kind, id.as_str());
        self.session_mut(token, &reference)?.views.insert(id, view);
        Ok(CallResponse::Value(reference.to_json()))
    }

    fn change_list(
        &mut self,
        token: &str,
        call: &ApiCall,
        change: impl FnOnce(&mut ListView),
        add: Vec<MoRef>,
    ) -> Result<CallResponse, Fault> {
        let session = self.session_mut(token, &call.object)?;
        let Some(View::List(list)) = session.views.get_mut(&*call.object.id) else {
            return Err(Fault::object_not_found(&call.object));
        };
        let mut list = std::mem::take(list);
        change(&mut list);
        let unresolved = self.add_existing(token, &mut list, add);
        list.generation += 1;
        if let Some(place) = self
            .session_mut(token, &call.object)?
            .views
            .get_mut(&*call.object.id)
        {
            *place = View::List(list);
        }
        self.view_changed();
        Ok(CallResponse::List(
            unresolved.iter().map(MoRef::to_json).collect(),
        ))
    }

    /// Adds the existing objects and returns the others.
    fn add_existing(&self, token: &str, list: &mut ListView, objects: Vec<MoRef>) -> Vec<MoRef> {
        let lookup: Objects<'_> = self.objects(token);
        let mut unresolved = Vec::new();
        for object in objects {
            if lookup.exists(&object) {
                list.add(object);
            } else {
                unresolved.push(object);
            }
        }
        unresolved
    }
}
