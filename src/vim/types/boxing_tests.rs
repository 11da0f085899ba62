//! Tests that every type reads the same with or without boxes around the primitives of a data object, as seen from
//! vCenter 8.0.3.

use serde_json::{Value, json};

use super::*;

fn string(text: &str) -> Value {
    json!({"_typeName": "string", "_value": text})
}

#[test]
fn boxed_task_has_user_and_phase() {
    let info = TaskInfo::from_json(json!({
        "_typeName": "TaskInfo",
        "key": string("task-7"),
        "task": {"_typeName": "ManagedObjectReference", "type": string("Task"), "value": string("task-7")},
        "descriptionId": string("VirtualMachine.clone"),
        "state": string("running"),
        "cancelled": {"_typeName": "boolean", "_value": false},
        "cancelable": {"_typeName": "boolean", "_value": true},
        "entityName": string("web-1"),
        "reason": {"_typeName": "TaskReasonUser", "userName": string("kim")},
        "description": {"_typeName": "LocalizableMessage", "key": "a.b", "message": string("Copying")},
        "queueTime": {"_typeName": "dateTime", "_value": "2026-11-23T10:22:07Z"},
        "startTime": {"_typeName": "dateTime", "_value": null},
        "eventChainId": {"_typeName": "int", "_value": 5},
        "locked": {"_typeName": "ArrayOfManagedObjectReference", "ManagedObjectReference": [
            {"_typeName": "ManagedObjectReference", "type": string("Datastore"), "value": string("ds-1")}]},
    }))
    .unwrap();
    assert_eq!((&*info.key, &**info.mo_id()), ("task-7", "task-7"));
    assert_eq!(info.state, TaskState::Running);
    assert_eq!(info.entity_name.as_deref(), Some("web-1"));
    let kim = TaskReason::User {
        user_name: "kim".into(),
    };
    assert_eq!(info.reason, kim);
    assert_eq!(info.description.as_ref().unwrap().text(), "Copying");
    assert_eq!(info.start_time(), None);
    assert_eq!(info.locked[0].to_string(), "Datastore:ds-1");
}

#[test]
fn boxed_reasons_are_parsed() {
    let reference = json!({"type": string("Alarm"), "value": string("alarm-1")});
    let alarm = json!({"_typeName": "TaskReasonAlarm", "alarmName": string("Restart"),
        "alarm": reference, "entityName": string("web-1")});
    let TaskReason::Alarm(alarm) = TaskReason::from_json(alarm) else {
        panic!("an alarm did it");
    };
    assert_eq!(
        (&*alarm.alarm_name, &*alarm.entity_name),
        ("Restart", "web-1")
    );
    assert_eq!(alarm.alarm.unwrap().to_string(), "Alarm:alarm-1");
    let schedule =
        json!({"_typeName": "TaskReasonSchedule", "_value": {"name": string("nightly")}});
    let TaskReason::Schedule(schedule) = TaskReason::from_json(schedule) else {
        panic!("a schedule did it");
    };
    assert_eq!(schedule.name, "nightly");
}

#[test]
fn boxed_fault_is_parsed_and_kept_as_sent() {
    let sent = json!({
        "_typeName": "LocalizedMethodFault",
        "localizedMessage": string("No permission"),
        "fault": {"_typeName": "NoPermission", "_value": {
            "privilegeId": string("Global.CancelTask"),
            "object": {"type": string("Folder"), "value": string("group-v1")},
            "faultMessage": {"_typeName": "ArrayOfLocalizableMessage", "_value": [
                {"_typeName": "LocalizableMessage", "key": string("k"), "message": string("Ask kim")}]},
            "faultCause": {"_typeName": "LocalizedMethodFault", "fault": {"_typeName": "NotSupported"},
                "localizedMessage": string("inner")},
        }},
    });
    let fault = Fault::new(sent.clone());
    assert_eq!(fault.type_name(), "NoPermission");
    assert_eq!(fault.text(), "No permission");
    assert_eq!(
        fault.field("privilegeId"),
        Some(&json!("Global.CancelTask"))
    );
    let own: Vec<_> = fault.fault_fields().map(|(name, _)| name).collect();
    assert_eq!(own, ["privilegeId", "object"]);
    assert_eq!(fault.messages()[0].text(), "Ask kim");
    let chain: Vec<_> = fault.chain().map(|fault| fault.text()).collect();
    assert_eq!(chain, ["No permission", "inner"]);
    assert_eq!(fault.as_json(), &sent, "as the server sent it");
    assert_eq!(fault, Fault::new(unboxed(sent)), "both say the same");
    assert!(
        Fault::new(json!({"_typeName": "RequestCanceled", "_value": {}})).is_request_canceled()
    );
}

