//! A fault with its causes, as JSON and as text.

use serde_json::{Map, Value, json};
use vtask_vim::types::Fault;

/// A fault of a chain, as plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultEntry {
    /// Type, such as `NoDiskSpace`.
    pub type_name: String,
    /// The message.
    pub text: String,
}

impl FaultEntry {
    /// Returns a line about a cause: `caused by: NoDiskSpace: The datastore is full.`
    pub(crate) fn caused_by(&self) -> String {
        format!("caused by: {}: {}", self.type_name, self.text)
    }
}

/// Returns the fault as JSON: `type`, `message`, the `causes` (outermost first) and the
/// `rootCause`, which is the fault itself if it has no causes. A `NoPermission` also has its
/// `privilege` and `object`.
pub fn to_json(fault: &Fault) -> Value {
    let causes: Vec<Value> = causes(fault)
        .map(|cause| Value::Object(single(&cause)))
        .collect();
    let mut error = single(fault);
    let root = causes
        .last()
        .cloned()
        .unwrap_or_else(|| Value::Object(error.clone()));
    error.insert("causes".to_owned(), Value::Array(causes));
    error.insert("rootCause".to_owned(), root);
    Value::Object(error)
}

/// Returns an error without a fault as JSON of the same structure.
pub fn message_to_json(message: &str) -> Value {
    json!({"type": null, "message": message, "causes": [], "rootCause": null})
}

fn single(fault: &Fault) -> Map<String, Value> {
    let mut error = Map::new();
    error.insert("type".to_owned(), json!(fault.type_name()));
    error.insert("message".to_owned(), json!(fault.text()));
    if fault.type_name() == "NoPermission" {
        let (privilege, object) = permission(fault);
        error.insert("privilege".to_owned(), json!(privilege));
        error.insert("object".to_owned(), json!(object));
    }
    error
}

/// Returns the fault and its causes, outermost first.
pub fn entries(fault: &Fault) -> Vec<FaultEntry> {
    let entry = |fault: Fault| FaultEntry {
        type_name: fault.type_name().to_owned(),
        text: described(&fault),
    };
    fault.chain().map(entry).collect()
}

/// Returns one line for each cause of a fault, outermost first: `caused by: NoDiskSpace: The
/// datastore is full.`
pub fn caused_by(fault: &Fault) -> Vec<String> {
    let causes = entries(fault).into_iter().skip(1);
    causes.map(|cause| cause.caused_by()).collect()
}

/// Returns a fault and its causes in one line.
pub fn one_line(fault: &Fault) -> String {
    let mut parts = vec![described(fault)];
    parts.extend(caused_by(fault));
    parts.join("; ")
}

/// Returns the text of a fault. Adds privilege and object to the text of a `NoPermission` that does
/// not contain them.
pub fn described(fault: &Fault) -> String {
    let text = fault.text();
    if fault.type_name() != "NoPermission" {
        return text;
    }
    let (privilege, object) = permission(fault);
    let privilege = privilege.filter(|privilege| !text.contains(privilege.as_str()));
    match (privilege, object) {
        (Some(privilege), Some(object)) => format!("{text} (needs {privilege} on {object})"),
        (Some(privilege), None) => format!("{text} (needs {privilege})"),
        (None, Some(object)) if !text.contains(&object) => format!("{text} (on {object})"),
        (None, _) => text,
    }
}

fn causes(fault: &Fault) -> impl Iterator<Item = Fault> {
    fault.chain().skip(1)
}

/// Returns the missing privilege and the object (`VirtualMachine:vm-42`) of a `NoPermission`. Since
/// 7.0.3.2 the fault may name them in `missingPrivileges` (`entity`, `privilegeIds`).
fn permission(fault: &Fault) -> (Option<String>, Option<String>) {
    let text = |value: &Value| Some(value.as_str()?.to_owned());
    let reference = |value: &Value| {
        let kind = text(value.get("type")?)?;
        Some(format!("{kind}:{}", text(value.get("value")?)?))
    };
    let missing = fault.field("missingPrivileges");
    let missing = missing.and_then(|list| list.get(0));
    let listed = || missing?.get("privilegeIds")?.get(0).and_then(text);
    let entity = || reference(missing?.get("entity")?);
    let privilege = fault.field("privilegeId").and_then(text).or_else(listed);
    let object = fault.field("object").and_then(reference).or_else(entity);
    (privilege, object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested() -> Fault {
        Fault::new(json!({
            "_typeName": "PatchInstallFailed", "faultstring": "The host cannot be remediated.",
            "faultCause": {"_typeName": "LocalizedMethodFault", "localizedMessage": "Maintenance mode failed.",
                "fault": {"_typeName": "TaskInProgress", "faultCause": {
                    "_typeName": "NoPermission", "faultstring": "Permission was denied.",
                    "privilegeId": "Host.Config.Maintenance", "object": {"type": "HostSystem", "value": "host-7"}}}}
        }))
    }

    #[test]
    fn json_contains_all_causes() {
        let error = to_json(&nested());
        assert_eq!(error["type"], "PatchInstallFailed");
        assert_eq!(error["message"], "The host cannot be remediated.");
        assert_eq!(
            error["causes"][0],
            json!({"type": "TaskInProgress", "message": "Maintenance mode failed."})
        );
        let root = json!({"type": "NoPermission", "message": "Permission was denied.",
            "privilege": "Host.Config.Maintenance", "object": "HostSystem:host-7"});
        assert_eq!(error["causes"][1], root);
        assert_eq!(error["rootCause"], root);
        let alone = to_json(&Fault::new(
            json!({"_typeName": "NoDiskSpace", "faultstring": "full"}),
        ));
        let itself = json!({"type": "NoDiskSpace", "message": "full"});
        assert_eq!(
            (&alone["causes"], &alone["rootCause"]),
            (&json!([]), &itself)
        );
    }

    #[test]
    fn text_has_one_line_per_cause() {
        let lines = [
            "caused by: TaskInProgress: Maintenance mode failed.",
            "caused by: NoPermission: Permission was denied. (needs Host.Config.Maintenance on HostSystem:host-7)",
        ];
        assert_eq!(caused_by(&nested()), lines);
        assert_eq!(
            one_line(&nested()),
            format!("The host cannot be remediated.; {}; {}", lines[0], lines[1])
        );
    }

    #[test]
    fn missing_privilege_is_found_in_both_fields() {
        let newer = Fault::new(
            json!({"_typeName": "NoPermission", "faultstring": "Denied.", "missingPrivileges": [
            {"entity": {"type": "Folder", "value": "group-v3"}, "privilegeIds": ["VirtualMachine.Inventory.Create"]}]}),
        );
        assert_eq!(
            described(&newer),
            "Denied. (needs VirtualMachine.Inventory.Create on Folder:group-v3)"
        );
        let bare = Fault::new(json!({"_typeName": "NoPermission", "faultstring": "Denied."}));
        assert_eq!(described(&bare), "Denied.");
        assert_eq!(to_json(&bare)["privilege"], Value::Null);
    }
}
