//! `RetrievePropertiesEx`: properties of many objects with one request.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::timeout;

use super::{
    client::{ApiCall, Client},
    error::{Error, ErrorKind},
    history::{NoThrottle, Throttle},
    method::ApiMethod,
    response::{ApiResponse, parse as parse_body},
    transport::RequestLabel,
    types::{ManagedObjectReference, ObjectContent, RetrieveResult, TaskInfo, text_at},
};

/// Time after which an unanswered cancellation of a retrieval is given up.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(3);

impl Client {
    /// Reads the `info` of tasks with one request. Tasks that do not exist or cannot be read are left out.
    ///
    /// # Errors
    /// Returns faults and connection errors that concern all of them.
    pub async fn task_infos(&self, tasks: &[Arc<str>]) -> Result<Vec<(Arc<str>, TaskInfo)>, Error> {
        let objects: Vec<_> = tasks
            .iter()
            .cloned()
            .map(ManagedObjectReference::task)
            .collect();
        let read = self.read_objects("reading tasks", &NoThrottle, &objects, &["info"]);
        let infos = read.await?.into_iter().filter_map(|mut task| {
            let info = task.values.remove("info")?;
            let mo_id = task.object.value;
            let info = TaskInfo::of_task(&mo_id, info).ok()?;
            Some((mo_id, info))
        });
        Ok(infos.collect())
    }

    /// Reads properties of objects; `action` describes the purpose in errors. Objects that do not exist are left out.
    pub(super) async fn read_objects(
        &self,
        action: &str,
        throttle: &impl Throttle,
        objects: &[ManagedObjectReference],
        paths: &[&str],
    ) -> Result<Vec<ObjectContent>, Error> {
        let session = self.session();
        match self.retrieve(action, throttle, objects, paths).await {
            // A retrieval ends with its session.
            Err(error) if self.renew_session(&error, session).await => {
                self.retrieve(action, throttle, objects, paths).await
            }
            answer => answer,
        }
    }

    async fn retrieve(
        &self,
        action: &str,
        throttle: &impl Throttle,
        objects: &[ManagedObjectReference],
        paths: &[&str],
    ) -> Result<Vec<ObjectContent>, Error> {
        let action = || action.to_owned();
        let Some(collector) = &self.content().property_collector else {
            return Err(self.unsupported(&action, "the server offers no property collector."));
        };
        let kinds: BTreeSet<&str> = objects.iter().map(ManagedObjectReference::kind).collect();
        let properties = kinds.into_iter().map(|kind| {
            let paths: Vec<&str> = paths.iter().map(|path| path_of(kind, path)).collect();
            json!({"_typeName": "PropertySpec", "type": kind, "pathSet": paths})
        });
        let selected = objects.iter().map(
            |object| json!({"_typeName": "ObjectSpec", "obj": object.to_json(), "skip": false}),
        );
        let spec = json!({
            "_typeName": "PropertyFilterSpec",
            "propSet": properties.collect::<Vec<_>>(),
            "objectSet": selected.collect::<Vec<_>>(),
            "reportMissingObjectsInResults": true,
        });
        let body = json!({"specSet": [spec], "options": {"_typeName": "RetrieveOptions"}});
        let mut call = ApiCall::post(collector, ApiMethod::RetrievePropertiesEx, body);
        let mut token = None;
        let mut all = Vec::new();
        // Each page has at least one of the objects.
        for _ in 0..=objects.len() {
            let read = match self.call(call, &action).await {
                Ok(answer) => self.read_page(&action, &answer, &mut token),
                Err(error) => Err(error),
            };
            match read {
                Ok(page) => all.extend(page),
                Err(error) => {
                    self.cancel_retrieval(collector, token.as_deref()).await;
                    return Err(error);
                }
            }
            let Some(next) = token.as_deref() else {
                return Ok(all);
            };
            if !throttle.ready().await {
                self.cancel_retrieval(collector, Some(next)).await;
                return Ok(all);
            }
            let method = ApiMethod::ContinueRetrievePropertiesEx;
            call = ApiCall::post(collector, method, json!({"token": next}));
        }
        self.cancel_retrieval(collector, token.as_deref()).await;
        Err(self.unsupported(&action, "the server continues the result without end."))
    }

    /// Reads a page of a retrieval. `token` becomes that of the page, even if the page is malformed.
    fn read_page(
        &self,
        action: RequestLabel<'_>,
        answer: &ApiResponse,
        token: &mut Option<String>,
    ) -> Result<Vec<ObjectContent>, Error> {
        let page = match parse_body::<RetrieveResult>(&answer.body) {
            Ok(page) => page.unwrap_or_default(),
            // Another form, or not what it should be.
            Err(_) => self.read(action, answer, |page| {
                let sent = text_at(&page, &["token"]).map(str::to_owned);
                *token = sent.or(token.take());
                RetrieveResult::from_json(page)
            })?,
        };
        *token = page.token;
        // Some servers answer in a session that has ended.
        let mut faults = page
            .objects
            .iter()
            .filter_map(|object| object.fault.as_ref());
        match faults.find(|fault| fault.type_name() == "NotAuthenticated") {
            Some(dead) => Err(self.error(action, ErrorKind::Fault(dead.clone()))),
            None => Ok(page.objects),
        }
    }

    /// Cancels a retrieval that is not continued; it would stay in the server's memory.
    async fn cancel_retrieval(&self, collector: &ManagedObjectReference, token: Option<&str>) {
        let Some(token) = token else {
            return;
        };
        let method = ApiMethod::CancelRetrievePropertiesEx;
        let call = ApiCall::post(collector, method, json!({"token": token}));
        let action = || "cancelling a retrieval".to_owned();
        let _ = timeout(CANCEL_TIMEOUT, self.call(call, &action)).await;
    }
}

/// Returns the property of a type: the parent of a vApp is a resource pool, its folder is another property.
fn path_of<'a>(kind: &str, path: &'a str) -> &'a str {
    match (kind, path) {
        ("VirtualApp", "parent") => "parentFolder",
        _ => path,
    }
}
