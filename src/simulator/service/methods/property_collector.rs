//! Methods of `PropertyCollector` and `PropertyFilter`, and waits for updates.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::method_fault::MethodFault;
use crate::service::call::{ApiCall, CallResponse, CallResult};
use crate::service::content::DEFAULT_COLLECTOR;
use crate::service::dispatch::Core;
use crate::service::filter_spec::FilterSpec;
use crate::service::property_collector::{PropertyCollector, ResponseCondition};
use crate::service::property_filter::PropertyFilter;
use crate::value::MoRef;

/// The parameters of a wait.
#[derive(Clone, Debug)]
pub(crate) struct WaitRequest {
    /// Header value of the session.
    token: String,
    collector: MoRef,
    version: String,
    /// Maximum duration of the wait; `None` for no limit.
    pub(crate) timeout: Option<Duration>,
    maximum: usize,
    /// True if the method supports truncated update sets.
    extended: bool,
}

/// A wait in progress.
#[derive(Clone, Debug)]
pub(crate) struct WaitTicket {
    request: WaitRequest,
    cancels: u64,
    condition: ResponseCondition,
}

impl Core {
    /// Methods of `PropertyCollector` for collectors and filters.
    pub(crate) fn call_own_collector(&mut self, token: &str, call: &ApiCall) -> CallResult {
        let mut fields = self.fields(call)?;
        match &*call.member {
            "CreatePropertyCollector" => {
                fields.done()?;
                self.check_collector_permission(&call.object)?;
                let id = self.new_object_id(token);
                let first = self.rng.u64(1..1_000_000) * 1000;
                self.session_mut(token, &call.object)?
                    .collectors
                    .insert(id.clone(), PropertyCollector::new(first));
                Ok(CallResponse::Value(
                    MoRef::new("PropertyCollector", id).to_json(),
                ))
            }
            "DestroyPropertyCollector" => {
                fields.done()?;
                if &*call.object.id == DEFAULT_COLLECTOR {
                    return Err(MethodFault::not_supported(
                        "The operation is not supported on the object: the default collector cannot be destroyed.",
                    ));
                }
                let session = self.session_mut(token, &call.object)?;
                session
                    .retrievals
                    .retain(|retrieval| retrieval.collector != call.object);
                session.collectors.remove(&*call.object.id);
                self.wake_waits();
                Ok(CallResponse::Void)
            }
            "CreateFilter" => {
                self.check_collector_permission(&call.object)?;
                let raw = fields.peek("spec");
                let spec = FilterSpec::read(fields.object("spec", "PropertyFilterSpec")?)?;
                let partial = fields.boolean("partialUpdates")?;
                fields.done()?;
                let reference = MoRef::new("PropertyFilter", self.new_object_id(token));
                let filter = PropertyFilter::new(
                    reference.clone(),
                    spec,
                    raw,
                    partial,
                    &self.objects(token),
                )?;
                let collector = self.collector_mut(token, &call.object)?;
                let number = collector.next_number();
                collector.filters.insert(number, filter);
                self.wake_waits();
                Ok(CallResponse::Value(reference.to_json()))
            }
            "CancelWaitForUpdates" => {
                fields.done()?;
                self.collector_mut(token, &call.object)?.cancels += 1;
                self.wake_waits();
                Ok(CallResponse::Void)
            }
            _ => Err(MethodFault::method_not_found(&call.object, &call.member)),
        }
    }

    /// `PropertyFilter.DestroyPropertyFilter`.
    pub(crate) fn call_filter(&mut self, token: &str, call: &ApiCall) -> CallResult {
        if call.member != "DestroyPropertyFilter" {
            return Err(MethodFault::method_not_found(&call.object, &call.member));
        }
        self.fields(call)?.done()?;
        let session = self.session_mut(token, &call.object)?;
        for collector in session.collectors.values_mut() {
            collector.remove_filter(&call.object);
        }
        Ok(CallResponse::Void)
    }

    fn collector_mut(
        &mut self,
        token: &str,
        object: &MoRef,
    ) -> Result<&mut PropertyCollector, MethodFault> {
        let session = self.session_mut(token, object)?;
        session
            .collectors
            .get_mut(&*object.id)
            .ok_or_else(|| MethodFault::object_not_found(object))
    }

