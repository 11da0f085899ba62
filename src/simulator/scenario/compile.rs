//! Compiles a scenario file to a [`WorldConfig`]: resolves entity names, converts percentages to fractions and
//! reports mistakes with their line.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use toml::Spanned;

use super::catalogue::Catalogue;
use super::file::{
    CancelEntry, ChildEntry, File, HistoryEntry, LoadEntry, Names, PlanEntry, ProfileEntry,
    ProgressEntry, Reason,
};
use super::parts::{operation, phase, question, span, turns, unsigned};
use super::{LoadOptions, ScenarioError, inventory};
use crate::simulator::world::WorldConfig;
use crate::simulator::world::archive::{ArchiveSpec, Profile};
use crate::simulator::world::inventory::{EntityId, EntityKind, Inventory};
use crate::simulator::world::load::Load;
use crate::simulator::world::plan::{CancelBehavior, Curve, Entry, Length, Outcome, Plan, Span};
use crate::simulator::world::time::WorldTime;

/// Default time that a finished task's object is kept.
const KEEP: Duration = Duration::from_secs(600);

/// Time that a parent runs after its last child has ended.
const WRAP_UP: Span = Span {
    least: Duration::from_millis(800),
    most: Duration::from_secs(3),
};

/// Compiled scenario file.
pub(super) struct Compiled {
    /// One-line description.
    pub(super) about: String,
    pub(super) setting: WorldConfig,
}

