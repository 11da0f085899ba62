//! Lookup of managed objects and their properties.

use serde_json::json;

use super::estate;
use super::schema;
use super::session::{Session, Sessions};
use super::task_info::TaskInfoWriter;
use super::views::View;
use super::{content, events};
use crate::simulator::fault::Fault;
use crate::simulator::value::{MoRef, Property};
use crate::simulator::world::World;
use crate::simulator::world::task::{Field, TaskId};

/// All managed objects as seen by one session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Objects<'a> {
    pub world: &'a World,
    pub sessions: &'a Sessions,
    /// The current session; `None` before login.
    pub session: Option<&'a Session>,
    pub writer: TaskInfoWriter<'a>,
}

impl Objects<'_> {
    /// True if the object exists and is visible to the session.
    pub(crate) fn exists(&self, object: &MoRef) -> bool {
        match &*object.kind {
            "Task" => self.task(object).is_some(),
            "ListView" | "ContainerView" => self.view(object).is_some(),
            "PropertyCollector"
            | "PropertyFilter"
            | "TaskHistoryCollector"
            | "EventHistoryCollector" => {
                content::is_singleton(object)
                    || self.session.is_some_and(|session| session.owns(object))
            }
            "EnvironmentBrowser" | "HostDatastoreBrowser" => {
                estate::browser_owner(self.world.inventory(), object).is_some()
            }
            _ => content::is_singleton(object) || self.world.inventory().find(object).is_some(),
        }
    }

    pub(crate) fn task(&self, object: &MoRef) -> Option<&crate::simulator::world::task::Task> {
        let id = (&*object.kind == "Task")
            .then(|| TaskId::parse(&object.id))
            .flatten()?;
        self.world.task(id)
    }

    /// Returns a view of the session.
    pub(super) fn view(&self, object: &MoRef) -> Option<&View> {
        let view = self.session?.views.get(&*object.id)?;
        (view.type_name() == &*object.kind).then_some(view)
    }

    /// Returns a property of an object whose type has it.
    pub(crate) fn property(&self, object: &MoRef, name: &str) -> Result<Property, Fault> {
        if !self.exists(object) {
            return Err(Fault::object_not_found(object));
        }
        let field = schema::property(&object.kind, name)
            .copied()
            .ok_or_else(|| Fault::invalid_property(name))?;
        if let Some(task) = self.task(object) {
            return Ok(match name {
                "info" => Property::Object(self.writer.info(&task.record)),
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
        let inventory = self.world.inventory();
        let value = if let Some(entity) = inventory.find(object) {
            estate::property(self, entity, name)
        } else if let Some(owner) = estate::browser_owner(inventory, object) {
            estate::browser_property(inventory, owner, name)
        } else {
            return Ok(self.manager_property(object, name));
        };
        Ok(field.to_property(value.unwrap_or_default()))
    }

    fn manager_property(&self, object: &MoRef, name: &str) -> Property {
        match (&*object.kind, name) {
            ("ServiceInstance", "content") => {
                Property::Object(content::service_content(self.world, self.writer.behavior))
            }
            ("ServiceInstance", "serverClock") => {
                Property::Primitive("dateTime", self.writer.time(self.world.now()))
            }
            ("SessionManager", "currentSession") => {
                self.session.map_or(Property::Unset, |session| {
                    Property::Object(session.to_json(self.writer.calendar))
                })
            }
            ("SessionManager", "sessionList") => {
                let sessions = self.sessions.all();
                let list = sessions.map(|session| session.to_json(self.writer.calendar));
                Property::List("UserSession", list.collect())
            }
            ("SessionManager", "message") => Property::Unset,
            ("SessionManager", "defaultLocale") => Property::string("en_US"),
            ("SessionManager", _) => Property::List("string", vec![json!("en_US")]),
            ("TaskManager", "recentTask") => {
                let recent: Vec<MoRef> = self
                    .world
                    .recent()
                    .into_iter()
                    .map(TaskId::reference)
                    .collect();
                Property::references(&recent)
            }
            ("TaskManager", "description") => Property::Object(content::task_description()),
            ("TaskManager" | "EventManager", "maxCollector") => {
                Property::Primitive("int", json!(self.writer.behavior.max_collectors))
            }
            ("EventManager", "description") => Property::Object(events::description()),
            ("EventManager", "latestEvent") => {
                events::latest(self).map_or(Property::Unset, Property::Object)
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
                .and_then(|session| session.property(object, name, self))
                .unwrap_or(Property::Unset),
        }
    }

    /// Returns the value at a property path, as a property collector reports it.
    pub(crate) fn value(&self, object: &MoRef, path: &str) -> Result<Property, Fault> {
        // Fast path for task fields, by far the most frequent.
        let field = path.strip_prefix("info.").and_then(Field::named);
        if let (Some(task), Some(field)) = (self.task(object), field) {
            return Ok(self.writer.field(&task.record, field));
        }
        let field =
            schema::path(&object.kind, path).ok_or_else(|| Fault::invalid_property(path))?;
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
