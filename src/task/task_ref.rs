//! Parsing of TASK arguments.

use std::{str::FromStr, sync::Arc};

use percent_encoding::percent_decode_str;
use vtask_text::without_user_info;

/// A moId parsed from any of the usual notations: `task-4711`, `Task:task-4711`, `Task-task-4711`
/// (`PowerCLI`), `urn:vmomi:Task:task-4711:GUID`, or a URL that ends in `…/Task/task-4711` or
/// `…/Task/task-4711/info`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TaskRef(pub Arc<str>);

/// Error for text that is not a task reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not a task ID: {why}.")]
pub struct NotATask {
    /// The text without user name and password.
    pub text: String,
    /// The reason and what to write instead.
    pub why: String,
}

/// Prefixes of the moIds of vCenter, in front of a number, with the type of the object.
const ID_PREFIXES: [(&str, &str); 17] = [
    ("vm-", "VirtualMachine"),
    ("host-", "HostSystem"),
    ("domain-c", "ClusterComputeResource"),
    ("domain-s", "ComputeResource"),
    ("datacenter-", "Datacenter"),
    ("datastore-", "Datastore"),
    ("network-", "Network"),
    ("dvportgroup-", "DistributedVirtualPortgroup"),
    ("dvs-", "VmwareDistributedVirtualSwitch"),
    ("resgroup-", "ResourcePool"),
    ("resgroup-v", "VirtualApp"),
    ("group-d", "Folder"),
    ("group-h", "Folder"),
    ("group-n", "Folder"),
    ("group-s", "Folder"),
    ("group-v", "Folder"),
    ("group-p", "StoragePod"),
];

/// Returns the type of an object other than a task, by its moId.
fn type_of(mo_id: &str) -> Option<&'static str> {
    let is_number = |rest: &str| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit());
    let mut prefixes = ID_PREFIXES.iter();
    let found = prefixes.find(|(prefix, _)| mo_id.strip_prefix(prefix).is_some_and(is_number));
    found.map(|(_, kind)| *kind)
}

fn of_other_type(text: &str, kind: &str, mo_id: &str) -> NotATask {
    let is_type = kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind.chars().all(|c| c.is_ascii_alphanumeric());
    let why = if is_type {
        format!("it is a {kind}; `vtask list --entity {mo_id}` lists its tasks")
    } else {
        "only objects of type Task are supported. Use an ID such as task-4711".to_owned()
    };
    NotATask {
        text: without_user_info(text).into_owned(),
        why,
    }
}

impl FromStr for TaskRef {
    type Err = NotATask;

    fn from_str(text: &str) -> Result<Self, NotATask> {
        let text = text.trim().trim_matches(['"', '\'']);
        let refuse = |why: &str| {
            Err(NotATask {
                text: without_user_info(text).into_owned(),
                why: format!("{why}. Use an ID such as task-4711, or the URL of a task"),
            })
        };
        let path = text.split(['?', '#']).next().unwrap_or_default();
        if text.contains("://") && path.contains('@') {
            return refuse("the URL must not contain a user name or password");
        }
        let mo_id = if text.contains("://") || text.starts_with("/sdk/") {
            match from_url(text) {
                Some(mo_id) => mo_id,
                None => return refuse("the URL has no …/Task/ID in its path"),
            }
        } else if let Some(urn) = text.strip_prefix("urn:vmomi:") {
            match urn.split(':').collect::<Vec<_>>()[..] {
                ["Task", mo_id, ..] => mo_id.to_owned(),
                [kind, mo_id, ..] => return Err(of_other_type(text, kind, mo_id)),
                _ => return refuse("the URN is not a Task"),
            }
        } else if let Some((kind, mo_id)) = text.split_once(':') {
            if kind != "Task" {
                return Err(of_other_type(text, kind, mo_id));
            }
            mo_id.to_owned()
        } else if text.starts_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_digit())
        {
            format!("task-{text}")
        } else {
            text.strip_prefix("Task-").unwrap_or(text).to_owned()
        };
        if let Some(kind) = type_of(&mo_id) {
            return Err(of_other_type(text, kind, &mo_id));
        }
        // Every server's IDs have a number in them; `Task:abc` is for one that has not.
        let number = text.strip_prefix("task-").unwrap_or(text);
        if mo_id == text && !text.is_empty() && number.chars().all(|c| c.is_ascii_alphabetic()) {
            return refuse("it contains no digits");
        }
        if mo_id.is_empty() {
            return refuse("empty text");
        }
        if mo_id.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return refuse("spaces and control characters are not allowed");
        }
        if mo_id.contains(['/', '\\', '?', '#', '%']) || mo_id == "." || mo_id == ".." {
            return refuse("“/”, “\\”, “?”, “#”, “%” and “..” are not allowed");
        }
        Ok(Self(mo_id.into()))
    }
}

