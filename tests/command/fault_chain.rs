//! Every command prints the whole chain of faults, as text and as JSON.

use std::time::Duration;

use serde_json::{Value, json};
use vtask::simulator::{Options, Simulator, scenario::Scenario};

use crate::support::command::line;

const SCENARIO: &str = r#"
about = "test"
first_task = 1
[inventory]
datastores = ["ds"]
clusters = [{ name = "c", hosts = ["h1"] }]
machine_folders = [{ name = "f", cluster = "c", machines = ["a"] }]

[[task]]
at = "0s"
[task.what]
operation = "VirtualMachine.clone"
on = "a"
takes = "10s"
[task.what.error]
_typeName = "PatchInstallFailed"
faultstring = "The clone failed."
[task.what.error.faultCause]
_typeName = "InvalidState"
faultstring = "The host is busy."
[task.what.error.faultCause.faultCause]
_typeName = "NoPermission"
faultstring = "Permission was denied."
privilegeId = "Datastore.AllocateSpace"
object = { _typeName = "ManagedObjectReference", type = "Datastore", value = "datastore-7" }
"#;

const BUSY: &str = "caused by: InvalidState: The host is busy.";
const DENIED: &str = "caused by: NoPermission: Permission was denied. (needs Datastore.AllocateSpace on Datastore:datastore-7)";

/// A server with one failed task.
async fn failed() -> Simulator {
    let options = Options::new(Scenario::parse("test", SCENARIO).unwrap()).manual();
    let simulator = Simulator::start(options).await.unwrap();
    simulator.control().advance(Duration::from_secs(11));
    simulator
}

#[tokio::test]
async fn text_names_every_cause() {
    let simulator = failed().await;
    for command in [
        "get task-1",
        "list",
        "tree task-1",
        "wait task-1",
        "cancel --yes task-1",
    ] {
        let output = line(command).on(&simulator).await;
        let text = format!("{}{}", output.out, output.err);
        for cause in ["The clone failed.", BUSY, DENIED] {
            assert!(text.contains(cause), "{command}: no {cause:?} in {text}");
        }
    }
    // Bars have no room for the causes; the summary has them.
    let output = line("wait task-1").terminal(80, 24).on(&simulator).await;
    assert!(
        output.err.contains(BUSY) && output.err.contains(DENIED),
        "{}",
        output.err
    );
    // In a pipe each task stays one line, whose first word is its id.
    let output = line("list").on(&simulator).await;
    assert_eq!(output.out.lines().count(), 2, "{}", output.out);
}

fn check(command: &str, error: &Value) {
    assert_eq!(error["type"], "PatchInstallFailed", "{command}: {error}");
    assert_eq!(error["message"], "The clone failed.", "{command}");
    let root = json!({"type": "NoPermission", "message": "Permission was denied.",
        "privilege": "Datastore.AllocateSpace", "object": "Datastore:datastore-7"});
    let busy = json!({"type": "InvalidState", "message": "The host is busy."});
    assert_eq!(error["causes"], json!([busy, root]), "{command}");
    assert_eq!(error["rootCause"], root, "{command}");
}

#[tokio::test]
async fn json_has_causes_and_the_root_cause() {
    let simulator = failed().await;
    for command in ["list", "tree task-1", "wait task-1", "cancel --yes task-1"] {
        let output = line(&format!("{command} --json")).on(&simulator).await;
        let lines = output.lines();
        let first = lines.iter().find(|line| line["error"].is_object()).unwrap();
        check(command, &first["error"]);
        if command.starts_with("wait") {
            check("summary", &lines.last().unwrap()["tasks"][0]["error"]);
        }
    }
    let output = line("list --format json").on(&simulator).await;
    let array: Value = serde_json::from_str(&output.out).unwrap();
    check("list --format json", &array[0]["error"]);
}
