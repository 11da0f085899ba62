//! Playback of a record: tasks get their recorded states instead of executing a plan.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use vtask_recording::{Line, Player};

use super::task::TaskId;
use super::task_plan::TaskPlan;
use super::time::{Calendar, WorldTime};
use crate::value::MoRef;

/// Maximum number of tasks; further ones of a record are ignored.
pub(super) const MAX_TASKS: usize = 100_000;
/// Maximum number of tasks with recorded events, and of events of a task.
const MAX_TASKS_WITH_EVENTS: usize = 5_000;
const MAX_EVENTS: usize = 1_000;

/// The rest of a record, for one of its vCenters.
#[derive(Debug)]
pub(crate) struct Playback {
    player: Player,
    pub(super) vc: u16,
    /// Time of the record at the world's start.
    origin: Timestamp,
    pub(super) calendar: Calendar,
    pub(super) plan: Arc<TaskPlan>,
    /// Last answer to a cancel request, by task: `accepted` or the type of a fault.
    pub(super) answers: HashMap<TaskId, String>,
    pub(super) events: HashMap<TaskId, Vec<(WorldTime, Value)>>,
    events_order: VecDeque<TaskId>,
    /// Names of the targets of tasks.
    pub(super) targets: HashMap<MoRef, Arc<str>>,
}

impl Playback {
    /// `origin` is a time of the record; at the world's start everything until then has happened. `calendar` shows
    /// the server's time.
    pub(crate) fn new(player: Player, vc: u16, origin: Timestamp, calendar: Calendar) -> Self {
        Self {
            player,
            vc,
            origin,
            calendar,
            plan: Arc::new(no_plan()),
            answers: HashMap::new(),
            events: HashMap::new(),
            events_order: VecDeque::new(),
            targets: HashMap::new(),
        }
    }

    /// Returns the world time of the next line.
    pub(super) fn next_time(&mut self) -> Option<WorldTime> {
        let next = self.player.next_time()?;
        Some(WorldTime::from_span(next.duration_since(self.origin)))
    }

    /// Returns the next line if it is due.
    pub(super) fn next_until(&mut self, until: WorldTime) -> Option<Line> {
        let due = self.next_time()?;
        let line = (due <= until).then(|| self.player.next_until(Timestamp::MAX));
        line.flatten()
    }

    /// Keeps the events of a task.
    pub(super) fn keep_events(&mut self, id: TaskId, events: Vec<Value>) {
        let timed = events.into_iter().take(MAX_EVENTS).map(|event| {
            let time = time(&event["createdTime"]).map(|time| self.calendar.to_world_time(time));
            (time.unwrap_or_default(), event)
        });
        let timed = timed.collect();
        if self.events.insert(id, timed).is_none() {
            self.events_order.push_back(id);
        }
        if self.events_order.len() > MAX_TASKS_WITH_EVENTS
            && let Some(oldest) = self.events_order.pop_front()
        {
            self.events.remove(&oldest);
        }
    }
}

/// Reads a time in the form of the API.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    let time = text.parse().ok();
    time.or_else(|| format!("{text}Z").parse().ok())
}

/// The plan of a recorded task, which the world never executes.
fn no_plan() -> TaskPlan {
    TaskPlan {
        tolerant: true,
        keep: Duration::MAX,
        ..TaskPlan::default()
    }
}
