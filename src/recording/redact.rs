//! Replaces names in a record by stand-ins: the same name by the same one, so that lineage and equality are kept.
//!
//! Types, IDs, states, times and numbers stay. Of other text, all names known from a field are replaced, and every word
//! that looks like a name, an address or a path: one with a digit, dot, underscore, slash, backslash or @.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{ConnectionState, Entry, Header, Location, LostHost, Question};

/// Fields whose text is defined by the API.
const UNREDACTED_FIELDS: [&str; 13] = [
    "_typeName",
    "type",
    "key",
    "state",
    "descriptionId",
    "eventTypeId",
    "severity",
    "privilegeId",
    "privId",
    "parentTaskKey",
    "rootTaskKey",
    "objectType",
    "op",
];
/// Fields that contain the name of a user.
const USERS: [&str; 4] = ["userName", "user", "userLogin", "loginName"];
/// Fields that contain the name of an object.
const NAMES: [&str; 6] = [
    "entityName",
    "name",
    "destName",
    "hostName",
    "datastoreName",
    "objectName",
];
/// Maximum number of names. Further ones share a stand-in.
const MAX_NAMES: usize = 500_000;
/// Maximum depth of values; the same limit as that of `serde_json` for reading.
const MAX_DEPTH: usize = 128;

/// Stand-ins of names.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    stand_ins: HashMap<String, String>,
    counts: HashMap<&'static str, usize>,
}

impl Redactor {
    /// Replaces the names in a header.
    pub fn header(&mut self, header: &Header) -> Header {
        let names = header.vcenters.iter();
        Header {
            vcenters: names.map(|name| self.name("vcenter", name)).collect(),
            redacted: true,
            ..header.clone()
        }
    }

    /// Replaces the names in an entry.
    #[must_use]
    pub fn entry(&mut self, entry: Entry) -> Entry {
        match entry {
            Entry::Server(mut server) => {
                server.host = self.name("vcenter", &server.host);
                server.user = self.name("user", &server.user);
                Entry::Server(server)
            }
            Entry::Link(link) => Entry::Link(self.link(link)),
            Entry::Task { at, info } => Entry::Task {
                at,
                info: self.task_info(info),
            },
            Entry::PastTask { at, info } => Entry::PastTask {
                at,
                info: self.task_info(info),
            },
            Entry::Change { task, at, fields } => Entry::Change {
                task,
                at,
                fields: self.task_fields(fields),
            },
            Entry::Placeholder { task, reason } => Entry::Placeholder {
                task,
                reason: self.text(&reason),
            },
            Entry::Unreadable { task, reason } => Entry::Unreadable {
                task,
                reason: self.text(&reason),
            },
            Entry::CancelAnswer {
                task,
                answer,
                reason,
            } => Entry::CancelAnswer {
                // The missing privilege is no name.
                reason: match &*answer {
                    "NoPermission" => reason,
                    _ => reason.map(|reason| self.text(&reason)),
                },
                task,
                answer,
            },
            Entry::Events { task, events } => Entry::Events {
                task,
                events: events.into_iter().map(|event| self.value(event)).collect(),
            },
            Entry::History { tasks } => Entry::History {
                tasks: tasks.into_iter().map(|task| self.task_info(task)).collect(),
            },
            Entry::EntityState {
                task,
                question,
                lost_host,
            } => Entry::EntityState {
                task,
                question: question.map(|question| Question {
                    text: self.text(&question.text),
                    choices: question.choices.iter().map(|c| self.text(c)).collect(),
                }),
                lost_host: lost_host.map(|host| LostHost {
                    name: self.name("host", &host.name),
                    ..host
                }),
            },
            Entry::Location(location) => Entry::Location(self.location(location)),
            same @ (Entry::ClockOffset(_)
            | Entry::Labels(_)
            | Entry::Runs(_)
            | Entry::Gone { .. }
            | Entry::Unwatched { .. }
            | Entry::CancelRequest { .. }
            | Entry::Lost { .. }) => same,
        }
    }

