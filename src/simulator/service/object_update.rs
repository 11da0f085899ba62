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
        let (kind, changes) = match (member.present, member.issued) {
            (true, None) => ("enter", self.values(member, objects, |_| true)),
            (true, Some(since)) => ("modify", self.changes(member, since, objects)),
            (false, Some(_)) => ("leave", Vec::new()),
            (false, None) => return Vec::new(),
        };
        if kind == "modify" && changes.is_empty() {
            return Vec::new();
        }
        if kind == "modify" && !objects.context().writer.behavior.fold_changes {
            return changes
                .into_iter()
                .map(|change| object_update(kind, &member.object, vec![change]))
                .collect();
        }
        vec![object_update(kind, &member.object, changes)]
    }

    fn paths_of(&self, member: &FilterMember) -> &[PropertyPath] {
        self.paths
            .get(&*member.object.kind)
            .map_or(&[], Vec::as_slice)
    }

    /// Returns the present values of the selected properties for which `is_wanted` is true.
    fn values(
        &self,
        member: &FilterMember,
        objects: &dyn ObjectSource,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<Value> {
        let paths = self.paths_of(member).iter().map(|path| &path.text);
        paths
            .filter(|path| is_wanted(path))
            .map(|path| property_change(path, &member.object, objects))
            .collect()
    }

    /// Returns the selected changes of a task after `since`, each by its selected name.
    fn task_changes(
        &self,
        member: &FilterMember,
        task: &Task,
        since: u64,
        objects: &dyn ObjectSource,
    ) -> Vec<Value> {
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
            .iter()
            .map(|name| property_change(name, &member.object, objects))
            .collect()
    }

    /// Returns the selected changes of an object after `since`. Those of a manager are in `recentTask`; those of the
    /// inventory are a machine's question and a host's connection.
    fn changes(&self, member: &FilterMember, since: u64, objects: &dyn ObjectSource) -> Vec<Value> {
        let context = objects.context();
        if let Some(task) = context.task(&member.object) {
            return self.task_changes(member, task, since, objects);
        }
        if &*member.object.kind == "TaskManager" {
            let has_changed = context.writer.behavior.push_recent_tasks
                && context.world.changes().tasks_changed() > since;
            return self.values(member, objects, |path| has_changed && path == "recentTask");
        }
        let inventory = context.world.inventory();
        let has_changed = inventory
            .find(&member.object)
            .is_some_and(|id| inventory.entity(id).last_change > since);
        self.values(member, objects, |path| {
            has_changed && path.starts_with("runtime")
        })
    }
}

fn object_update(kind: &str, object: &MoRef, changes: Vec<Value>) -> Value {
    let mut update = json!({"_typeName": "ObjectUpdate", "kind": kind, "obj": object.to_json()});
    if !changes.is_empty() {
        update["changeSet"] = Value::Array(changes);
    }
    update
}

fn property_change(name: &str, object: &MoRef, objects: &dyn ObjectSource) -> Value {
    let behavior = objects.context().writer.behavior;
    let property = objects.property(object, name);
    // A property that cannot be read is unset.
    let value = property.map_or(Value::Null, |found| found.into_any(behavior.boxing));
    let mut change = json!({"_typeName": "PropertyChange", "name": name, "op": "assign"});
    if !value.is_null() || behavior.unset == Unset::Null {
        change["val"] = value;
    }
    change
}
