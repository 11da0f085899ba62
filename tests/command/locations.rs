//! Locations of the targets of tasks in filters, tables and JSON.

use std::sync::Mutex;

use serde_json::{Value, json};
use vtask::simulator::Simulator;

use crate::support::{
    command::{count_requests, line, proxy::Proxy},
    inventory,
};

const TASKS: &str = r#"
[[task]]
at = "-3m"
[task.what]
operation = "VirtualMachine.createSnapshot"
on = "web-01"
takes = "1h"
[[task]]
at = "-2m"
[task.what]
operation = "VirtualMachine.createSnapshot"
on = "web-02"
takes = "1h"
[[task]]
at = "-1m"
[task.what]
operation = "VirtualMachine.createSnapshot"
on = "db-01"
takes = "1h"
"#;

async fn server_with_inventory() -> Simulator {
    Simulator::start(inventory::options(TASKS)).await.unwrap()
}

fn reads_inventory(simulator: &Simulator) -> bool {
    let requests = simulator.control().requests();
    let mut kinds = requests.iter().map(|request| &request.kind);
    kinds.any(|kind| kind.ends_with("/RetrievePropertiesEx"))
}

#[tokio::test]
async fn list_filters_and_sorts_by_location() {
    let simulator = server_with_inventory().await;
    for (flags, expected) in [
        ("--filter host:esx-02 --ids", "task-101\n"),
        (
            "--filter cluster:prod-* --ids",
            "task-102\ntask-101\ntask-100\n",
        ),
        ("--filter cluster=prod-a --ids", "task-101\ntask-100\n"),
        ("--filter=-folder:web --ids", "task-102\n"),
        ("--filter datacenter:dc-02 --ids", ""),
        ("--sort -host --ids", "task-102\ntask-101\ntask-100\n"),
        (
            "--since 1h --filter dc=dc-01 --ids",
            "task-102\ntask-101\ntask-100\n",
        ),
    ] {
        let output = line(&format!("list {flags}")).on(&simulator).await;
        assert_eq!(
            (output.code, &*output.out),
            (0, expected),
            "{flags}: {output:?}"
        );
    }
}

#[tokio::test]
async fn table_and_json_show_location_on_request() {
    let simulator = server_with_inventory().await;
    let output = line("list --columns task,target,host,cluster,folder")
        .on(&simulator)
        .await;
    let rows = output
        .out
        .lines()
        .map(|row| row.split_whitespace().collect());
    let rows: Vec<Vec<&str>> = rows.collect();
    assert_eq!(
        rows[..2],
        [
            ["TASK", "TARGET", "HOST", "CLUSTER", "FOLDER"],
            ["task-102", "db-01", "esx-03", "prod-b", "db"]
        ],
        "{}",
        output.out
    );
    let output = line("list --location --json").on(&simulator).await;
    let first: Value = serde_json::from_str(output.out.lines().next().unwrap()).unwrap();
    assert_eq!(
        ["host", "cluster", "datacenter", "folder"].map(|name| first[name].as_str().unwrap()),
        ["esx-03", "prod-b", "dc-01", "db"]
    );
    let control = simulator.control();
    control.clear_requests();
    let output = line("list --json").on(&simulator).await;
    let first: Value = serde_json::from_str(output.out.lines().next().unwrap()).unwrap();
    assert!(first["host"].is_null(), "{first}");
    assert!(!reads_inventory(&simulator), "nothing needs it");
}

#[tokio::test]
async fn tasks_without_readable_location_are_listed() {
    let simulator = server_with_inventory().await;
    let control = simulator.control();
    control.change_behavior(|behavior| {
        behavior.unreadable_types = vec!["VirtualMachine".to_owned()];
    });
    let output = line("list --columns target,host").on(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.out.contains("web-01  -"), "{}", output.out);
}

#[tokio::test]
async fn wait_new_filters_by_cluster() {
    let simulator = server_with_inventory().await;
    let control = simulator.control();
    let waiting = line("wait --new --filter cluster:prod-b --timeout 20s --json");
    let advancing = async {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            control.advance(std::time::Duration::from_secs(1200));
        }
    };
    tokio::select! {
        output = waiting.on(&simulator) => {
            let is_expected = |line: &str| line.contains("db-01") || !line.contains("\"target\"");
            assert!(output.out.lines().all(is_expected), "{}", output.out);
        }
        () = advancing => {}
    }
    assert!(reads_inventory(&simulator));
}

#[tokio::test]
async fn unfinished_retrievals_are_cancelled() {
    type Change = Box<dyn Fn(&str, &mut u16, &mut Value) + Send + Sync>;
    let malformed = |path: &str, _: &mut u16, body: &mut Value| {
        if path.ends_with("/RetrievePropertiesEx") {
            body["objects"] = json!("x");
        }
    };
    let first_page = Mutex::new(Value::Null);
    let repeated = move |path: &str, status: &mut u16, body: &mut Value| {
        let mut first_page = first_page.lock().unwrap();
        if path.ends_with("/RetrievePropertiesEx") {
            *first_page = body.clone();
        } else if path.ends_with("/ContinueRetrievePropertiesEx") {
            (*status, *body) = (200, first_page.clone());
        }
    };
    let cases: [(Change, usize, &str); 2] = [
        (Box::new(malformed), 0, "does not match the API"),
        (Box::new(repeated), 3, "without end"),
    ];
    for (change, continued, message) in cases {
        let mut options = inventory::options(TASKS);
        options.behavior.retrieve_cap = Some(1);
        let simulator = Simulator::start(options).await.unwrap();
        let proxy = Proxy::start(&simulator, change).await;
        let output = line("list --location").at(&proxy.url).await;
        assert!(output.err.contains(message), "{output:?}");
        let count = |kind| count_requests(&simulator.control(), kind);
        assert_eq!(
            count("/ContinueRetrievePropertiesEx"),
            continued,
            "{message}"
        );
        assert_eq!(count("/CancelRetrievePropertiesEx"), 1, "{message}");
    }
}