    fn link(&mut self, link: ConnectionState) -> ConnectionState {
        match link {
            ConnectionState::Polling { reason } => ConnectionState::Polling {
                reason: reason.map(|reason| self.text(&reason).into()),
            },
            ConnectionState::Retrying {
                attempt,
                next,
                reason,
            } => ConnectionState::Retrying {
                attempt,
                next,
                reason: self.text(&reason).into(),
            },
            ConnectionState::SignedOut { reason } => ConnectionState::SignedOut {
                reason: self.text(&reason).into(),
            },
            same @ (ConnectionState::Connecting
            | ConnectionState::Live
            | ConnectionState::Paused) => same,
        }
    }

    fn location(&mut self, location: Location) -> Location {
        let mut name = |prefix, name: Option<String>| name.map(|name| self.name(prefix, &name));
        Location {
            host: name("host", location.host),
            cluster: name("cluster", location.cluster),
            datacenter: name("name", location.datacenter),
            folder: name("path", location.folder),
            ..location
        }
    }

    fn task_info(&mut self, info: Value) -> Value {
        match info {
            Value::Object(fields) => Value::Object(self.task_fields(fields)),
            other => self.value(other),
        }
    }

    /// Replaces the names in fields of a `TaskInfo`, whose `name` is that of the method.
    fn task_fields(&mut self, mut fields: Map<String, Value>) -> Map<String, Value> {
        let kept: Vec<(&str, Value)> = ["name", "task"]
            .into_iter()
            .filter_map(|field| Some((field, fields.get(field)?.clone())))
            .collect();
        let kind = prefix(fields.get("entity"));
        if let Some(name) = fields.get("entityName").map(unboxed)
            && let Some(name) = name.as_str()
        {
            self.name(kind, name);
        }
        fields = self.fields(fields, 0);
        for (field, value) in kept {
            fields.insert(field.to_owned(), value);
        }
        fields
    }

    fn value(&mut self, value: Value) -> Value {
        // Names first, so that texts about them are replaced alike.
        self.register_names(&value, 0);
        self.replace(value, 0)
    }

