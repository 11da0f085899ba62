//! Control handle of a running simulator for tests: sessions, clock, faults and request log.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::fault_injection::{FaultPlan, ServerEvent};
use super::http::log::RequestRecord;
use super::open_objects::OpenObjects;
use super::server::ServerCore;
use super::server_behavior::ServerBehavior;
use super::world::task::TaskId;

/// Handle of a running server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Control {
    server: Arc<ServerCore>,
}

impl Control {
    pub(super) fn new(server: Arc<ServerCore>) -> Self {
        Self { server }
    }

    /// Ends all sessions, like a restart of the service. Returns their number.
    pub fn kill_sessions(&self) -> usize {
        self.server.with(super::service::Core::end_sessions)
    }

    /// Destroys all history collectors of tasks and events without ending the sessions. Returns their number.
    pub fn destroy_history_collectors(&self) -> usize {
        self.server.with(|core| core.sessions.drop_histories())
    }

    /// Returns the number of pending waits for updates.
    pub fn pending_waits(&self) -> usize {
        self.server.pending_waits()
    }

    /// Returns the number of open sessions.
    pub fn session_count(&self) -> usize {
        self.server.with(|core| core.sessions.count())
    }

    /// Returns the session ids and keys of the open sessions, for tests that look for leaks.
    pub fn session_secrets(&self) -> Vec<String> {
        self.server.with(|core| core.sessions.secrets())
    }

    /// Advances a manual clock and the world.
    pub fn advance(&self, span: Duration) {
        self.server.clock.advance(span);
        self.server.with(|_| ());
        self.server.wake_waits();
    }

    /// Returns the newest 50,000 requests, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.server.log().newest()
    }

    /// Returns the total number of requests.
    pub fn request_count(&self) -> u64 {
        self.server.log().count()
    }

    /// Logs all further requests to a file. A line has the tab-separated fields: seconds since the start, status (0:
    /// no response), bytes, method and kind.
    pub fn log_to(&self, file: std::fs::File) {
        self.server.log().write_to(file);
    }

    /// Clears the request log.
    pub fn clear_requests(&self) {
        self.server.log().clear();
    }

    /// Returns `TaskInfo` of all existing tasks by number, as in `GET Task/{moId}/info`.
    pub fn expected_tasks(&self) -> Vec<Value> {
        self.server.with(|core| {
            core.world
                .tasks()
                .map(|task| core.writer().info(&task.record))
                .collect()
        })
    }

    /// Returns `TaskInfo` of the tasks that finished since the start, in the order of completion, including those whose
    /// object is gone; at most the latest 20,000.
    pub fn finished_tasks(&self) -> Vec<Value> {
        self.server.with(|core| {
            let records = core.world.finished_records();
            records.map(|record| core.writer().info(record)).collect()
        })
    }

    /// Changes the server's behavior.
    pub fn change_behavior(&self, change: impl FnOnce(&mut ServerBehavior)) {
        self.server.with(|core| change(&mut core.behavior));
    }

    /// Drops the next `count` responses: the calls are executed, but the connection is closed instead of responding.
    pub fn lose_responses(&self, count: usize) {
        self.server.with(|core| core.lose_responses = count);
    }

    /// Activates a fault plan in addition to those already active. Must be called within a Tokio runtime.
    pub fn inject(&self, plan: &FaultPlan) {
        self.server.activate_faults(plan);
    }

    /// Removes all faults and scheduled events. Effects in progress continue.
    pub fn clear_faults(&self) {
        self.server.faults.clear();
    }

    /// Triggers a server event.
    pub fn trigger(&self, event: &ServerEvent) {
        self.server.trigger(event);
    }

    /// Returns the number of requests and connections affected by faults.
    pub fn faults_injected(&self) -> u64 {
        self.server.faults.injected()
    }

    /// Returns the SHA-256 fingerprint of the current certificate as colon-separated upper-case hex, or `None`
    /// without TLS.
    pub fn fingerprint(&self) -> Option<String> {
        let certificate = self.server.listener_control.certificate();
        certificate.map(|certificate| certificate.fingerprint)
    }

    /// Returns true if the record that the server plays has ended.
    pub fn has_played_all(&self) -> bool {
        self.server.with(|core| core.world.has_played_all())
    }

    /// Removes a task's object. Returns true if it existed.
    pub fn remove_task(&self, mo_id: &str) -> bool {
        let Some(id) = TaskId::parse(mo_id) else {
            return false;
        };
        self.server.with(|core| core.world.remove_task(id))
    }

    /// Answers the pending question of a virtual machine. Returns true if there was one.
    pub fn answer_question(&self, machine: &str) -> bool {
        self.server.with(|core| {
            let machine = core.world.inventory().named(machine);
            machine.is_some_and(|machine| core.world.answer_question(machine))
        })
    }

    /// Returns the number of session-scoped objects by kind.
    pub fn open_objects(&self) -> OpenObjects {
        self.server.with(|core| core.sessions.open_objects())
    }
}
