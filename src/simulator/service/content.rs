//! `ServiceContent`: product information, managers and their descriptions.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::context::ReadContext;
use super::entities::ADMINISTRATOR;
use crate::scenario::OperationCatalogue;
use crate::value::MoRef;

/// ID of the property collector that every session has.
pub(super) const DEFAULT_COLLECTOR: &str = "propertyCollector";

/// Field of `ServiceContent`, type and ID of each manager.
const MANAGERS: [(&str, &str, &str); 7] = [
    (
        "authorizationManager",
        "AuthorizationManager",
        "AuthorizationManager",
    ),
    ("eventManager", "EventManager", "EventManager"),
    ("propertyCollector", "PropertyCollector", DEFAULT_COLLECTOR),
    ("searchIndex", "SearchIndex", "SearchIndex"),
    ("sessionManager", "SessionManager", "SessionManager"),
    ("taskManager", "TaskManager", "TaskManager"),
    ("viewManager", "ViewManager", "ViewManager"),
];

/// True if the object exists once per server.
pub(super) fn is_singleton(object: &MoRef) -> bool {
    (&*object.kind, &*object.id) == ("ServiceInstance", "ServiceInstance")
        || MANAGERS
            .iter()
            .any(|(_, kind, id)| *kind == &*object.kind && *id == &*object.id)
}

pub(super) fn service_content(context: ReadContext<'_>) -> Value {
    let mut value = json!({"_typeName": "ServiceContent", "about": about(context)});
    if let Some(fields) = value.as_object_mut() {
        for (field, kind, id) in MANAGERS {
            fields.insert(field.to_owned(), MoRef::new(kind, id).to_json());
        }
        if let Some(root) = context.world.inventory().root() {
            fields.insert("rootFolder".to_owned(), root.reference.to_json());
        }
    }
    value
}

fn about(context: ReadContext<'_>) -> Value {
    let releases = &context.writer.behavior.releases;
    let release = releases.first().map_or("8.0.3.0", String::as_str);
    let version: Vec<&str> = release.split('.').take(3).collect();
    let version = version.join(".");
    json!({
        "_typeName": "AboutInfo",
        "name": "VMware vCenter Server",
        "fullName": format!("VMware vCenter Server {version} build-24755230 (vtask simulator)"),
        "vendor": "VMware, Inc.",
        "version": version,
        "patchLevel": "00000",
        "build": "24755230",
        "localeVersion": "INTL",
        "localeBuild": "000",
        "osType": "linux-x64",
        "productLineId": "vpx",
        "apiType": "VirtualCenter",
        "apiVersion": release,
        "instanceUuid": context.instance_uuid,
        "licenseProductName": "VMware VirtualCenter Server",
        "licenseProductVersion": format!("{}.0", release.split('.').next().unwrap_or("8")),
    })
}

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let row = |type_name: &str, key: &str, label: &str, summary: &str| json!({"_typeName": type_name, "key": key, "label": label, "summary": summary});
    let operations = OperationCatalogue::built_in().rows().iter();
    let methods: Vec<Value> = operations
        .map(|operation| {
            row(
                "ElementDescription",
                &operation.key,
                operation.label,
                operation.summary,
            )
        })
        .collect();
    json!({
        "_typeName": "TaskDescription",
        "methodInfo": methods,
        "state": [
            row("ElementDescription", "queued", "Queued", "Task is queued"),
            row("ElementDescription", "running", "Running", "Task is in progress"),
            row("ElementDescription", "success", "Success", "Task completed successfully"),
            row("ElementDescription", "error", "Error", "Task completed with a failure"),
        ],
        "reason": [
            row("TypeDescription", "TaskReasonUser", "User task", "Task started by a specific user"),
            row("TypeDescription", "TaskReasonSystem", "System task", "Task started by the server"),
            row("TypeDescription", "TaskReasonAlarm", "Alarm task", "Task started by an alarm"),
            row("TypeDescription", "TaskReasonSchedule", "Scheduled task", "Task started by a scheduled task"),
        ],
    })
});

pub(super) fn task_description() -> Value {
    DESCRIPTION.clone()
}

pub(super) const PRIVILEGES: [&str; 8] = [
    "Global.CancelTask",
    "Host.Config.Maintenance",
    "Sessions.ValidateSession",
    "System.Anonymous",
    "System.Read",
    "System.View",
    "VirtualMachine.Interact.PowerOn",
    "VirtualMachine.Provisioning.Clone",
];

pub(super) fn privileges() -> Vec<Value> {
    let privilege = |id: &&str| {
        let (group, name) = id.rsplit_once('.').unwrap_or(("", id));
        json!({"_typeName": "AuthorizationPrivilege", "privId": id, "onParent": false, "name": name, "privGroupName": group})
    };
    PRIVILEGES.iter().map(privilege).collect()
}

/// Returns the system roles as `AuthorizationRole`s.
pub(super) fn roles() -> Vec<Value> {
    let role = |id: i32, name: &str, label: &str, privileges: &[&str]| {
        json!({
            "_typeName": "AuthorizationRole",
            "roleId": id,
            "system": true,
            "name": name,
            "info": {"_typeName": "Description", "label": label, "summary": label},
            "privilege": privileges,
        })
    };
    let read_only = ["System.Anonymous", "System.Read", "System.View"];
    vec![
        role(ADMINISTRATOR, "Admin", "Full access rights", &PRIVILEGES),
        role(
            -2,
            "ReadOnly",
            "See details of objects, but not make changes",
            &read_only,
        ),
        role(
            -3,
            "View",
            "Visibility access (cannot be granted)",
            &["System.Anonymous", "System.View"],
        ),
        role(
            -4,
            "Anonymous",
            "Not logged-in user (cannot be granted)",
            &["System.Anonymous"],
        ),
        role(-5, "NoAccess", "Used for restricting granted access", &[]),
    ]
}

pub(super) fn authorization_description() -> Value {
    let mut groups: Vec<&str> = PRIVILEGES
        .iter()
        .filter_map(|id| Some(id.rsplit_once('.')?.0))
        .collect();
    groups.dedup();
    let element = |key: &str| json!({"_typeName": "ElementDescription", "key": key, "label": key, "summary": key});
    json!({
        "_typeName": "AuthorizationDescription",
        "privilege": PRIVILEGES.map(element),
        "privilegeGroup": groups.into_iter().map(element).collect::<Vec<_>>(),
    })
}

pub(super) fn capability() -> Value {
    json!({
        "_typeName": "Capability",
        "provisioningSupported": true,
        "multiHostSupported": true,
        "userShellAccessSupported": false,
    })
}
