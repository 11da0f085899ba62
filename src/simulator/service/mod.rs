//! Managed objects of the simulated vCenter: permissions, methods and properties. Independent of HTTP and without
//! waiting: every call is answered at the world's current time.

mod collector;
mod content;
mod estate;
mod event_collector;
mod event_details;
mod event_filter;
mod event_templates;
mod events;
mod fields;
mod filter;
mod history;
mod history_filter;
mod managers;
mod objects;
mod retrieve;
mod schema;
mod search;
mod session;
mod spec;
mod task_info;
mod updates;
mod views;

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

pub(super) use collector::{WaitRequest, WaitTicket};
pub(super) use content::INSTANCE;
use fields::Fields;
use objects::Objects;
use session::Session;
pub(super) use session::Sessions;
use task_info::TaskInfoWriter;

use super::behavior::{EmptyList, ProxyResponse, ServerBehavior, VoidResponse};
use super::fault::Fault;
use super::value::MoRef;
use super::world::World;
use super::world::time::Calendar;

/// A call of a method or read of a property.
#[derive(Debug)]
pub(super) struct ApiCall {
    /// True for a method (`POST`), false for a property (`GET`).
    pub is_method: bool,
    pub object: MoRef,
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
    /// True if the response may be delayed until there are changes.
    pub(super) fn is_wait(&self) -> bool {
        let waits = ["WaitForUpdatesEx", "WaitForUpdates", "CheckForUpdates"];
        self.is_method
            && &*self.object.kind == "PropertyCollector"
            && waits.contains(&&*self.member)
    }
}

/// A successful response.
#[derive(Debug)]
pub(super) enum CallResponse {
    Value(Value),
    List(Vec<Value>),
    /// Completion of a void method.
    Void,
    /// An unset property or optional result.
    Unset,
    /// Header value and `UserSession` of a new session.
    SignedIn(String, Value),
}

/// Accepted credentials.
#[derive(Clone, Debug, Default)]
pub(super) struct AccessPolicy {
    /// The only accepted user and password; `None` accepts any that are not empty.
    pub credentials: Option<(String, String)>,
    /// Value of the `Authorization` header that is accepted instead of a session.
    pub authorization: Option<String>,
}

/// State of the server.
#[derive(Debug)]
pub(super) struct Core {
    pub world: World,
    pub sessions: Sessions,
    pub behavior: ServerBehavior,
    pub access: AccessPolicy,
    pub calendar: Calendar,
    /// Unscaled time since the server's start.
    pub unscaled: Duration,
    /// Proxy responses to the next requests, one for each.
    pub proxy_responses: VecDeque<ProxyResponse>,
    /// Number of the next responses to lose: the call has its effect, the connection breaks.
    pub lose_responses: usize,
    /// Incremented when a view changes, to wake running waits.
    pub view_changes: u64,
    chance: fastrand::Rng,
}

impl Core {
    pub(super) fn new(
        world: World,
        sessions: Sessions,
        behavior: ServerBehavior,
        access: AccessPolicy,
        origin: Timestamp,
        seed: u64,
    ) -> Self {
        Self {
            world,
            sessions,
            behavior,
            access,
            calendar: Calendar::new(origin),
            unscaled: Duration::ZERO,
            proxy_responses: VecDeque::new(),
            lose_responses: 0,
            view_changes: 0,
            chance: fastrand::Rng::with_seed(seed ^ 0x0b1e),
        }
    }

