//! Methods of `ViewManager` and of views.

use crate::method_fault::MethodFault;
use crate::service::call::{ApiCall, CallResponse, CallResult};
use crate::service::dispatch::Core;
use crate::service::fields::Fields;
use crate::service::object_source::ObjectSource;
use crate::service::schema::{is_a, is_managed};
use crate::service::views::{ListView, View};
use crate::value::MoRef;
use crate::world::inventory::EntityKind;

impl Core {
    /// Methods of `ViewManager` and of views.
    pub(crate) fn call_views(&mut self, token: &str, call: &ApiCall) -> CallResult {
        let mut fields = self.fields(call)?;
        match (&*call.object.kind, &*call.member) {
            ("ViewManager", "CreateListView") => {
                self.check_collector_permission(&call.object)?;
                let objects = fields.references("obj", "ManagedObject")?;
                fields.done()?;
                let mut list = ListView::default();
                self.add_existing(token, &mut list, objects);
                self.keep_view(token, View::List(list))
            }
            ("ViewManager", "CreateContainerView") => {
                self.check_collector_permission(&call.object)?;
                let view = self.container_view(fields)?;
                self.keep_view(token, view)
            }
            ("ListView", "ModifyListView") => {
                let (add, remove) = (
                    fields.references("add", "ManagedObject")?,
                    fields.references("remove", "ManagedObject")?,
                );
                fields.done()?;
                self.change_list(
                    token,
                    call,
                    |list| remove.iter().for_each(|object| list.remove(object)),
                    add,
                )
            }
            ("ListView", "ResetListView") => {
                let objects = fields.references("obj", "ManagedObject")?;
                fields.done()?;
                self.change_list(token, call, ListView::clear, objects)
            }
            ("ListView" | "ContainerView", "DestroyView") => {
                fields.done()?;
                let session = self.session_mut(token, &call.object)?;
                session.views.remove(&*call.object.id);
                self.wake_waits();
                Ok(CallResponse::Void)
            }
            _ => Err(MethodFault::method_not_found(&call.object, &call.member)),
        }
    }

    fn container_view(&self, mut fields: Fields) -> Result<View, MethodFault> {
        let container = fields.reference("container", "ManagedEntity")?;
        let (types, recursive) = (fields.strings("type")?, fields.boolean("recursive")?);
        fields.done()?;
        if let Some(unknown) = types.iter().find(|kind| !is_managed(kind)) {
            let why = format!("There is no type {unknown}.");
            return Err(MethodFault::invalid_argument("type", &why));
        }
        let inventory = self.world.inventory();
        let top = inventory
            .find(&container)
            .ok_or_else(|| MethodFault::object_not_found(&container))?;
        let is_included =
            |kind: &str| types.is_empty() || types.iter().any(|base| is_a(kind, base));
        // The machines of a cluster's hosts are its immediate children.
        let is_deep = recursive || inventory.entity(top).kind == EntityKind::Cluster;
        let members = inventory
            .all()
            .filter(|(id, entity)| {
                let pool = entity.host.and_then(|host| inventory.pool_of(host));
                let is_child = [entity.parent, entity.host, pool].contains(&Some(top));
                let is_below = is_deep && *id != top && inventory.is_within(*id, top);
                (is_child || is_below) && is_included(entity.kind.type_name())
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

    fn keep_view(&mut self, token: &str, view: View) -> CallResult {
        let kind = view.type_name();
        let id = self.new_object_id(token);
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
    ) -> CallResult {
        let session = self.session_mut(token, &call.object)?;
        let Some(View::List(list)) = session.views.get_mut(&*call.object.id) else {
            return Err(MethodFault::object_not_found(&call.object));
        };
        let mut list = std::mem::take(list);
        change(&mut list);
        let unresolved = self.add_existing(token, &mut list, add);
        list.generation += 1;
        if let Some(entry) = self
            .session_mut(token, &call.object)?
            .views
            .get_mut(&*call.object.id)
        {
            *entry = View::List(list);
        }
        self.wake_waits();
        Ok(CallResponse::List(
            unresolved.iter().map(MoRef::to_json).collect(),
        ))
    }

    /// Adds the existing objects and returns the others.
    fn add_existing(&self, token: &str, list: &mut ListView, added: Vec<MoRef>) -> Vec<MoRef> {
        let objects = self.objects(token);
        let mut unresolved = Vec::new();
        for object in added {
            if objects.exists(&object) {
                list.add(object);
            } else {
                unresolved.push(object);
            }
        }
        unresolved
    }
}
