//! API calls of a task monitor, one method each.

use std::{
    sync::{Arc, RwLock, atomic::AtomicBool},
    time::Duration,
};

use jiff::Timestamp;
use reqwest::{Method, header::HeaderValue};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use vtask_metrics::RequestMetrics;

use super::{
    address::Address,
    credentials::Credentials,
    error::{Error, ErrorKind},
    method::{ApiMethod, MethodEffect},
    release,
    response::{ApiResponse, Digest},
    tls::TrustPolicy,
    transport::{Request, RequestBody, RequestLabel, Transport},
    types::{
        Malformed, ManagedObjectReference, OperationLabel, ServiceContent, TaskInfo, date_time,
        items,
    },
};

const CANCEL_PRIVILEGE: &str = "Global.CancelTask";

/// Options of a connection to a server.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// Address of the server.
    pub address: Address,
    /// Accepted certificates.
    pub trust: TrustPolicy,
    /// Credentials to log in with.
    pub credentials: Credentials,
    /// API release; `None` negotiates it with the server.
    pub release: Option<String>,
    /// True to refuse methods that change something on the server.
    pub read_only: bool,
    /// Time limit of a request; [`REQUEST_TIMEOUT`](Self::REQUEST_TIMEOUT) by default.
    pub timeout: Duration,
    /// Counters of requests and bytes.
    pub traffic: Arc<RequestMetrics>,
}

impl ConnectOptions {
    /// Default time limit of a request.
    pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

    /// True if both refer to the same server, account and secret, under the same conditions.
    pub fn is_same(&self, other: &Self) -> bool {
        self.address == other.address
            && self.trust == other.trust
            && self.credentials.is_same(&other.credentials)
            && (&self.release, self.read_only) == (&other.release, other.read_only)
    }
}

/// A client of one server, with negotiated release and service content. Logging in is a separate step.
#[derive(Debug)]
pub struct Client {
    pub(super) transport: Transport,
    pub(super) credentials: Credentials,
    release: String,
    /// True to refuse methods that change something on the server.
    read_only: bool,
    pub(super) content: ServiceContent,
    /// Time limit of a request.
    timeout: Duration,
    /// Header with the session id, marked sensitive so that it is never printed.
    pub(super) session: RwLock<Option<HeaderValue>>,
    /// Locale of the session.
    pub(super) locale: RwLock<Option<String>>,
    /// True if the session is stored for the next run.
    pub(super) is_session_stored: AtomicBool,
    /// Set once the session has been renewed; `None` if the caller renews it.
    pub(super) renewal: Option<OnceCell<()>>,
}

impl Client {
    /// Negotiates the release and reads the service content. Needs no login.
    ///
    /// # Errors
    /// Returns an error if the server cannot be reached, is no vCenter, or supports no known release.
    pub async fn connect(options: ConnectOptions) -> Result<Self, Error> {
        let transport = Transport::new(options.address, &options.trust, options.traffic)?;
        let release = match options.release {
            Some(pinned) => Some(pinned),
            None => release::negotiate(&transport, options.timeout).await?,
        };
        let is_negotiated = release.is_some();
        let mut client = Self {
            transport,
            credentials: options.credentials,
            content: placeholder_content(),
            read_only: options.read_only,
            timeout: options.timeout,
            release: release.unwrap_or_else(|| release::FALLBACK_RELEASE.to_owned()),
            session: RwLock::new(None),
            locale: RwLock::new(None),
            is_session_stored: AtomicBool::new(false),
            renewal: None,
        };
        if let Credentials::Session(id) = &client.credentials {
            let header = client.secret_header(id)?;
            client.set_session(Some(header));
        }
        let action = || "reading server information".to_owned();
        let service = ManagedObjectReference::new("ServiceInstance", "ServiceInstance");
        let content = client.call(
            ApiCall::get(&service, "content", "ServiceInstance/content"),
            &action,
        );
        let content = match content.await {
            Err(error) if !is_negotiated => return Err(release::with_advice(error)),
            content => content?,
        };
        client.content = client.read(&action, &content, ServiceContent::from_json)?;
        Ok(client)
    }

    /// Returns the release in use.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Returns the service content.
    pub fn content(&self) -> &ServiceContent {
        &self.content
    }

    /// Returns the server's host and port for display.
    pub fn server(&self) -> String {
        self.transport.address().name()
    }

    /// Returns host, port and profile for messages.
    pub fn label(&self) -> String {
        self.transport.address().label()
    }

    /// Reads the `info` of a task.
    ///
    /// # Errors
    /// Returns the fault `ManagedObjectNotFound` if the task has expired or never existed.
    pub async fn task_info(&self, mo_id: &str) -> Result<TaskInfo, Error> {
        let action = || format!("reading {mo_id}");
        let task = ManagedObjectReference::task(mo_id);
        let call = ApiCall::get(&task, "info", "Task/info");
        let parse = |info| TaskInfo::of_task(mo_id, info);
        self.request(call, &action, parse).await
    }

