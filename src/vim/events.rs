//! What is to be known around a task: its events, and what its virtual machine asks.

use serde_json::json;

use super::{
    client::Client,
    error::Error,
    method::ApiMethod,
    types::{ManagedObjectReference, TaskEvent, VmQuestion, items},
};

/// How many events of a task are asked for: no more than servers give at a time, and some give ten if nothing is said.
const MAX_EVENTS: usize = 1_000;

impl Client {
    /// The events of a task by its `eventChainId`, oldest first; of more than [`MAX_EVENTS`] the newest.
    ///
    /// # Errors
    /// `NoPermission`, and the connection's troubles; where the server has no events at all.
    pub async fn task_events(&self, chain: i32) -> Result<Vec<TaskEvent>, Error> {
        let doing = || "reading the task's events".to_owned();
        let Some(manager) = &self.content().event_manager else {
            return Err(self.unaskable(&doing, "the server offers no events."));
        };
        let filter = json!({
            "_typeName": "EventFilterSpec",
            "eventChainId": chain,
            "maxCount": MAX_EVENTS,
        });
        let kind = "EventManager/QueryEvents";
        let body = json!({"filter": filter});
        let answer = self.post(manager, ApiMethod::QueryEvents, body, kind, &doing);
        let list = |events| items("Event", events);
        let events = self.read(&doing, &answer.await?, list)?;
        // Some servers take the filter and ignore it.
        let is_of_chain = |event: &TaskEvent| event.chain.is_none_or(|other| other == chain);
        let events = events.into_iter().map(TaskEvent::from_json);
        let mut events: Vec<TaskEvent> = events.filter(is_of_chain).collect();
        events.sort_by_key(|event| (event.created, event.key));
        Ok(events)
    }

    /// The question that a virtual machine asks, if it does.
    ///
    /// # Errors
    /// Faults, and the connection's troubles.
    pub async fn question(
        &self,
        machine: &ManagedObjectReference,
    ) -> Result<Option<VmQuestion>, Error> {
        let doing = || format!("asking whether {machine} waits for an answer");
        let kind = "VirtualMachine/runtime";
        let answer = self.get(machine, "runtime", kind, &doing);
        self.read(&doing, &answer.await?, |runtime| {
            Ok(VmQuestion::of_runtime(runtime))
        })
    }
}
