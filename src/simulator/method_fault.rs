//! Faults returned by the server, with the fields of their types.

use serde_json::{Map, Value, json};

use super::server_behavior::ErrorForm;
use super::value::MoRef;

/// A `MethodFault`: a data object with `_typeName`, `faultstring` and the fields of its type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MethodFault(Value);

impl MethodFault {
    pub(super) fn new(type_name: &str, text: impl Into<String>) -> Self {
        Self(json!({"_typeName": type_name, "faultstring": text.into()}))
    }

    #[must_use]
    pub(super) fn with(mut self, field: &str, value: Value) -> Self {
        if let Some(fields) = self.0.as_object_mut() {
            fields.insert(field.to_owned(), value);
        }
        self
    }

    pub(super) fn type_name(&self) -> &str {
        self.0
            .get("_typeName")
            .and_then(Value::as_str)
            .unwrap_or("MethodFault")
    }

    pub(super) fn into_json(self) -> Value {
        self.0
    }

    /// Returns the `MissingProperty` of a property that cannot be read for this reason.
    pub(super) fn into_missing_property(self, path: &str, form: ErrorForm) -> Value {
        let fault = embedded(&self.0, form);
        json!({"_typeName": "MissingProperty", "path": path, "fault": fault})
    }

    pub(super) fn object_not_found(object: &MoRef) -> Self {
        let text = "The object has already been deleted or has not been completely created";
        Self::new("ManagedObjectNotFound", text).with("obj", object.to_json())
    }

    pub(super) fn not_authenticated(object: &MoRef) -> Self {
        Self::new("NotAuthenticated", "The session is not authenticated.")
            .with("object", object.to_json())
            .with("privilegeId", json!("System.View"))
    }

    pub(super) fn invalid_login() -> Self {
        Self::new(
            "InvalidLogin",
            "Cannot complete login due to an incorrect user name or password.",
        )
    }

    pub(super) fn no_permission(object: &MoRef, privilege: &str) -> Self {
        Self::new(
            "NoPermission",
            "Permission to perform this operation was denied.",
        )
        .with("object", object.to_json())
        .with("privilegeId", json!(privilege))
    }

    pub(super) fn method_not_found(receiver: &MoRef, member: &str) -> Self {
        Self::new(
            "MethodNotFound",
            format!("{} has no method or property {member}.", receiver.kind),
        )
        .with("receiver", receiver.to_json())
        .with("method", json!(member))
    }

    pub(super) fn invalid_request(text: impl Into<String>) -> Self {
        Self::new("InvalidRequest", text)
    }

    pub(super) fn invalid_argument(parameter: &str, why: &str) -> Self {
        Self::new(
            "InvalidArgument",
            format!("A specified parameter was not correct: {parameter}. {why}"),
        )
        .with("invalidProperty", json!(parameter))
    }

    pub(super) fn invalid_property(path: &str) -> Self {
        Self::new(
            "InvalidProperty",
            format!("The property {path} does not exist."),
        )
        .with("name", json!(path))
    }

    pub(super) fn invalid_type(name: &str) -> Self {
        Self::new("InvalidType", format!("There is no type {name}.")).with("argument", json!(name))
    }

    pub(super) fn invalid_state(text: &str) -> Self {
        Self::new("InvalidState", text)
    }

    pub(super) fn not_supported(text: &str) -> Self {
        Self::new("NotSupported", text)
    }

    pub(super) fn invalid_collector_version() -> Self {
        Self::new(
            "InvalidCollectorVersion",
            "The collector version is not valid.",
        )
    }

    /// Returned by a wait that was cancelled or whose session ended.
    pub(super) fn request_canceled() -> Self {
        Self::new("RequestCanceled", "The request was canceled.")
    }
}

/// Converts a fault to the form that the server's release uses inside data.
pub(super) fn embedded(fault: &Value, form: ErrorForm) -> Value {
    match form {
        ErrorForm::Bare => fault.clone(),
        ErrorForm::Wrapped => {
            let mut bare = fault.clone();
            let mut text = Value::Null;
            if let Some(fields) = bare.as_object_mut() {
                text = fields.remove("faultstring").unwrap_or(Value::Null);
                if let Some(cause) = fields.get_mut("faultCause") {
                    *cause = embedded(cause, form);
                }
            }
            let mut wrapped = Map::new();
            wrapped.insert("_typeName".to_owned(), json!("LocalizedMethodFault"));
            wrapped.insert("fault".to_owned(), bare);
            if !text.is_null() {
                wrapped.insert("localizedMessage".to_owned(), text);
            }
            Value::Object(wrapped)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrapped_form_moves_the_text_out_of_the_fault() {
        let fault = json!({"_typeName": "FileNotFound", "faultstring": "no file", "file": "[ds] a.vmdk",
            "faultCause": {"_typeName": "HostConnectFault", "faultstring": "gone"}});
        assert_eq!(
            embedded(&fault, ErrorForm::Wrapped),
            json!({
                "_typeName": "LocalizedMethodFault",
                "localizedMessage": "no file",
                "fault": {
                    "_typeName": "FileNotFound",
                    "file": "[ds] a.vmdk",
                    "faultCause": {
                        "_typeName": "LocalizedMethodFault",
                        "localizedMessage": "gone",
                        "fault": {"_typeName": "HostConnectFault"},
                    },
                },
            })
        );
        assert_eq!(embedded(&fault, ErrorForm::Bare), fault);
    }
}