    /// Gives stand-ins to the names in fields that contain names.
    fn register_names(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Array(items) if depth < MAX_DEPTH => {
                for item in items {
                    self.register_names(item, depth + 1);
                }
            }
            Value::Object(fields) if depth < MAX_DEPTH => {
                let references = fields.values();
                let kind = references.map(|value| prefix(Some(value)));
                let kind = kind.into_iter().find(|kind| *kind != "name");
                for (field, value) in fields {
                    match unboxed(value).as_str() {
                        Some(text) if USERS.contains(&&**field) => {
                            self.name("user", text);
                        }
                        Some(text) if NAMES.contains(&&**field) => {
                            self.name(kind.unwrap_or("name"), text);
                        }
                        _ => self.register_names(value, depth + 1),
                    }
                }
            }
            _ => {}
        }
    }

    fn replace(&mut self, value: Value, depth: usize) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) if depth < MAX_DEPTH => {
                let items = items.into_iter();
                items.map(|item| self.replace(item, depth + 1)).collect()
            }
            Value::Object(fields) if depth < MAX_DEPTH => {
                Value::Object(self.fields(fields, depth + 1))
            }
            Value::Array(_) | Value::Object(_) => Value::Null,
            same @ (Value::Null | Value::Bool(_) | Value::Number(_)) => same,
        }
    }

    fn fields(&mut self, fields: Map<String, Value>, depth: usize) -> Map<String, Value> {
        if depth == 0 {
            for (name, value) in &fields {
                match unboxed(value).as_str() {
                    Some(text) if USERS.contains(&&**name) => drop(self.name("user", text)),
                    _ => self.register_names(value, 0),
                }
            }
        }
        let is_reference = fields.len() <= 4 && fields.contains_key("type");
        let replaced = fields.into_iter().map(|(name, value)| {
            let is_kept = value.is_string()
                && (UNREDACTED_FIELDS.contains(&&*name) || (is_reference && name == "value"));
            let is_name = USERS.contains(&&*name) || NAMES.contains(&&*name);
            let value = match value {
                kept if is_kept => kept,
                Value::String(text) if is_name => Value::String(self.name("name", &text)),
                other => self.replace(other, depth),
            };
            (name, value)
        });
        replaced.collect()
    }

    /// Returns the stand-in of a name.
    fn name(&mut self, prefix: &'static str, name: &str) -> String {
        if name.trim().is_empty() {
            return name.to_owned();
        }
        let folded = name.to_lowercase();
        if let Some(known) = self.stand_ins.get(&folded) {
            return known.clone();
        }
        if self.stand_ins.len() >= MAX_NAMES {
            return format!("{prefix}-0");
        }
        let count = self.counts.entry(prefix).or_default();
        *count += 1;
        let stand_in = format!("{prefix}-{count}");
        self.stand_ins.insert(folded, stand_in.clone());
        stand_in
    }

    /// Replaces the names in a text.
    fn text(&mut self, text: &str) -> String {
        if text.parse::<jiff::Timestamp>().is_ok() {
            return text.to_owned();
        }
        if let Some(known) = self.stand_ins.get(&text.to_lowercase()) {
            return known.clone();
        }
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let start = rest.find(is_part).unwrap_or(rest.len());
            let (between, next) = rest.split_at(start);
            replaced.push_str(between);
            let end = next.find(|c| !is_part(c)).unwrap_or(next.len());
            let (word, after) = next.split_at(end);
            let bare = word.trim_end_matches(['.', '-', '/', '\\']);
            replaced.push_str(&self.word(bare));
            replaced.push_str(&word[bare.len()..]);
            rest = after;
        }
        replaced
    }

    fn word(&mut self, word: &str) -> String {
        if let Some(known) = self.stand_ins.get(&word.to_lowercase()) {
            return known.clone();
        }
        let prefix = if word.parse::<f64>().is_ok() {
            return word.to_owned();
        } else if word.contains('@') || word.contains('\\') {
            "user"
        } else if word.contains('/') {
            "path"
        } else if word.contains(|c: char| c.is_ascii_digit() || c == '.' || c == '_') {
            "name"
        } else {
            return word.to_owned();
        };
        self.name(prefix, word)
    }
}

/// True for a character of a name, address or path.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '\\' | '/' | '$' | '~')
}

/// Returns the prefix of stand-ins for objects of the type of a reference.
fn prefix(reference: Option<&Value>) -> &'static str {
    match reference.and_then(|value| value["type"].as_str()) {
        Some("VirtualMachine") => "machine",
        Some("HostSystem") => "host",
        Some("Datastore" | "StoragePod") => "datastore",
        Some("ClusterComputeResource" | "ComputeResource") => "cluster",
        _ => "name",
    }
}