    /// Reads the `info` of a task; `None` if the response equals `known`, which then is not parsed.
    ///
    /// # Errors
    /// Same as [`task_info`](Self::task_info).
    pub async fn changed_task_info(
        &self,
        mo_id: &str,
        known: Option<Digest>,
    ) -> Result<Option<(TaskInfo, Digest)>, Error> {
        let action = || format!("reading {mo_id}");
        let task = ManagedObjectReference::task(mo_id);
        let call = ApiCall::get(&task, "info", "Task/info");
        let parse = |info| TaskInfo::of_task(mo_id, info);
        self.changed(call, &action, known, parse).await
    }

    /// Reads the `info` of a task exactly as the server sent it.
    ///
    /// # Errors
    /// Same as [`task_info`](Self::task_info).
    pub async fn task_info_json(&self, mo_id: &str) -> Result<Value, Error> {
        let action = || format!("reading {mo_id}");
        let task = ManagedObjectReference::task(mo_id);
        let call = ApiCall::get(&task, "info", "Task/info");
        self.request(call, &action, Ok).await
    }

    /// Lists the tasks that are queued, running or recently completed and visible to the account.
    pub async fn recent_tasks(&self) -> Result<Vec<ManagedObjectReference>, Error> {
        let read = self.changed_recent_tasks(None).await?;
        Ok(read.map_or_else(Vec::new, |(tasks, _)| tasks))
    }

    /// Lists the recent tasks; `None` if the response equals `known`, which then is not parsed.
    pub async fn changed_recent_tasks(
        &self,
        known: Option<Digest>,
    ) -> Result<Option<(Vec<ManagedObjectReference>, Digest)>, Error> {
        let action = || "listing the recent tasks".to_owned();
        let manager = &self.content.task_manager;
        let call = ApiCall::get(manager, "recentTask", "TaskManager/recentTask");
        let parse = ManagedObjectReference::all_from_json;
        self.changed(call, &action, known, parse).await
    }

    /// Reads the localized operation names, about 1,600 rows; read them once per session.
    pub async fn operation_labels(&self) -> Result<Vec<OperationLabel>, Error> {
        let action = || "reading the names of operations".to_owned();
        let manager = &self.content.task_manager;
        let call = ApiCall::get(manager, "description", "TaskManager/description");
        self.request(call, &action, OperationLabel::all_from_json)
            .await
    }

    /// Reads the server's clock.
    pub async fn current_time(&self) -> Result<Timestamp, Error> {
        let action = || "reading the server's clock".to_owned();
        let service = ManagedObjectReference::new("ServiceInstance", "ServiceInstance");
        let call = ApiCall::post(&service, ApiMethod::CurrentTime, json!({}));
        let parse = |time| date_time("CurrentTime", time);
        self.request(call, &action, parse).await
    }

    /// Requests cancellation of a task. The server responds at once and acts later.
    ///
    /// # Errors
    /// Returns the faults `NotSupported`, `InvalidState`, `NoPermission` or `ManagedObjectNotFound`.
    pub async fn cancel_task(&self, mo_id: &str) -> Result<(), Error> {
        let action = || format!("cancelling {mo_id}");
        let task = ManagedObjectReference::task(mo_id);
        self.post_void(&task, ApiMethod::CancelTask, &action).await
    }

    /// Returns true if the session holds `Global.CancelTask` on an entity; `None` if the server does not report it.
    pub async fn has_cancel_privilege(
        &self,
        entity: &ManagedObjectReference,
        session_key: &str,
    ) -> Result<Option<bool>, Error> {
        let action = || format!("checking the privilege to cancel on {entity}");
        let Some(manager) = &self.content.authorization_manager else {
            return Ok(None);
        };
        let body = json!({
            "entity": [entity.to_json()],
            "sessionId": session_key,
            "privId": [CANCEL_PRIVILEGE],
        });
        let call = ApiCall::post(manager, ApiMethod::HasPrivilegeOnEntities, body);
        let parse = |rows| items("EntityPrivilege", rows);
        let rows = self.request(call, &action, parse).await?;
        let mut granted = rows
            .iter()
            .filter_map(|row| row.get("privAvailability")?.as_array())
            .flatten()
            .filter(|privilege| privilege["privId"] == CANCEL_PRIVILEGE)
            .filter_map(|privilege| privilege["isGranted"].as_bool());
        Ok(granted.next())
    }

    /// Calls a method without return value. A response with a body, such as a proxy's page, is an error.
    pub(super) async fn post_void(
        &self,
        object: &ManagedObjectReference,
        method: ApiMethod,
        action: RequestLabel<'_>,
    ) -> Result<(), Error> {
        let call = ApiCall::post(object, method, json!({}));
        self.request(call, action, |_| Ok(())).await
    }

