//! Lookup of managed objects and their properties.

use serde_json::json;

use super::context::ReadContext;
use super::entities;
use super::object_source::ObjectSource;
use super::schema;
use super::session::{Session, Sessions};
use super::views::View;
use super::{content, events};
use crate::method_fault::MethodFault;
use crate::value::{MoRef, Property};
use crate::world::task::{Field, TaskId};

/// All managed objects as seen by one session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Objects<'a> {
    pub context: ReadContext<'a>,
    pub sessions: &'a Sessions,
    /// The current session; `None` before login.
    pub session: Option<&'a Session>,
}

impl ObjectSource for Objects<'_> {
    fn context(&self) -> ReadContext<'_> {
        self.context
    }

    fn exists(&self, object: &MoRef) -> bool {
        match &*object.kind {
            "Task" => self.context.task(object).is_some(),
            "ListView" | "ContainerView" => self.view(object).is_some(),
            "PropertyCollector"
            | "PropertyFilter"
            | "TaskHistoryCollector"
            | "EventHistoryCollector" => {
                content::is_singleton(object)
                    || self.session.is_some_and(|session| session.owns(object))
            }
            "EnvironmentBrowser" | "HostDatastoreBrowser" => {
                entities::browser_owner(self.context.world.inventory(), object).is_some()
            }
            _ => {
                content::is_singleton(object)
                    || self.context.world.inventory().find(object).is_some()
            }
        }
    }

    fn view(&self, object: &MoRef) -> Option<&View> {
        let view = self.session?.views.get(&*object.id)?;
        (view.type_name() == &*object.kind).then_some(view)
    }

    fn value(&self, object: &MoRef, path: &str) -> Result<Property, MethodFault> {
        // Fast path for task fields, by far the most frequent.
        let field = path.strip_prefix("info.").and_then(Field::named);
        if let (Some(task), Some(field)) = (self.context.task(object), field) {
            return Ok(self.context.writer.field(&task.record, field));
        }
        let field =
            schema::path(&object.kind, path).ok_or_else(|| MethodFault::invalid_property(path))?;
        let Some((first, rest)) = path.split_once('.') else {
            return self.property(object, path);
        };
        let whole = self.property(object, first)?.into_declared();
        let found = whole.and_then(|whole| {
            rest.split('.')
                .try_fold(whole, |value, step| value.get(step).cloned())
        });
        Ok(field.to_property(found.unwrap_or_default()))
    }
}

impl Objects<'_> {
    /// Returns a property of an object whose type has it.
    pub(crate) fn property(&self, object: &MoRef, name: &str) -> Result<Property, MethodFault> {
        if !self.exists(object) {
            return Err(MethodFault::object_not_found(object));
        }
        let field = schema::property(&object.kind, name)
            .copied()
            .ok_or_else(|| MethodFault::invalid_property(name))?;
        if let Some(task) = self.context.task(object) {
            return Ok(match name {
                "info" => Property::Object(self.context.writer.info(&task.record)),
                // No custom attributes exist.
                _ => field.to_property(json!([])),
            });
        }
        if let Some(view) = self.view(object) {
            return Ok(match name {
                "view" => Property::references(view.members().filter(|member| self.exists(member))),
                other => view.property(other).unwrap_or(Property::Unset),
            });
        }
        let inventory = self.context.world.inventory();
        let value = if let Some(entity) = inventory.find(object) {
            let unreadable = &self.context.writer.behavior.unreadable_types;
            if unreadable.iter().any(|kind| *kind == *object.kind) {
                return Err(MethodFault::no_permission(object, "System.Read"));
            }
            entities::property(self.context, entity, name)
        } else if let Some(owner) = entities::browser_owner(inventory, object) {
            entities::browser_property(inventory, owner, name)
        } else {
            return Ok(self.manager_property(object, name));
        };
        Ok(field.to_property(value.unwrap_or_default()))
    }

    fn manager_property(&self, object: &MoRef, name: &str) -> Property {
        match (&*object.kind, name) {
            ("ServiceInstance", "content") => {
                Property::Object(content::service_content(self.context))
            }
            ("ServiceInstance", "serverClock") => Property::Primitive(
                "dateTime",
                self.context.writer.time(self.context.world.now()),
            ),
            ("SessionManager", "currentSession") => {
                self.session.map_or(Property::Unset, |session| {
                    Property::Object(session.to_json(self.context.writer.calendar))
                })
            }
            ("SessionManager", "sessionList") => {
                let sessions = self.sessions.all();
                let list = sessions.map(|session| session.to_json(self.context.writer.calendar));
                Property::List("UserSession", list.collect())
            }
            ("SessionManager", "message") => Property::Unset,
            ("SessionManager", "defaultLocale") => Property::string("en_US"),
            ("SessionManager", _) => Property::List("string", vec![json!("en_US")]),
            ("TaskManager", "recentTask") => {
                let recent: Vec<MoRef> = self
                    .context
                    .world
                    .recent()
                    .into_iter()
                    .map(TaskId::reference)
                    .collect();
                Property::references(&recent)
            }
            ("TaskManager", "description") => Property::Object(content::task_description()),
            ("TaskManager" | "EventManager", "maxCollector") => {
                Property::Primitive("int", json!(self.context.writer.behavior.max_collectors))
            }
            ("EventManager", "description") => Property::Object(events::description()),
            ("EventManager", "latestEvent") => {
                events::latest(self.context).map_or(Property::Unset, Property::Object)
            }
            ("ServiceInstance", "capability") => Property::Object(content::capability()),
            ("AuthorizationManager", "roleList") => {
                Property::List("AuthorizationRole", content::roles())
            }
            ("AuthorizationManager", "description") => {
                Property::Object(content::authorization_description())
            }
            ("ViewManager", "viewList") => {
                Property::references(&self.session.map(Session::view_list).unwrap_or_default())
            }
            ("AuthorizationManager", "privilegeList") => {
                Property::List("AuthorizationPrivilege", content::privileges())
            }
            _ => self
                .session
                .and_then(|session| session.property(object, name, self.context))
                .unwrap_or(Property::Unset),
        }
    }
}
