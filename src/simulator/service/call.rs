//! Calls of methods, reads of properties, and their responses.

use serde_json::Value;

use super::fields::Fields;
use crate::method_fault::MethodFault;
use crate::server_behavior::{EmptyList, ServerBehavior, VoidResponse};
use crate::value::MoRef;

/// A call of a method or read of a property.
#[derive(Debug)]
pub(crate) struct ApiCall {
    /// True for a method (`POST`), false for a property (`GET`).
    pub is_method: bool,
    pub object: MoRef,
    /// API release of the path.
    pub release: String,
    /// Name of the method or property.
    pub member: String,
    /// Request body.
    pub body: Vec<u8>,
    /// Value of the header `vmware-api-session-id`.
    pub session: Option<String>,
    /// Value of the header `Authorization`.
    pub authorization: Option<String>,
    /// Value of the header `User-Agent`; empty if missing.
    pub user_agent: String,
}

impl ApiCall {
    /// Fails if a field is set that exists only since a later release.
    pub(super) fn check_release(
        &self,
        fields: &Fields,
        name: &str,
        since: &str,
    ) -> Result<(), MethodFault> {
        if fields.peek(name).is_null() || &*self.release >= since {
            return Ok(());
        }
        let text = format!("The field {name} exists since {since}.");
        Err(MethodFault::invalid_request(text))
    }

    /// True if the response may be delayed until there are changes.
    pub(crate) fn is_wait(&self) -> bool {
        let waits = ["WaitForUpdatesEx", "WaitForUpdates", "CheckForUpdates"];
        self.is_method
            && &*self.object.kind == "PropertyCollector"
            && waits.contains(&&*self.member)
    }
}

/// A successful response.
#[derive(Debug)]
pub(crate) enum CallResponse {
    Value(Value),
    List(Vec<Value>),
    /// Completion of a void method.
    Void,
    /// An unset property or optional result.
    Unset,
    /// Header value and `UserSession` of a new session.
    SignedIn(String, Value),
}

pub(crate) type CallResult = Result<CallResponse, MethodFault>;

impl CallResponse {
    /// Returns the status and body. The behavior determines the form of empty responses.
    pub(crate) fn into_wire(self, behavior: &ServerBehavior) -> (u16, Option<Value>) {
        match self {
            Self::Value(value) | Self::SignedIn(_, value) => (200, Some(value)),
            Self::List(items) if items.is_empty() => match behavior.empty_list {
                EmptyList::Array => (200, Some(Value::Array(items))),
                EmptyList::Null => (200, Some(Value::Null)),
                EmptyList::NoContent => (204, None),
            },
            Self::List(items) => (200, Some(Value::Array(items))),
            Self::Void => match behavior.void_response {
                VoidResponse::NoContent => (204, None),
                VoidResponse::EmptyOk => (200, None),
            },
            Self::Unset => (204, None),
        }
    }
}
