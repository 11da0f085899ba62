//! Every managed object that can be named, and the values of its properties.

use serde_json::{Value, json};

use super::content;
use super::session::Session;
use super::task_info::Pen;
use super::views::View;
use crate::simulator::fault::Fault;
use crate::simulator::value::{MoRef, Property};
use crate::simulator::world::World;
use crate::simulator::world::task::{Field, TaskId};

/// The objects as one session sees them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Objects<'a> {
    /// The world.
    pub world: &'a World,
    /// The session; before sign-in there is none.
    pub session: Option<&'a Session>,
    /// How values are written.
    pub pen: Pen<'a>,
}

/// Whether a managed object of type `kind` is a `wanted`.
pub(super) fn is_a(kind: &str, wanted: &str) -> bool {
    const ENTITIES: [&str; 7] = [
        "Folder",
        "Datacenter",
        "ClusterComputeResource",
        "ResourcePool",
        "HostSystem",
        "Datastore",
        "VirtualMachine",
    ];
    kind == wanted
        || match wanted {
            "ManagedObject" => true,
            "ManagedEntity" => ENTITIES.contains(&kind),
            "ExtensibleManagedObject" => ENTITIES.contains(&kind) || kind == "Task",
            "ComputeResource" => kind == "ClusterComputeResource",
            "View" | "ManagedObjectView" => matches!(kind, "ListView" | "ContainerView"),
            "HistoryCollector" => kind == "TaskHistoryCollector",
            _ => false,
        }
}

/// The managed object types that the server has.
pub(super) fn is_known_type(kind: &str) -> bool {
    !property_names(kind).is_empty()
        || matches!(
            kind,
            "ManagedObject" | "ComputeResource" | "View" | "ManagedObjectView"
        )
}

/// The names of a type's properties.
pub(super) fn property_names(kind: &str) -> &'static [&'static str] {
    match kind {
        "ExtensibleManagedObject" => &["value", "availableField"],
        "ManagedEntity" => &[
            "value",
            "availableField",
            "name",
            "parent",
            "overallStatus",
            "recentTask",
        ],
        "Task" => &["value", "availableField", "info"],
        "ServiceInstance" => &["content", "serverClock"],
        "SessionManager" => &[
            "currentSession",
            "defaultLocale",
            "messageLocaleList",
            "supportedLocaleList",
        ],
        "TaskManager" => &["recentTask", "description", "maxCollector"],
        "EventManager" => &["maxCollector"],
        "ViewManager" => &["viewList"],
        "PropertyCollector" | "HistoryCollector" => &["filter"],
        "PropertyFilter" => &["spec", "partialUpdates"],
        "AuthorizationManager" => &["privilegeList"],
        "ListView" => &["view"],
        "ContainerView" => &["view", "container", "type", "recursive"],
        "TaskHistoryCollector" => &["latestPage", "filter"],
        "Folder" => &[
            "value",
            "availableField",
            "name",
            "parent",
            "overallStatus",
            "childEntity",
            "childType",
            "recentTask",
        ],
        "Datacenter" => &[
            "value",
            "availableField",
            "name",
            "parent",
            "overallStatus",
            "vmFolder",
            "hostFolder",
            "datastoreFolder",
            "networkFolder",
            "recentTask",
        ],
        "ClusterComputeResource" => &[
            "value",
            "availableField",
            "name",
            "parent",
            "overallStatus",
            "host",
            "resourcePool",
            "recentTask",
        ],
        "ResourcePool" => &[
            "value",
            "availableField",
            "name",
            "parent",
            "overallStatus",
            "owner",
            "recentTask",
        ],
        "HostSystem" => &[
            "value",
            "availableField",
            "name",
            "parent",
            "overallStatus",
            "vm",
            "runtime",
            "recentTask",
        ],
        "Datastore" => &[
            "value",
            "availableField",
            "name",
            "parent",
            "overallStatus",
            "summary",
            "recentTask",
        ],
        "VirtualMachine" => &[
            "value",
            "availableField",
            "name",
            "parent",
            "overallStatus",
            "runtime",
            "recentTask",
        ],
        _ => &[],
    }
}

/// Properties inside data objects that a property path may name, with their types.
const NESTED: [(&str, &str, &str); 22] = [
    ("Task", "info.description.key", "string"),
    ("Task", "info.description.message", "string"),
    (
        "VirtualMachine",
        "runtime.powerState",
        "VirtualMachinePowerState",
    ),
    (
        "VirtualMachine",
        "runtime.connectionState",
        "VirtualMachineConnectionState",
    ),
    ("VirtualMachine", "runtime.host", ""),
    ("VirtualMachine", "runtime.bootTime", "dateTime"),
    ("VirtualMachine", "runtime.maxCpuUsage", "int"),
    ("VirtualMachine", "runtime.maxMemoryUsage", "int"),
    ("VirtualMachine", "runtime.numMksConnections", "int"),
    ("VirtualMachine", "runtime.toolsInstallerMounted", "boolean"),
    ("VirtualMachine", "runtime.question", ""),
    ("VirtualMachine", "runtime.question.id", "string"),
    ("VirtualMachine", "runtime.question.text", "string"),
    ("VirtualMachine", "runtime.question.choice", ""),
    ("HostSystem", "runtime.powerState", "HostSystemPowerState"),
    (
        "HostSystem",
        "runtime.connectionState",
        "HostSystemConnectionState",
    ),
    ("HostSystem", "runtime.inMaintenanceMode", "boolean"),
    ("Datastore", "summary.name", "string"),
    ("Datastore", "summary.capacity", "long"),
    ("Datastore", "summary.freeSpace", "long"),
    ("ServiceInstance", "content.about", ""),
    ("ServiceInstance", "content.rootFolder", ""),
];

