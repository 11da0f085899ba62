//! Selects tasks by entity, operation, user, activation ID or filter. Pure.

use clap::{Args, builder::NonEmptyStringValueParser};
use jiff::Timestamp;

use super::{CommandError, display_name, session::ONLY_SERVER};
use crate::{
    task::{
        ChangeSet, EvalContext, Filter, Handle, Labels, Saved, ServerContext, ServerFilter,
        ServerId, TaskChange, TaskId, TaskRecord, TaskStore,
    },
    text::matches_pattern,
    vim::types::TaskInfo,
};

/// Flags that select tasks. A task must match every flag; of one flag it must match any value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct TaskSelector {
    /// Entity: db-prod-01, 'web-*', vm-42
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), help_heading = "Which tasks")]
    pub entity: Vec<String>,

    /// Operation: 'Relocate*', VirtualMachine.clone
    #[arg(long, value_name = "OPERATION", value_parser = NonEmptyStringValueParser::new(), help_heading = "Which tasks")]
    pub operation: Vec<String>,

    /// Account, alarm or schedule: '*\ops'
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), help_heading = "Which tasks")]
    pub user: Vec<String>,

    /// Activation ID, the token that a client passed
    #[arg(long, hide_short_help = true, value_name = "ID", value_parser = NonEmptyStringValueParser::new(), help_heading = "Which tasks")]
    pub activation_id: Vec<String>,

    /// Filter: 'target:db-* elapsed>1h', @NAME if saved
    #[arg(long, value_name = "FILTER", value_parser = NonEmptyStringValueParser::new(), help_heading = "Which tasks")]
    pub filter: Option<String>,
}

impl TaskSelector {
    /// True if no flag is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// True if the task matches all flags except `--filter`.
    pub fn matches(&self, info: &TaskInfo, labels: &Labels) -> bool {
        let entity = info.entity.as_ref().map(|entity| &*entity.value);
        let reference = info.entity.as_ref();
        let reference = reference.map(|entity| format!("{}:{}", entity.kind(), entity.value));
        let label = labels.operation(info);
        any(
            &self.entity,
            &[info.entity_name.as_deref(), entity, reference.as_deref()],
        ) && any(
            &self.operation,
            &[
                Some(&label),
                Some(&info.description_id),
                info.name.as_deref(),
            ],
        ) && any(&self.user, &[display_name::started_by(&info.reason)])
            && (self.activation_id.is_empty()
                || self
                    .activation_id
                    .iter()
                    .any(|id| Some(&**id) == info.activation_id()))
    }

    /// Returns the part of the flags that the server's history can filter by.
    fn server_filter(&self) -> ServerFilter {
        let of = |values: &[String], narrow: fn(&str) -> ServerFilter| {
            let values = values.iter().map(|value| {
                if value.contains(['*', '?']) {
                    ServerFilter::default()
                } else {
                    narrow(value)
                }
            });
            values.reduce(ServerFilter::or).unwrap_or_default()
        };
        of(&self.user, ServerFilter::of_user)
            .and(of(&self.entity, ServerFilter::of_entity))
            .and(of(&self.activation_id, ServerFilter::of_activation))
    }

    /// Describes the selection for messages.
    pub fn as_flags(&self) -> String {
        let flags = [
            ("--entity", &self.entity),
            ("--operation", &self.operation),
            ("--user", &self.user),
            ("--activation-id", &self.activation_id),
        ];
        let words: Vec<String> = flags
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(flag, values)| format!("{flag} {}", values.join(" or ")))
            .collect();
        let filter = self
            .filter
            .iter()
            .map(|filter| format!("--filter '{filter}'"));
        words
            .into_iter()
            .chain(filter)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A selector with its filter parsed.
#[derive(Debug, Clone, Default)]
pub struct CompiledSelector {
    choice: TaskSelector,
    filter: Filter,
    address: String,
    configured_name: Option<String>,
}

impl CompiledSelector {
    /// Parses the filter, for tasks of the named server.
    ///
    /// # Errors
    /// Fails if the filter is invalid; the error has the position.
    pub fn new(
        choice: &TaskSelector,
        saved: &Saved,
        address: String,
    ) -> Result<Self, CommandError> {
        let text = choice.filter.as_deref().unwrap_or_default();
        let filter = Filter::parse(text, saved).map_err(|error| {
            let why = format!("invalid --filter.\n{}", error.shown(text));
            CommandError::Usage(why)
        })?;
        if let Some(reason) = filter.contradiction() {
            return Err(CommandError::Usage(format!("--filter: {reason}.")));
        }
        Ok(Self {
            choice: choice.clone(),
            filter,
            address,
            configured_name: None,
        })
    }

    /// Sets the name under which the server is configured.
    #[must_use]
    pub fn with_name(self, configured_name: Option<String>) -> Self {
        Self {
            configured_name,
            ..self
        }
    }

    /// Refuses a filter that cannot be decided from a single read: it would match nothing, or everything.
    ///
    /// # Errors
    /// The error names the term and an alternative.
    pub fn check_single_reading(&self) -> Result<(), CommandError> {
        let Some(term) = self.filter.undecidable() else {
            return Ok(());
        };
        Err(CommandError::Usage(format!(
            "--filter: {term} needs several readings of the tasks. Use it on the screen \
             (`vtask`, then /{term}), or in `vtask wait --new`."
        )))
    }

    /// Describes the selection for messages.
    pub fn as_flags(&self) -> String {
        self.choice.as_flags()
    }

