//! The hand in the machine: what tests do to a running server.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::behavior::{ProxyResponse, ServerBehavior};
use super::faults::{Plan, ServerEvent};
use super::http::log::RequestRecord;
use super::server::ServerCore;
use super::world::task::TaskId;

/// A handle on a running server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Control {
    running: Arc<ServerCore>,
}

impl Control {
    pub(super) fn new(running: Arc<ServerCore>) -> Self {
        Self { running }
    }

    /// Ends every session, as a restart of the service does. Tells how many there were.
    pub fn kill_sessions(&self) -> usize {
        self.running.with(super::service::Core::end_sessions)
    }

    /// Destroys every task history collector while the sessions live on. Tells how many there were.
    pub fn drop_histories(&self) -> usize {
        self.running.with(|core| core.sessions.drop_histories())
    }

    /// How many waits for updates are running.
    pub fn waiting(&self) -> usize {
        self.running.waiting()
    }

    /// How many sessions are open.
    pub fn sessions(&self) -> usize {
        self.running.with(|core| core.sessions.count())
    }

    /// What must not leak of the open sessions: the values of their headers and their keys.
    pub fn session_secrets(&self) -> Vec<String> {
        self.running.with(|core| core.sessions.secrets())
    }

    /// Advances a manual clock, and the world with it.
    pub fn advance(&self, span: Duration) {
        self.running.clock.advance(span);
        self.running.with(|_| ());
        self.running.nudge();
    }

    /// The requests so far (the newest 50,000), oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.running.log().newest()
    }

    /// How many requests there were.
    pub fn request_count(&self) -> u64 {
        self.running.log().count()
    }

    /// Writes every request from now on to a file, one line each: seconds since the start, status (0: no answer),
    /// bytes, method and kind, with tabs between.
    pub fn log_to(&self, file: std::fs::File) {
        self.running.log().write_to(file);
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.running.log().clear();
    }

    /// `TaskInfo` of every task whose object exists now, by number, as `GET Task/{moId}/info` would give it.
    pub fn truth(&self) -> Vec<Value> {
        self.running.with(|core| {
            core.world
                .tasks()
                .map(|task| core.writer().info(&task.record))
                .collect()
        })
    }

    /// Changes the server's behavior.
    pub fn change_behavior(&self, change: impl FnOnce(&mut ServerBehavior)) {
        self.running.with(|core| change(&mut core.behavior));
    }

    /// The next request is answered by something in front of the server. May be called several times: each outage
    /// takes one request.
    pub fn fail_next(&self, outage: ProxyResponse) {
        self.running
            .with(|core| core.proxy_responses.push_back(outage));
    }

    /// Removes the pending proxy responses.
    pub fn clear_proxy_responses(&self) {
        self.running.with(|core| core.proxy_responses.clear());
    }

    /// The next `count` answers are lost on the way: the calls have their effect, the connection breaks.
    pub fn lose_responses(&self, count: usize) {
        self.running.with(|core| core.lose_responses = count);
    }

    /// Takes up a plan of faults, besides those that are in force. Must be called within a Tokio runtime.
    pub fn inject(&self, plan: &Plan) {
        self.running.take_up(plan);
    }

    /// The server is well again: no more faults and events. What has begun takes its course.
    pub fn clear_faults(&self) {
        self.running.faults.end();
    }

    /// Something happens to the server now.
    pub fn happen(&self, what: &ServerEvent) {
        self.running.happen(what);
    }

    /// How many requests and connections were befallen by a fault so far.
    pub fn befallen(&self) -> u64 {
        self.running.faults.befallen()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> u64 {
        self.running.gate.accepted()
    }

    /// SHA-256 of the certificate that is shown now, colon-separated upper-case hex; without TLS there is none.
    pub fn fingerprint(&self) -> Option<String> {
        let identity = self.running.gate.identity();
        identity.map(|identity| identity.fingerprint)
    }

    /// Makes a task's object disappear at once.
    pub fn remove_task(&self, mo_id: &str) -> bool {
        let Some(id) = TaskId::parse(mo_id) else {
            return false;
        };
        self.running.with(|core| core.world.remove_task(id))
    }

    /// Answers the question of the virtual machine of this name; tells whether there was one.
    pub fn answer_question(&self, machine: &str) -> bool {
        self.running.with(|core| {
            let machine = core.world.inventory().named(machine);
            machine.is_some_and(|machine| core.world.answer_question(machine))
        })
    }

    /// How many session-scoped objects of each kind exist: property collectors, views, retrievals answered in part.
    pub fn open_objects(&self) -> OpenObjects {
        self.running.with(|core| core.sessions.open_objects())
    }
}

/// Session-scoped objects that exist: what a well-behaved client leaves at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenObjects {
    /// Property collectors made by clients.
    pub collectors: usize,
    /// Property filters.
    pub filters: usize,
    /// Views.
    pub views: usize,
    /// Retrievals answered in part, neither continued nor cancelled.
    pub retrievals: usize,
    /// Task history collectors.
    pub histories: usize,
}
