//! `RetrievePropertiesEx`, with continuation, and `RetrieveProperties`.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::method_fault::MethodFault;
use crate::service::call::{ApiCall, CallResponse, CallResult};
use crate::service::dispatch::Core;
use crate::service::filter_spec::FilterSpec;
use crate::service::object_source::ObjectSource;
use crate::service::objects::Objects;
use crate::service::retrieval::{SelectedObject, TruncatedRetrieval};

impl Core {
    /// Methods of `PropertyCollector`.
    pub(crate) fn call_collector(&mut self, token: &str, call: &ApiCall) -> CallResult {
        let mut fields = self.fields(call)?;
        match &*call.member {
            "RetrievePropertiesEx" | "RetrieveProperties" => {
                let is_paged = call.member == "RetrievePropertiesEx";
                let specs = fields.objects("specSet", "PropertyFilterSpec")?;
                let specs = specs
                    .into_iter()
                    .map(FilterSpec::read)
                    .collect::<Result<Vec<_>, _>>()?;
                if specs.is_empty() {
                    return Err(MethodFault::invalid_argument("specSet", "It is required."));
                }
                let mut maximum = self.behavior.retrieve_cap.unwrap_or(usize::MAX);
                if is_paged {
                    let mut options = fields.object("options", "RetrieveOptions")?;
                    maximum = maximum.min(options.limit("maxObjects")?);
                    options.done()?;
                } else {
                    maximum = usize::MAX;
                }
                fields.done()?;
                self.retrieve(token, call, specs, maximum, is_paged)
            }
            "ContinueRetrievePropertiesEx" => {
                let continued = fields.string("token")?;
                fields.done()?;
                let retrieval = self.take_retrieval(token, call, &continued)?;
                self.next_page(token, retrieval)
            }
            "CancelRetrievePropertiesEx" => {
                let cancelled = fields.string("token")?;
                fields.done()?;
                self.take_retrieval(token, call, &cancelled)?;
                Ok(CallResponse::Void)
            }
            _ => self.call_own_collector(token, call),
        }
    }

    fn retrieve(
        &mut self,
        token: &str,
        call: &ApiCall,
        specs: Vec<FilterSpec>,
        page_size: usize,
        is_paged: bool,
    ) -> CallResult {
        let objects = self.objects(token);
        let mut rest: Vec<SelectedObject> = Vec::new();
        let mut positions = HashMap::new();
        for (index, spec) in specs.iter().enumerate() {
            let mut selected = spec.select(&objects)?.objects;
            selected.retain(|object| FilterSpec::paths([spec], &object.kind).is_some());
            for object in selected {
                let position = *positions.entry(object.clone()).or_insert(rest.len());
                if position == rest.len() {
                    rest.push((object, Vec::new()));
                }
                rest[position].1.push(index);
            }
        }
        let collector = call.object.clone();
        if is_paged {
            let all = TruncatedRetrieval {
                collector,
                token: String::new(),
                specs,
                rest,
                page_size,
            };
            return self.next_page(token, all);
        }
        let contents = contents(&self.objects(token), &specs, &rest)?;
        Ok(CallResponse::List(contents))
    }

    fn next_page(&mut self, token: &str, mut retrieval: TruncatedRetrieval) -> CallResult {
        let later = retrieval
            .rest
            .split_off(retrieval.page_size.min(retrieval.rest.len()));
        let now = std::mem::replace(&mut retrieval.rest, later);
        let contents = contents(&self.objects(token), &retrieval.specs, &now)?;
        if contents.is_empty() && retrieval.rest.is_empty() {
            return Ok(CallResponse::Unset);
        }
        let mut result = json!({"_typeName": "RetrieveResult", "objects": contents});
        if !retrieval.rest.is_empty() {
            // Only the token of the last response continues the retrieval.
            retrieval.token = self.rng.u32(100_000..).to_string();
            result["token"] = json!(retrieval.token);
            let collector = retrieval.collector.clone();
            self.session_mut(token, &collector)?
                .retrievals
                .push(retrieval);
        }
        Ok(CallResponse::Value(result))
    }

    fn take_retrieval(
        &mut self,
        token: &str,
        call: &ApiCall,
        continued: &str,
    ) -> Result<TruncatedRetrieval, MethodFault> {
        let session = self.session_mut(token, &call.object)?;
        let index = session
            .retrievals
            .iter()
            .position(|open| open.token == continued && open.collector == call.object);
        index
            .map(|index| session.retrievals.remove(index))
            .ok_or_else(|| {
                MethodFault::invalid_argument("token", "It is not the token of the last response.")
            })
    }
}

/// Returns the contents of the objects, without those that no longer exist.
fn contents(
    objects: &Objects<'_>,
    specs: &[FilterSpec],
    selected: &[SelectedObject],
) -> Result<Vec<Value>, MethodFault> {
    let behavior = objects.context().writer.behavior;
    let mut contents = Vec::with_capacity(selected.len());
    for (object, indexes) in selected.iter().filter(|(object, _)| objects.exists(object)) {
        let (mut properties, mut missing) = (Vec::new(), Vec::new());
        let applied = indexes.iter().map(|index| &specs[*index]);
        for path in FilterSpec::paths(applied, &object.kind).unwrap_or_default() {
            match objects
                .property(object, &path)
                .map(|found| found.into_any(behavior.boxing))
            {
                Ok(Value::Null) => {}
                Ok(value) => properties
                    .push(json!({"_typeName": "DynamicProperty", "name": path, "val": value})),
                Err(fault) if fault.type_name() == "NoPermission" => {
                    missing.push(fault.into_missing_property(&path, behavior.error_form));
                }
                Err(fault) => return Err(fault),
            }
        }
        let mut content = json!({"_typeName": "ObjectContent", "obj": object.to_json()});
        for (name, list) in [("propSet", properties), ("missingSet", missing)] {
            if !list.is_empty() {
                content[name] = Value::Array(list);
            }
        }
        contents.push(content);
    }
    Ok(contents)
}
