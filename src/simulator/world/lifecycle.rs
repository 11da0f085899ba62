//! Life cycle of a task before its completion: creation, queueing, start, steps and children.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::json;

use super::changes::ChangedObject;
use super::event_queue::WorldEvent;
use super::progress_plan;
use super::task::{Execution, Field, FieldVersions, Record, Task, TaskId, TaskState};
use super::task_plan::{PlannedEnd, TaskPlan};
use super::task_script::{self, ScriptAction};
use super::{World, replace};

impl World {
    pub(super) fn schedule_occurrence(&mut self, index: usize) {
        let occurrence = self.occurrences[index];
        let entry = &self.entries[index];
        let times = u32::try_from(occurrence).unwrap_or(u32::MAX);
        let late = entry
            .jitter
            .mul_f64(self.occurrence_rng(index, occurrence).f64());
        let at = entry
            .first
            .after(entry.every.saturating_mul(times))
            .after(late);
        self.events.schedule(at, WorldEvent::StartOccurrence(index));
    }

    pub(super) fn start_occurrence(&mut self, index: usize) {
        let occurrence = self.occurrences[index];
        let mut rng = self.occurrence_rng(index, occurrence);
        let _lateness = rng.f64();
        let choices = &self.entries[index].choices;
        let total: u32 = choices.iter().map(|(weight, _)| *weight).sum();
        let mut draw = rng.u32(0..total.max(1));
        let chosen = choices.iter().find(|(weight, _)| {
            let found = draw < *weight;
            draw = draw.saturating_sub(*weight);
            found
        });
        if let Some((_, plan)) = chosen {
            let plan = plan.clone();
            self.create(plan, None, occurrence, rng);
        }
        self.occurrences[index] += 1;
        self.schedule_occurrence(index);
    }

    /// Creates a task from `plan`. A child without its own target uses its parent's.
    pub(super) fn create(
        &mut self,
        plan: Arc<TaskPlan>,
        parent: Option<TaskId>,
        turn: u64,
        mut rng: Rng,
    ) -> TaskId {
        let id = TaskId(self.next_task);
        self.next_task += 1;
        self.next_chain = self.next_chain.wrapping_add(1).max(1);
        let parent_task = parent.and_then(|parent| self.tasks.get(&parent));
        let target = match plan.targets.len() {
            0 if parent_task.is_some() => {
                parent_task.and_then(|parent_task| parent_task.execution.target)
            }
            0 => None,
            count if plan.any_target => Some(plan.targets[rng.usize(0..count)]),
            count => Some(plan.targets[usize::try_from(turn % count as u64).unwrap_or(0)]),
        };
        let reason = match (&plan.reason, parent_task) {
            (Some(reason), _) => reason.clone(),
            (None, Some(parent_task)) => parent_task.record.reason.clone(),
            (None, None) => json!({"_typeName": "TaskReasonSystem"}),
        };
        let root = match parent_task {
            Some(parent_task) => Some(parent_task.record.root.unwrap_or(parent_task.record.id)),
            None => plan.names_itself_root.then_some(id),
        };
        let record = Record {
            description: plan
                .phases
                .first()
                .filter(|phase| phase.at <= 0.0)
                .map(|phase| phase.description.clone()),
            name: plan.name.clone(),
            description_id: plan.description_id.clone(),
            entity: target.map(|target| self.inventory.entity(target).reference.clone()),
            entity_name: target.map(|target| self.inventory.entity(target).name.clone()),
            cancelable: plan
                .cancelable
                .first()
                .is_some_and(|(_, cancelable)| *cancelable),
            reason,
            event_chain_id: self.next_chain,
            change_tag: plan.change_tag.clone(),
            parent,
            root,
            activation_id: plan.activation_id.clone(),
            ..Record::new(id, self.now)
        };
        let ready = self.now.after(plan.queue.draw(&mut rng));
        let last_change = self.changes.record(ChangedObject::Task(id), 0);
        let execution = Execution::new(plan, target, rng);
        self.tasks.insert(
            id,
            Task {
                record,
                execution,
                versions: FieldVersions::all(last_change),
                last_change,
            },
        );
        self.unfinished.insert(id);
        self.events.schedule(ready, WorldEvent::TryStart(id));
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
        let exclusive = task
            .execution
            .target
            .filter(|_| task.execution.plan.exclusive);
        if !task.execution.holds_slot && !self.take_slot(parent, id) {
            return;
        }
        if let Some(entity) = exclusive {
            if !self.locks.take(entity, family, id) {
                return;
            }
            if let Some(task) = self.tasks.get_mut(&id) {
                task.execution.holds_entity = true;
            }
        }
        self.start(id);
    }

