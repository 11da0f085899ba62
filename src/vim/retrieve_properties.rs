//! `RetrievePropertiesEx`: properties of many objects with one request.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};

use super::{
    client::{ApiCall, Client},
    error::{Error, ErrorKind},
    history::{NoThrottle, Throttle},
    method::ApiMethod,
    response::parse as parse_body,
    types::{ManagedObjectReference, ObjectContent, RetrieveResult, TaskInfo},
};

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
        let action = || action.to_owned();
        let Some(collector) = &self.content().property_collector else {
            return Err(self.unsupported(&action, "the server offers no property collector."));
        };
    ) -> Result<Vec<ObjectContent>, Error> {
        let session = self.session();
        match self.retrieve(action, throttle, objects, paths).await {
            // A retrieval ends with its session.
            Err(error) if self.renews(&error, session).await => {
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
        let mut method = ApiMethod::RetrievePropertiesEx;
        let mut body = json!({"specSet": [spec], "options": {"_typeName": "RetrieveOptions"}});
        let mut all = Vec::new();
        loop {
            let call = ApiCall::post(collector, method, body.clone());
            let answer = match self.call(call, &action).await {
                Ok(answer) => answer,
                Err(error) => {
                    if method == ApiMethod::ContinueRetrievePropertiesEx && error.is_retryable() {
                        self.cancel_retrieval(collector, body).await;
                    }
                    return Err(error);
                }
            };
            let RetrieveResult { objects, token } = match parse_body(&answer.body) {
                Ok(result) => result.unwrap_or_default(),
                // Another form, or not what it should be.
                Err(_) => self.read(&action, &answer, RetrieveResult::from_json)?,
            };
            // Some servers answer in a session that has ended.
            let faults = objects.iter().filter_map(|object| object.fault.as_ref());
            if let Some(dead) = { faults }.find(|fault| fault.type_name() == "NotAuthenticated") {
                return Err(self.error(&action, ErrorKind::Fault(dead.clone())));
            }
            all.extend(objects);
            let Some(token) = token else {
                return Ok(all);
            };
            body = json!({"token": token});
            if !throttle.ready().await {
                self.cancel_retrieval(collector, body).await;
                return Ok(all);
            }
            method = ApiMethod::ContinueRetrievePropertiesEx;
        }
    }

    /// Cancels a retrieval that is not continued; it would stay in the server's memory. `body` has its token.
    async fn cancel_retrieval(&self, collector: &ManagedObjectReference, body: Value) {
        let method = ApiMethod::CancelRetrievePropertiesEx;
        let call = ApiCall::post(collector, method, body);
        let _ = self
            .call(call, &|| "cancelling a retrieval".to_owned())
            .await;
    }
}

/// Returns the property of a type: the parent of a vApp is a resource pool, its folder is another property.
fn path_of<'a>(kind: &str, path: &'a str) -> &'a str {
    match (kind, path) {
        ("VirtualApp", "parent") => "parentFolder",
        _ => path,
    }
}
