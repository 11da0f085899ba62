//! Life cycle of a task before its completion: creation, queueing, start, steps and children.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

use super::changes::Subject;
use super::event_queue::Due;
use super::inventory::EntityId;
use super::plan::{Length, Plan};
use super::script::{self, Step, StepAction};
use super::task::{Field, FieldVersions, Record, Task, TaskId, TaskState};
use super::{World, replace};

/// Execution state of a task.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) plan: Arc<Plan>,
    pub(super) target: Option<EntityId>,
    pub(super) chance: Rng,
    pub(super) duration: Duration,
    pub(super) steps: Vec<Step>,
    pub(super) next_step: usize,
    /// Children that have not ended, including those not created yet.
    pub(super) open_children: usize,
    pub(super) ended_children: usize,
    pub(super) children: Vec<TaskId>,
    /// Slots used by running children, and the queue of children waiting for a slot.
    pub(super) used_slots: usize,
    pub(super) waiting: VecDeque<TaskId>,
    pub(super) child_failure: Option<Value>,
    pub(super) holds_slot: bool,
    pub(super) holds_entity: bool,
}

impl Run {
    /// Creates the initial execution state; duration and steps are set when the task starts.
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

    /// Creates a task from `plan`. A child without its own target uses its parent's.
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
            phase_log: Vec::new(),
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

    /// Starts a queued task unless its parent has no free slot or another task family holds its entity.
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
            // The steps of such a task are spread over an hour; it usually ends earlier.
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

    /// Executes the due steps of a running task and schedules the next one.
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
                StepAction::Progress(percent) => {
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
                StepAction::Describe(text) => {
                    let now = self.now;
                    if let Some(task) = self.tasks.get_mut(&id) {
                        task.record.phase_log.push((now, text.clone()));
                    }
                    self.update(id, Field::Description, |record| {
                        replace(&mut record.description, Some(text))
                    });
                }
                StepAction::Cancelable(cancelable) => {
                    self.update(id, Field::Cancelable, |record| {
                        replace(&mut record.cancelable, cancelable)
                    });
                }
                StepAction::RequestCancel => {
                    // Refused if the task is not cancelable, as for any caller.
                    let _refused = self.request_cancel(id);
                }
                StepAction::Ask(question) => {
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
}
