//! `runtime` of a virtual machine or host, as far as it can keep a task from progressing.

use serde_json::Value;

use super::{any::unboxed, pending_question::PendingQuestion, reference::ManagedObjectReference};

/// `VirtualMachineRuntimeInfo` or `HostRuntimeInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityRuntime {
    /// The pending question of a virtual machine.
    pub question: Option<PendingQuestion>,
    /// True if the host does not answer, false if it was disconnected; `None` if it is connected or a virtual machine
    /// has a state of its own, such as `orphaned`.
    pub is_silent: Option<bool>,
    /// The host of a virtual machine.
    pub host: Option<ManagedObjectReference>,
}

impl EntityRuntime {
    /// Reads a `runtime` in any form. Malformed values count as unset.
    pub fn from_json(runtime: Value) -> Self {
        let runtime = unboxed(runtime);
        let connection = runtime.get("connectionState").cloned().map(unboxed);
        let is_silent = match connection.as_ref().and_then(Value::as_str) {
            Some("disconnected") => Some(false),
            Some("notResponding") => Some(true),
            _ => None,
        };
        let host = runtime.get("host").cloned();
        Self {
            is_silent,
            host: host.and_then(|host| ManagedObjectReference::from_json("host", host).ok()),
            question: PendingQuestion::of_runtime(runtime),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn connection_states_of_hosts_and_machines_are_parsed() {
        let host = json!({"_typeName": "HostRuntimeInfo", "connectionState": "notResponding"});
        let host = EntityRuntime::from_json(host);
        assert_eq!(host.is_silent, Some(true));
        assert_eq!((host.host, host.question), (None, None));
        let machine = json!({"connectionState": {"_typeName": "VirtualMachineConnectionState", "_value": "disconnected"},
            "host": {"type": "HostSystem", "value": "host-7"}, "question": {"text": "Moved?"}});
        let machine = EntityRuntime::from_json(machine);
        assert_eq!(machine.is_silent, Some(false));
        assert_eq!(&*machine.host.unwrap().value, "host-7");
        assert!(machine.question.is_some());
        for odd in [
            json!(null),
            json!(7),
            json!({"connectionState": 7, "host": "x"}),
            json!({"connectionState": "orphaned"}),
        ] {
            let odd = EntityRuntime::from_json(odd);
            assert_eq!((odd.is_silent, odd.host), (None, None));
        }
    }
}
