//! `TaskReason`: origin of a task.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    any::{take_string, without_outer_boxes},
    intern::intern,
    reference::ManagedObjectReference,
};

/// Origin of a task, discriminated by the type on the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskReason {
    /// `TaskReasonUser`: a user or service account.
    User {
        /// User name, such as `VSPHERE.LOCAL\ops`.
        user_name: Arc<str>,
    },
    /// `TaskReasonSystem`: the server itself.
    System,
    /// `TaskReasonAlarm`: an alarm's action.
    Alarm(Box<AlarmReason>),
    /// `TaskReasonSchedule`: a scheduled task.
    Schedule(Box<ScheduleReason>),
    /// An unknown reason, as sent.
    Other(Box<Value>),
}

/// The alarm whose action started a task.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmReason {
    /// Name of the alarm.
    pub alarm_name: String,
    /// Reference to the alarm.
    pub alarm: Option<ManagedObjectReference>,
    /// Name of the alarm's entity.
    pub entity_name: String,
    /// Reference to the alarm's entity.
    pub entity: Option<ManagedObjectReference>,
}

/// The scheduled task that started a task.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleReason {
    /// Name of the scheduled task.
    pub name: String,
    /// Reference to the scheduled task.
    pub scheduled_task: Option<ManagedObjectReference>,
}

impl TaskReason {
    /// Reads a reason; unknown types and values that are no object are kept as sent.
    pub fn from_json(value: Value) -> Self {
        let mut object = match without_outer_boxes(value) {
            Value::Object(object) => object,
            other => return Self::Other(Box::new(other)),
        };
        let kind = object.get("_typeName").and_then(Value::as_str);
        let kind = kind.unwrap_or_default().to_owned();
        // The origin is known even without the reference.
        let reference = |object: &mut Map<String, Value>, name: &str| {
            ManagedObjectReference::from_json(name, object.shift_remove(name)?).ok()
        };
        match kind.as_str() {
            "TaskReasonUser" => Self::User {
                user_name: intern(&take_string(&mut object, "userName").unwrap_or_default()),
            },
            "TaskReasonSystem" => Self::System,
            "TaskReasonAlarm" => Self::Alarm(Box::new(AlarmReason {
                alarm: reference(&mut object, "alarm"),
                entity: reference(&mut object, "entity"),
                alarm_name: take_string(&mut object, "alarmName").unwrap_or_default(),
                entity_name: take_string(&mut object, "entityName").unwrap_or_default(),
            })),
            "TaskReasonSchedule" => Self::Schedule(Box::new(ScheduleReason {
                scheduled_task: reference(&mut object, "scheduledTask"),
                name: take_string(&mut object, "name").unwrap_or_default(),
            })),
            _ => Self::Other(Box::new(Value::Object(object))),
        }
    }

    /// Returns the reason in wire format.
    pub fn to_json(&self) -> Value {
        let reference = |reference: &Option<ManagedObjectReference>| {
            reference.as_ref().map(ManagedObjectReference::to_json)
        };
        match self {
            Self::User { user_name } => {
                json!({"_typeName": "TaskReasonUser", "userName": user_name})
            }
            Self::System => json!({"_typeName": "TaskReasonSystem"}),
            Self::Alarm(reason) => json!({
                "_typeName": "TaskReasonAlarm",
                "alarmName": reason.alarm_name,
                "alarm": reference(&reason.alarm),
                "entityName": reason.entity_name,
                "entity": reference(&reason.entity),
            }),
            Self::Schedule(reason) => json!({
                "_typeName": "TaskReasonSchedule",
                "name": reason.name,
                "scheduledTask": reference(&reason.scheduled_task),
            }),
            Self::Other(value) => value.as_ref().clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_reasons_round_trip() {
        for wire in [
            json!({"_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\ops"}),
            json!({"_typeName": "TaskReasonSystem"}),
            json!({
                "_typeName": "TaskReasonAlarm", "alarmName": "Restart",
                "alarm": {"_typeName": "ManagedObjectReference", "type": "Alarm", "value": "alarm-1"},
                "entityName": "web-11",
                "entity": {"_typeName": "ManagedObjectReference", "type": "VirtualMachine", "value": "vm-1"}
            }),
            json!({
                "_typeName": "TaskReasonSchedule", "name": "nightly",
                "scheduledTask": {"_typeName": "ManagedObjectReference", "type": "ScheduledTask", "value": "schedule-1"}
            }),
            json!({"_typeName": "TaskReasonOfTomorrow", "cause": ["moon"]}),
        ] {
            let reason = TaskReason::from_json(wire.clone());
            assert_eq!(reason.to_json(), wire);
        }
    }
}