    /// Returns the lock that serializes waits on one collector, whose versions are ordered; `None` for other calls.
    pub(crate) fn wait_lock(&mut self, call: &ApiCall) -> Option<Arc<tokio::sync::Mutex<()>>> {
        let takes_turns = matches!(
            &*call.member,
            "WaitForUpdates" | "WaitForUpdatesEx" | "CheckForUpdates"
        );
        if !call.is_method || !takes_turns || &*call.object.kind != "PropertyCollector" {
            return None;
        }
        let token = self.authenticate(call).ok()?;
        self.collector_mut(&token, &call.object)
            .ok()
            .map(|collector| collector.wait_lock.clone())
    }

    /// Parses the parameters of a wait; `None` for other calls.
    pub(crate) fn wait_request(
        &mut self,
        call: &ApiCall,
    ) -> Result<Option<WaitRequest>, MethodFault> {
        if !call.is_wait() {
            return Ok(None);
        }
        let token = self.authenticate(call)?;
        self.require_object(&token, &call.object)?;
        let mut fields = self.fields(call)?;
        let version = fields.optional_string("version")?.unwrap_or_default();
        let mut timeout = (call.member == "CheckForUpdates").then_some(Duration::ZERO);
        let mut maximum = usize::MAX;
        if call.member == "WaitForUpdatesEx" {
            maximum = self.behavior.update_cap.unwrap_or(usize::MAX);
            if let Some(mut options) = fields.optional_object("options", "WaitOptions")? {
                let seconds = options.optional_count("maxWaitSeconds")?;
                timeout = seconds
                    .and_then(|seconds| u64::try_from(seconds).ok())
                    .map(Duration::from_secs);
                maximum = maximum.min(options.limit("maxObjectUpdates")?);
                options.done()?;
            }
        }
        fields.done()?;
        if let Some(limit) = self.behavior.max_wait {
            timeout = Some(timeout.map_or(limit, |timeout| timeout.min(limit)));
        }
        Ok(Some(WaitRequest {
            token,
            collector: call.object.clone(),
            version,
            timeout,
            maximum,
            extended: call.member == "WaitForUpdatesEx",
        }))
    }

    /// Begins a wait: accepts the version and marks the session as in use.
    pub(crate) fn begin_wait(&mut self, request: WaitRequest) -> Result<WaitTicket, MethodFault> {
        let versions = self.behavior.versions;
        let collector = self.collector_mut(&request.token, &request.collector)?;
        let condition = collector.accept_version(&request.version, request.extended, versions)?;
        let cancels = collector.cancels;
        self.session_mut(&request.token, &request.collector)?
            .pending_waits += 1;
        Ok(WaitTicket {
            request,
            cancels,
            condition,
        })
    }

    /// Returns the response of a wait, if there is one now. `first` is true for the first poll of the wait.
    pub(crate) fn poll_wait(
        &mut self,
        ticket: &WaitTicket,
        first: bool,
    ) -> Result<Option<Value>, MethodFault> {
        let WaitRequest {
            token,
            collector: object,
            maximum,
            ..
        } = &ticket.request;
        let is_revoked = self
            .sessions
            .get(token)
            .is_some_and(|session| session.collectors_revoked);
        if is_revoked && self.behavior.waits_outlive_sessions {
            return Ok(None);
        }
        if is_revoked {
            return Err(MethodFault::not_authenticated(object));
        }
        // Temporarily moved out of its session, which the filters read.
        let removed = self
            .sessions
            .get_mut(token)
            .and_then(|session| session.collectors.remove(&*object.id));
        let Some(mut collector) = removed else {
            let goes_on = self.behavior.waits_outlive_sessions && !self.sessions.has(token);
            return if goes_on {
                Ok(None)
            } else {
                Err(MethodFault::request_canceled())
            };
        };
        let cancelled = collector.cancels != ticket.cancels;
        let look_at_views =
            self.behavior.report_view_changes && (first || self.behavior.wake_on_view_change);
        let sent = (!cancelled).then(|| {
            collector.collect(
                *maximum,
                look_at_views,
                self.behavior.versions,
                if first {
                    ticket.condition
                } else {
                    ResponseCondition::OnChange
                },
                &self.objects(token),
            )
        });
        if let Some(session) = self.sessions.get_mut(token) {
            session.collectors.insert(object.id.to_string(), collector);
        }
        sent.ok_or_else(MethodFault::request_canceled)
    }

    /// Ends a wait, with or without a response.
    pub(crate) fn end_wait(&mut self, ticket: &WaitTicket) {
        let unscaled = self.unscaled;
        if let Some(session) = self.sessions.get_mut(&ticket.request.token) {
            session.pending_waits = session.pending_waits.saturating_sub(1);
            session.used(unscaled);
        }
    }
}
