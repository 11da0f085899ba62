//! What is to be known around a task: its events, and what its virtual machine asks.

use serde_json::json;

use super::{
    client::Client,
    error::Error,
    types::{ManagedObjectReference, TaskEvent, VmQuestion, items},
};

impl Client {
    /// The events of a task by its `eventChainId`, oldest first.
    ///
    /// # Errors
    /// `NoPermission`, and the connection's troubles; where the server has no events at all.
    pub async fn task_events(&self, chain: i32) -> Result<Vec<TaskEvent>, Error> {
        let doing = || "reading the task's events".to_owned();
        let Some(manager) = &self.content().event_manager else {
            return Err(self.unaskable(&doing, "the server offers no events."));
        };
        let filter = json!({"_typeName": "EventFilterSpec", "eventChainId": chain});
        let kind = "EventManager/QueryEvents";
        let body = json!({"filter": filter});
        let answer = self.post(manager, "QueryEvents", body, kind, &doing);
        let list = |events| items("Event", events);
        let events = self.read(&doing, &answer.await?, list)?;
        let mut events: Vec<TaskEvent> = events.into_iter().map(TaskEvent::from_json).collect();
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
