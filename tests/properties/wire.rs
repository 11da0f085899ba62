//! Parsing of any server data ends in a value or an error, and a task read field by field equals
//! the one read as a whole.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use vtask::vim::types::{Fault, PendingQuestion, TaskEvent, TaskInfo, UpdateSet};

use super::cases;

const FIELDS: [&str; 27] = [
    "key",
    "task",
    "description",
    "name",
    "descriptionId",
    "entity",
    "entityName",
    "locked",
    "state",
    "cancelled",
    "cancelable",
    "error",
    "result",
    "progress",
    "progressDetails",
    "reason",
    "queueTime",
    "startTime",
    "completeTime",
    "eventChainId",
    "changeTag",
    "parentTaskKey",
    "rootTaskKey",
    "activationId",
    "_typeName",
    "mood",
    "_value",
];

/// Generates any JSON value, values of the API more often.
fn value() -> impl Strategy<Value = Value> {
    let words = [
        "task-1",
        "task-2",
        "Task",
        "running",
        "error",
        "success",
        "2026-01-01T00:00:00Z",
        "ArrayOfString",
        "LocalizedMethodFault",
        "TaskReasonUser",
        "int",
        "",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3_i32..104).prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let names = [
        "_typeName",
        "_value",
        "type",
        "value",
        "key",
        "message",
        "userName",
        "fault",
        "faultCause",
        "faultstring",
        "faultMessage",
        "localizedMessage",
        "name",
        "val",
        "obj",
        "kind",
        "changeSet",
        "objectSet",
        "filterSet",
        "question",
        "text",
        "choice",
        "choiceInfo",
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(names.to_vec()), inner), 0..6).prop_map(
                |fields| Value::Object(
                    fields
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect()
                )
            ),
        ]
    })
}

fn valid() -> Map<String, Value> {
    let info = json!({
        "key": "task-1", "task": {"type": "Task", "value": "task-1"}, "descriptionId": "VirtualMachine.clone", "state": "running",
        "cancelled": false, "cancelable": true, "reason": {"_typeName": "TaskReasonSystem"},
        "queueTime": "2026-01-01T00:00:00Z", "eventChainId": 1
    });
    info.as_object().unwrap().clone()
}

/// Generates a `TaskInfo` with arbitrary values in some fields.
fn info_with_arbitrary_fields() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((prop::sample::select(&FIELDS[..]), value()), 0..6).prop_map(
        |arbitrary_fields| {
            let mut info = valid();
            info.extend(
                arbitrary_fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
            info
        },
    )
}

/// Generates optional fields of a task with valid values.
fn valid_fields() -> impl Strategy<Value = Map<String, Value>> {
    let boxed =
        |kind: &'static str| move |value: Value| json!({"_typeName": kind, "_value": value});
    let text = || {
        prop_oneof![
            ".{0,10}".prop_map(Value::from),
            ".{0,10}".prop_map(Value::from).prop_map(boxed("string"))
        ]
    };
    let field = prop_oneof![
        text().prop_map(|value| ("entityName", value)),
        text().prop_map(|value| ("name", value)),
        text().prop_map(|value| ("changeTag", value)),
        text().prop_map(|value| ("parentTaskKey", value)),
        text().prop_map(|value| ("rootTaskKey", value)),
        text().prop_map(|value| ("mood", value)),
        (0..=100).prop_map(|value| ("progress", json!(value))),
        (0..=100)
            .prop_map(Value::from)
            .prop_map(boxed("int"))
            .prop_map(|value| ("progress", value)),
        prop::sample::select(&["queued", "running", "success", "error"][..])
            .prop_map(|state| ("state", json!(state))),
        any::<bool>().prop_map(|value| ("cancelled", json!(value))),
        value()
            .prop_filter("null is unset", |value| !value.is_null())
            .prop_map(|value| ("result", value)),
        value()
            .prop_filter("null is unset", |value| !value.is_null())
            .prop_map(|value| ("error", value)),
        ".{0,10}".prop_map(|message| ("description", json!({"key": "k", "message": message}))),
        Just(("startTime", json!("2026-01-01T00:00:01.25+02:00"))),
    ];
    prop::collection::vec(field, 0..8).prop_map(|fields| {
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

/// Fields that are parsed instead of kept as JSON.
const PARSED_FIELDS: [&str; 13] = [
    "key",
    "task",
    "description",
    "name",
    "entityName",
    "state",
    "cancelled",
    "progress",
    "reason",
    "startTime",
    "changeTag",
    "parentTaskKey",
    "rootTaskKey",
];

/// Boxes every primitive inside, as vCenter 8.0.3 does in a place of type `Any`; does not box
/// twice.
fn box_inside(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(box_inside),
        Value::Object(fields) if !fields.contains_key("_value") => {
            for (name, field) in fields.iter_mut().filter(|(name, _)| *name != "_typeName") {
                match field {
                    Value::Array(_) | Value::Object(_) => box_inside(field),
                    Value::Null => {}
                    _ => *field = json!({"_typeName": name, "_value": field.take()}),
                }
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(cases(384))]

    #[test]
    fn any_value_is_parsed_or_rejected(any in value(), info in info_with_arbitrary_fields()) {
        for wire in [any.clone(), Value::Object(info)] {
            if let Ok(info) = TaskInfo::from_json(wire) {
                let written = info.to_json();
                let reparsed = TaskInfo::from_json(written.clone()).unwrap();
                prop_assert_eq!(reparsed.to_json(), written);
            }
        }
        let fault = Fault::new(any.clone());
        let _ = (fault.text(), fault.is_request_canceled(), fault.chain().take(1000).count());
        for fault in fault.chain() {
            let _ = fault.fault_fields().count();
        }
        let _ = TaskEvent::from_json(any.clone()).text().len();
        let _ = PendingQuestion::of_runtime(any.clone());
        let _ = serde_json::from_value::<UpdateSet>(any);
    }

    #[test]
    fn assigned_fields_equal_whole_task_info(fields in valid_fields(), before in valid_fields()) {
        let mut whole = valid();
        whole.extend(fields);
        let expected = TaskInfo::from_json(Value::Object(whole.clone())).unwrap();
        // From another state of the same task, all fields are sent, including unset ones.
        let mut old = valid();
        old.extend(before.clone());
        let mut info = TaskInfo::from_json(Value::Object(old)).unwrap();
        for name in before.keys().filter(|name| !whole.contains_key(*name)) {
            info.assign(name, Value::Null).unwrap();
        }
        for (name, value) in whole {
            info.assign(&name, value).unwrap();
        }
        prop_assert_eq!(info, expected);
    }

    #[test]
    fn boxed_values_parse_the_same(fields in valid_fields()) {
        let mut bare = valid();
        bare.extend(fields);
        let mut boxed = Value::Object(bare.clone());
        box_inside(&mut boxed);
        let boxed = TaskInfo::from_json(boxed).unwrap();
        let bare = TaskInfo::from_json(Value::Object(bare)).unwrap();
        for field in PARSED_FIELDS {
            prop_assert_eq!(&boxed.to_json()[field], &bare.to_json()[field]);
        }
        prop_assert_eq!(boxed.error, bare.error);
    }

    #[test]
    fn rejected_field_changes_nothing(name in prop::sample::select(&FIELDS[..]), value in value()) {
        let mut info = TaskInfo::from_json(Value::Object(valid())).unwrap();
        let before = info.clone();
        if info.assign(name, value).is_err() {
            prop_assert_eq!(info, before);
        }
    }
}
