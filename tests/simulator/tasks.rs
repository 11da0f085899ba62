//! Fields, cancellation and removal of a task.

use crate::simulator::support::*;
use serde_json::{Value, json};
use vtask::simulator::server_behavior::{Boxing, ErrorForm};

#[tokio::test]
async fn task_info_fields_have_their_types() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness.advance(20);
    let info = harness.info(1).await;
    assert_typed(&info);
    assert_eq!(info["task"], task(1));
    assert_eq!(info["description"]["message"], "One");
    assert_eq!(
        info["description"]["arg"][0]["value"],
        json!({"_typeName": "string", "_value": "1"})
    );
    assert_eq!(
        (&info["name"], &info["descriptionId"]),
        (&json!("CloneVM_Task"), &json!("VirtualMachine.clone"))
    );
    assert_eq!(
        (&info["entity"]["type"], &info["entityName"]),
        (&json!("VirtualMachine"), &json!("a"))
    );
    assert_eq!(info["locked"], json!([info["entity"]]));
    assert_eq!(
        (&info["state"], &info["cancelled"], &info["cancelable"]),
        (&json!("running"), &json!(false), &json!(true))
    );
    assert_eq!(info["progress"], 19);
    assert_eq!(info["progressDetails"][0]["key"], "bytesTransferred");
    assert_eq!(
        info["reason"],
        json!({"_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\ops"})
    );
    for time in ["queueTime", "startTime"] {
        assert!(
            info[time]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .is_ok(),
            "{time}"
        );
    }
    assert!(info["eventChainId"].as_i64().unwrap() > 0);
    assert_eq!(
        (&info["changeTag"], &info["activationId"]),
        (&json!("CHG1"), &json!("act-1"))
    );
    for unset in [
        "error",
        "result",
        "completeTime",
        "parentTaskKey",
        "rootTaskKey",
    ] {
        assert!(info.get(unset).is_none(), "{unset}");
    }
    let internal = harness.info(2).await;
    assert!(
        internal.get("name").is_none()
            && internal.get("progress").is_none()
            && internal.get("entity").is_none()
    );
    assert_eq!(internal["reason"]["_typeName"], "TaskReasonAlarm");
    assert_eq!(
        internal["reason"]["entity"]["type"],
        "ClusterComputeResource"
    );
    let failed = harness.info(3).await;
    assert_eq!(
        (&failed["state"], &failed["error"]["_typeName"]),
        (&json!("error"), &json!("InvalidPowerState"))
    );
    assert_eq!(failed["error"]["faultCause"]["file"], "[ds] b.vmx");
    assert!(failed["completeTime"].is_string());
    harness.advance(100);
    assert_eq!(
        harness.info(2).await["result"],
        json!({"_typeName": "int", "_value": 42})
    );
    assert_eq!(
        harness.info(1).await["result"],
        reference("VirtualMachine", "vm-99")
    );
}

#[tokio::test]
async fn errors_can_be_wrapped_and_results_unboxed() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness.advance(70);
    harness.control.change_behavior(|behavior| {
        behavior.error_form = ErrorForm::Wrapped;
        behavior.boxing = Boxing::Bare;
    });
    let error = &harness.info(3).await["error"];
    assert_eq!(
        (&error["_typeName"], &error["localizedMessage"]),
        (&json!("LocalizedMethodFault"), &json!("not now"))
    );
    assert_eq!(error["fault"]["requestedState"], "poweredOn");
    assert_eq!(error["fault"]["faultCause"]["fault"]["file"], "[ds] b.vmx");
    assert_eq!(harness.info(2).await["result"], 42);
}

#[tokio::test]
async fn cancel_task_succeeds_or_returns_each_fault() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness.advance(20);
    assert_eq!(cancel(&harness, 1).await, (204, Value::Null));
    let requested = harness.info(1).await;
    assert_eq!(
        (&requested["cancelled"], &requested["state"]),
        (&json!(true), &json!("running"))
    );
    assert_fault(&cancel(&harness, 1).await, "InvalidState");
    assert_fault(&cancel(&harness, 2).await, "NotSupported");
    assert_fault(&cancel(&harness, 3).await, "InvalidState");
    let missing = cancel(&harness, 99).await;
    assert_fault(&missing, "ManagedObjectNotFound");
    assert_eq!(missing.1["obj"], task(99));
    harness.advance(5);
    let ended = harness.info(1).await;
    assert_eq!(
        (&ended["state"], &ended["error"]["_typeName"]),
        (&json!("error"), &json!("RequestCanceled"))
    );
    harness
        .control
        .change_behavior(|behavior| behavior.cancel_privilege = false);
    let forbidden = cancel(&harness, 2).await;
    assert_fault(&forbidden, "NoPermission");
    assert_eq!(forbidden.1["privilegeId"], "Global.CancelTask");
}

async fn cancel(harness: &Harness, number: u64) -> Reply {
    harness
        .post(&format!("Task/task-{number}/CancelTask"), json!({}))
        .await
}

#[tokio::test]
async fn finished_tasks_expire() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness.advance(609);
    harness.info(3).await;
    harness.advance(1);
    let gone = harness.get("Task/task-3/info").await;
    assert_fault(&gone, "ManagedObjectNotFound");
    let (_, recent) = harness.get("TaskManager/TaskManager/recentTask").await;
    assert_eq!(recent, json!([task(1), task(2)]));
}

#[tokio::test]
async fn unusual_ids_are_not_found() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    for (raw, id) in [
        ("a%2Fb", "a/b"),
        ("..%2F..", "../.."),
        ("x%3Fy%23", "x?y#"),
        ("session%5B1%5D2", "session[1]2"),
        ("task-01", "task-01"),
    ] {
        let missing = harness.get(&format!("Task/{raw}/info")).await;
        assert_fault(&missing, "ManagedObjectNotFound");
        assert_eq!(missing.1["obj"]["value"], id);
    }
}
