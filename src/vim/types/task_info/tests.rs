use super::*;

/// Returns a `TaskInfo` with every field of the reference set.
fn every_field() -> Value {
    json!({
        "_typeName": "TaskInfo",
        "key": "task-4711",
        "task": {"_typeName": "ManagedObjectReference", "type": "Task", "value": "task-4711"},
        "description": {"_typeName": "LocalizableMessage", "key": "com.example.copy", "message": "Copying disk 2 of 3"},
        "name": "RelocateVM_Task",
        "descriptionId": "VirtualMachine.relocate",
        "entity": {"_typeName": "ManagedObjectReference", "type": "VirtualMachine", "value": "vm-42"},
        "entityName": "db-prod-01",
        "locked": [{"_typeName": "ManagedObjectReference", "type": "Datastore", "value": "datastore-7"}],
        "state": "error",
        "cancelled": true,
        "cancelable": true,
        "error": {"_typeName": "NoPermission", "privilegeId": "Global.CancelTask", "faultstring": "denied"},
        "result": {"_typeName": "string", "_value": "done"},
        "progress": 54,
        "progressDetails": [{"_typeName": "KeyAnyValue", "key": "bytes", "value": {"_typeName": "long", "_value": 9}}],
        "reason": {"_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\ops"},
        "queueTime": "2026-11-23T10:22:07.367918416Z",
        "startTime": "2026-11-23T10:22:09Z",
        "completeTime": "2026-11-23T11:22:09Z",
        "eventChainId": 5000,
        "changeTag": "change-17",
        "parentTaskKey": "task-4700",
        "rootTaskKey": "task-4699",
        "activationId": "act-0",
        "fieldOfTomorrow": {"_typeName": "Unheard", "of": [1, 2]}
    })
}

fn minimum() -> Value {
    json!({
        "key": "task-1", "task": {"type": "Task", "value": "task-1"}, "descriptionId": "x.y",
        "state": "queued", "cancelled": false, "cancelable": false,
        "reason": {"_typeName": "TaskReasonSystem"},
        "queueTime": "2026-11-23T10:22:07Z", "eventChainId": 1
    })
}

#[test]
fn every_field_round_trips() {
    let info = TaskInfo::from_json(every_field()).unwrap();
    assert_eq!(info.to_json(), every_field());
    assert_eq!(info.unknown().get("fieldOfTomorrow").unwrap()["of"][1], 2);
}

#[test]
fn the_fixture_names_every_field_of_the_reference() {
    let wire = every_field();
    for field in FIELDS {
        assert!(wire.get(field).is_some(), "{field}");
    }
}

#[test]
fn missing_required_field_is_reported_and_others_are_read() {
    for field in REQUIRED_FIELDS {
        let mut absent = minimum();
        absent.as_object_mut().unwrap().shift_remove(field);
        let mut null = minimum();
        null[field] = Value::Null;
        for wire in [absent, null] {
            let info = TaskInfo::of_task("task-1", wire).unwrap();
            let invalid: Vec<&str> = info.invalid().iter().map(Malformed::field).collect();
            assert_eq!(invalid, [field]);
            assert_eq!(info.invalid().to_string(), format!("“{field}” is missing"));
            assert_eq!(&**info.mo_id(), "task-1");
            assert_eq!(info.leaf(field).is_some(), matches!(field, "key" | "task"));
        }
    }
}

#[test]
fn wrong_type_affects_only_its_field() {
    for field in FIELDS {
        let mut wire = every_field();
        // No field is declared as a list of lists.
        wire[field] = json!([[7]]);
        let info = TaskInfo::of_task("task-4711", wire.clone()).unwrap();
        // These two are valid for any response.
        let takes_all = ["result", "error", "reason", "progressDetails"].contains(&field);
        assert_eq!(info.invalid().contains(field), !takes_all, "{field}");
        wire.as_object_mut().unwrap().shift_remove(field);
        let without = TaskInfo::of_task("task-4711", wire).unwrap();
        for other in FIELDS.iter().filter(|other| **other != field) {
            assert_eq!(info.leaf(other), without.leaf(other), "{other}");
        }
    }
}

