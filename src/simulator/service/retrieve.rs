//! `RetrievePropertiesEx`, with continuation, and `RetrieveProperties`.

use serde_json::{Value, json};

use super::objects::Objects;
use super::spec::FilterSpec;
use super::{ApiCall, CallResponse, Core};
use crate::simulator::fault::Fault;
use crate::simulator::value::MoRef;

/// The rest of a truncated retrieval, kept until it is continued or cancelled.
#[derive(Debug)]
pub(crate) struct RetrieveToken {
    pub collector: MoRef,
    /// The token that continues it.
    pub token: String,
    specs: Vec<FilterSpec>,
    rest: Vec<(usize, MoRef)>,
    portion: usize,
}

impl Core {
    /// Methods of `PropertyCollector`.
    pub(super) fn call_collector(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        let mut fields = self.fields(call)?;
        match &*call.member {
            "RetrievePropertiesEx" | "RetrieveProperties" => {
                let in_portions = call.member == "RetrievePropertiesEx";
                let specs = fields.objects("specSet", "PropertyFilterSpec")?;
                let specs = specs
                    .into_iter()
                    .map(FilterSpec::read)
                    .collect::<Result<Vec<_>, _>>()?;
                if specs.is_empty() {
                    return Err(Fault::invalid_argument("specSet", "It is required."));
                }
                let mut most = self.behavior.retrieve_cap.unwrap_or(usize::MAX);
                if in_portions {
                    let mut options = fields.object("options", "RetrieveOptions")?;
                    match options.optional_count("maxObjects")? {
                        Some(0) => {
                            return Err(Fault::invalid_argument(
                                "options.maxObjects",
                                "It must be above 0.",
                            ));
                        }
                        asked => most = most.min(asked.unwrap_or(usize::MAX)),
                    }
                    options.done()?;
                } else {
                    most = usize::MAX;
                }
                fields.done()?;
                self.retrieve(token, call, specs, most, in_portions)
            }
            "ContinueRetrievePropertiesEx" => {
                let continued = fields.string("token")?;
                fields.done()?;
                let unfinished = self.take_unfinished(token, call, &continued)?;
                self.portion(token, unfinished)
            }
            "CancelRetrievePropertiesEx" => {
                let cancelled = fields.string("token")?;
                fields.done()?;
                self.take_unfinished(token, call, &cancelled)?;
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
        portion: usize,
        in_portions: bool,
    ) -> Result<CallResponse, Fault> {
        let objects = self.objects(token);
        let mut rest = Vec::new();
        for (index, spec) in specs.iter().enumerate() {
            let selected = spec.select(&objects)?;
            rest.extend(
                selected
                    .objects
                    .into_iter()
                    .filter(|object| spec.paths(&object.kind).is_some())
                    .map(|object| (index, object)),
            );
        }
        let collector = call.object.clone();
        if in_portions {
            let all = RetrieveToken {
                collector,
                token: String::new(),
                specs,
                rest,
                portion,
            };
            return self.portion(token, all);
        }
        let contents = contents(&self.objects(token), &specs, &rest)?;
        Ok(CallResponse::List(contents))
    }

    fn portion(
        &mut self,
        token: &str,
        mut unfinished: RetrieveToken,
    ) -> Result<CallResponse, Fault> {
        let later = unfinished
            .rest
            .split_off(unfinished.portion.min(unfinished.rest.len()));
        let now = std::mem::replace(&mut unfinished.rest, later);
        let contents = contents(&self.objects(token), &unfinished.specs, &now)?;
        if contents.is_empty() && unfinished.rest.is_empty() {
            return Ok(CallResponse::Unset);
        }
        let mut result = json!({"_typeName": "RetrieveResult", "objects": contents});
        if !unfinished.rest.is_empty() {
            // Only the token of the last response continues the retrieval.
            unfinished.token = self.chance.u32(100_000..).to_string();
            result["token"] = json!(unfinished.token);
            let collector = unfinished.collector.clone();
            self.session_mut(token, &collector)?
                .unfinished
                .push(unfinished);
        }
        Ok(CallResponse::Value(result))
    }

    fn take_unfinished(
        &mut self,
        token: &str,
        call: &ApiCall,
        continued: &str,
    ) -> Result<RetrieveToken, Fault> {
        let session = self.session_mut(token, &call.object)?;
        let place = session
            .unfinished
            .iter()
            .position(|open| open.token == continued && open.collector == call.object);
        place
            .map(|place| session.unfinished.remove(place))
            .ok_or_else(|| {
                Fault::invalid_argument("token", "It is not that of the retrieval's last answer.")
            })
    }
}

/// Returns the contents of the objects, without those that no longer exist.
fn contents(
    objects: &Objects<'_>,
    specs: &[FilterSpec],
    chosen: &[(usize, MoRef)],
) -> Result<Vec<Value>, Fault> {
    let mut contents = Vec::with_capacity(chosen.len());
    for (index, object) in chosen.iter().filter(|(_, object)| objects.exists(object)) {
        let mut properties = Vec::new();
        for path in specs[*index].paths(&object.kind).unwrap_or_default() {
            if let Some(value) = objects
                .value(object, &path)?
                .into_any(objects.writer.behavior.boxing)
            {
                properties
                    .push(json!({"_typeName": "DynamicProperty", "name": path, "val": value}));
            }
        }
        let mut content = json!({"_typeName": "ObjectContent", "obj": object.to_json()});
        if !properties.is_empty() {
            content["propSet"] = Value::Array(properties);
        }
        contents.push(content);
    }
    Ok(contents)
}
