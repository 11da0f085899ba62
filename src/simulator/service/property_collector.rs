//! Property collectors with their filters and versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::object_source::ObjectSource;
use super::property_filter::PropertyFilter;
use crate::method_fault::MethodFault;
use crate::server_behavior::Versions;
use crate::value::MoRef;

/// The version of the last response, not used by the client yet.
#[derive(Debug)]
struct IssuedVersion {
    version: String,
    truncated: bool,
}

/// A `PropertyCollector`.
#[derive(Debug, Default)]
pub(super) struct PropertyCollector {
    pub(super) filters: BTreeMap<u64, PropertyFilter>,
    /// Source of the numbers of versions and filters.
    counter: u64,
    /// The last version that the client has used; it can be used again.
    acknowledged: Option<String>,
    issued: Option<IssuedVersion>,
    /// Serializes the waits on one collector.
    pub(super) wait_lock: Arc<tokio::sync::Mutex<()>>,
    /// Incremented to cancel the running waits.
    pub(super) cancels: u64,
}

/// Condition for an immediate response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseCondition {
    /// Respond only if there are changes.
    OnChange,
    /// The client continues a truncated set: respond with the rest at once, even if it is empty.
    Continuation,
    /// The client has no version: respond at once with all filters, including empty ones.
    Initial,
}

impl PropertyCollector {
    /// Creates a collector without filters. Its versions start at `first`, so that those of other collectors are
    /// invalid.
    pub(super) fn new(first: u64) -> Self {
        Self {
            counter: first,
            ..Self::default()
        }
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Returns the filters in the order of their creation.
    pub(super) fn filters(&self) -> impl Iterator<Item = &PropertyFilter> {
        self.filters.values()
    }

    pub(super) fn remove_filter(&mut self, reference: &MoRef) -> bool {
        let before = self.filters.len();
        self.filters
            .retain(|_, filter| filter.reference != *reference);
        self.filters.len() < before
    }

    /// Accepts the version sent by a client and returns the condition for the response.
    pub(super) fn accept_version(
        &mut self,
        version: &str,
        extended: bool,
        versions: Versions,
    ) -> Result<ResponseCondition, MethodFault> {
        if versions == Versions::Constant {
            self.filters
                .values_mut()
                .for_each(PropertyFilter::acknowledge);
            let is_continued = self.issued.take().is_some_and(|issued| issued.truncated);
            return Ok(match version {
                "" => ResponseCondition::Initial,
                _ if is_continued => ResponseCondition::Continuation,
                _ => ResponseCondition::OnChange,
            });
        }
        if version.is_empty() {
            self.filters.values_mut().for_each(PropertyFilter::forget);
            (self.acknowledged, self.issued) = (None, None);
            return Ok(ResponseCondition::Initial);
        }
        if let Some(issued) = self
            .issued
            .take_if(|issued| issued.version == version && (extended || !issued.truncated))
        {
            if issued.truncated {
                // A truncated set acknowledges nothing, so that it can be undone to the last complete one.
                return Ok(ResponseCondition::Continuation);
            }
            self.filters
                .values_mut()
                .for_each(PropertyFilter::acknowledge);
            self.acknowledged = Some(issued.version);
            return Ok(ResponseCondition::OnChange);
        }
        if self.acknowledged.as_deref() == Some(version) {
            self.filters.values_mut().for_each(PropertyFilter::undo);
            self.issued = None;
            return Ok(ResponseCondition::OnChange);
        }
        Err(MethodFault::invalid_collector_version())
    }

    /// Returns an `UpdateSet` of at most `maximum` object updates, if the condition is fulfilled.
    pub(super) fn collect(
        &mut self,
        maximum: usize,
        look_at_views: bool,
        versions: Versions,
        condition: ResponseCondition,
        objects: &dyn ObjectSource,
    ) -> Option<Value> {
        let mut left = maximum;
        let mut truncated = false;
        let mut sets = Vec::new();
        for filter in self.filters.values_mut() {
            filter.catch_up(objects, look_at_views);
            let (set, count, more) =
                filter.take(left, condition == ResponseCondition::Initial, objects);
            sets.extend(set);
            left = left.saturating_sub(count);
            truncated |= more;
        }
        if sets.is_empty() && !truncated && condition == ResponseCondition::OnChange {
            return None;
        }
        let number = self.next_number();
        let version = match versions {
            Versions::Constant => "-".to_owned(),
            Versions::Numbered if truncated => format!("{number}:more"),
            Versions::Numbered => number.to_string(),
        };
        let mut update = json!({"_typeName": "UpdateSet", "version": version});
        if !sets.is_empty() {
            update["filterSet"] = Value::Array(sets);
        }
        if truncated {
            update["truncated"] = json!(true);
        }
        self.issued = Some(IssuedVersion { version, truncated });
        Some(update)
    }
}
