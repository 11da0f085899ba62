//! Events of a task, and states of virtual machines and hosts.

use serde_json::{Value, json};

use super::{
    client::{ApiCall, Client},
    error::Error,
    method::ApiMethod,
    types::{EntityRuntime, Malformed, ManagedObjectReference, TaskEvent, items, unboxed},
};

/// Maximum number of events per request. Servers return no more at a time, and some return ten unless a number is
/// given.
const MAX_EVENTS: usize = 1_000;

impl Client {
    /// Reads the events of a task by its `eventChainId`, oldest first; only the newest [`MAX_EVENTS`] if there are
    /// more.
    ///
    /// # Errors
    /// Returns faults such as `NoPermission`, connection errors, or an error if the server has no event manager.
    pub async fn task_events(&self, chain: i32) -> Result<Vec<TaskEvent>, Error> {
        let action = || "reading the task's events".to_owned();
        let Some(manager) = &self.content().event_manager else {
            return Err(self.unsupported(&action, "the server offers no events."));
        };
        let filter = json!({
            "_typeName": "EventFilterSpec",
            "eventChainId": chain,
            // By the reference, events have no text unless it is requested.
            "disableFullMessage": false,
            "maxCount": MAX_EVENTS,
        });
        let body = json!({"filter": filter});
        let call = ApiCall::post(manager, ApiMethod::QueryEvents, body);
        let parse = |events| items("Event", events);
        let events = self.request(call, &action, parse).await?;
        // Some servers accept the filter and ignore it.
        let is_of_chain = |event: &TaskEvent| event.chain.is_none_or(|other| other == chain);
        let events = events.into_iter().map(TaskEvent::from_json);
        let mut events: Vec<TaskEvent> = events.filter(is_of_chain).collect();
        events.sort_by_key(|event| (event.created, event.key));
        Ok(events)
    }

    /// Reads `runtime` of a virtual machine or host.
    pub async fn runtime(&self, entity: &ManagedObjectReference) -> Result<EntityRuntime, Error> {
        let action = || format!("reading the state of {entity}");
        let kind = match entity.kind() {
            "HostSystem" => "HostSystem/runtime",
            _ => "VirtualMachine/runtime",
        };
        let call = ApiCall::get(entity, "runtime", kind);
        let parse = |runtime| Ok(EntityRuntime::from_json(runtime));
        self.request(call, &action, parse).await
    }

    /// Reads the name of a host.
    pub async fn host_name(&self, host: &ManagedObjectReference) -> Result<String, Error> {
        let action = || format!("reading the name of {host}");
        let call = ApiCall::get(host, "name", "HostSystem/name");
        let parse = |name| match unboxed(name) {
            Value::String(name) => Ok(name),
            other => Err(Malformed::unexpected("name", "a text", &other)),
        };
        self.request(call, &action, parse).await
    }
}