#[test]
fn numbers_and_strings_are_interchangeable() {
    let mut wire = minimum();
    wire["key"] = json!(4711);
    wire["eventChainId"] = json!("17");
    wire["cancelable"] = json!("true");
    wire["task"] = json!({"value": "task-1"});
    wire["reason"] = json!("TaskReasonOfTomorrow");
    let info = TaskInfo::from_json(wire).unwrap();
    assert!(info.invalid().is_empty(), "{}", info.invalid());
    assert_eq!((&*info.key, &**info.mo_id()), ("4711", "task-1"));
    assert_eq!((info.event_chain_id, info.cancelable), (17, true));
}

#[test]
fn value_without_task_fields_is_rejected() {
    for wire in [
        json!(null),
        json!("gone"),
        json!([]),
        json!({}),
        json!({"key": "task-1", "task": {"type": "Task", "value": "task-1"}}),
        json!({"_typeName": "NoPermission", "privilegeId": "System.View"}),
        json!({"state": null, "unheard": 1}),
    ] {
        assert!(TaskInfo::of_task("task-1", wire.clone()).is_err(), "{wire}");
    }
    assert!(
        TaskInfo::from_json(json!({"state": "running"})).is_err(),
        "which task?"
    );
}

#[test]
fn corrected_field_is_no_longer_invalid() {
    let mut wire = minimum();
    wire["queueTime"] = json!("soon");
    let mut info = TaskInfo::from_json(wire).unwrap();
    assert_eq!(
        (info.queue_time, info.invalid().contains("queueTime")),
        (None, true)
    );
    info.assign("queueTime", json!("2026-11-23T10:22:07Z"))
        .unwrap();
    assert_eq!(info, TaskInfo::from_json(minimum()).unwrap());
}

#[test]
fn null_is_the_same_as_absent() {
    let mut wire = minimum();
    for field in FIELDS {
        if wire.get(field).is_none() {
            wire[field] = Value::Null;
        }
    }
    assert_eq!(TaskInfo::from_json(wire), TaskInfo::from_json(minimum()));
}

#[test]
fn leaves_lead_to_the_same_value_as_the_whole() {
    let mut info = TaskInfo::from_json(minimum()).unwrap();
    for (field, value) in every_field().as_object().unwrap() {
        info.assign(field, value.clone()).unwrap();
    }
    assert_eq!(info, TaskInfo::from_json(every_field()).unwrap());
}

#[test]
fn boxed_leaves_equal_bare_ones() {
    let mut info = TaskInfo::from_json(minimum()).unwrap();
    info.assign("progress", json!({"_typeName": "int", "_value": 54}))
        .unwrap();
    info.assign(
        "state",
        json!({"_typeName": "TaskInfoState", "_value": "running"}),
    )
    .unwrap();
    info.assign(
        "locked",
        json!({"_typeName": "ArrayOfManagedObjectReference", "ManagedObjectReference": [{"type": "Host", "value": "h"}]}),
    )
    .unwrap();
    info.assign(
        "error",
        json!({"_typeName": "NoPermission", "_value": {"privilegeId": "p"}}),
    )
    .unwrap();
    assert_eq!(info.progress, Some(54));
    assert_eq!(info.state, TaskState::Running);
    assert_eq!(info.locked.len(), 1);
    assert_eq!(info.error.unwrap().type_name(), "NoPermission");
}

#[test]
fn invalid_leaf_keeps_the_previous_value() {
    let mut info = TaskInfo::from_json(every_field()).unwrap();
    assert!(info.assign("progress", json!("much")).is_err());
    assert!(info.assign("state", Value::Null).is_err());
    assert_eq!(info, TaskInfo::from_json(every_field()).unwrap());
}

#[test]
fn self_reference_is_no_parent_or_root() {
    let mut info = TaskInfo::from_json(minimum()).unwrap();
    info.assign("parentTaskKey", json!("task-1")).unwrap();
    info.assign("rootTaskKey", json!("task-1")).unwrap();
    assert_eq!((info.parent_key(), info.root_key()), (None, None));
}

#[test]
fn cancelled_and_failed_are_distinguished() {
    let mut info = TaskInfo::from_json(every_field()).unwrap();
    assert!(!info.ended_cancelled());
    info.assign(
        "error",
        json!({"_typeName": "LocalizedMethodFault", "fault": {"_typeName": "RequestCanceled"}}),
    )
    .unwrap();
    assert!(info.ended_cancelled());
}
