//! A dedicated property collector over a list view: one long poll for all watched tasks.
//!
//! The server serialises calls on one collector, so the default one is not used. Filters on leaf paths keep updates
//! small, as only changed fields are sent. The same filter optionally watches the list of recent tasks.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    client::{ApiCall, Client},
    error::Error,
    method::ApiMethod,
    response::parse as parse_body,
    types::{CHANGING_FIELDS, FIELDS, ManagedObjectReference, UpdateSet},
};

/// Maximum number of objects in one response to a wait; the rest follows at once.
const MAX_OBJECT_UPDATES: u32 = 2_000;

/// Property of the task manager that lists the recent tasks.
const RECENT: &str = "recentTask";

/// The fields of `info` that a collector reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReportedFields {
    /// Those that change while a task runs or when it ends: the whole `info` of a new task has to be read.
    #[default]
    Changing,
    /// Every field.
    All,
}

/// A collector with a view of tasks and a filter on their `info`. It exists until the session ends.
#[derive(Debug)]
pub struct TaskCollector {
    client: Arc<Client>,
    collector: ManagedObjectReference,
    view: ManagedObjectReference,
    fields: ReportedFields,
    watches_recent: bool,
}

impl TaskCollector {
    /// Creates collector, empty view and filter. With `with_recent`, changes of `TaskManager.recentTask` are reported
    /// as well, if the server allows it.
    ///
    /// # Errors
    /// Returns an error if the server, the account or a proxy does not allow it; objects created so far are
    /// destroyed.
    pub async fn create(
        client: Arc<Client>,
        fields: ReportedFields,
        with_recent: bool,
    ) -> Result<Self, Error> {
        let action = || "creating a property collector".to_owned();
        let content = client.content();
        let (Some(default), Some(views)) = (&content.property_collector, &content.view_manager)
        else {
            return Err(client.unsupported(
                &action,
                "the server offers no property collector or no views.",
            ));
        };
        let call = ApiCall::post(default, ApiMethod::CreatePropertyCollector, json!({}));
        let collector = client.request(call, &action, reference).await?;
        let call = ApiCall::post(views, ApiMethod::CreateListView, json!({"obj": []}));
        let mut made = match client.request(call, &action, reference).await {
            Ok(view) => Self {
                client: client.clone(),
                collector,
                view,
                fields,
                watches_recent: with_recent,
            },
            Err(error) => {
                take_down(&client, &collector).await;
                return Err(error);
            }
        };
        match made.create_filter().await {
            Ok(()) => Ok(made),
            Err(error) => {
                made.destroy().await;
                Err(error)
            }
        }
    }

    /// True if the filter covers the list of recent tasks. vCenter may never report changes of it.
    pub fn watches_recent(&self) -> bool {
        self.watches_recent
    }

    /// Returns the fields of `info` that are reported.
    pub fn fields(&self) -> ReportedFields {
        self.fields
    }

    /// Creates a filter on leaves of `info`: without one that the server does not know, because its release lacks it,
    /// and without the recent tasks if it rejects those. If it names none, the filter is on `info` as a whole.
    async fn create_filter(&mut self) -> Result<(), Error> {
        let fields: &[&str] = match self.fields {
            ReportedFields::Changing => &CHANGING_FIELDS,
            ReportedFields::All => &FIELDS,
        };
        let mut paths: Vec<String> = fields.iter().map(|field| format!("info.{field}")).collect();
        loop {
            let Err(error) = self.create_filter_on(&paths).await else {
                return Ok(());
            };
            let rejected = error.fault().and_then(|fault| fault.field("name"));
            let rejected = rejected.and_then(Value::as_str);
            let is_invalid = error.is_fault("InvalidProperty") && rejected != Some(RECENT);
            let index = paths.iter().position(|path| Some(&**path) == rejected);
            if is_invalid && paths.len() > 1 {
                if let Some(index) = index {
                    paths.remove(index);
                } else {
                    paths = vec!["info".to_owned()];
                    self.fields = ReportedFields::All;
                }
            } else if self.watches_recent && error.fault().is_some() && !error.is_session_dead() {
                self.watches_recent = false;
            } else {
                return Err(error);
            }
        }
    }

