//! The managed objects of the embedded vCenter: who may call what, and what is answered. No HTTP here, and no
//! waiting: every call gets its answer at once, at a moment that the caller has advanced the world to.

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

use super::behaviour::{Behaviours, EmptyList, Outage, VoidAnswer};
use super::fault::Fault;
use super::value::MoRef;
use super::world::World;
use super::world::time::Calendar;

/// A request for a property or a method of a managed object.
#[derive(Debug)]
pub(super) struct Call {
    /// Whether it is a method (`POST`) or a property (`GET`).
    pub is_method: bool,
    /// Of which object.
    pub object: MoRef,
    /// The method's or property's name.
    pub member: String,
    /// The request's body.
    pub body: Vec<u8>,
    /// The header `vmware-api-session-id`.
    pub session: Option<String>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `User-Agent`; empty if there is none.
    pub user_agent: String,
}

impl Call {
    /// Whether the call may be answered only after a while.
    pub(super) fn is_wait(&self) -> bool {
        let waits = ["WaitForUpdatesEx", "WaitForUpdates", "CheckForUpdates"];
        self.is_method
            && &*self.object.kind == "PropertyCollector"
            && waits.contains(&&*self.member)
    }
}

/// An answer that is not a fault.
#[derive(Debug)]
pub(super) enum Answer {
    /// A value.
    Value(Value),
    /// A list, perhaps empty.
    List(Vec<Value>),
    /// A void method has done its work.
    Void,
    /// The property, or the optional result, has no value.
    Unset,
    /// Signed in: the header's value and the `UserSession`.
    SignedIn(String, Value),
}

/// How a user is recognised.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    /// The one user and password that are accepted; `None`: any that are not empty.
    pub credentials: Option<(String, String)>,
    /// A value of the `Authorization` header that is accepted instead of a session.
    pub authorization: Option<String>,
}

/// Everything that the server knows and is.
#[derive(Debug)]
pub(super) struct Core {
    /// The world.
    pub world: World,
    /// The sessions.
    pub sessions: Sessions,
    /// The server's ways.
    pub behaviours: Behaviours,
    /// Who gets in.
    pub access: Access,
    /// What its clock shows.
    pub calendar: Calendar,
    /// Unscaled time since the server's start.
    pub unscaled: Duration,
    /// Answers of something in front of the server, one for each of the next requests.
    pub outages: VecDeque<Outage>,
    /// So many next answers are lost on the way: the call has its effect, the client never hears of it.
    pub lose_answers: usize,
    /// Grows when a view changes, so that running waits notice.
    pub view_changes: u64,
    chance: fastrand::Rng,
}

impl Core {
    /// A server at its start.
    pub(super) fn new(
        world: World,
        sessions: Sessions,
        behaviours: Behaviours,
        access: Access,
        origin: Timestamp,
        seed: u64,
    ) -> Self {
        Self {
            world,
            sessions,
            behaviours,
            access,
            calendar: Calendar::new(origin),
            unscaled: Duration::ZERO,
            outages: VecDeque::new(),
            lose_answers: 0,
            view_changes: 0,
            chance: fastrand::Rng::with_seed(seed ^ 0x0b1e),
        }
    }

    /// How values are written.
    pub(super) fn pen(&self) -> TaskInfoWriter<'_> {
        TaskInfoWriter {
            calendar: &self.calendar,
            behaviours: &self.behaviours,
        }
    }

    fn objects(&self, token: &str) -> Objects<'_> {
        Objects {
            world: &self.world,
            sessions: &self.sessions,
            session: self.sessions.get(token),
            pen: self.pen(),
        }
    }

    fn fields(&self, call: &Call) -> Result<Fields, Fault> {
        Fields::of_body(&call.body, self.behaviours.require_type_names)
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

    /// Ends every session; tells how many there were.
    pub(super) fn end_sessions(&mut self) -> usize {
        self.view_changed();
        self.sessions.close_all()
    }

    /// Lets every session die in part; waits end.
    pub(super) fn end_sessions_in_part(&mut self) {
        self.view_changed();
        self.sessions.half_kill_all();
    }

    /// `NoPermission` where the account may not create collectors and views.
    fn may_collect(&self, object: &MoRef) -> Result<(), Fault> {
        let allowed = self.behaviours.property_collector;
        allowed
            .then_some(())
            .ok_or_else(|| Fault::no_permission(object, "System.Read"))
    }

    /// The session of a call, which is thereby used.
    pub(super) fn authenticate(&mut self, call: &Call) -> Result<String, Fault> {
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
        let half_dead = (self.behaviours.collectors_signed_out
            || token
                .as_ref()
                .and_then(|token| self.sessions.get(token))
                .is_some_and(|session| session.half_dead))
            && matches!(
                &*call.object.kind,
                "PropertyCollector"
                    | "ViewManager"
                    | "ListView"
                    | "ContainerView"
                    | "PropertyFilter"
            );
        token
            .filter(|_| !half_dead)
            .ok_or_else(|| Fault::not_authenticated(&call.object))
    }

    /// Answers a call.
    pub(super) fn call(&mut self, call: &Call) -> Result<Answer, Fault> {
        match (&*call.object.kind, call.is_method, &*call.member) {
            ("ServiceInstance", false, "content")
            | ("ServiceInstance", true, "RetrieveServiceContent") => {
                self.known("", &call.object)?;
                if call.is_method {
                    self.fields(call)?.done()?;
                }
                Ok(Answer::Value(content::service_content(
                    &self.world,
                    &self.behaviours,
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

    /// The object must exist before anything is asked of it.
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

    fn get(&self, token: &str, call: &Call) -> Result<Answer, Fault> {
        if schema::property(&call.object.kind, &call.member).is_none() {
            return Err(Fault::method_not_found(&call.object, &call.member));
        }
        let property = self.objects(token).property(&call.object, &call.member)?;
        Ok(match property.declared() {
            None => Answer::Unset,
            Some(Value::Array(items)) => Answer::List(items),
            Some(value) => Answer::Value(value),
        })
    }

    fn method(&mut self, token: &str, call: &Call) -> Result<Answer, Fault> {
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

impl Answer {
    /// The status and the body. The behaviours decide what nothing looks like.
    pub(super) fn into_wire(self, behaviours: &Behaviours) -> (u16, Option<Value>) {
        match self {
            Self::Value(value) | Self::SignedIn(_, value) => (200, Some(value)),
            Self::List(items) if items.is_empty() => match behaviours.empty_list {
                EmptyList::Array => (200, Some(Value::Array(items))),
                EmptyList::Null => (200, Some(Value::Null)),
                EmptyList::NoContent => (204, None),
            },
            Self::List(items) => (200, Some(Value::Array(items))),
            Self::Void => match behaviours.void_answer {
                VoidAnswer::NoContent => (204, None),
                VoidAnswer::EmptyOk => (200, None),
            },
            Self::Unset => (204, None),
        }
    }
}
