//! Following all tasks with one long poll.
//!
//! Every watched task that is not over is a member of a list view on the server; a wait for changes runs all the
//! time. The state here outlives an outage: as long as the session lives, the version that was reached is asked for
//! again, and nothing that happened meanwhile is missed.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    answers::{Done, End},
    endpoint::{Endpoint, Halt},
    joining::Joining,
    options::{FetchMode, Tempo},
    pace::Pace,
    reading::{IN_FLIGHT, Reading},
    version::Version,
};
use crate::vim::{Client, Error, ErrorKind, TaskCollector, types::UpdateSet};

/// A wait that proxies cut sooner than this is not worth it.
const LEAST_WAIT: Duration = Duration::from_secs(5);
/// How long a task that was put into the view may stay unheard of before the running wait is ended: some servers do
/// not wake it.
const NUDGE_AFTER: Duration = Duration::from_millis(800);
/// How often in a row tasks may have to be read because the server tells of none in the view.
const SILENCES: u32 = 3;
/// Waits that end with nothing begin no sooner than this one after another: something between may answer in the
/// server's place.
const LEAST_GAP: Duration = Duration::from_millis(250);
/// How many waits in a row may fail before tasks are read one by one.
const FAILURES: u32 = 4;
/// How long tasks are read one by one at most where the long poll was in trouble that may pass.
const AFTER_TROUBLE: Duration = Duration::from_secs(30);
/// A wait that is answered sooner had its answer ready.
const AT_ONCE: Duration = Duration::from_millis(20);
/// How many tasks are put into the view with one request.
const JOIN_AT_ONCE: usize = 2_000;

/// How tasks are followed at the moment.
#[derive(Debug)]
pub(super) enum Fetch {
    /// By one long poll for all.
    Push(Box<Push>),
    /// One by one.
    Poll {
        /// Why not by push, where that was tried; for people.
        reason: Option<Arc<str>>,
        /// When push is tried again.
        push_at: Option<Instant>,
    },
}

impl Fetch {
    pub(super) fn new(mode: FetchMode) -> Self {
        let push_at = (mode != FetchMode::Poll).then(Instant::now);
        Self::Poll {
            reason: None,
            push_at,
        }
    }

    /// When a wait may start, or push is tried again.
    pub(super) fn next_time(&self) -> Option<Instant> {
        match self {
            Self::Push(push) => push.next_time(),
            Self::Poll { push_at, .. } => *push_at,
        }
    }
}

/// The state of the long poll.
#[derive(Debug)]
pub(super) struct Push {
    pub(super) collector: Arc<TaskCollector>,
    version: Version,
    /// What is in the view, as far as we know.
    pub(super) members: HashSet<Arc<str>>,
    /// Members that were not heard of yet.
    joining: Joining,
    leaving: Vec<Arc<str>>,
    is_modifying: bool,
    /// Since when a wait runs.
    waiting_since: Option<Instant>,
    next_wait: Instant,
    /// Whether the running wait was told to end.
    is_nudged: bool,
    /// Whether a wait may still run on the server that is lost to us.
    is_orphaned: bool,
    wait: Duration,
    /// How long a member may stay unheard of before it is read by itself.
    heard_after: Duration,
    pace: Pace,
    failures: u32,
    /// How many answers in a row brought changes without telling all.
    truncated: u32,
    /// When the server had told all that it knew.
    complete_at: Instant,
}

/// What was learned of waits while the collector is replaced.
#[derive(Debug, Clone, Copy)]
pub(super) struct Learned {
    /// How long waits may be.
    wait: Duration,
    /// How many failed in a row.
    failures: u32,
}

impl Push {
    fn new(collector: TaskCollector, tempo: Tempo, learned: Option<Learned>, now: Instant) -> Self {
        let learned = learned.unwrap_or(Learned {
            wait: tempo.wait,
            failures: 0,
        });
        Self {
            collector: Arc::new(collector),
            version: Version::default(),
            members: HashSet::new(),
            joining: Joining::default(),
            leaving: Vec::new(),
            is_modifying: false,
            waiting_since: None,
            next_wait: now,
            is_nudged: false,
            is_orphaned: false,
            wait: learned.wait,
            heard_after: tempo.heard_after,
            pace: Pace::new(now),
            failures: learned.failures,
            truncated: 0,
            complete_at: now,
        }
    }

