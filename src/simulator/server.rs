//! A server at work: the core behind its lock, the clock, and what moves the world on while nobody asks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::fault::Fault;
use super::faults::Faults;
use super::http::listener::ListenerControl;
use super::http::log::RequestLog;
use super::service::{ApiCall, CallResponse, Core, WaitRequest, WaitTicket};

/// Shortest pause of the driver while somebody waits for changes: finer than anybody can see.
const FINE_TICK: Duration = Duration::from_millis(2);

/// Longest pause of the driver: what is due is never left lying longer, so that no backlog grows.
const COARSE_TICK: Duration = Duration::from_millis(250);

/// A wait at work; ends in the books however it ends in fact, also when its client hangs up.
struct WaitGuard<'a> {
    running: &'a ServerCore,
    ticket: WaitTicket,
}

impl<'a> WaitGuard<'a> {
    fn begin(running: &'a ServerCore, ticket: WaitTicket) -> Self {
        running.waiters.fetch_add(1, Ordering::SeqCst);
        running.kick.notify_one();
        Self { running, ticket }
    }
}

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        self.running.waiters.fetch_sub(1, Ordering::SeqCst);
        self.running.with(|core| core.end_wait(&self.ticket));
    }
}

/// A server at work.
#[derive(Debug)]
pub(super) struct ServerCore {
    core: Mutex<Core>,
    pub(super) clock: Clock,
    pub(super) faults: Faults,
    pub(super) gate: ListenerControl,
    began: Instant,
    log: Mutex<RequestLog>,
    /// Told whenever something changed that a wait may be waiting for.
    changed: watch::Sender<u64>,
    waiters: AtomicUsize,
    kick: Notify,
    pub(super) stop: CancellationToken,
}

impl ServerCore {
    pub(super) fn new(core: Core, clock: Clock, gate: ListenerControl) -> Self {
        Self {
            core: Mutex::new(core),
            clock,
            faults: Faults::default(),
            gate,
            began: Instant::now(),
            log: Mutex::default(),
            changed: watch::Sender::new(0),
            waiters: AtomicUsize::new(0),
            kick: Notify::new(),
            stop: CancellationToken::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // What a panicking test left behind is still a consistent world.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the core, at the present moment, and tells the waits if something changed.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.lock();
        core.unscaled = self.clock.unscaled();
        core.world.advance_to(self.clock.world_now());
        let result = work(&mut core);
        let stamp = core.world.version().wrapping_add(core.view_changes << 40);
        drop(core);
        self.changed
            .send_if_modified(|last| std::mem::replace(last, stamp) != stamp);
        result
    }

    /// Answers a call. Calls on one property collector take turns, and waits wait.
    pub(super) async fn answer(&self, call: &ApiCall) -> Result<CallResponse, Fault> {
        let turn = self.with(|core| core.turn_of(call));
        let _taken = match turn {
            Some(turn) => Some(turn.lock_owned().await),
            None => None,
        };
        match self.with(|core| core.wait_request(call))? {
            Some(request) => self.wait(request).await,
            None => self.with(|core| core.call(call)),
        }
    }

    async fn wait(&self, request: WaitRequest) -> Result<CallResponse, Fault> {
        let deadline = request
            .timeout
            .map(|timeout| self.clock.unscaled() + timeout);
        let ticket = self.with(|core| core.begin_wait(request))?;
        let waiting = WaitGuard::begin(self, ticket);
        let mut changed = self.changed.subscribe();
        let mut first = true;
        loop {
            changed.mark_unchanged();
            if let Some(news) = self.with(|core| core.poll_wait(&waiting.ticket, first))? {
                return Ok(CallResponse::Value(news));
            }
            first = false;
            let left = deadline.map(|deadline| deadline.saturating_sub(self.clock.unscaled()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(CallResponse::Unset);
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = self.clock.pause(left) => {}
                () = self.stop.cancelled() => return Err(Fault::request_canceled()),
            }
        }
    }

    /// How many waits are running.
    pub(super) fn waiting(&self) -> usize {
        self.waiters.load(Ordering::SeqCst)
    }

    /// Wakes all waits, although nothing may have changed but the time.
    pub(super) fn nudge(&self) {
        self.changed.send_modify(|_| ());
    }

    /// Real time since the start.
    pub(super) fn real_time(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether the answer that is about to leave is to be lost.
    pub(super) fn loses_response(&self) -> bool {
        self.with(|core| {
            let lost = core.lose_responses > 0;
            core.lose_responses = core.lose_responses.saturating_sub(1);
            lost
        })
    }

    /// The log of requests.
    pub(super) fn log(&self) -> MutexGuard<'_, RequestLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the world on until the server is stopped. A manual clock needs no driver.
    pub(super) async fn drive(self: Arc<Self>) {
        let driving = async {
            loop {
                let due = self.with(|core| core.world.next_due());
                let Some(pause) =
                    due.map_or(Some(COARSE_TICK), |due| self.clock.real_time_until(due))
                else {
                    return;
                };
                let least = if self.waiters.load(Ordering::SeqCst) > 0 {
                    FINE_TICK
                } else {
                    COARSE_TICK
                };
                let pause = pause.min(COARSE_TICK).max(least);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.kick.notified() => {}
                }
            }
        };
        self.stop.run_until_cancelled(driving).await;
    }
}
