//! Completion of tasks: normal end, end after children, cancellation and removal of the object.

use std::time::Duration;

use serde_json::{Value, json};

use super::changes::Subject;
use super::event_queue::Due;
use super::plan::{CancelBehavior, Curve, Length, Outcome};
use super::task::{Field, TaskId, TaskState};
use super::{World, replace};
use crate::simulator::value::message;

/// Fault of a cancelled task.
pub(super) fn canceled() -> Value {
    json!({
        "_typeName": "RequestCanceled",
        "faultstring": "The task was canceled by a user.",
        "faultMessage": [message("com.vmware.vim.vpxd.vmomi.canceled", "The task was canceled by a user.")],
    })
}

impl World {
    /// Ends a task whose duration has elapsed, with its planned outcome or that of its children.
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

    /// Updates the parent of a finished child: frees the slot, updates progress and schedules the parent's end.
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
            CancelBehavior::Ignored => return,
            _ if task.record.state == TaskState::Queued => Duration::ZERO,
            CancelBehavior::Acts(span) => span.draw(&mut task.run.chance),
            CancelBehavior::Refused => Duration::ZERO,
        };
        self.agenda.arrange(now.after(delay), Due::Cancel(id));
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
