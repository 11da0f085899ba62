//! Completion of tasks: normal end, end after children, cancellation and removal of the object.

use std::time::Duration;

use super::changes::ChangedObject;
use super::event_queue::WorldEvent;
use super::progress_plan::ProgressPlan;
use super::task::{Field, TaskId, TaskState, cancelled_fault, is_cancelled_fault};
use super::task_plan::{CancelBehavior, PlannedEnd, PlannedOutcome};
use super::{World, replace};

impl World {
    /// Ends a task whose duration has elapsed, with its planned outcome or that of its children.
    pub(super) fn complete_as_planned(&mut self, id: TaskId) {
        let Some(task) = self
            .tasks
            .get(&id)
            .filter(|task| task.record.state == TaskState::Running)
        else {
            return;
        };
        let outcome = match (&task.execution.plan.outcome, &task.execution.child_failure) {
            (PlannedOutcome::Success(_), Some(fault)) if !task.execution.plan.tolerant => {
                PlannedOutcome::Failure(fault.clone())
            }
            (outcome, _) => outcome.clone(),
        };
        self.complete(id, outcome);
    }

    /// Ends a task. One with a cancelled child does not succeed, even if it is tolerant.
    pub(super) fn complete(&mut self, id: TaskId, outcome: PlannedOutcome) {
        let now = self.now;
        let Some(task) = self
            .tasks
            .get_mut(&id)
            .filter(|task| !task.record.state.is_final())
        else {
            return;
        };
        let keep = task.execution.plan.keep;
        let target = task.execution.target;
        let machine = target.filter(|_| task.execution.plan.question.is_some());
        let host = target.filter(|_| task.execution.plan.loses_host.is_some());
        let is_move = matches!(
            &*task.record.description_id,
            "VirtualMachine.migrate" | "Drm.ExecuteVMotionLRO"
        );
        let outcome = match outcome {
            PlannedOutcome::Success(_) if task.execution.has_cancelled_child => {
                PlannedOutcome::Failure(cancelled_fault())
            }
            outcome => outcome,
        };
        let has_succeeded = matches!(outcome, PlannedOutcome::Success(_));
        let moved = target.filter(|_| is_move && has_succeeded);
        let entity = task
            .execution
            .target
            .filter(|_| std::mem::take(&mut task.execution.holds_entity));
        task.execution.steps = Vec::new();
        match outcome {
            PlannedOutcome::Success(result) => {
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
            PlannedOutcome::Failure(fault) => {
                self.update(id, Field::Error, |record| {
                    replace(&mut record.error, Some(fault))
                });
                self.update(id, Field::State, |record| {
                    replace(&mut record.state, TaskState::Error)
                });
            }
        }
        if let Some(machine) = moved {
            self.move_to_next_host(machine);
        }
        self.update(id, Field::CompleteTime, |record| {
            replace(&mut record.complete_time, Some(now))
        });
        self.update(id, Field::Locked, |record| {
            replace(&mut record.locked, Vec::new())
        });
        self.unfinished.remove(&id);
        self.completed_ids.push_back(id);
        self.keep_record(id);
        self.events
            .schedule(now.after(keep), WorldEvent::RemoveObject(id));
        if let Some(machine) = machine {
            self.set_question(machine, None);
        }
        if let Some(host) = host {
            self.set_host_lost(host, false);
        }
        let retry = entity
            .map(|entity| self.locks.release(entity))
            .unwrap_or_default();
        self.update_parent(id);
        for waiting in retry {
            self.try_start(waiting);
        }
    }

    /// Updates the parent of a finished child: frees the slot, updates progress and schedules the parent's end.
    fn update_parent(&mut self, id: TaskId) {
        let now = self.now;
        let Some(child) = self.tasks.get_mut(&id) else {
            return;
        };
        let held_slot = std::mem::take(&mut child.execution.holds_slot);
        let error = child.record.error.clone();
        let is_cancelled = error.as_ref().is_some_and(is_cancelled_fault);
        let failure = error.filter(|_| !is_cancelled);
        let Some(parent) = child.record.parent else {
            return;
        };
        let Some(parent_task) = self.tasks.get_mut(&parent) else {
            return;
        };
        let execution = &mut parent_task.execution;
        let had_open_children = execution.open_children > 0;
        execution.open_children = execution.open_children.saturating_sub(1);
        execution.ended_children += 1;
        execution.child_failure = execution.child_failure.take().or(failure);
        execution.has_cancelled_child |= is_cancelled;
        if held_slot {
            execution.used_slots = execution.used_slots.saturating_sub(1);
        }
        let next = execution.waiting_children.pop_front();
        let percent = (execution.plan.progress == ProgressPlan::Children).then(|| {
            u8::try_from(execution.ended_children * 100 / execution.plan.children.len().max(1))
                .unwrap_or(100)
                .min(99)
        });
        // The children of the load generator are not planned and do not end their parent.
        if had_open_children
            && execution.open_children == 0
            && let PlannedEnd::AfterChildren(pause) = execution.plan.end
        {
            let pause = pause.draw(&mut execution.rng);
            self.events
                .schedule(now.after(pause), WorldEvent::Complete(parent));
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

    pub(super) fn schedule_cancel(&mut self, id: TaskId) {
        let now = self.now;
        self.update(id, Field::Cancelled, |record| {
            replace(&mut record.cancelled, true)
        });
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        let delay = match task.execution.plan.cancel {
            CancelBehavior::Ignored => return,
            _ if task.record.state == TaskState::Queued => Duration::ZERO,
            CancelBehavior::Acts(span) => span.draw(&mut task.execution.rng),
            CancelBehavior::Refused => Duration::ZERO,
        };
        self.events
            .schedule(now.after(delay), WorldEvent::Cancel(id));
    }

    /// Cancels a task and its unfinished children; children end first.
    pub(super) fn cancel_now(&mut self, id: TaskId) {
        let Some(task) = self
            .tasks
            .get(&id)
            .filter(|task| !task.record.state.is_final())
        else {
            return;
        };
        for child in task.execution.children.clone() {
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
        self.complete(id, PlannedOutcome::Failure(cancelled_fault()));
    }

    pub(super) fn remove_object(&mut self, id: TaskId) {
        if let Some(task) = self.tasks.remove(&id) {
            self.changes
                .record_removal(ChangedObject::Task(id), task.last_change);
        }
        if self.completed_ids.front() == Some(&id) {
            self.completed_ids.pop_front();
        } else {
            self.completed_ids.retain(|completed| *completed != id);
        }
    }
}