    /// Returns the part of the selection that the server's history can filter by.
    pub fn server_filter(&self) -> ServerFilter {
        self.choice.server_filter().and(self.filter.server_filter())
    }

    /// True if it depends on the locations of targets.
    pub fn needs_locations(&self) -> bool {
        self.filter.needs_locations()
    }

    /// Returns the queued and running tasks in the store that match. `now` is the server's time.
    pub fn active<'a>(
        &'a self,
        store: &'a TaskStore,
        now: Timestamp,
    ) -> impl Iterator<Item = (Handle, &'a TaskRecord)> {
        store.iter().filter(move |(handle, record)| {
            record.status().is_active() && self.matches(store, *handle, now)
        })
    }

    /// True if a task in the store matches. `now` is the server's time.
    pub fn matches(&self, store: &TaskStore, handle: Handle, now: Timestamp) -> bool {
        let Some(record) = store.get(handle) else {
            return false;
        };
        let Some(info) = record.info.as_deref() else {
            return false;
        };
        let context = EvalContext {
            store,
            typical: None,
            servers: Some(&SelectorContext {
                name: &self.address,
                configured_name: self.configured_name.as_deref(),
                now,
            }),
        };
        self.choice.matches(info, &store.labels(record.id.server))
            && self.filter.matches(context, handle)
    }

    /// True if a task may match, judged without its related tasks and the location of its target.
    pub fn may_match(&self, info: TaskInfo, labels: &Labels, now: Timestamp) -> bool {
        if !self.choice.matches(&info, labels) {
            return false;
        }
        let needs_more = self.filter.depends_on_family() || self.filter.needs_locations();
        if self.filter.is_empty() || needs_more {
            return true;
        }
        let mut store = TaskStore::new();
        store.set_labels(ONLY_SERVER, labels.clone());
        let id = TaskId::new(ONLY_SERVER, info.mo_id().clone());
        let change = TaskChange::Full {
            info: Box::new(info),
            at: now,
        };
        let applied = store.apply(ONLY_SERVER, change, &mut ChangeSet::default());
        let found = store.find(&id).filter(|_| applied.is_ok());
        found.is_some_and(|handle| self.matches(&store, handle, now))
    }
}

/// The names and time of the only server.
struct SelectorContext<'a> {
    name: &'a str,
    configured_name: Option<&'a str>,
    now: Timestamp,
}

impl ServerContext for SelectorContext<'_> {
    fn time(&self, _: ServerId) -> Timestamp {
        self.now
    }

    fn name(&self, _: ServerId) -> Option<&str> {
        Some(self.name)
    }

    fn configured_name(&self, _: ServerId) -> Option<&str> {
        self.configured_name
    }
}

/// True if any pattern matches any text, or there is no pattern.
fn any(patterns: &[String], texts: &[Option<&str>]) -> bool {
    let fits = |pattern: &String| {
        texts
            .iter()
            .flatten()
            .any(|text| matches_pattern(text, pattern))
    };
    patterns.is_empty() || patterns.iter().any(fits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::task::fixture::info;

    #[test]
    fn server_filter_has_supported_fields_only() {
        let choice = |change: fn(&mut TaskSelector)| {
            let mut choice = TaskSelector::default();
            change(&mut choice);
            let selector = CompiledSelector::new(&choice, &Saved::new(), "lab".to_owned());
            selector.unwrap().server_filter().fields().join(" ")
        };
        assert_eq!(choice(|_| ()), "");
        assert_eq!(choice(|choice| choice.user = vec!["*\\ops".into()]), "");
        assert_eq!(choice(|choice| choice.user = vec!["ops".into()]), "");
        let all = choice(|choice| {
            choice.user = vec!["LAB\\ops".into()];
            choice.entity = vec!["VirtualMachine:vm-7".into()];
            choice.activation_id = vec!["terraform-7".into()];
            choice.filter = Some("state:running tag=CHG-1".into());
        });
        assert_eq!(all, "state user target activation tag");
        let half = choice(|choice| choice.user = vec!["LAB\\ops".into(), "kim".into()]);
        assert_eq!(half, "", "one of them may be anybody");
    }

    #[test]
    fn flags_add_up_and_values_widen() {
        let task = info(
            "task-1",
            &json!({"entityName": "db-prod-01", "entity": {"type": "VirtualMachine", "value": "vm-7"},
                "activationId": "terraform-7", "name": "RelocateVM_Task",
                "reason": {"_typeName": "TaskReasonUser", "userName": "VSPHERE\\ops"}}),
        );
        let choice = |change: fn(&mut TaskSelector)| {
            let mut choice = TaskSelector::default();
            change(&mut choice);
            choice.matches(&task, &Labels::default())
        };
        assert!(choice(|_| ()));
        assert!(choice(
            |choice| choice.entity = vec!["x".into(), "vm-7".into()]
        ));
        assert!(choice(
            |choice| choice.operation = vec!["RelocateVM*".into()]
        ));
        assert!(choice(
            |choice| choice.operation = vec!["relocate virtual MACHINE".into()]
        ));
        assert!(choice(
            |choice| choice.activation_id = vec!["terraform-7".into()]
        ));
        assert!(choice(|choice| choice.user = vec!["*ops".into()]));
        assert!(!choice(|choice| {
            choice.entity = vec!["db*".into()];
            choice.operation = vec!["Clone*".into()];
        }));
    }
}
