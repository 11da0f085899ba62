//! Compiles a scenario file to a [`WorldConfig`]: resolves entity names, converts percentages to fractions and
//! reports mistakes with their line.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use toml::Spanned;

use super::convert::{cancelable_changes, operation, phase, question, unsigned};
use super::error::ScenarioError;
use super::file::{
    ChildEntry, HistoryEntry, LoadEntry, Names, PlanEntry, ProfileEntry, ReasonEntry, ScenarioFile,
};
use super::inventory;
use super::load_options::LoadOptions;
use super::operations::OperationCatalogue;
use crate::duration_range::DurationRange;
use crate::world::WorldConfig;
use crate::world::archive::{ArchiveSpec, OperationProfile};
use crate::world::inventory::{EntityId, EntityKind, Inventory};
use crate::world::load_profile::LoadGenerator;
use crate::world::progress_plan::ProgressPlan;
use crate::world::task_plan::{
    CancelBehavior, PlannedEnd, PlannedOutcome, ScheduleEntry, TaskPlan,
};
use crate::world::time::WorldTime;

/// Default time that a finished task's object is kept.
const DEFAULT_KEEP: Duration = Duration::from_secs(600);

/// Time that a parent runs after its last child has ended.
const PARENT_WRAP_UP: DurationRange = DurationRange {
    min: Duration::from_millis(800),
    max: Duration::from_secs(3),
};

/// Parses and compiles `text`.
pub(super) fn compile(
    name: &str,
    text: &str,
    options: &LoadOptions,
) -> Result<WorldConfig, ScenarioError> {
    let file: ScenarioFile = toml::from_str(text).map_err(|error| ScenarioError::Invalid {
        file: name.to_owned(),
        line: error.span().map_or(1, |span| line_of(text, span.start)),
        what: error.message().to_owned(),
    })?;
    let compiler = Compiler {
        file: name,
        text,
        groups: &file.groups,
        inventory: inventory::build(&file.inventory),
    };
    let day = compiler.positive(file.day, 0..0)?;
    let mut entries = Vec::new();
    for task in &file.tasks {
        let span = task.what.operation.span();
        let every = task
            .every
            .map_or(Ok(day), |every| compiler.positive(every, span.clone()))?;
        let choices = vec![(1, Arc::new(compiler.plan(&task.what, true)?))];
        entries.push(ScheduleEntry {
            first: WorldTime::from_span(task.at),
            every,
            jitter: unsigned(task.jitter),
            choices,
        });
    }
    for stream in &file.streams {
        let span = stream
            .choices
            .first()
            .map_or(0..0, |choice| choice.what.operation.span());
        let every = compiler.positive(stream.every, span)?;
        let choices: Result<_, ScenarioError> = stream
            .choices
            .iter()
            .map(|choice| Ok((choice.weight, Arc::new(compiler.plan(&choice.what, true)?))))
            .collect();
        entries.push(ScheduleEntry {
            first: WorldTime::from_span(stream.at),
            every,
            jitter: unsigned(stream.jitter),
            choices: choices?,
        });
    }
    let load = compiler.load(file.load.as_ref(), options)?;
    let history = compiler.history(&file.history)?;
    Ok(WorldConfig {
        inventory: compiler.inventory,
        entries,
        load,
        first_task: file.first_task.max(1),
        history,
    })
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

struct Compiler<'a> {
    file: &'a str,
    text: &'a str,
    groups: &'a std::collections::BTreeMap<String, Vec<String>>,
    inventory: Inventory,
}

