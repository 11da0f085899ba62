//! The life of a task: created, queued, started, stepped, ended, cancelled, gone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

use super::agenda::Due;
use super::changes::Subject;
use super::inventory::EntityId;
use super::plan::{CancelManner, Curve, Length, Outcome, Plan};
use super::script::{self, Act, Step};
use super::task::{Field, FieldVersions, Record, Task, TaskId, TaskState};
use super::{World, replace};
use crate::simulator::value::message;

/// How a task goes on.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) plan: Arc<Plan>,
    pub(super) target: Option<EntityId>,
    chance: Rng,
    duration: Duration,
    steps: Vec<Step>,
    next_step: usize,
    /// Children created or still to be created that have not ended.
    open_children: usize,
    ended_children: usize,
    children: Vec<TaskId>,
    /// Slots in use by running children, and the children waiting for one.
    used_slots: usize,
    waiting: VecDeque<TaskId>,
    child_failure: Option<Value>,
    holds_slot: bool,
    holds_entity: bool,
}

impl Run {
    /// A run that nothing is planned for but what `plan` says at its creation.
    pub(super) fn new(plan: Arc<Plan>, target: Option<EntityId>, chance: Rng) -> Self {
        let open_children = plan.children.len();
        Self {
            plan,
            target,
            chance,
            duration: Duration::ZERO,
            steps: Vec::new(),
            next_step: 0,
            open_children,
            ended_children: 0,
            children: Vec::new(),
            used_slots: 0,
            waiting: VecDeque::new(),
            child_failure: None,
            holds_slot: false,
            holds_entity: false,
        }
    }
}

/// The fault of a task that was cancelled.
fn canceled() -> Value {
    json!({
        "_typeName": "RequestCanceled",
        "faultstring": "The task was canceled by a user.",
        "faultMessage": [message("com.vmware.vim.vpxd.vmomi.canceled", "The task was canceled by a user.")],
    })
}

impl World {
    pub(super) fn arrange_occurrence(&mut self, index: usize) {
        let occurrence = self.occurrences[index];
        let entry = &self.entries[index];
        let times = u32::try_from(occurrence).unwrap_or(u32::MAX);
        let late = entry
            .jitter
            .mul_f64(self.chance_of(index, occurrence).f64());
        let at = entry
            .first
            .after(entry.every.saturating_mul(times))
            .after(late);
        self.agenda.arrange(at, Due::Occurrence(index));
    }

    pub(super) fn carry_out(&mut self, index: usize) {
        let occurrence = self.occurrences[index];
        let mut chance = self.chance_of(index, occurrence);
        let _lateness = chance.f64();
        let choices = &self.entries[index].choices;
        let total: u32 = choices.iter().map(|(weight, _)| *weight).sum();
        let mut draw = chance.u32(0..total.max(1));
        let chosen = choices.iter().find(|(weight, _)| {
            let found = draw < *weight;
            draw = draw.saturating_sub(*weight);
            found
        });
        if let Some((_, plan)) = chosen {
            let plan = plan.clone();
            self.create(plan, None, occurrence, chance);
        }
        self.occurrences[index] += 1;
        self.arrange_occurrence(index);
    }

