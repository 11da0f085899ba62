//! `RetrievePropertiesEx`: properties of many objects with one request.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::{Value, json};

use super::{
    client::Client,
    error::{Error, ErrorKind},
    history::{NoThrottle, Throttle},
    method::ApiMethod,
    types::{
        Fault, Malformed, ManagedObjectReference, TaskInfo, items, items_as_sent, object_as_sent,
        take_string,
    },
};

/// The properties of one object.
#[derive(Debug)]
pub(super) struct ObjectProperties {
    pub(super) object: ManagedObjectReference,
    /// Values by property path, as sent.
    pub(super) values: HashMap<String, Value>,
    /// The fault of a property that could not be read.
    pub(super) fault: Option<Fault>,
}

/// A part of the result of a retrieval.
struct Page {
    objects: Vec<ObjectProperties>,
    /// Continues the retrieval.
    token: Option<String>,
}

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

    /// Reads properties of objects; `doing` describes the purpose in errors. Objects that do not exist are left out.
    pub(super) async fn read_objects(
        &self,
        doing: &str,
        throttle: &impl Throttle,
        objects: &[ManagedObjectReference],
        paths: &[&str],
    ) -> Result<Vec<ObjectProperties>, Error> {
        let doing = || doing.to_owned();
        let Some(collector) = &self.content().property_collector else {
            return Err(self.unsupported(&doing, "the server offers no property collector."));
        };
        let kinds: BTreeSet<&str> = objects.iter().map(|object| &*object.kind).collect();
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
        let mut body = json!({"specSet": [spec], "options": {"_typeName": "RetrieveOptions"}});
        let mut method = ApiMethod::RetrievePropertiesEx;
        let mut all = Vec::new();
        loop {
            let kind = match method {
                ApiMethod::ContinueRetrievePropertiesEx => {
                    "PropertyCollector/ContinueRetrievePropertiesEx"
                }
                _ => "PropertyCollector/RetrievePropertiesEx",
            };
            let answer = self.post(collector, method, body, kind, &doing).await?;
            let Page { objects, token } = self.read(&doing, &answer, Page::from_json)?;
            // Some servers answer in a session that has ended.
            let faults = objects.iter().filter_map(|object| object.fault.as_ref());
            if let Some(dead) = { faults }.find(|fault| fault.type_name() == "NotAuthenticated") {
                return Err(self.error(&doing, ErrorKind::Fault(dead.clone())));
            }
            all.extend(objects);
            let Some(token) = token else {
                return Ok(all);
            };
            // An abandoned retrieval stays in the server's memory.
            body = json!({"token": token});
            if throttle.pass().await {
                method = ApiMethod::ContinueRetrievePropertiesEx;
            } else {
                let kind = "PropertyCollector/CancelRetrievePropertiesEx";
                let cancel = ApiMethod::CancelRetrievePropertiesEx;
                let _ = self.post(collector, cancel, body, kind, &doing).await;
                return Ok(all);
            }
        }
    }
}

/// Returns the property of a type: the parent of a vApp is a resource pool, its folder is another property.
fn path_of<'a>(kind: &str, path: &'a str) -> &'a str {
    match (kind, path) {
        ("VirtualApp", "parent") => "parentFolder",
        _ => path,
    }
}

impl Page {
    fn from_json(result: Value) -> Result<Self, Malformed> {
        if result.is_null() {
            return Ok(Self {
                objects: Vec::new(),
                token: None,
            });
        }
        let mut result = object_as_sent("RetrieveResult", result)?;
        let token = take_string(&mut result, "token").filter(|token| !token.is_empty());
        let objects = result.shift_remove("objects").unwrap_or_default();
        let objects = items_as_sent("ObjectContent", objects)?;
        let objects = objects.into_iter().map(ObjectProperties::from_json);
        Ok(Self {
            objects: objects.collect::<Result<_, _>>()?,
            token,
        })
    }
}

impl ObjectProperties {
    fn from_json(content: Value) -> Result<Self, Malformed> {
        let mut content = object_as_sent("ObjectContent", content)?;
        let mut take = |name: &str| content.shift_remove(name).unwrap_or_default();
        let object = ManagedObjectReference::from_json("obj", take("obj"))?;
        let mut values = HashMap::new();
        for property in items_as_sent("DynamicProperty", take("propSet"))? {
            let mut property = object_as_sent("DynamicProperty", property)?;
            if let Some(name) = take_string(&mut property, "name")
                && let Some(value) = property.shift_remove("val")
            {
                values.insert(name, value);
            }
        }
        let missing = items("MissingProperty", take("missingSet"))?.into_iter();
        let mut faults =
            missing.filter_map(|mut missing| missing.get_mut("fault").map(Value::take));
        Ok(Self {
            object,
            values,
            fault: faults.next().map(Fault::new),
        })
    }
}