    /// Nothing is under way any more: the loop begins anew after an outage. Answers the tasks of which it is not
    /// known whether the view took them.
    pub(super) fn interrupted(&mut self) -> Vec<Arc<str>> {
        self.is_nudged = false;
        if self.waiting_since.take().is_some() {
            self.is_orphaned = true;
            self.version.answer_lost();
        }
        self.next_wait = Instant::now();
        if !std::mem::take(&mut self.is_modifying) {
            return Vec::new();
        }
        let unsure = self.joining.take_all();
        for mo_id in &unsure {
            self.members.remove(mo_id);
        }
        unsure
    }

    /// Whether changes may have been lost that this collector will not tell again.
    pub(super) fn is_lossy(&self) -> bool {
        self.version.is_lost()
    }

    pub(super) fn is_modifying(&self) -> bool {
        self.is_modifying
    }

    /// Whether tasks of the view were not heard of yet, or are on their way into it.
    pub(super) fn is_joining(&self) -> bool {
        self.is_modifying || !self.joining.is_empty()
    }

    /// Takes a task out of the view.
    pub(super) fn leave(&mut self, mo_id: &Arc<str>) {
        self.joining.remove(mo_id);
        if self.members.remove(mo_id) {
            self.leaving.push(mo_id.clone());
        }
    }

    /// The server told of a task of the view.
    pub(super) fn heard_of(&mut self, mo_id: &str) {
        self.joining.heard_of(mo_id);
    }

    /// A task is over or cannot be read: it is not waited for any more.
    pub(super) fn settled(&mut self, mo_id: &str) {
        self.joining.remove(mo_id);
    }

    fn next_time(&self) -> Option<Instant> {
        let wait = self.waiting_since.is_none() && !self.members.is_empty();
        let nudge = self
            .can_nudge()
            .then(|| self.joining.nudge_due(NUDGE_AFTER));
        let wait = wait.then_some(self.next_wait);
        let read = self.joining.read_due(self.heard_after);
        [wait, nudge.flatten(), read].into_iter().flatten().min()
    }

    /// Whether a wait runs that may be ended, and everybody who joined is in the view.
    fn can_nudge(&self) -> bool {
        !self.is_nudged && !self.is_modifying && self.waiting_since.is_some()
    }
}

impl Endpoint {
    /// Begins to follow by push, if that is wanted and due. Where the server does not allow it, tasks are read one by
    /// one.
    pub(super) async fn try_push(&mut self, client: &Arc<Client>) -> Result<(), End> {
        let now = Instant::now();
        match &self.fetch {
            Fetch::Poll {
                push_at: Some(at), ..
            } if *at <= now => {}
            _ => return Ok(()),
        }
        for collector in std::mem::take(&mut self.litter) {
            self.attend(async move { collector.destroy().await })
                .await?;
        }
        let creating = TaskCollector::create(client.clone());
        match self.attend(creating).await? {
            Ok(collector) => {
                let push = Push::new(collector, self.options.tempo, self.learned.take(), now);
                self.fetch = Fetch::Push(Box::new(push));
                self.watched.set_paced(false, now);
            }
            Err(error) if error.is_session_dead() => return Err(End::SessionDead(Box::new(error))),
            Err(error) => self.fall_back(error).await?,
        }
        self.show_link().await?;
        Ok(())
    }