    async fn create_filter_on(&self, paths: &[String]) -> Result<(), Error> {
        let action = || "creating a property filter".to_owned();
        let mut properties =
            vec![json!({"_typeName": "PropertySpec", "type": "Task", "pathSet": paths})];
        let mut objects = vec![json!({
            "_typeName": "ObjectSpec",
            "obj": self.view.to_json(),
            "skip": true,
            "selectSet": [{
                "_typeName": "TraversalSpec",
                "type": "ListView",
                "path": "view",
                "skip": false,
            }],
        })];
        if self.watches_recent {
            let manager = &self.client.content().task_manager;
            properties.push(
                json!({"_typeName": "PropertySpec", "type": manager.kind(), "pathSet": [RECENT]}),
            );
            objects
                .push(json!({"_typeName": "ObjectSpec", "obj": manager.to_json(), "skip": false}));
        }
        let spec = json!({
            "_typeName": "PropertyFilterSpec",
            "propSet": properties,
            "objectSet": objects,
            "reportMissingObjectsInResults": true,
        });
        let body = json!({"spec": spec, "partialUpdates": true});
        let call = ApiCall::post(&self.collector, ApiMethod::CreateFilter, body);
        let created = self.client.request(call, &action, reference).await;
        created.map(drop)
    }

    /// Waits for changes since `version` (`""` for all), for at most `wait` (whole seconds). Returns `None` if
    /// nothing changed.
    ///
    /// # Errors
    /// `InvalidCollectorVersion` requires a restart from `""`; `RequestCanceled` means that the wait was cancelled.
    /// After time-outs and broken connections the same version may be used again.
    pub async fn wait(&self, version: &str, wait: Duration) -> Result<Option<UpdateSet>, Error> {
        let action = || "waiting for changes".to_owned();
        let body = json!({
            "version": version,
            "options": {
                "_typeName": "WaitOptions",
                "maxWaitSeconds": wait.as_secs(),
                "maxObjectUpdates": MAX_OBJECT_UPDATES,
            },
        });
        let mut call = ApiCall::post(&self.collector, ApiMethod::WaitForUpdatesEx, body);
        call.wait = wait;
        let answer = self.client.call(call, &action).await?;
        match parse_body(&answer.body) {
            Ok(set) => Ok(set),
            // Another form, or not what it should be.
            Err(_) => self
                .client
                .read(&action, &answer, UpdateSet::from_json)
                .map(Some),
        }
    }

    /// Cancels the running wait, which then returns `RequestCanceled`.
    pub async fn cancel_wait(&self) -> Result<(), Error> {
        let action = || "ending a wait for changes".to_owned();
        let method = ApiMethod::CancelWaitForUpdates;
        self.client
            .post_void(&self.collector, method, &action)
            .await
    }

    /// Adds tasks to the view and removes others. Returns those that the server does not know.
    pub async fn modify_view(
        &self,
        add: &[Arc<str>],
        remove: &[Arc<str>],
    ) -> Result<Vec<ManagedObjectReference>, Error> {
        let action = || "changing the set of watched tasks".to_owned();
        let list = |tasks: &[Arc<str>]| -> Vec<Value> {
            let tasks = tasks.iter().cloned().map(ManagedObjectReference::task);
            tasks.map(|task| task.to_json()).collect()
        };
        let body = json!({"add": list(add), "remove": list(remove)});
        let call = ApiCall::post(&self.view, ApiMethod::ModifyListView, body);
        let parse = ManagedObjectReference::all_from_json;
        self.client.request(call, &action, parse).await
    }

    /// Destroys view and collector. If this fails, they end with the session.
    pub async fn destroy(&self) {
        let action = || "destroying the view".to_owned();
        let _ = self
            .client
            .post_void(&self.view, ApiMethod::DestroyView, &action)
            .await;
        take_down(&self.client, &self.collector).await;
    }
}

async fn take_down(client: &Client, collector: &ManagedObjectReference) {
    let action = || "destroying the property collector".to_owned();
    let method = ApiMethod::DestroyPropertyCollector;
    let _ = client.post_void(collector, method, &action).await;
}

fn reference(value: Value) -> Result<ManagedObjectReference, super::types::Malformed> {
    ManagedObjectReference::from_json("returnval", value)
}