#[test]
fn boxed_event_is_parsed_and_kept_as_sent() {
    let sent = json!({"_typeName": "EventEx", "_value": {
        "key": {"_typeName": "int", "_value": 7}, "chainId": {"_typeName": "int", "_value": 5},
        "createdTime": {"_typeName": "dateTime", "_value": "2026-11-23T10:22:07Z"},
        "userName": string("kim"), "fullFormattedMessage": string("Copied"), "eventTypeId": string("a.b"),
    }});
    let event = TaskEvent::from_json(sent.clone());
    assert_eq!((event.key, event.chain), (Some(7), Some(5)));
    assert!(event.created.is_some());
    assert_eq!(
        (&*event.user, event.text(), &*event.type_name),
        ("kim", "Copied", "a.b")
    );
    assert_eq!(event.raw, sent);
}

#[test]
fn boxed_service_session_and_labels_are_parsed() {
    let reference = |kind: &str| json!({"type": string(kind), "value": string(kind)});
    let content = ServiceContent::from_json(json!({
        "sessionManager": reference("SessionManager"), "taskManager": reference("TaskManager"),
        "rootFolder": {"_typeName": "ManagedObjectReference", "_value": reference("Folder")},
        "about": {"_typeName": "AboutInfo", "_value": {"fullName": string("vCenter"), "version": string("8.0.3")}},
    }))
    .unwrap();
    assert_eq!(
        (&*content.about.full_name, &*content.about.version),
        ("vCenter", "8.0.3")
    );
    assert_eq!(content.root_folder.unwrap().to_string(), "Folder:Folder");
    let session = json!({"key": string("52b1"), "userName": string("kim")});
    let session = UserSession::from_json(session).unwrap();
    assert_eq!((&*session.key, &*session.user_name), ("52b1", "kim"));
    let labels = OperationLabel::all_from_json(
        json!({"methodInfo": {"_typeName": "ArrayOfElementDescription",
        "ElementDescription": [{"key": string("a.b"), "label": string("Do it")}]}}),
    );
    assert_eq!(labels.unwrap()[0].label, "Do it");
}

#[test]
fn boxed_question_is_parsed() {
    let question = PendingQuestion::of_runtime(json!({"_typeName": "VirtualMachineRuntimeInfo", "question": {
        "id": string("7"), "text": string("Moved or copied?"),
        "choice": {"_typeName": "ChoiceOption", "choiceInfo": {"_typeName": "ArrayOfElementDescription", "_value": [
            {"_typeName": "ElementDescription", "_value": {"label": string("I moved it"), "key": string("1")}}]}},
        "message": [{"_typeName": "VirtualMachineMessage", "text": string("x")}],
    }}))
    .unwrap();
    assert_eq!(question.text, "Moved or copied?");
    assert_eq!(question.choices, ["I moved it"]);
}

#[test]
fn boxed_update_names_task_and_missing_properties() {
    let set: UpdateSet = serde_json::from_value(json!({"version": "7", "filterSet": [{"missingSet": [{
        "obj": {"type": "Task", "value": "task-1"},
        "fault": {"_typeName": "LocalizedMethodFault", "fault": {"_typeName": "NoPermission", "_value": {
            "privilegeId": string("System.View")}}}
    }]}]}))
    .unwrap();
    let fault = &set.filter_set[0].missing_set[0].fault;
    assert_eq!(fault.type_name(), "NoPermission");
    assert_eq!(fault.field("privilegeId"), Some(&json!("System.View")));
}
