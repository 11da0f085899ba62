//! Writes the updates of a filter's objects: all properties, or the changed ones.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::object_source::ObjectSource;
use super::property_filter::{FilterMember, PropertyFilter, PropertyPath};
use crate::server_behavior::{ChangeNames, Unset};
use crate::value::MoRef;
use crate::world::task::{Field, Task};

impl PropertyFilter {
    /// Returns the pending updates of an object: none, one, or several if changes are not merged.
    pub(super) fn updates_of(
        &self,
        member: &FilterMember,
        objects: &dyn ObjectSource,
    ) -> Vec<Value> {
        let (kind, names) = match (member.present, member.issued) {
            (true, None) => ("enter", self.names(member, |_| true)),
            (true, Some(since)) => ("modify", self.changed_names(member, since, objects)),
            (false, Some(_)) => ("leave", Vec::new()),
            (false, None) => return Vec::new(),
        };
        if kind == "modify" && names.is_empty() {
            return Vec::new();
        }
        if kind == "modify" && !objects.context().writer.behavior.fold_changes {
            let updates = names.chunks(1);
            return updates
                .map(|name| object_update(kind, &member.object, name, objects))
                .collect();
        }
        vec![object_update(kind, &member.object, &names, objects)]
    }

    fn paths_of(&self, member: &FilterMember) -> &[PropertyPath] {
        self.paths
            .get(&*member.object.kind)
            .map_or(&[], Vec::as_slice)
    }

    /// Returns the selected properties for which `is_wanted` is true.
    fn names(&self, member: &FilterMember, is_wanted: impl Fn(&str) -> bool) -> Vec<Cow<'_, str>> {
        let paths = self.paths_of(member).iter();
        let names = paths.map(|path| path.text.as_str());
        names
            .filter(|name| is_wanted(name))
            .map(Cow::from)
            .collect()
    }

    /// Returns the selected properties of a task that have changed after `since`, each by its selected name.
    fn changed_task_names(
        &self,
        member: &FilterMember,
        task: &Task,
        since: u64,
        objects: &dyn ObjectSource,
    ) -> Vec<Cow<'_, str>> {
        let changed = |field: &Field| task.versions.of(*field) > since;
        let mut properties: Vec<Cow<'_, str>> = Vec::new();
        let mut add = |name| {
            if !properties.contains(&name) {
                properties.push(name);
            }
        };
        let mut is_whole_info_wanted = false;
        for path in self.paths_of(member) {
            match path.field {
                Some(field) if changed(&field) => add(path.text.as_str().into()),
                None if path.text == "info" => {
                    is_whole_info_wanted = true;
                    for field in Field::ALL.into_iter().filter(changed) {
                        add(format!("info.{}", field.name()).into());
                    }
                }
                None if path.text.starts_with("info.description.")
                    && changed(&Field::Description) =>
                {
                    add(path.text.as_str().into());
                }
                _ => {}
            }
        }
        let whole = objects.context().writer.behavior.change_names == ChangeNames::Whole;
        if !properties.is_empty() && (whole || (is_whole_info_wanted && !self.partial)) {
            properties = vec!["info".into()];
        }
        properties
    }

    /// Returns the selected properties of an object that have changed after `since`. Only `recentTask` of a manager changes,
    /// and below `runtime` a machine's question and a host's connection.
    fn changed_names(
        &self,
        member: &FilterMember,
        since: u64,
        objects: &dyn ObjectSource,
    ) -> Vec<Cow<'_, str>> {
        let context = objects.context();
        if let Some(task) = context.task(&member.object) {
            return self.changed_task_names(member, task, since, objects);
        }
        if &*member.object.kind == "TaskManager" {
            let has_changed = context.writer.behavior.push_recent_tasks
                && context.world.changes().tasks_changed() > since;
            return self.names(member, |path| has_changed && path == "recentTask");
        }
        let inventory = context.world.inventory();
        let has_changed = inventory
            .find(&member.object)
            .is_some_and(|id| inventory.entity(id).last_change > since);
        self.names(member, |path| has_changed && path.starts_with("runtime"))
    }
}

/// Returns an `ObjectUpdate` with the present values of these properties.
fn object_update(
    kind: &str,
    object: &MoRef,
    names: &[Cow<'_, str>],
    objects: &dyn ObjectSource,
) -> Value {
    let behavior = objects.context().writer.behavior;
    let (mut changes, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        let value = match objects.property(object, name) {
            Ok(property) => property.into_any(behavior.boxing),
            Err(fault) if fault.type_name() == "NoPermission" => {
                missing.push(fault.into_missing_property(name, behavior.error_form));
                continue;
            }
            // The property of an object that is gone is unset.
            Err(_) => Value::Null,
        };
        let mut change = json!({"_typeName": "PropertyChange", "name": name, "op": "assign"});
        if !value.is_null() || behavior.unset == Unset::Null {
            change["val"] = value;
        }
        changes.push(change);
    }
    let mut update = json!({"_typeName": "ObjectUpdate", "kind": kind, "obj": object.to_json()});
    for (name, list) in [("changeSet", changes), ("missingSet", missing)] {
        if !list.is_empty() {
            update[name] = Value::Array(list);
        }
    }
    update
}