/// Returns the segment after `Task` in the path of a URL, decoded; or the URN found anywhere in it,
/// as in the requests of the vSphere Client.
fn from_url(text: &str) -> Option<String> {
    const URN: &str = "urn:vmomi:Task:";
    let whole = percent_decode_str(text).decode_utf8().ok()?;
    if let Some((_, urn)) = whole.split_once(URN) {
        let end = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        return urn.split(end).next().map(str::to_owned);
    }
    let path = text.split(['?', '#']).next()?;
    let mut segments = path.split('/').skip_while(|segment| *segment != "Task");
    segments.next()?;
    let mo_id = segments.next()?;
    let decoded = percent_decode_str(mo_id).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_names_same_task() {
        for text in [
            "task-4711",
            "4711",
            "  task-4711\n",
            "'task-4711'",
            "Task:task-4711",
            "Task-task-4711",
            "urn:vmomi:Task:task-4711:2b5b1c1e-0000-4a7e-9d0c-1a2b3c4d5e6f",
            "urn:vmomi:Task:task-4711",
            "https://vc01.lab/sdk/vim25/8.0.3.0/Task/task-4711/info",
            "https://vc01.lab/sdk/vim25/8.0.3.0/Task/task-4711?x=1",
            "/sdk/vim25/8.0.3.0/Task/task%2D4711/info",
            "https://vc01.lab/ui/data/properties/urn:vmomi:Task:task-4711:2b5b1c1e-0000?properties=info",
            "https://vc01.lab/ui/x?objectId=urn%3Avmomi%3ATask%3Atask-4711%3A2b5b1c1e",
        ] {
            assert_eq!(text.parse(), Ok(TaskRef("task-4711".into())), "{text}");
        }
    }

    #[test]
    fn invalid_reference_is_rejected_with_reason() {
        for text in [
            "",
            "Task:",
            "VirtualMachine:vm-42",
            "vm-42",
            "host-9",
            "abc",
            "task-",
            "task-abc",
            "Task-",
            "domain-c8",
            "urn:vmomi:VirtualMachine:vm-42:GUID",
            "https://vc01.lab/ui/app",
            "https://vc01.lab/sdk/vim25/8.0.3.0/Task/a%2Fb/info",
            "a/b",
            "..",
            "task?x",
            "task 4711",
            "task\u{1b}[31m",
            "https://ops:s3cret@vc01.lab/sdk/vim25/8.0.3.0/Task/task-4711/info",
            "https://ops:s3cret/x@vc01.lab/sdk/vim25/8.0.3.0/Task/task-4711/info",
            "https://ops:s3cret?x@vc01.lab/sdk/vim25/8.0.3.0/Task/task-4711/info",
            "https://vc01.lab:s3cret@vc01.lab/ui/urn:vmomi:Task:task-4711:2b5b1c1e",
            "ops:s3cret@vc01.lab/Task/task-4711",
        ] {
            let refused = text.parse::<TaskRef>().unwrap_err();
            let refused = refused.to_string();
            assert!(refused.contains("is not a task ID"), "{text}");
            assert!(!refused.contains("s3cret"), "{refused}");
        }
        let refused = "group-v3".parse::<TaskRef>().unwrap_err().to_string();
        assert_eq!(
            refused,
            "“group-v3” is not a task ID: it is a Folder; `vtask list --entity group-v3` lists its tasks."
        );
        for other in [
            "Task:abc",
            "Task:task-abc",
            "vm-",
            "vm-a",
            "domain-c",
            "haTask-42-vim.VirtualMachine.powerOn-7",
        ] {
            assert!(other.parse::<TaskRef>().is_ok(), "{other}");
        }
    }
}