    /// Reads tasks one by one from now on, and says why; push comes back to its turn later.
    async fn fall_back(&mut self, error: Error) -> Result<(), End> {
        if self.options.fetch == FetchMode::Push {
            self.abandon_push();
            return Err(Halt::Failed(Box::new(error)).into());
        }
        let now = Instant::now();
        self.abandon_push();
        self.learned = None;
        let again = self.options.push_again;
        let again = if error.is_passing() {
            again.min(AFTER_TROUBLE)
        } else {
            again
        };
        self.fetch = Fetch::Poll {
            reason: Some(error.reason().into()),
            push_at: Some(now + again),
        };
        self.watched.set_paced(true, now);
        self.show_link().await?;
        Ok(())
    }

    /// Collector and view are given up, or gone with their session: they are made anew.
    pub(super) fn abandon_push(&mut self) {
        if matches!(self.fetch, Fetch::Push(_)) {
            let next = Fetch::new(self.options.fetch);
            if let Fetch::Push(push) = std::mem::replace(&mut self.fetch, next) {
                self.learned = Some(Learned {
                    wait: push.wait,
                    failures: push.failures,
                });
                self.litter.push(push.collector);
            }
        }
    }

    /// Starts what the long poll needs: members to join and leave, the wait itself.
    pub(super) fn feed_push(&mut self, reading: &mut Reading) {
        let Fetch::Push(push) = &mut self.fetch else {
            return;
        };
        let now = Instant::now();
        if !push.is_modifying {
            let mut joining = Vec::new();
            while joining.len() < JOIN_AT_ONCE
                && let Some((mo_id, _)) = self.watched.next_due(now)
            {
                if !push.members.contains(&mo_id) {
                    joining.push(mo_id);
                } else if reading.requests.len() < IN_FLIGHT {
                    reading.read(mo_id, None);
                } else {
                    self.watched.at(&mo_id, now + Duration::from_millis(100));
                }
            }
            if !joining.is_empty() || !push.leaving.is_empty() {
                push.is_modifying = true;
                push.members.extend(joining.iter().cloned());
                push.joining.add(&joining, now);
                let (collector, leaving) =
                    (push.collector.clone(), std::mem::take(&mut push.leaving));
                reading.start(|_| async move {
                    let unresolved = collector.modify_view(&joining, &leaving).await;
                    Done::View(joining, unresolved)
                });
            }
        }
        push.start_wait(reading, now);
    }

    /// Looks after tasks that are in the view and still unheard of.
    pub(super) async fn chase(&mut self, reading: &mut Reading) -> Result<(), End> {
        let Fetch::Push(push) = &mut self.fetch else {
            return Ok(());
        };
        let now = Instant::now();
        if push.can_nudge() && push.joining.take_nudge(NUDGE_AFTER, now) {
            push.is_nudged = true;
            let collector = push.collector.clone();
            reading.start(|_| async move {
                let _ = collector.cancel_wait().await;
                Done::Nudge
            });
        }
        let late = push.joining.take_late(push.heard_after, now);
        if push.joining.silences() > SILENCES {
            let doing = || "waiting for changes".to_owned();
            let why = "the server never tells of the tasks that it is to tell of.";
            return self.fall_back(reading.client.unaskable(&doing, why)).await;
        }
        for mo_id in late {
            self.watched.at(&mo_id, now);
        }
        Ok(())
    }