    fn take_slot(&mut self, parent: Option<TaskId>, id: TaskId) -> bool {
        let Some(parent_task) = parent.and_then(|parent| self.tasks.get_mut(&parent)) else {
            return true;
        };
        let Some(slots) = parent_task.execution.plan.slots else {
            return true;
        };
        if parent_task.execution.used_slots >= slots {
            if !parent_task.execution.waiting_children.contains(&id) {
                parent_task.execution.waiting_children.push_back(id);
            }
            return false;
        }
        parent_task.execution.used_slots += 1;
        if let Some(task) = self.tasks.get_mut(&id) {
            task.execution.holds_slot = true;
        }
        true
    }

    pub(super) fn start(&mut self, id: TaskId) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        let plan = task.execution.plan.clone();
        let duration = match plan.end {
            PlannedEnd::After(span) => Some(span.draw(&mut task.execution.rng)),
            // The steps of such a task are spread over an hour; it usually ends earlier.
            PlannedEnd::AfterChildren(_) => None,
        };
        task.execution.duration = duration.unwrap_or(Duration::from_secs(3600));
        task.execution.steps =
            task_script::steps_for(&plan, task.execution.duration, &mut task.execution.rng);
        let spawns: Vec<Duration> = plan
            .children
            .iter()
            .map(|(offset, _)| offset.draw(&mut task.execution.rng))
            .collect();
        let holds_entity = task.execution.holds_entity;
        let target = task.execution.target.filter(|_| holds_entity);
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
            self.events
                .schedule(now.after(duration), WorldEvent::Complete(id));
        }
        for (index, offset) in spawns.into_iter().enumerate() {
            self.events
                .schedule(now.after(offset), WorldEvent::Spawn(id, index));
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
            let Some(step) = task.execution.steps.get(task.execution.next_step) else {
                return;
            };
            let at = task.record.start_time.unwrap_or_default().after(step.at);
            if at > self.now {
                self.events.schedule(at, WorldEvent::Step(id));
                return;
            }
            let action = step.action.clone();
            let (target, details, duration) = (
                task.execution.target,
                task.execution.plan.details,
                task.execution.duration,
            );
            task.execution.next_step += 1;
            match action {
                ScriptAction::Progress(percent) => {
                    self.update(id, Field::Progress, |record| {
                        replace(&mut record.progress, Some(percent))
                    });
                    if details {
                        let details = progress_plan::details(percent, duration);
                        self.update(id, Field::ProgressDetails, |record| {
                            replace(&mut record.progress_details, details)
                        });
                    }
                }
                ScriptAction::Describe(text) => {
                    let now = self.now;
                    if let Some(task) = self.tasks.get_mut(&id) {
                        task.record.phase_log.push((now, text.clone()));
                    }
                    self.update(id, Field::Description, |record| {
                        replace(&mut record.description, Some(text))
                    });
                }
                ScriptAction::Cancelable(cancelable) => {
                    self.update(id, Field::Cancelable, |record| {
                        replace(&mut record.cancelable, cancelable)
                    });
                }
                ScriptAction::RequestCancel => {
                    // Refused if the task is not cancelable, as for any caller.
                    let _refused = self.request_cancel(id);
                }
                ScriptAction::Ask(question) => {
                    if let Some(machine) = target {
                        self.set_question(machine, Some(question));
                    }
                }
                ScriptAction::LoseHost(is_lost) => {
                    if let Some(host) = target {
                        self.set_host_lost(host, is_lost);
                    }
                }
            }
        }
    }

    pub(super) fn spawn(&mut self, parent: TaskId, index: usize) {
        let Some(parent_task) = self.tasks.get_mut(&parent) else {
            return;
        };
        let Some((_, plan)) = parent_task.execution.plan.children.get(index) else {
            return;
        };
        if parent_task.record.state != TaskState::Running {
            return;
        }
        let plan = plan.clone();
        let rng = parent_task.execution.rng.fork();
        let child = self.create(plan, Some(parent), index as u64, rng);
        if let Some(parent_task) = self.tasks.get_mut(&parent) {
            parent_task.execution.children.push(child);
        }
    }
}
