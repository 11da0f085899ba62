//! Lookup of managed objects and their properties.

use serde_json::{Value, json};

use super::context::ReadContext;
use super::entities;
use super::object_source::ObjectSource;
use super::schema;
use super::session::{Session, Sessions};
use super::views::View;
use super::{content, events};
use crate::method_fault::MethodFault;
use crate::value::{MoRef, Property};
use crate::world::task::Field;

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

    fn property(&self, object: &MoRef, path: &str) -> Result<Property, MethodFault> {
        let field =
            schema::path(&object.kind, path).ok_or_else(|| MethodFault::invalid_property(path))?;
        // Fast path for task fields, by far the most frequent.
        let task_field = path.strip_prefix("info.").and_then(Field::named);
        if let (Some(task), Some(task_field)) = (self.context.task(object), task_field) {
            let value = self.context.writer.field(&task.record, task_field);
            return Ok(field.property(value));
        }
        let mut steps = path.split('.');
        let whole = self.value(object, steps.next().unwrap_or_default())?;
        let value = steps.try_fold(whole, |value, step| value.get(step).cloned());
        Ok(field.property(value.unwrap_or_default()))
    }
}

impl Objects<'_> {
    /// Returns the value of a property of an object whose type has it, `null` if it is unset.
    pub(crate) fn value(&self, object: &MoRef, name: &str) -> Result<Value, MethodFault> {
        if !self.exists(object) {
            return Err(MethodFault::object_not_found(object));
        }
        if let Some(task) = self.context.task(object) {
            return Ok(match name {
                "info" => self.context.writer.info(&task.record),
                // No custom attributes exist.
                _ => json!([]),
            });
        }
        if let Some(view) = self.view(object) {
            return Ok(match name {
                "view" => view
                    .members()
                    .filter(|member| self.exists(member))
                    .map(MoRef::to_json)
                    .collect(),
                other => view.property(other),
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
            self.manager_property(object, name)
        };
        Ok(value.unwrap_or_default())
    }

    fn manager_property(&self, object: &MoRef, name: &str) -> Option<Value> {
        let ReadContext { world, writer, .. } = self.context;
        Some(match (&*object.kind, name) {
            ("ServiceInstance", "content") => content::service_content(self.context),
            ("ServiceInstance", "serverClock") => writer.time(world.now()),
            ("ServiceInstance", "capability") => content::capability(),
            ("SessionManager", "currentSession") => self.session?.to_json(writer.calendar),
            ("SessionManager", "sessionList") => {
                let sessions = self.sessions.all();
                sessions
                    .map(|session| session.to_json(writer.calendar))
                    .collect()
            }
            ("SessionManager", "message") => return None,
            ("SessionManager", "defaultLocale") => "en_US".into(),
            ("SessionManager", _) => json!(["en_US"]),
            ("TaskManager", "recentTask") => {
                let recent = world.recent().into_iter();
                recent.map(|task| task.reference().to_json()).collect()
            }
            ("TaskManager", "description") => content::task_description(),
            ("TaskManager" | "EventManager", "maxCollector") => {
                writer.behavior.max_collectors.into()
            }
            ("EventManager", "description") => events::description(),
            ("EventManager", "latestEvent") => events::latest(self.context)?,
            ("AuthorizationManager", "roleList") => content::roles().into(),
            ("AuthorizationManager", "description") => content::authorization_description(),
            ("AuthorizationManager", "privilegeList") => content::privileges().into(),
            ("ViewManager", "viewList") => match self.session {
                Some(session) => session.view_list(),
                None => json!([]),
            },
            _ => return self.session?.property(object, name, self.context),
        })
    }
}