    /// A wait ended.
    pub(super) async fn take_wait(
        &mut self,
        reading: &mut Reading,
        answer: Result<Option<UpdateSet>, Error>,
    ) -> Result<(), End> {
        let Fetch::Push(push) = &mut self.fetch else {
            return Ok(());
        };
        let now = Instant::now();
        let began = push.waiting_since.take();
        let lasted = began.map(|began| now.duration_since(began));
        let was_nudged = std::mem::take(&mut push.is_nudged);
        let error = match answer {
            Ok(set) => {
                push.failures = 0;
                reading.doubts.good(now);
                push.next_wait = now;
                // What an answer brings at once happened while none was asked for.
                let since = match lasted {
                    Some(lasted) if lasted > AT_ONCE => now,
                    _ => push.complete_at,
                };
                if set.as_ref().is_none_or(|set| !set.truncated) {
                    push.complete_at = now;
                }
                if let Some(set) = set {
                    reading.happened(since);
                    push.version.arrived(&set.version, set.truncated);
                    if set.truncated {
                        push.truncated += 1;
                        push.joining.telling(now);
                    } else {
                        let answers = 1 + std::mem::take(&mut push.truncated);
                        push.next_wait = push.pace.next(now, answers);
                    }
                    self.session.was_good = true;
                    self.take_updates(reading, set);
                } else if let Some(began) = began {
                    push.next_wait = now.max(began + LEAST_GAP);
                }
                return Ok(());
            }
            Err(error) => error,
        };
        if error.is_session_dead() {
            return Err(End::SessionDead(Box::new(error)));
        }
        if error.is_fault("RequestCanceled") && was_nudged {
            push.next_wait = now;
            return Ok(());
        }
        push.failures += 1;
        if push.failures >= FAILURES {
            return self.fall_back(error).await;
        }
        if error.is_fault("InvalidCollectorVersion") {
            push.version.restart();
            push.next_wait = now;
        } else if error.is_fault("ManagedObjectNotFound") {
            // The collector is gone though the session lives.
            self.abandon_push();
        } else if error.is_fault("RequestCanceled") {
            push.next_wait = now + Duration::from_millis(200);
        } else if error.is_passing() {
            push.after_lost_answer(error, lasted.unwrap_or_default(), now)?;
            if push.is_lossy() {
                self.abandon_push();
            }
        } else {
            return self.fall_back(error).await;
        }
        Ok(())
    }
}

impl Push {
    fn start_wait(&mut self, reading: &mut Reading, now: Instant) {
        let is_idle = self.waiting_since.is_some() || self.members.is_empty();
        if is_idle || self.next_wait > now {
            return;
        }
        self.waiting_since = Some(now);
        let is_orphaned = std::mem::take(&mut self.is_orphaned);
        let (collector, wait) = (self.collector.clone(), self.wait);
        let version = self.version.as_str().to_owned();
        reading.waits.spawn(async move {
            if is_orphaned {
                // The server would finish the lost wait first.
                let _ = collector.cancel_wait().await;
            }
            collector.wait(&version, wait).await
        });
    }

    /// A wait ended without its answer. One that a proxy cut gets shorter.
    fn after_lost_answer(
        &mut self,
        error: Error,
        lasted: Duration,
        now: Instant,
    ) -> Result<(), End> {
        self.is_orphaned = true;
        self.version.answer_lost();
        self.next_wait = now;
        if lasted >= LEAST_WAIT && error.retry_after().is_none() {
            self.wait = shorter(self.wait, lasted);
            return Ok(());
        }
        let is_connections = !matches!(error.kind, ErrorKind::Status { .. });
        if is_connections && self.failures == 1 {
            return Ok(());
        }
        Err(Halt::Failed(Box::new(error)).into())
    }

    /// The view was changed, or not. Answers the tasks that are to be put there again.
    pub(super) fn modified(&mut self, joining: &[Arc<str>], failed: bool) -> Vec<Arc<str>> {
        self.is_modifying = false;
        if !failed {
            return Vec::new();
        }
        for mo_id in joining {
            self.members.remove(mo_id);
            self.joining.remove(mo_id);
        }
        joining.to_vec()
    }
}

/// How long to wait after a wait of at most `wait` was lost after `lasted`: less, for something cuts it.
fn shorter(wait: Duration, lasted: Duration) -> Duration {
    lasted.mul_f64(0.8).max(LEAST_WAIT).min(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_is_cut_gets_shorter_down_to_the_least_and_never_longer() {
        let seconds = Duration::from_secs;
        assert_eq!(shorter(seconds(55), seconds(30)), seconds(24));
        assert_eq!(shorter(seconds(55), seconds(5)), LEAST_WAIT);
        // The server's time, and our patience with it, was over.
        assert_eq!(shorter(seconds(5), seconds(35)), seconds(5));
        assert_eq!(shorter(seconds(3), seconds(33)), seconds(3));
    }
}