impl Compiler<'_> {
    fn error(&self, at: &Range<usize>, what: impl Into<String>) -> ScenarioError {
        ScenarioError::Invalid {
            file: self.file.to_owned(),
            line: line_of(self.text, at.start),
            what: what.into(),
        }
    }

    fn positive(&self, span: SignedDuration, at: Range<usize>) -> Result<Duration, ScenarioError> {
        let positive = Duration::try_from(span).ok().filter(|span| !span.is_zero());
        positive.ok_or_else(|| self.error(&at, "period must be greater than zero"))
    }

    fn entity(&self, name: &str, at: &Range<usize>) -> Result<EntityId, ScenarioError> {
        self.inventory
            .named(name)
            .ok_or_else(|| self.error(at, format!("unknown entity {name}")))
    }

    fn targets(&self, names: Option<&Spanned<Names>>) -> Result<Vec<EntityId>, ScenarioError> {
        let Some(names) = names else {
            return Ok(Vec::new());
        };
        let at = names.span();
        let listed: &[String] = match names.get_ref() {
            Names::One(name) => match name.strip_prefix('@') {
                Some(group) => self
                    .groups
                    .get(group)
                    .ok_or_else(|| self.error(&at, format!("unknown group {group}")))?,
                None => std::slice::from_ref(name),
            },
            Names::Many(names) => names,
        };
        listed.iter().map(|name| self.entity(name, &at)).collect()
    }

    fn plan(&self, entry: &PlanEntry, root: bool) -> Result<TaskPlan, ScenarioError> {
        let at = entry.operation.span();
        let key = entry.operation.get_ref().as_str();
        let listed = OperationCatalogue::built_in().find(key);
        let name = match &entry.name {
            Some(name) => (!name.is_empty()).then(|| name.as_str().into()),
            None => listed.and_then(|operation| operation.method.clone()),
        };
        let end = match entry.takes {
            Some(takes) => PlannedEnd::After(takes),
            None if entry.children.is_empty() => {
                return Err(self.error(
                    &at,
                    "a task without children needs a duration: takes = \"…\"",
                ));
            }
            None => PlannedEnd::AfterChildren(PARENT_WRAP_UP),
        };
        let outcome = match (&entry.error, &entry.result) {
            (Some(error), None) => PlannedOutcome::Failure(self.data(error, true)?),
            (None, result) => PlannedOutcome::Success(
                result
                    .as_ref()
                    .map(|result| self.data(result, false))
                    .transpose()?,
            ),
            (Some(_), Some(_)) => {
                return Err(self.error(&at, "error and result are mutually exclusive"));
            }
        };
        let mut children = Vec::new();
        for child in &entry.children {
            self.children(child, &mut children)?;
        }
        let reason = match &entry.by {
            Some(reason) => Some(self.reason(reason, &at)?),
            None => root.then(|| json!({"_typeName": "TaskReasonSystem"})),
        };
        let locks = match &entry.locks {
            Some(names) => names
                .get_ref()
                .iter()
                .map(|name| self.entity(name, &names.span()))
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        let is_cancelable = entry.cancel != CancelBehavior::Refused;
        Ok(TaskPlan {
            description_id: listed.map_or_else(|| key.into(), |operation| operation.key.clone()),
            name,
            targets: self.targets(entry.on.as_ref())?,
            any_target: entry.any,
            reason,
            queue: entry
                .queue
                .unwrap_or(DurationRange::exactly(Duration::from_millis(120))),
            end,
            progress: self.progress(&entry.progress, &at)?,
            phases: entry.phases.iter().map(phase).collect(),
            cancelable: cancelable_changes(is_cancelable, &entry.cancelable_turns),
            cancel: entry.cancel,
            cancel_requested: entry.cancel_requested.map(|percent| percent / 100.0),
            exclusive: entry.exclusive,
            locks,
            outcome,
            tolerant: entry.tolerant,
            children,
            slots: entry.slots,
            keep: entry.keep.map_or(DEFAULT_KEEP, unsigned),
            change_tag: entry.tag.as_deref().map(Into::into),
            activation_id: entry.activation.as_deref().map(Into::into),
            question: entry.question.as_ref().map(question),
            loses_host: entry
                .loses_host
                .as_ref()
                .map(|lost| (lost.from / 100.0, lost.until / 100.0)),
            details: entry.details,
            names_itself_root: entry.names_itself_root,
        })
    }

    fn children(
        &self,
        child: &ChildEntry,
        children: &mut Vec<(DurationRange, Arc<TaskPlan>)>,
    ) -> Result<(), ScenarioError> {
        let plan = self.plan(&child.what, false)?;
        let Some(each) = &child.for_each else {
            children.push((child.after, Arc::new(plan)));
            return Ok(());
        };
        let mut after = child.after;
        for target in self.targets(Some(each))? {
            children.push((
                after,
                Arc::new(TaskPlan {
                    targets: vec![target],
                    ..plan.clone()
                }),
            ));
            let apart = unsigned(child.apart);
            after = DurationRange {
                min: after.min + apart,
                max: after.max + apart,
            };
        }
        Ok(())
    }

    fn reason(&self, reason: &ReasonEntry, at: &Range<usize>) -> Result<Value, ScenarioError> {
        Ok(match reason {
            ReasonEntry::System => json!({"_typeName": "TaskReasonSystem"}),
            ReasonEntry::User(name) => json!({"_typeName": "TaskReasonUser", "userName": name}),
            ReasonEntry::Alarm { name, entity } => {
                let entity = self.inventory.entity(self.entity(entity, at)?);
                json!({
                    "_typeName": "TaskReasonAlarm",
                    "alarmName": name,
                    "alarm": {"_typeName": "ManagedObjectReference", "type": "Alarm", "value": "alarm-7"},
                    "entityName": &*entity.name,
                    "entity": entity.reference.to_json(),
                })
            }
            ReasonEntry::Schedule(name) => json!({
                "_typeName": "TaskReasonSchedule",
                "name": name,
                "scheduledTask": {"_typeName": "ManagedObjectReference", "type": "ScheduledTask", "value": "schedule-12"},
            }),
        })
    }

    fn progress(
        &self,
        curve: &ProgressPlan,
        at: &Range<usize>,
    ) -> Result<ProgressPlan, ScenarioError> {
        let mut curve = curve.clone();
        if let ProgressPlan::Points(points) | ProgressPlan::Steps(points) = &mut curve {
            let is_valid = points.is_sorted_by(|a, b| a.0 <= b.0)
                && points
                    .iter()
                    .all(|(at, percent)| (0.0..=100.0).contains(at) && *percent <= 100);
            if !is_valid {
                let why = "progress points must be between 0 and 100 and ordered by time";
                return Err(self.error(at, why));
            }
            for (at, _) in points {
                *at /= 100.0;
            }
        }
        Ok(curve)
    }

    /// Converts a data object of the file: `@name` becomes an entity reference, messages get their type name.
    fn data(&self, value: &Spanned<Value>, is_fault: bool) -> Result<Value, ScenarioError> {
        let mut data = value.get_ref().clone();
        self.resolve(&mut data, &value.span())?;
        let typed = data.get("_typeName").is_some_and(Value::is_string);
        let what = if is_fault { "a fault" } else { "a result" };
        typed
            .then_some(data)
            .ok_or_else(|| self.error(&value.span(), format!("{what} requires a _typeName")))
    }

    fn resolve(&self, value: &mut Value, at: &Range<usize>) -> Result<(), ScenarioError> {
        match value {
            Value::String(text) => {
                if let Some(name) = text.strip_prefix('@') {
                    *value = self
                        .inventory
                        .entity(self.entity(name, at)?)
                        .reference
                        .to_json();
                }
            }
            Value::Array(items) => items
                .iter_mut()
                .try_for_each(|item| self.resolve(item, at))?,
            Value::Object(fields) => {
                if let Some(messages) = fields.get_mut("faultMessage").and_then(Value::as_array_mut)
                {
                    for message in messages.iter_mut().filter_map(Value::as_object_mut) {
                        let type_name = json!("LocalizableMessage");
                        message.shift_insert(0, "_typeName".to_owned(), type_name);
                    }
                }
                fields
                    .values_mut()
                    .try_for_each(|field| self.resolve(field, at))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn history(&self, entry: &HistoryEntry) -> Result<ArchiveSpec, ScenarioError> {
        let profiles: Result<_, _> = entry
            .operations
            .iter()
            .map(|operation| self.profile(operation))
            .collect();
        Ok(ArchiveSpec {
            span: Duration::from_secs(u64::from(entry.days) * 86_400),
            roots: usize::try_from(u64::from(entry.days) * u64::from(entry.per_day))
                .unwrap_or(usize::MAX),
            profiles: profiles?,
        })
    }

    fn profile(&self, entry: &ProfileEntry) -> Result<OperationProfile, ScenarioError> {
        let at = entry.operation.span();
        let (description_id, name) = operation(entry.operation.get_ref());
        let reason = entry
            .by
            .as_ref()
            .map(|reason| self.reason(reason, &at))
            .transpose()?;
        if !(entry.spread.is_finite() && entry.spread >= 0.0) {
            return Err(self.error(&at, "spread must be a non-negative number"));
        }
        Ok(OperationProfile {
            description_id,
            name,
            targets: self.targets(entry.on.as_ref())?,
            reason: reason.unwrap_or_else(|| json!({"_typeName": "TaskReasonSystem"})),
            median: self.positive(entry.median, at)?,
            spread: entry.spread,
            weight: entry.weight,
            failures: entry.failures / 100.0,
            cancellations: entry.cancellations / 100.0,
            error: entry
                .error
                .as_ref()
                .map(|error| self.data(error, true))
                .transpose()?,
            children: entry.children.iter().map(|key| operation(key)).collect(),
        })
    }

    fn load(
        &self,
        entry: Option<&LoadEntry>,
        options: &LoadOptions,
    ) -> Result<Option<LoadGenerator>, ScenarioError> {
        if entry.is_none() && options.tasks.is_none() {
            return Ok(None);
        }
        let keys = entry.map_or(["VirtualMachine.clone", "vim.Task.copyDisk"], |entry| {
            [entry.root.as_str(), entry.child.as_str()]
        });
        let machines: Vec<_> = self
            .inventory
            .all()
            .filter(|(_, entity)| entity.kind == EntityKind::VirtualMachine)
            .map(|(id, _)| id)
            .collect();
        let tasks = options
            .tasks
            .or(entry.map(|entry| entry.tasks))
            .unwrap_or(200);
        let rate = options
            .rate
            .or(entry.map(|entry| entry.rate))
            .unwrap_or(tasks as u64);
        if rate > 1_000_000 {
            return Err(self.error(&(0..0), "rate must not exceed 1000000 changes per second"));
        }
        let mut load = LoadGenerator::new(tasks, rate, keys.map(operation), machines);
        load.at_once = options.at_once || entry.is_some_and(|entry| entry.at_once);
        load.finish = options.finish || entry.is_some_and(|entry| entry.finish);
        Ok(Some(load))
    }
}