/// Whether `path` is a property path of the type `kind`.
pub(super) fn is_path(kind: &str, path: &str) -> bool {
    let (first, rest) = path
        .split_once('.')
        .map_or((path, None), |(first, rest)| (first, Some(rest)));
    match rest {
        None => property_names(kind).contains(&first),
        Some(rest) if kind == "Task" && first == "info" && !rest.contains('.') => {
            Field::named(rest).is_some()
        }
        Some(_) => NESTED
            .iter()
            .any(|(owner, known, _)| *owner == kind && *known == path),
    }
}

impl Objects<'_> {
    /// Whether the object exists (for this session).
    pub(crate) fn exists(&self, object: &MoRef) -> bool {
        match &*object.kind {
            "Task" => self.task(object).is_some(),
            "ListView" | "ContainerView" => self.view(object).is_some(),
            "PropertyCollector" | "PropertyFilter" | "TaskHistoryCollector" => {
                content::is_singleton(object)
                    || self.session.is_some_and(|session| session.owns(object))
            }
            _ => content::is_singleton(object) || self.world.inventory().find(object).is_some(),
        }
    }

    /// The task that a reference names.
    pub(crate) fn task(&self, object: &MoRef) -> Option<&crate::simulator::world::task::Task> {
        let id = (&*object.kind == "Task")
            .then(|| TaskId::parse(&object.id))
            .flatten()?;
        self.world.task(id)
    }

    /// The session's view that a reference names.
    pub(super) fn view(&self, object: &MoRef) -> Option<&View> {
        let view = self.session?.views.get(&*object.id)?;
        (view.type_name() == &*object.kind).then_some(view)
    }

    /// A property of an object.
    pub(crate) fn property(&self, object: &MoRef, name: &str) -> Result<Property, Fault> {
        if !self.exists(object) {
            return Err(Fault::object_not_found(object));
        }
        if !property_names(&object.kind).contains(&name) {
            return Err(Fault::invalid_property(name));
        }
        match name {
            // Custom attributes: nobody has made any.
            "value" => return Ok(Property::List("CustomFieldValue", Vec::new())),
            "availableField" => return Ok(Property::List("CustomFieldDef", Vec::new())),
            _ => {}
        }
        if let Some(task) = self.task(object) {
            return Ok(Property::Object(self.pen.info(&task.record)));
        }
        if let Some(view) = self.view(object) {
            return Ok(match name {
                "view" => Property::references(view.members().filter(|member| self.exists(member))),
                other => view.property(other).unwrap_or(Property::Unset),
            });
        }
        if let Some(entity) = self.world.inventory().find(object) {
            return Ok(match name {
                "recentTask" => {
                    let about = |id: &TaskId| {
                        self.world
                            .task(*id)
                            .is_some_and(|task| task.record.entity.as_ref() == Some(object))
                    };
                    let recent: Vec<MoRef> = self
                        .world
                        .recent()
                        .into_iter()
                        .filter(about)
                        .map(TaskId::reference)
                        .collect();
                    Property::references(&recent)
                }
                other => self
                    .world
                    .inventory()
                    .property(entity, other)
                    .unwrap_or(Property::Unset),
            });
        }
        Ok(self.manager_property(object, name))
    }

    fn manager_property(&self, object: &MoRef, name: &str) -> Property {
        match (&*object.kind, name) {
            ("ServiceInstance", "content") => {
                Property::Object(content::service_content(self.world, self.pen.behaviours))
            }
            ("ServiceInstance", "serverClock") => {
                Property::Primitive("dateTime", self.pen.time(self.world.now()))
            }
            ("SessionManager", "currentSession") => {
                self.session.map_or(Property::Unset, |session| {
                    Property::Object(session.to_json(self.pen.calendar, self.world.now()))
                })
            }
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
                Property::Primitive("int", json!(self.pen.behaviours.max_collectors))
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

    /// The value at a property path, as a property collector sees it.
    pub(crate) fn value(&self, object: &MoRef, path: &str) -> Result<Property, Fault> {
        if !is_path(&object.kind, path) {
            return Err(Fault::invalid_property(path));
        }
        let Some((first, rest)) = path.split_once('.') else {
            return self.property(object, path);
        };
        // By far the most frequent: one field of a task.
        if let (Some(task), Some(field)) = (self.task(object), Field::named(rest)) {
            return Ok(self.pen.field(&task.record, field));
        }
        let whole = self.property(object, first)?.declared();
        let found = whole.and_then(|whole| {
            rest.split('.')
                .try_fold(whole, |value, step| value.get(step).cloned())
        });
        let type_name = NESTED
            .iter()
            .find(|(owner, known, _)| **owner == *object.kind && *known == path)
            .map_or("", |row| row.2);
        Ok(match (found, type_name) {
            (None | Some(Value::Null), _) => Property::Unset,
            (Some(value), "") => Property::Object(value),
            (Some(value), type_name) => Property::Primitive(type_name, value),
        })
    }
}