    /// Creates a task by `plan`. Children without a target of their own take their parent's.
    pub(super) fn create(
        &mut self,
        plan: Arc<Plan>,
        parent: Option<TaskId>,
        turn: u64,
        mut chance: Rng,
    ) -> TaskId {
        let id = TaskId(self.next_task);
        self.next_task += 1;
        self.next_chain = self.next_chain.wrapping_add(1).max(1);
        let above = parent.and_then(|parent| self.tasks.get(&parent));
        let target = match plan.targets.len() {
            0 if above.is_some() => above.and_then(|above| above.run.target),
            0 => None,
            count if plan.any_target => Some(plan.targets[chance.usize(0..count)]),
            count => Some(plan.targets[usize::try_from(turn % count as u64).unwrap_or(0)]),
        };
        let reason = match (&plan.reason, above) {
            (Some(reason), _) => reason.clone(),
            (None, Some(above)) => above.record.reason.clone(),
            (None, None) => json!({"_typeName": "TaskReasonSystem"}),
        };
        let root = match above {
            Some(above) => Some(above.record.root.unwrap_or(above.record.id)),
            None => plan.names_itself_root.then_some(id),
        };
        let record = Record {
            id,
            description: plan
                .phases
                .first()
                .filter(|phase| phase.at <= 0.0)
                .map(|phase| phase.description.clone()),
            name: plan.name.clone(),
            description_id: plan.description_id.clone(),
            entity: target.map(|target| self.inventory.entity(target).reference.clone()),
            entity_name: target.map(|target| self.inventory.entity(target).name.clone()),
            locked: Vec::new(),
            state: TaskState::Queued,
            cancelled: false,
            cancelable: plan
                .cancelable
                .first()
                .is_some_and(|(_, cancelable)| *cancelable),
            error: None,
            result: None,
            progress: None,
            progress_details: Vec::new(),
            reason,
            queue_time: self.now,
            start_time: None,
            complete_time: None,
            event_chain_id: self.next_chain,
            change_tag: plan.change_tag.clone(),
            parent,
            root,
            activation_id: plan.activation_id.clone(),
        };
        let ready = self.now.after(plan.queue.draw(&mut chance));
        let last_change = self.changes.record(Subject::Task(id), 0);
        let run = Run::new(plan, target, chance);
        self.tasks.insert(
            id,
            Task {
                record,
                run,
                versions: FieldVersions::all(last_change),
                last_change,
            },
        );
        self.unfinished.insert(id);
        self.agenda.arrange(ready, Due::Ready(id));
        id
    }

    /// Starts a queued task unless its parent has no slot for it or another family holds its entity.
    pub(super) fn try_start(&mut self, id: TaskId) {
        let Some(task) = self
            .tasks
            .get(&id)
            .filter(|task| task.record.state == TaskState::Queued)
        else {
            return;
        };
        let (parent, family) = (task.record.parent, task.record.root.unwrap_or(id));
        let exclusive = task.run.target.filter(|_| task.run.plan.exclusive);
        if !task.run.holds_slot && !self.take_slot(parent, id) {
            return;
        }
        if let Some(entity) = exclusive {
            if !self.locks.take(entity, family, id) {
                return;
            }
            if let Some(task) = self.tasks.get_mut(&id) {
                task.run.holds_entity = true;
            }
        }
        self.start(id);
    }

    fn take_slot(&mut self, parent: Option<TaskId>, id: TaskId) -> bool {
        let Some(above) = parent.and_then(|parent| self.tasks.get_mut(&parent)) else {
            return true;
        };
        let Some(slots) = above.run.plan.slots else {
            return true;
        };
        if above.run.used_slots >= slots {
            if !above.run.waiting.contains(&id) {
                above.run.waiting.push_back(id);
            }
            return false;
        }
        above.run.used_slots += 1;
        if let Some(task) = self.tasks.get_mut(&id) {
            task.run.holds_slot = true;
        }
        true
    }

