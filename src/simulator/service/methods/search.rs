//! `SearchIndex`: finds objects by path, name, UUID or address.

use crate::method_fault::MethodFault;
use crate::service::call::{ApiCall, CallResponse, CallResult};
use crate::service::dispatch::Core;
use crate::service::entities::{address, instance_uuid, uuid};
use crate::service::fields::Fields;
use crate::value::MoRef;
use crate::world::inventory::{EntityId, EntityKind, Inventory};

impl Core {
    /// Methods of `SearchIndex`. The result is unset or empty if nothing is found.
    pub(crate) fn search(&self, call: &ApiCall) -> CallResult {
        let mut fields = self.fields(call)?;
        let inventory = self.world.inventory();
        let found = match &*call.member {
            "FindByInventoryPath" => {
                let path = fields.string("inventoryPath")?;
                fields.done()?;
                by_path(inventory, &path).into_iter().collect()
            }
            "FindChild" => {
                let parent = fields.reference("entity", "ManagedEntity")?;
                let name = fields.string("name")?;
                fields.done()?;
                let found = inventory.find(&parent);
                let parent = found.ok_or_else(|| MethodFault::object_not_found(&parent))?;
                inventory.child(parent, &name).into_iter().collect()
            }
            "FindByUuid" | "FindAllByUuid" => {
                let value = fields.string("uuid")?.to_ascii_lowercase();
                let by_instance = fields.optional_boolean("instanceUuid")?.unwrap_or(false);
                let of = if by_instance { instance_uuid } else { uuid };
                self.machines(fields, |id| of(id) == value)?
            }
            "FindByIp" | "FindAllByIp" => {
                let value = fields.string("ip")?;
                self.machines(fields, |id| address(id) == value)?
            }
            "FindByDnsName" | "FindAllByDnsName" => {
                let value = fields.string("dnsName")?;
                self.machines(fields, |id| *inventory.entity(id).name == *value)?
            }
            _ => return Err(MethodFault::method_not_found(&call.object, &call.member)),
        };
        let mut found = found
            .into_iter()
            .map(|id| inventory.entity(id).reference.to_json());
        Ok(if call.member.starts_with("FindAll") {
            CallResponse::List(found.collect())
        } else {
            found
                .next()
                .map_or(CallResponse::Unset, CallResponse::Value)
        })
    }

    /// Returns the virtual machines that match, in the datacenter if one is given. Hosts, requested by `vmSearch:
    /// false`, have neither UUIDs nor addresses here.
    fn machines(
        &self,
        mut fields: Fields,
        is_wanted: impl Fn(EntityId) -> bool,
    ) -> Result<Vec<EntityId>, MethodFault> {
        let inventory = self.world.inventory();
        let datacenter: Option<MoRef> = fields.optional_reference("datacenter", "Datacenter")?;
        let machines_only = fields.boolean("vmSearch")?;
        fields.done()?;
        let datacenter = match datacenter {
            Some(datacenter) => Some(
                inventory
                    .find(&datacenter)
                    .ok_or_else(|| MethodFault::object_not_found(&datacenter))?,
            ),
            None => None,
        };
        let found = inventory.all().filter(|(id, entity)| {
            machines_only
                && entity.kind == EntityKind::VirtualMachine
                && is_wanted(*id)
                && datacenter.is_none_or(|datacenter| inventory.is_within(*id, datacenter))
        });
        Ok(found.map(|(id, _)| id).collect())
    }
}

/// Finds the object of an inventory path: names below the root folder, separated by `/` (`dc/vm/folder/name`). The
/// root folder is the empty path. A `/` in a name is escaped as `%2f`.
fn by_path(inventory: &Inventory, path: &str) -> Option<EntityId> {
    let root = inventory.find(&inventory.root()?.reference)?;
    let mut steps = path.split('/').filter(|step| !step.is_empty());
    steps.try_fold(root, |parent, step| {
        inventory.child(parent, step).or_else(|| {
            let plain = step.replace("%2f", "/").replace("%2F", "/");
            inventory.child(parent, &plain.replace("%5c", "\\").replace("%25", "%"))
        })
    })
}