/// Parses and compiles `text`.
pub(super) fn compile(
    name: &str,
    text: &str,
    options: &LoadOptions,
) -> Result<Compiled, ScenarioError> {
    let file: File = toml::from_str(text).map_err(|error| ScenarioError::Wrong {
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
        entries.push(Entry {
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
        entries.push(Entry {
            first: WorldTime::from_span(stream.at),
            every,
            jitter: unsigned(stream.jitter),
            choices: choices?,
        });
    }
    let load = compiler.load(file.load.as_ref(), options)?;
    let past = compiler.past(&file.history)?;
    let setting = WorldConfig {
        inventory: compiler.inventory,
        entries,
        load,
        first_task: file.first_task.max(1),
        past,
    };
    Ok(Compiled {
        about: file.about,
        setting,
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
    fn wrong(&self, at: &Range<usize>, what: impl Into<String>) -> ScenarioError {
        ScenarioError::Wrong {
            file: self.file.to_owned(),
            line: line_of(self.text, at.start),
            what: what.into(),
        }
    }

    fn positive(&self, span: SignedDuration, at: Range<usize>) -> Result<Duration, ScenarioError> {
        let positive = Duration::try_from(span).ok().filter(|span| !span.is_zero());
        positive.ok_or_else(|| self.wrong(&at, "period must be greater than zero"))
    }

    fn entity(&self, name: &str, at: &Range<usize>) -> Result<EntityId, ScenarioError> {
        self.inventory
            .named(name)
            .ok_or_else(|| self.wrong(at, format!("unknown entity {name}")))
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
                    .ok_or_else(|| self.wrong(&at, format!("unknown group {group}")))?,
                None => std::slice::from_ref(name),
            },
            Names::Many(names) => names,
        };
        listed.iter().map(|name| self.entity(name, &at)).collect()
    }

    fn plan(&self, entry: &PlanEntry, root: bool) -> Result<Plan, ScenarioError> {
        let at = entry.operation.span();
        let key = entry.operation.get_ref().as_str();
        let listed = Catalogue::built_in().find(key);
        let name = match &entry.name {
            Some(name) => (!name.is_empty()).then(|| name.as_str().into()),
            None => listed.and_then(|operation| operation.method.clone()),
        };
        let length = match entry.takes {
            Some(takes) => Length::For(span(takes)),
            None if entry.children.is_empty() => {
                return Err(self.wrong(
                    &at,
                    "a task without children needs a duration: takes = \"…\"",
                ));
            }
            None => Length::UntilChildrenEnd(WRAP_UP),
        };
        let outcome = match (&entry.error, &entry.result) {
            (Some(error), None) => Outcome::Failure(self.data(error, true)?),
            (None, result) => Outcome::Success(
                result
                    .as_ref()
                    .map(|result| self.data(result, false))
                    .transpose()?,
            ),
            (Some(_), Some(_)) => {
                return Err(self.wrong(&at, "error and result are mutually exclusive"));
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
        Ok(Plan {
            description_id: listed.map_or_else(|| key.into(), |operation| operation.key.clone()),
            name,
            targets: self.targets(entry.on.as_ref())?,
            any_target: entry.any,
            reason,
            queue: entry
                .queue
                .map_or(Span::exactly(Duration::from_millis(120)), span),
            length,
            curve: self.curve(&entry.progress, &at)?,
            phases: entry.phases.iter().map(phase).collect(),
            cancelable: turns(entry.cancel.is_some(), &entry.cancelable_turns),
            cancel: match entry.cancel {
                None => CancelBehavior::Refused,
                Some(CancelEntry::Ignored) => CancelBehavior::Ignored,
                Some(CancelEntry::After(delay)) => CancelBehavior::Acts(span(delay)),
            },
            cancel_requested: entry.cancel_requested.map(|percent| percent / 100.0),
            exclusive: entry.exclusive,
            locks,
            outcome,
            tolerant: entry.tolerant,
            children,
            slots: entry.slots,
            keep: entry.keep.map_or(KEEP, unsigned),
            change_tag: entry.tag.as_deref().map(Into::into),
            activation_id: entry.activation.as_deref().map(Into::into),
            question: entry.question.as_ref().map(question),
            details: entry.details,
            names_itself_root: entry.names_itself_root,
        })
    }

    fn children(
        &self,
        child: &ChildEntry,
        children: &mut Vec<(Span, Arc<Plan>)>,
    ) -> Result<(), ScenarioError> {
        let plan = self.plan(&child.what, false)?;
        let Some(each) = &child.for_each else {
            children.push((span(child.after), Arc::new(plan)));
            return Ok(());
        };
        let mut after = span(child.after);
        for target in self.targets(Some(each))? {
            children.push((
                after,
                Arc::new(Plan {
                    targets: vec![target],
                    ..plan.clone()
                }),
            ));
            let apart = unsigned(child.apart);
            after = Span {
                least: after.least + apart,
                most: after.most + apart,
            };
        }
        Ok(())
    }

    fn reason(&self, reason: &Reason, at: &Range<usize>) -> Result<Value, ScenarioError> {
        Ok(match reason {
            Reason::System => json!({"_typeName": "TaskReasonSystem"}),
            Reason::User(name) => json!({"_typeName": "TaskReasonUser", "userName": name}),
            Reason::Alarm { name, entity } => {
                let entity = self.inventory.entity(self.entity(entity, at)?);
                json!({
                    "_typeName": "TaskReasonAlarm",
                    "alarmName": name,
                    "alarm": {"_typeName": "ManagedObjectReference", "type": "Alarm", "value": "alarm-7"},
                    "entityName": &*entity.name,
                    "entity": entity.reference.to_json(),
                })
            }
            Reason::Schedule(name) => json!({
                "_typeName": "TaskReasonSchedule",
                "name": name,
                "scheduledTask": {"_typeName": "ManagedObjectReference", "type": "ScheduledTask", "value": "schedule-12"},
            }),
        })
    }

    fn curve(&self, entry: &ProgressEntry, at: &Range<usize>) -> Result<Curve, ScenarioError> {
        let shares = |points: &[(f64, u8)]| {
            let sound = points.is_sorted_by(|a, b| a.0 <= b.0)
                && points
                    .iter()
                    .all(|(at, percent)| (0.0..=100.0).contains(at) && *percent <= 100);
            let shares = points
                .iter()
                .map(|(at, percent)| (at / 100.0, *percent))
                .collect();
            sound.then_some(shares).ok_or_else(|| {
                self.wrong(
                    at,
                    "progress points must be between 0 and 100 and ordered by time",
                )
            })
        };
        Ok(match entry {
            ProgressEntry::None => Curve::Absent,
            ProgressEntry::Linear => Curve::Linear,
            ProgressEntry::Slowing => Curve::Slowing,
            ProgressEntry::Noisy => Curve::Noisy,
            ProgressEntry::Children => Curve::Children,
            ProgressEntry::Points(points) => Curve::Points(shares(points)?),
            ProgressEntry::Steps(points) => Curve::Steps(shares(points)?),
        })
    }

    /// Converts a data object of the file: `@name` becomes an entity reference, messages get their type name.
    fn data(&self, value: &Spanned<Value>, is_fault: bool) -> Result<Value, ScenarioError> {
        let mut data = value.get_ref().clone();
        self.resolve(&mut data, &value.span())?;
        let typed = data.get("_typeName").is_some_and(Value::is_string);
        let what = if is_fault { "a fault" } else { "a result" };
        typed
            .then_some(data)
            .ok_or_else(|| self.wrong(&value.span(), format!("{what} requires a _typeName")))
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
                        message.insert("_typeName".to_owned(), json!("LocalizableMessage"));
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

    fn past(&self, entry: &HistoryEntry) -> Result<ArchiveSpec, ScenarioError> {
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

    fn profile(&self, entry: &ProfileEntry) -> Result<Profile, ScenarioError> {
        let at = entry.operation.span();
        let (description_id, name) = operation(entry.operation.get_ref());
        let reason = entry
            .by
            .as_ref()
            .map(|reason| self.reason(reason, &at))
            .transpose()?;
        if !(entry.spread.is_finite() && entry.spread >= 0.0) {
            return Err(self.wrong(&at, "spread must be a non-negative number"));
        }
        Ok(Profile {
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
    ) -> Result<Option<Load>, ScenarioError> {
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
            return Err(self.wrong(&(0..0), "rate must not exceed 1000000 changes per second"));
        }
        let mut load = Load::new(tasks, rate, keys.map(operation), machines);
        load.at_once = options.at_once || entry.is_some_and(|entry| entry.at_once);
        load.finish = options.finish || entry.is_some_and(|entry| entry.finish);
        Ok(Some(load))
    }
}