    pub(super) fn writer(&self) -> TaskInfoWriter<'_> {
        TaskInfoWriter {
            calendar: &self.calendar,
            behavior: &self.behavior,
        }
    }

    fn objects(&self, token: &str) -> Objects<'_> {
        Objects {
            world: &self.world,
            sessions: &self.sessions,
            session: self.sessions.get(token),
            writer: self.writer(),
        }
    }

    fn fields(&self, call: &ApiCall) -> Result<Fields, Fault> {
        Fields::of_body(&call.body, self.behavior.require_type_names)
    }

    fn session_mut(&mut self, token: &str, object: &MoRef) -> Result<&mut Session, Fault> {
        self.sessions
            .get_mut(token)
            .ok_or_else(|| Fault::not_authenticated(object))
    }

    fn new_session_id(&mut self, token: &str) -> String {
        let chance = &mut self.chance;
        self.sessions
            .get(token)
            .map(|session| session.new_id(chance))
            .unwrap_or_default()
    }

    fn view_changed(&mut self) {
        self.view_changes += 1;
    }

    /// Ends every session and returns their number.
    pub(super) fn end_sessions(&mut self) -> usize {
        self.view_changed();
        self.sessions.close_all()
    }

    /// Makes the collectors and views of every session unusable; waits end.
    pub(super) fn revoke_collectors(&mut self) {
        self.view_changed();
        self.sessions.revoke_collectors();
    }

    /// Returns `NoPermission` if the account may not create collectors and views.
    fn may_collect(&self, object: &MoRef) -> Result<(), Fault> {
        let allowed = self.behavior.collector_permission;
        allowed
            .then_some(())
            .ok_or_else(|| Fault::no_permission(object, "System.Read"))
    }

    /// Returns the session of a call and marks it as used.
    pub(super) fn authenticate(&mut self, call: &ApiCall) -> Result<String, Fault> {
        let by_header = call
            .authorization
            .as_ref()
            .filter(|given| self.access.authorization.as_ref() == Some(*given))
            .cloned();
        if let Some(value) = by_header {
            if !self.sessions.touch(&value, self.world.now(), self.unscaled) {
                self.sessions.open_with(
                    value.clone(),
                    "VSPHERE.LOCAL\\token",
                    self.world.now(),
                    self.unscaled,
                );
            }
            return Ok(value);
        }
        let now = self.world.now();
        let token = call
            .session
            .clone()
            .filter(|token| self.sessions.touch(token, now, self.unscaled));
        let collectors_revoked = (self.behavior.collectors_unauthenticated
            || token
                .as_ref()
                .and_then(|token| self.sessions.get(token))
                .is_some_and(|session| session.collectors_revoked))
            && matches!(
                &*call.object.kind,
                "PropertyCollector"
                    | "ViewManager"
                    | "ListView"
                    | "ContainerView"
                    | "PropertyFilter"
            );
        token
            .filter(|_| !collectors_revoked)
            .ok_or_else(|| Fault::not_authenticated(&call.object))
    }

    /// Executes a call.
    pub(super) fn call(&mut self, call: &ApiCall) -> Result<CallResponse, Fault> {
        match (&*call.object.kind, call.is_method, &*call.member) {
            ("ServiceInstance", false, "content")
            | ("ServiceInstance", true, "RetrieveServiceContent") => {
                self.known("", &call.object)?;
                if call.is_method {
                    self.fields(call)?.done()?;
                }
                Ok(CallResponse::Value(content::service_content(
                    &self.world,
                    &self.behavior,
                )))
            }
            ("SessionManager", true, "Login") => self.login(call),
            _ => {
                let token = self.authenticate(call)?;
                self.known(&token, &call.object)?;
                if call.is_method {
                    self.method(&token, call)
                } else {
                    self.get(&token, call)
                }
            }
        }
    }

    /// Fails if the object does not exist.
    fn known(&self, token: &str, object: &MoRef) -> Result<(), Fault> {
        if !schema::is_managed(&object.kind) {
            return Err(Fault::invalid_request(format!(
                "There is no managed object type {}.",
                object.kind
            )));
        }
        self.objects(token)
            .exists(object)
            .then_some(())
            .ok_or_else(|| Fault::object_not_found(object))
    }

    fn get(&self, token: &str, call: &ApiCall) -> Result<CallResponse, Fault> {
        if schema::property(&call.object.kind, &call.member).is_none() {
            return Err(Fault::method_not_found(&call.object, &call.member));
        }
        let property = self.objects(token).property(&call.object, &call.member)?;
        Ok(match property.into_declared() {
            None => CallResponse::Unset,
            Some(Value::Array(items)) => CallResponse::List(items),
            Some(value) => CallResponse::Value(value),
        })
    }

    fn method(&mut self, token: &str, call: &ApiCall) -> Result<CallResponse, Fault> {
        match &*call.object.kind {
            "ViewManager" | "ListView" | "ContainerView" => self.call_views(token, call),
            "PropertyCollector" => self.call_collector(token, call),
            "PropertyFilter" => self.call_filter(token, call),
            "TaskHistoryCollector" => self.call_history(token, call),
            "EventHistoryCollector" => self.call_event_collector(token, call),
            "SearchIndex" => self.search(token, call),
            _ => self.call_manager(token, call),
        }
    }
}

impl CallResponse {
    /// Returns the status and body. The behavior determines the form of empty responses.
    pub(super) fn into_wire(self, behavior: &ServerBehavior) -> (u16, Option<Value>) {
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
