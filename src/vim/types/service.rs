//! Server and session information: `ServiceContent`, `AboutInfo`, `UserSession`, operation labels.

use serde_json::{Map, Value};

use super::{
    any::{Malformed, items, object, take_string},
    limits::truncate_deep,
    reference::ManagedObjectReference,
};

/// `AboutInfo`: product information of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Display name with version.
    pub full_name: String,
    /// Version, such as `8.0.3`.
    pub version: String,
    /// Build number.
    pub build: String,
    /// `VirtualCenter` or `HostAgent`.
    pub api_type: String,
    /// Instance id of the server, if it has one.
    pub instance_uuid: Option<String>,
}

/// `ServiceContent`: references to the singletons. Their moIds differ between vCenter, ESXi and simulators.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceContent {
    /// Product information.
    pub about: About,
    /// Login and logout.
    pub session_manager: ManagedObjectReference,
    /// Recent tasks, operation labels, history.
    pub task_manager: ManagedObjectReference,
    /// One-shot and long-poll reads of many properties.
    pub property_collector: Option<ManagedObjectReference>,
    /// Views for the property collector; absent on some servers.
    pub view_manager: Option<ManagedObjectReference>,
    /// Events.
    pub event_manager: Option<ManagedObjectReference>,
    /// Privileges.
    pub authorization_manager: Option<ManagedObjectReference>,
    /// Root of the inventory.
    pub root_folder: Option<ManagedObjectReference>,
}

impl ServiceContent {
    /// Reads the content.
    ///
    /// # Errors
    /// Returns an error if it is no object, or the session or task manager is missing.
    pub fn from_json(value: Value) -> Result<Self, Malformed> {
        let mut content = object("content", truncate_deep(value))?;
        let session_manager = reference(&mut content, "sessionManager")?;
        let task_manager = reference(&mut content, "taskManager")?;
        let required = |found: Option<ManagedObjectReference>, field| {
            found.ok_or(Malformed::Missing {
                type_name: "ServiceContent",
                field,
            })
        };
        Ok(Self {
            session_manager: required(session_manager, "sessionManager")?,
            task_manager: required(task_manager, "taskManager")?,
            property_collector: reference(&mut content, "propertyCollector")?,
            view_manager: reference(&mut content, "viewManager")?,
            event_manager: reference(&mut content, "eventManager")?,
            authorization_manager: reference(&mut content, "authorizationManager")?,
            root_folder: reference(&mut content, "rootFolder")?,
            about: match content.shift_remove("about") {
                Some(Value::Object(mut about)) => About {
                    full_name: take_string(&mut about, "fullName").unwrap_or_default(),
                    version: take_string(&mut about, "version").unwrap_or_default(),
                    build: take_string(&mut about, "build").unwrap_or_default(),
                    api_type: take_string(&mut about, "apiType").unwrap_or_default(),
                    instance_uuid: take_string(&mut about, "instanceUuid"),
                },
                _ => About::default(),
            },
        })
    }
}

fn reference(
    object: &mut Map<String, Value>,
    field: &str,
) -> Result<Option<ManagedObjectReference>, Malformed> {
    object
        .shift_remove(field)
        .filter(|value| !value.is_null())
        .map(|value| ManagedObjectReference::from_json(field, value))
        .transpose()
}

/// `UserSession`: the session of the logged-in user.
#[derive(Clone, PartialEq, Eq)]
pub struct UserSession {
    /// Key of the session, for `HasPrivilegeOnEntities`. A secret.
    pub key: String,
    /// User name as the server spells it.
    pub user_name: String,
    /// Locale of labels and messages.
    pub locale: Option<String>,
}

impl UserSession {
    /// Reads a session.
    ///
    /// # Errors
    /// Returns an error if it is no object.
    pub fn from_json(value: Value) -> Result<Self, Malformed> {
        let mut session = object("session", truncate_deep(value))?;
        Ok(Self {
            key: take_string(&mut session, "key").unwrap_or_default(),
            user_name: take_string(&mut session, "userName").unwrap_or_default(),
            locale: take_string(&mut session, "locale"),
        })
    }
}

impl std::fmt::Debug for UserSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserSession")
            .field("user_name", &self.user_name)
            .finish_non_exhaustive()
    }
}

/// A row of `TaskManager.description.methodInfo`: the localized name of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationLabel {
    /// Operation (`TaskInfo.descriptionId`), such as `VirtualMachine.clone`.
    pub description_id: String,
    /// Label, such as `Clone virtual machine`.
    pub label: String,
}

impl OperationLabel {
    /// Reads the rows of a `TaskDescription`; rows without key or label are skipped.
    ///
    /// # Errors
    /// Returns an error if the description is no object or `methodInfo` no list.
    pub fn all_from_json(value: Value) -> Result<Vec<Self>, Malformed> {
        let mut description = object("description", value)?;
        let rows = description.shift_remove("methodInfo").unwrap_or_default();
        let label = |row: Value| {
            let mut row = object("methodInfo", truncate_deep(row)).ok()?;
            Some(Self {
                description_id: take_string(&mut row, "key")?,
                label: take_string(&mut row, "label").filter(|label| !label.is_empty())?,
            })
        };
        Ok(items("methodInfo", rows)?
            .into_iter()
            .filter_map(label)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_without_required_managers_is_rejected() {
        let reference = json!({"type": "SessionManager", "value": "ha-sessionmgr"});
        let error = ServiceContent::from_json(json!({"sessionManager": reference})).unwrap_err();
        assert!(error.to_string().contains("taskManager"), "{error}");
    }

    #[test]
    fn labels_without_key_or_text_are_skipped() {
        let description = json!({"methodInfo": [
            {"key": "VirtualMachine.clone", "label": "Clone virtual machine", "summary": "…"},
            {"key": "x.y", "label": ""}, {"label": "lost"}, 7
        ]});
        let labels = OperationLabel::all_from_json(description).unwrap();
        assert_eq!(labels.len(), 1);
        assert_eq!(labels[0].label, "Clone virtual machine");
    }

    #[test]
    fn debug_output_hides_the_session_key() {
        let session = UserSession::from_json(json!({"key": "52b1", "userName": "ops"})).unwrap();
        assert!(!format!("{session:?}").contains("52b1"));
    }
}
