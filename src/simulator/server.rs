//! Running server: the shared core, its clock and the task that advances the world.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::clock::SimulatorClock;
use super::fault_injection::FaultInjector;
use super::http::listener_control::ListenerControl;
use super::http::log::RequestLog;
use super::method_fault::MethodFault;
use super::service::{ApiCall, CallResponse, CallResult, Core, WaitRequest, WaitTicket};

/// Minimum sleep of the clock task while a client waits for changes.
const MIN_TICK: Duration = Duration::from_millis(2);

/// Maximum sleep of the clock task, so that no backlog of events builds up.
const MAX_TICK: Duration = Duration::from_millis(250);

/// Guard that unregisters a wait on drop, also when its client disconnects.
struct WaitGuard<'a> {
    server: &'a ServerCore,
    ticket: WaitTicket,
}

impl<'a> WaitGuard<'a> {
    fn begin(server: &'a ServerCore, ticket: WaitTicket) -> Self {
        server.waiters.fetch_add(1, Ordering::SeqCst);
        server.wait_started.notify_one();
        Self { server, ticket }
    }
}

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        self.server.waiters.fetch_sub(1, Ordering::SeqCst);
        self.server.with(|core| core.end_wait(&self.ticket));
    }
}

/// Shared state of a running server.
#[derive(Debug)]
pub(super) struct ServerCore {
    core: Mutex<Core>,
    pub(super) clock: SimulatorClock,
    pub(super) faults: FaultInjector,
    pub(super) listener_control: ListenerControl,
    started: Instant,
    log: Mutex<RequestLog>,
    /// Notifies pending waits of changes.
    changed: watch::Sender<u64>,
    waiters: AtomicUsize,
    wait_started: Notify,
    pub(super) stop: CancellationToken,
}

impl ServerCore {
    pub(super) fn new(
        core: Core,
        clock: SimulatorClock,
        listener_control: ListenerControl,
    ) -> Self {
        Self {
            core: Mutex::new(core),
            clock,
            faults: FaultInjector::default(),
            listener_control,
            started: Instant::now(),
            log: Mutex::default(),
            changed: watch::Sender::new(0),
            waiters: AtomicUsize::new(0),
            wait_started: Notify::new(),
            stop: CancellationToken::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // A panicking test leaves the core in a consistent state.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on the core at the current time and notifies pending waits if something changed.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.lock();
        core.unscaled = self.clock.unscaled();
        let unscaled = core.unscaled;
        core.sessions.expire(unscaled);
        core.world.advance_to(self.clock.world_now());
        let result = work(&mut core);
        let stamp = core.world.version().wrapping_add(core.wake_count << 40);
        drop(core);
        self.changed
            .send_if_modified(|last| std::mem::replace(last, stamp) != stamp);
        result
    }

    /// Executes a call. Calls on the same property collector are serialized; waits for updates are asynchronous.
    pub(super) async fn answer(&self, call: &ApiCall) -> CallResult {
        let lock = self.with(|core| core.wait_lock(call));
        let _guard = match lock {
            Some(lock) => Some(lock.lock_owned().await),
            None => None,
        };
        match self.with(|core| core.wait_request(call))? {
            Some(request) => self.wait(request).await,
            None => self.with(|core| core.call(call)),
        }
    }

    async fn wait(&self, request: WaitRequest) -> CallResult {
        let deadline = request
            .timeout
            .map(|timeout| self.clock.unscaled() + timeout);
        let ticket = self.with(|core| core.begin_wait(request))?;
        let guard = WaitGuard::begin(self, ticket);
        let mut changed = self.changed.subscribe();
        let mut first = true;
        loop {
            changed.mark_unchanged();
            if let Some(updates) = self.with(|core| core.poll_wait(&guard.ticket, first))? {
                return Ok(CallResponse::Value(updates));
            }
            first = false;
            let left = deadline.map(|deadline| deadline.saturating_sub(self.clock.unscaled()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(CallResponse::Unset);
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = self.clock.pause(left) => {}
                () = self.stop.cancelled() => return Err(MethodFault::request_canceled()),
            }
        }
    }

    /// Returns the number of pending waits.
    pub(super) fn pending_waits(&self) -> usize {
        self.waiters.load(Ordering::SeqCst)
    }

    /// Wakes all pending waits even if only the time has changed.
    pub(super) fn wake_waits(&self) {
        self.changed.send_modify(|_| ());
    }

    /// Returns the real time since the start.
    pub(super) fn real_time(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns true if the next response is to be dropped.
    pub(super) fn loses_response(&self) -> bool {
        self.with(|core| {
            let lost = core.lose_responses > 0;
            core.lose_responses = core.lose_responses.saturating_sub(1);
            lost
        })
    }

    /// Returns the request log.
    pub(super) fn log(&self) -> MutexGuard<'_, RequestLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Advances the world until the server is stopped. Returns at once for a manual clock.
    pub(super) async fn run_clock(self: Arc<Self>) {
        let advancing = async {
            loop {
                let due = self.with(|core| core.world.next_due());
                let Some(pause) = due.map_or(Some(MAX_TICK), |due| self.clock.real_time_until(due))
                else {
                    return;
                };
                let min = if self.waiters.load(Ordering::SeqCst) > 0 {
                    MIN_TICK
                } else {
                    MAX_TICK
                };
                let pause = pause.min(MAX_TICK).max(min);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.wait_started.notified() => {}
                }
            }
        };
        self.stop.run_until_cancelled(advancing).await;
    }
}