    pub(super) fn start(&mut self, id: TaskId) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        let plan = task.run.plan.clone();
        let duration = match plan.length {
            Length::For(span) => Some(span.draw(&mut task.run.chance)),
            // Steps of such a task are laid out over an hour; it usually ends before.
            Length::UntilChildrenEnd(_) => None,
        };
        task.run.duration = duration.unwrap_or(Duration::from_secs(3600));
        task.run.steps = script::write(&plan, task.run.duration, &mut task.run.chance);
        let spawns: Vec<Duration> = plan
            .children
            .iter()
            .map(|(offset, _)| offset.draw(&mut task.run.chance))
            .collect();
        let holds_entity = task.run.holds_entity;
        let target = task.run.target.filter(|_| holds_entity);
        let locked: Vec<_> = target
            .iter()
            .chain(&plan.locks)
            .map(|entity| self.inventory.entity(*entity).reference.clone())
            .collect();
        self.update(id, Field::State, |record| {
            replace(&mut record.state, TaskState::Running)
        });
        self.update(id, Field::StartTime, |record| {
            replace(&mut record.start_time, Some(now))
        });
        self.update(id, Field::Locked, |record| {
            replace(&mut record.locked, locked)
        });
        if let Some(duration) = duration {
            self.agenda.arrange(now.after(duration), Due::End(id));
        }
        for (index, offset) in spawns.into_iter().enumerate() {
            self.agenda
                .arrange(now.after(offset), Due::Spawn(id, index));
        }
        self.step(id);
    }

    /// Carries out the steps of a running task that are due, and arranges the next.
    pub(super) fn step(&mut self, id: TaskId) {
        while let Some(task) = self
            .tasks
            .get_mut(&id)
            .filter(|task| task.record.state == TaskState::Running)
        {
            let Some(step) = task.run.steps.get(task.run.next_step) else {
                return;
            };
            let at = task.record.start_time.unwrap_or_default().after(step.at);
            if at > self.now {
                self.agenda.arrange(at, Due::Step(id));
                return;
            }
            let act = step.act.clone();
            let (target, details, duration) =
                (task.run.target, task.run.plan.details, task.run.duration);
            task.run.next_step += 1;
            match act {
                Act::Progress(percent) => {
                    self.update(id, Field::Progress, |record| {
                        replace(&mut record.progress, Some(percent))
                    });
                    if details {
                        let details = script::details(percent, duration);
                        self.update(id, Field::ProgressDetails, |record| {
                            replace(&mut record.progress_details, details)
                        });
                    }
                }
                Act::Describe(text) => {
                    self.update(id, Field::Description, |record| {
                        replace(&mut record.description, Some(text))
                    });
                }
                Act::Cancelable(cancelable) => {
                    self.update(id, Field::Cancelable, |record| {
                        replace(&mut record.cancelable, cancelable)
                    });
                }
                Act::Ask(question) => {
                    if let Some(machine) = target {
                        self.set_question(machine, Some(question));
                    }
                }
            }
        }
    }

    pub(super) fn spawn(&mut self, parent: TaskId, index: usize) {
        let Some(above) = self.tasks.get_mut(&parent) else {
            return;
        };
        let Some((_, plan)) = above.run.plan.children.get(index) else {
            return;
        };
        if above.record.state != TaskState::Running {
            return;
        }
        let plan = plan.clone();
        let chance = above.run.chance.fork();
        let child = self.create(plan, Some(parent), index as u64, chance);
        if let Some(above) = self.tasks.get_mut(&parent) {
            above.run.children.push(child);
        }
    }

    /// The task has run its time: it ends as planned, or as its children did.
    pub(super) fn end(&mut self, id: TaskId) {
        let Some(task) = self
            .tasks
            .get(&id)
            .filter(|task| task.record.state == TaskState::Running)
        else {
            return;
        };
        let outcome = match (&task.run.plan.outcome, &task.run.child_failure) {
            (Outcome::Success(_), Some(fault)) if !task.run.plan.tolerant => {
                Outcome::Failure(fault.clone())
            }
            (outcome, _) => outcome.clone(),
        };
        self.finish(id, outcome);
    }

    pub(super) fn finish(&mut self, id: TaskId, outcome: Outcome) {
        let now = self.now;
        let Some(task) = self
            .tasks
            .get_mut(&id)
            .filter(|task| !task.record.state.is_final())
        else {
            return;
        };
        let keep = task.run.plan.keep;
        let machine = task.run.target.filter(|_| task.run.plan.question.is_some());
        let entity = task
            .run
            .target
            .filter(|_| std::mem::take(&mut task.run.holds_entity));
        task.run.steps = Vec::new();
        match outcome {
            Outcome::Success(result) => {
                self.update(id, Field::Progress, |record| {
                    record.progress.is_some_and(|last| last < 100)
                        && replace(&mut record.progress, Some(100))
                });
                self.update(id, Field::Result, |record| {
                    replace(&mut record.result, result)
                });
                self.update(id, Field::State, |record| {
                    replace(&mut record.state, TaskState::Success)
                });
            }
            Outcome::Failure(fault) => {
                self.update(id, Field::Error, |record| {
                    replace(&mut record.error, Some(fault))
                });
                self.update(id, Field::State, |record| {
                    replace(&mut record.state, TaskState::Error)
                });
            }
        }
        self.update(id, Field::CompleteTime, |record| {
            replace(&mut record.complete_time, Some(now))
        });
        self.update(id, Field::Locked, |record| {
            replace(&mut record.locked, Vec::new())
        });
        self.unfinished.remove(&id);
        self.completed.push_back(id);
        self.remember(id);
        self.agenda.arrange(now.after(keep), Due::Vanish(id));
        if let Some(machine) = machine {
            self.set_question(machine, None);
        }
        let retry = entity
            .map(|entity| self.locks.release(entity))
            .unwrap_or_default();
        self.tell_parent(id);
        for waiting in retry {
            self.try_start(waiting);
        }
    }

    /// A child has ended: its slot goes to the next, and its parent may be done with it.
    fn tell_parent(&mut self, id: TaskId) {
        let now = self.now;
        let Some(child) = self.tasks.get_mut(&id) else {
            return;
        };
        let had_slot = std::mem::take(&mut child.run.holds_slot);
        let failure = child
            .record
            .error
            .clone()
            .filter(|_| !child.record.cancelled);
        let Some(parent) = child.record.parent else {
            return;
        };
        let Some(above) = self.tasks.get_mut(&parent) else {
            return;
        };
        above.run.open_children = above.run.open_children.saturating_sub(1);
        above.run.ended_children += 1;
        above.run.child_failure = above.run.child_failure.take().or(failure);
        if had_slot {
            above.run.used_slots = above.run.used_slots.saturating_sub(1);
        }
        let next = above.run.waiting.pop_front();
        let percent = (above.run.plan.curve == Curve::Children).then(|| {
            u8::try_from(above.run.ended_children * 100 / above.run.plan.children.len().max(1))
                .unwrap_or(100)
                .min(99)
        });
        if above.run.open_children == 0
            && let Length::UntilChildrenEnd(pause) = above.run.plan.length
        {
            let pause = pause.draw(&mut above.run.chance);
            self.agenda.arrange(now.after(pause), Due::End(parent));
        }
        if let Some(percent) = percent
            && self.state(parent) == Some(TaskState::Running)
        {
            self.update(parent, Field::Progress, |record| {
                replace(&mut record.progress, Some(percent))
            });
        }
        if let Some(next) = next {
            self.try_start(next);
        }
    }

    pub(super) fn accept_cancel(&mut self, id: TaskId) {
        let now = self.now;
        self.update(id, Field::Cancelled, |record| {
            replace(&mut record.cancelled, true)
        });
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        let delay = match task.run.plan.cancel {
            CancelManner::Ignored => return,
            _ if task.record.state == TaskState::Queued => Duration::ZERO,
            CancelManner::Acts(span) => span.draw(&mut task.run.chance),
            CancelManner::Refused => Duration::ZERO,
        };
        self.agenda.arrange(now.after(delay), Due::Cancel(id));
    }

    /// Cancellation takes effect, on the children first.
    pub(super) fn cancel_now(&mut self, id: TaskId) {
        let Some(task) = self
            .tasks
            .get(&id)
            .filter(|task| !task.record.state.is_final())
        else {
            return;
        };
        for child in task.run.children.clone() {
            let open = self
                .tasks
                .get(&child)
                .is_some_and(|child| !child.record.state.is_final());
            if open {
                self.update(child, Field::Cancelled, |record| {
                    replace(&mut record.cancelled, true)
                });
                self.cancel_now(child);
            }
        }
        self.finish(id, Outcome::Failure(canceled()));
    }

    pub(super) fn vanish(&mut self, id: TaskId) {
        if let Some(task) = self.tasks.remove(&id) {
            self.changes
                .record_departure(Subject::Task(id), task.last_change);
        }
        if self.completed.front() == Some(&id) {
            self.completed.pop_front();
        } else {
            self.completed.retain(|completed| *completed != id);
        }
    }
}