/// Returns the value without the `_value` objects around it.
fn unboxed(mut value: &Value) -> &Value {
    while let Some(content) = value.get("_value") {
        value = content;
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn task(info: Value) -> Entry {
        let at = jiff::Timestamp::UNIX_EPOCH;
        Entry::Task { at, info }
    }

    fn redacted(redactor: &mut Redactor, info: Value) -> Value {
        let Entry::Task { info, .. } = redactor.entry(task(info)) else {
            panic!("it stays a task")
        };
        info
    }

    fn clone_task() -> Value {
        json!({
            "_typeName": "TaskInfo", "key": "task-7", "task": {"_typeName": "ManagedObjectReference", "type": "Task", "value": "task-7"},
            "name": "CloneVM_Task", "descriptionId": "VirtualMachine.clone", "state": "error", "progress": 95,
            "entity": {"type": "VirtualMachine", "value": "vm-12"}, "entityName": "Payroll",
            "queueTime": "2026-11-29T10:00:00Z", "cancelable": false, "parentTaskKey": "task-3",
            "reason": {"_typeName": "TaskReasonUser", "userName": "LAB\\kim"},
            "error": {"_typeName": "NoDiskSpace", "datastore": "nfs-2",
                "faultstring": "Cannot clone payroll for LAB\\kim: not enough space on nfs-2 (needs 48 GB), [nfs-2] Payroll/payroll.vmdk on 10.0.0.7."},
        })
    }

    #[test]
    fn names_are_replaced_everywhere_and_alike() {
        let info = redacted(&mut Redactor::default(), clone_task());
        let text = info.to_string().to_lowercase();
        for name in ["payroll", "kim", "nfs", "10.0.0.7", "lab\\"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
        assert_eq!(info["entityName"], "machine-1");
        assert_eq!(info["reason"]["userName"], "user-1");
        let datastore = info["error"]["datastore"].as_str().unwrap();
        let message = info["error"]["faultstring"].as_str().unwrap();
        assert!(
            message.starts_with(&format!(
                "Cannot clone machine-1 for user-1: not enough space on {datastore} (needs 48 GB), [{datastore}] "
            )),
            "{message}"
        );
        let before = clone_task();
        for same in [
            "_typeName",
            "key",
            "task",
            "name",
            "descriptionId",
            "state",
            "progress",
            "entity",
            "queueTime",
            "parentTaskKey",
        ] {
            assert_eq!(info[same], before[same], "{same}");
        }
        assert_eq!(info["error"]["_typeName"], "NoDiskSpace");
    }

    #[test]
    fn stand_ins_are_stable_across_entries() {
        let mut redactor = Redactor::default();
        let first = redacted(&mut redactor, clone_task());
        let second = redacted(&mut redactor, clone_task());
        assert_eq!(first, second);
        let fields = json!({"entityName": {"_typeName": "string", "_value": "payroll"}});
        let change = Entry::Change {
            task: "task-8".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            fields: fields.as_object().unwrap().clone(),
        };
        let Entry::Change { fields, .. } = redactor.entry(change) else {
            panic!("it stays a change")
        };
        assert_eq!(fields["entityName"]["_value"], "machine-1");
        let event = json!({"_typeName": "VmClonedEvent", "userName": "LAB\\kim",
            "vm": {"name": "Payroll", "vm": {"type": "VirtualMachine", "value": "vm-12"}}, "fullFormattedMessage": "Payroll was cloned"});
        let events = Entry::Events {
            task: "task-7".to_owned(),
            events: vec![event],
        };
        let Entry::Events { events, .. } = redactor.entry(events) else {
            panic!("they stay events")
        };
        assert_eq!(events[0]["vm"]["name"], "machine-1");
        assert_eq!(events[0]["fullFormattedMessage"], "machine-1 was cloned");
        assert_eq!(events[0]["userName"], "user-1");
    }

    #[test]
    fn servers_and_reasons_have_no_names() {
        let mut redactor = Redactor::default();
        let header = Header::new(jiff::Timestamp::UNIX_EPOCH, vec!["vc01.lab".to_owned()]);
        let header = redactor.header(&header);
        assert_eq!((&*header.vcenters[0], header.redacted), ("vcenter-1", true));
        let link = ConnectionState::Retrying {
            next: jiff::Timestamp::UNIX_EPOCH,
            attempt: 1,
            reason: "cannot connect to vc01.lab: connection refused".into(),
        };
        let link = redactor.entry(Entry::Link(link));
        let expected = ConnectionState::Retrying {
            next: jiff::Timestamp::UNIX_EPOCH,
            attempt: 1,
            reason: "cannot connect to vcenter-1: connection refused".into(),
        };
        assert_eq!(link, Entry::Link(expected));
    }
}
