//! State of the server, authentication, and dispatch of calls to the methods in `methods`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::call::{ApiCall, CallResponse, CallResult};
use super::content;
use super::context::ReadContext;
use super::fields::Fields;
use super::object_source::ObjectSource;
use super::objects::Objects;
use super::schema;
use super::session::{Session, Sessions};
use super::task_info::TaskInfoWriter;
use super::uuid::instance_uuid;
use crate::method_fault::MethodFault;
use crate::server_behavior::ServerBehavior;
use crate::value::MoRef;
use crate::world::World;
use crate::world::time::Calendar;

/// Accepted credentials.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccessPolicy {
    /// The only accepted user and password; `None` accepts any that are not empty.
    pub credentials: Option<(String, String)>,
    /// Value of the `Authorization` header that is accepted instead of a session.
    pub authorization: Option<String>,
}

/// State of the server.
#[derive(Debug)]
pub(crate) struct Core {
    /// Value of `AboutInfo.instanceUuid`.
    pub instance_uuid: Arc<str>,
    pub world: World,
    pub sessions: Sessions,
    pub behavior: ServerBehavior,
    pub access: AccessPolicy,
    pub calendar: Calendar,
    /// Unscaled time since the server's start.
    pub unscaled: Duration,
    /// Number of the next responses to lose: the call has its effect, the connection breaks.
    pub lose_responses: usize,
    /// Incremented to wake running waits.
    pub wake_count: u64,
    pub(super) rng: fastrand::Rng,
}

impl Core {
    pub(crate) fn new(
        world: World,
        sessions: Sessions,
        behavior: ServerBehavior,
        access: AccessPolicy,
        origin: Timestamp,
        seed: u64,
        port: u16,
    ) -> Self {
        Self {
            instance_uuid: instance_uuid(seed, port),
            world,
            sessions,
            behavior,
            access,
            calendar: Calendar::new(origin),
            unscaled: Duration::ZERO,
            lose_responses: 0,
            wake_count: 0,
            rng: fastrand::Rng::with_seed(seed ^ 0x0b1e),
        }
    }

    pub(crate) fn writer(&self) -> TaskInfoWriter<'_> {
        TaskInfoWriter {
            calendar: &self.calendar,
            behavior: &self.behavior,
        }
    }

    pub(super) fn objects(&self, token: &str) -> Objects<'_> {
        Objects {
            context: self.context(),
            sessions: &self.sessions,
            session: self.sessions.get(token),
        }
    }

    pub(super) fn context(&self) -> ReadContext<'_> {
        ReadContext {
            world: &self.world,
            writer: self.writer(),
            instance_uuid: &self.instance_uuid,
        }
    }

    pub(super) fn fields(&self, call: &ApiCall) -> Result<Fields, MethodFault> {
        Fields::of_body(&call.body, self.behavior.require_type_names)
    }

    pub(super) fn session_mut(
        &mut self,
        token: &str,
        object: &MoRef,
    ) -> Result<&mut Session, MethodFault> {
        self.sessions
            .get_mut(token)
            .ok_or_else(|| MethodFault::not_authenticated(object))
    }

    pub(super) fn new_object_id(&mut self, token: &str) -> String {
        let rng = &mut self.rng;
        self.sessions
            .get(token)
            .map(|session| session.new_id(rng))
            .unwrap_or_default()
    }

    pub(super) fn wake_waits(&mut self) {
        self.wake_count += 1;
    }

    /// Ends every session and returns their number.
    pub(crate) fn end_sessions(&mut self) -> usize {
        self.wake_waits();
        self.sessions.close_all()
    }

    /// Makes the collectors and views of every session unusable; waits end.
    pub(crate) fn revoke_collectors(&mut self) {
        self.wake_waits();
        self.sessions.revoke_collectors();
    }

    /// Returns `NoPermission` if the account may not create collectors and views.
    pub(super) fn check_collector_permission(&self, object: &MoRef) -> Result<(), MethodFault> {
        let allowed = self.behavior.collector_permission;
        allowed
            .then_some(())
            .ok_or_else(|| MethodFault::no_permission(object, "System.Read"))
    }

    /// Returns the session of a call and marks it as used.
    pub(crate) fn authenticate(&mut self, call: &ApiCall) -> Result<String, MethodFault> {
        let by_header = call
            .authorization
            .as_ref()
            .filter(|value| self.access.authorization.as_ref() == Some(*value))
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
            .ok_or_else(|| MethodFault::not_authenticated(&call.object))
    }

    /// Executes a call.
    pub(crate) fn call(&mut self, call: &ApiCall) -> CallResult {
        match (&*call.object.kind, call.is_method, &*call.member) {
            ("ServiceInstance", false, "content")
            | ("ServiceInstance", true, "RetrieveServiceContent") => {
                self.require_object("", &call.object)?;
                if call.is_method {
                    self.fields(call)?.done()?;
                }
                Ok(CallResponse::Value(content::service_content(
                    self.context(),
                )))
            }
            ("SessionManager", true, "Login") => self.login(call),
            _ => {
                let token = self.authenticate(call)?;
                self.require_object(&token, &call.object)?;
                if call.is_method {
                    self.method(&token, call)
                } else {
                    self.get(&token, call)
                }
            }
        }
    }

    /// Fails if the object does not exist.
    pub(super) fn require_object(&self, token: &str, object: &MoRef) -> Result<(), MethodFault> {
        if !schema::is_managed(&object.kind) {
            return Err(MethodFault::invalid_request(format!(
                "There is no managed object type {}.",
                object.kind
            )));
        }
        self.objects(token)
            .exists(object)
            .then_some(())
            .ok_or_else(|| MethodFault::object_not_found(object))
    }

    fn get(&self, token: &str, call: &ApiCall) -> CallResult {
        if schema::property(&call.object.kind, &call.member).is_none() {
            return Err(MethodFault::method_not_found(&call.object, &call.member));
        }
        let value = self.objects(token).value(&call.object, &call.member)?;
        Ok(match value {
            Value::Null => CallResponse::Unset,
            Value::Array(items) => CallResponse::List(items),
            value => CallResponse::Value(value),
        })
    }

    fn method(&mut self, token: &str, call: &ApiCall) -> CallResult {
        match &*call.object.kind {
            "ViewManager" | "ListView" | "ContainerView" => self.call_views(token, call),
            "PropertyCollector" => self.call_collector(token, call),
            "PropertyFilter" => self.call_filter(token, call),
            "TaskHistoryCollector" => {
                self.call_history(token, call, |session| &mut session.task_history_collectors)
            }
            "EventHistoryCollector" => {
                self.call_history(token, call, |session| &mut session.event_history_collectors)
            }
            "SearchIndex" => self.search(call),
            _ => self.call_manager(token, call),
        }
    }
}