    /// Makes a call and parses the response as the type that the API declares.
    pub(super) async fn request<T>(
        &self,
        call: ApiCall<'_>,
        action: RequestLabel<'_>,
        parse: impl FnOnce(Value) -> Result<T, Malformed>,
    ) -> Result<T, Error> {
        let response = self.call(call, action).await?;
        self.read(action, &response, parse)
    }

    /// Makes a call and parses the response, unless it equals `known`.
    async fn changed<T>(
        &self,
        call: ApiCall<'_>,
        action: RequestLabel<'_>,
        known: Option<Digest>,
        parse: impl FnOnce(Value) -> Result<T, Malformed>,
    ) -> Result<Option<(T, Digest)>, Error> {
        let response = self.call(call, action).await?;
        let digest = response.digest();
        if known == Some(digest) {
            return Ok(None);
        }
        Ok(Some((self.read(action, &response, parse)?, digest)))
    }

    /// Makes a call. If the session turns out to be dead and has been renewed, the call is repeated.
    pub(super) async fn call(
        &self,
        call: ApiCall<'_>,
        action: RequestLabel<'_>,
    ) -> Result<ApiResponse, Error> {
        let session = self.session();
        match self.send(&call, action).await {
            Err(error) if error.is_session_dead() && self.renew_session(&error, session).await => {
                Box::pin(self.send(&call, action)).await
            }
            answer => answer,
        }
    }

    /// Sends a request in the session in use.
    pub(super) async fn send(
        &self,
        call: &ApiCall<'_>,
        action: RequestLabel<'_>,
    ) -> Result<ApiResponse, Error> {
        if self.read_only && call.effect == MethodEffect::Changes {
            let why = "this connection is read-only (--read-only, its variable or the config file); nothing was sent.";
            return Err(self.unsupported(action, why));
        }
        let (kind, value) = (call.object.kind(), &call.object.value);
        let path = ["sdk", "vim25", &self.release, kind, value, call.member];
        let request = Request {
            endpoint: call.endpoint,
            action,
            method: call.method.clone(),
            path: &path,
            query: None,
            headers: self.headers(action)?,
            body: call.body.as_ref(),
            is_read: call.effect == MethodEffect::Reads,
            timeout: call.wait + self.timeout,
        };
        self.transport.send(request).await
    }

    /// Parses a response as the type that the API declares.
    pub(super) fn read<T>(
        &self,
        action: RequestLabel<'_>,
        answer: &ApiResponse,
        parse: impl FnOnce(Value) -> Result<T, Malformed>,
    ) -> Result<T, Error> {
        let parsed = answer.json().and_then(|body| {
            parse(body).map_err(|malformed| ErrorKind::Malformed(Box::new(malformed)))
        });
        parsed.map_err(|kind| self.error(action, kind))
    }

    /// Returns the error of a call that this server does not support.
    pub fn unsupported(&self, action: RequestLabel<'_>, why: &str) -> Error {
        self.error(action, ErrorKind::Unsupported(why.to_owned()))
    }

    pub(super) fn error(&self, action: RequestLabel<'_>, kind: ErrorKind) -> Error {
        Error::new(action(), self.server(), kind)
    }
}

/// An API call: a property read or a method.
pub(super) struct ApiCall<'a> {
    method: Method,
    object: &'a ManagedObjectReference,
    /// Property or method name, the last segment of the path.
    member: &'a str,
    effect: MethodEffect,
    body: Option<RequestBody>,
    endpoint: &'static str,
    /// Time that the server may wait before it responds.
    pub(super) wait: Duration,
}

impl<'a> ApiCall<'a> {
    pub(super) fn get(
        object: &'a ManagedObjectReference,
        property: &'a str,
        endpoint: &'static str,
    ) -> Self {
        Self {
            method: Method::GET,
            object,
            member: property,
            effect: MethodEffect::Reads,
            body: None,
            endpoint,
            wait: Duration::ZERO,
        }
    }

    pub(super) fn post(
        object: &'a ManagedObjectReference,
        method: ApiMethod,
        body: impl Into<RequestBody>,
    ) -> Self {
        Self {
            method: Method::POST,
            effect: method.effect(),
            body: Some(body.into()),
            ..Self::get(object, method.name(), method.endpoint())
        }
    }
}

/// Placeholder until the content has been read.
fn placeholder_content() -> ServiceContent {
    ServiceContent {
        about: super::types::About::default(),
        session_manager: ManagedObjectReference::new("SessionManager", "SessionManager"),
        task_manager: ManagedObjectReference::new("TaskManager", "TaskManager"),
        property_collector: None,
        view_manager: None,
        event_manager: None,
        authorization_manager: None,
        root_folder: None,
    }
}
