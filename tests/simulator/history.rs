//! Task history.

use std::collections::HashSet;
use std::time::Duration;

use crate::simulator::support::*;
use jiff::Timestamp;
use serde_json::{Value, json};
use vtask::simulator::Options;
use vtask::simulator::scenario::Scenario;

const CREATE: &str = "TaskManager/TaskManager/CreateCollectorForTasks";

const HISTORY: &str = r#"
[history]
days = 30
per_day = 10
[[history.operations]]
operation = "VirtualMachine.clone"
on = ["a", "b"]
by = { user = "ops" }
median = "10m"
weight = 3
failures = 20
cancellations = 10
children = ["vim.Task.copyDisks"]
[[history.operations]]
operation = "internal.unknown"
median = "5s"

[[task]]
at = "0s"
[task.what]
operation = "VirtualMachine.relocate"
on = "a"
by = { user = "kim" }
tag = "CHG7"
activation = "act-7"
queue = "2s"
takes = "30s"
phases = [{ at = 0, key = "k", text = "Copying" }, { at = 50, key = "k", text = "Switching over" }]
result = { _typeName = "string", _value = "big" }
[[task.what.children]]
after = "1s"
[task.what.children.what]
operation = "vim.Task.copyDisk"
takes = "10s"
error = { _typeName = "FileNotFound", faultstring = "no file", file = "f" }
"#;

pub(crate) async fn start_harness() -> Harness {
    let scenario = format!(
        "{}{HISTORY}",
        INVENTORY.replace("first_task = 1\n", "first_task = 1000\n")
    );
    let mut harness = Harness::with(&scenario, |options| {
        options.starts_at = Some("2026-03-04T15:00:00Z".parse().unwrap());
    })
    .await;
    harness.login().await;
    harness
}

async fn create(harness: &Harness, mut filter: Value) -> String {
    filter["_typeName"] = json!("TaskFilterSpec");
    let (status, reference) = harness.post(CREATE, json!({"filter": filter})).await;
    assert_eq!(
        (status, &reference["type"]),
        (200, &json!("TaskHistoryCollector")),
        "{reference}"
    );
    reference["value"].as_str().unwrap().to_owned()
}

async fn call(harness: &Harness, collector: &str, method: &str, body: Value) -> Reply {
    harness
        .post(&format!("TaskHistoryCollector/{collector}/{method}"), body)
        .await
}

/// Returns all tasks that match a filter, read in pages, oldest first.
pub(crate) async fn read_all(harness: &Harness, filter: Value) -> Vec<Value> {
    let collector = create(harness, filter).await;
    let mut items = Vec::new();
    loop {
        let (status, page) = call(
            harness,
            &collector,
            "ReadNextTasks",
            json!({"maxCount": 97}),
        )
        .await;
        assert_eq!(status, 200, "{page}");
        let page = page.as_array().unwrap().clone();
        if page.is_empty() {
            break;
        }
        items.extend(page);
    }
    assert_eq!(
        call(harness, &collector, "DestroyCollector", json!({})).await,
        (204, Value::Null)
    );
    items
}

fn keys(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["key"].as_str().unwrap())
        .collect()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn history_pages_contain_each_task_once() {
    let harness = start_harness().await;
    harness.advance(5);
    let items = read_all(&harness, json!({})).await;
    items.iter().for_each(assert_typed);
    let unique: HashSet<_> = keys(&items).into_iter().map(str::to_owned).collect();
    assert_eq!(unique.len(), items.len());
    assert!((450..=650).contains(&items.len()), "{}", items.len());
    assert!(items.is_sorted_by_key(|item| time(&item["queueTime"])));
    let first = time(&items[0]["queueTime"]);
    let period = time(&items.last().unwrap()["queueTime"]).duration_since(first);
    assert!((28..=30).contains(&(period.as_hours() / 24)), "{period}");
    assert_eq!(items.last().unwrap()["state"], "running");
    assert_eq!(items[items.len() - 2]["key"], "task-1000");
}

#[tokio::test]
async fn history_is_read_forward_and_backward_and_can_be_rewound() {
    let harness = start_harness().await;
    let collector = create(&harness, json!({})).await;
    let read = async |method: &str, count: u32| {
        let (_, page) = call(&harness, &collector, method, json!({"maxCount": count})).await;
        keys(page.as_array().unwrap())
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let oldest = read("ReadNextTasks", 5).await;
    let next = read("ReadNextTasks", 3).await;
    let mut back = read("ReadPreviousTasks", 3).await;
    back.reverse();
    assert_eq!(back, next);
    call(&harness, &collector, "RewindCollector", json!({})).await;
    assert_eq!(read("ReadNextTasks", 5).await, oldest);
    assert_eq!(
        call(&harness, &collector, "ResetCollector", json!({}))
            .await
            .0,
        204
    );
    assert_eq!(read("ReadNextTasks", 5).await, Vec::<String>::new());
    let newest = read("ReadPreviousTasks", 2).await;
    assert_eq!(newest, ["task-1000", "task-999"]);
    assert_eq!(read("ReadPreviousTasks", 1).await, ["task-998"]);
    assert_eq!(
        call(
            &harness,
            &collector,
            "SetCollectorPageSize",
            json!({"maxCount": 2})
        )
        .await
        .0,
        204
    );
    let (_, latest) = harness
        .get(&format!("TaskHistoryCollector/{collector}/latestPage"))
        .await;
    assert_eq!(keys(latest.as_array().unwrap()), newest);
    for wrong in [json!(0), json!(1001), json!(null)] {
        assert_fault(
            &call(
                &harness,
                &collector,
                "ReadNextTasks",
                json!({"maxCount": wrong}),
            )
            .await,
            "InvalidArgument",
        );
    }
    // New tasks are read too.
    call(&harness, &collector, "ResetCollector", json!({})).await;
    let rewound = create(&harness, json!({"state": ["running"]})).await;
    assert_eq!(
        call(&harness, &rewound, "ReadNextTasks", json!({"maxCount": 10}))
            .await
            .1,
        json!([])
    );
    harness.advance(5);
    let (_, page) = call(&harness, &rewound, "ReadNextTasks", json!({"maxCount": 10})).await;
    assert_eq!(keys(page.as_array().unwrap()), ["task-1000", "task-1001"]);
}

#[tokio::test]
async fn every_history_filter_selects_tasks() {
    let harness = start_harness().await;
    harness.advance(40);
    let root = harness.info(1000).await;
    let all_tasks = read_all(&harness, json!({})).await;
    let count = |test: &dyn Fn(&Value) -> bool| all_tasks.iter().filter(|item| test(item)).count();

    let child = read_all(&harness, json!({"parentTaskKey": ["task-1000"]})).await;
    assert_eq!(keys(&child), ["task-1001"]);
    assert_eq!(child[0]["error"]["_typeName"], "FileNotFound");
    assert_eq!(
        keys(&read_all(&harness, json!({"rootTaskKey": ["task-1000", "task-5"]})).await),
        ["task-1001"]
    );
    assert!(
        read_all(&harness, json!({"parentTaskKey": ["nonsense"]}))
            .await
            .is_empty()
    );
    let old_child = all_tasks
        .iter()
        .find(|item| item["parentTaskKey"].is_string())
        .unwrap();
    let siblings = read_all(&harness, json!({"rootTaskKey": [old_child["rootTaskKey"]]})).await;
    assert!(siblings.contains(old_child));

    for (filter, key) in [
        ("eventChainId", "eventChainId"),
        ("tag", "changeTag"),
        ("activationId", "activationId"),
    ] {
        let found = read_all(&harness, json!({filter: [root[key]]})).await;
        assert_eq!(keys(&found), ["task-1000"], "{filter}");
    }
    for state in ["success", "error", "running", "queued"] {
        assert_eq!(
            read_all(&harness, json!({"state": [state]})).await.len(),
            count(&|item| item["state"] == state),
            "{state}"
        );
    }
    let wrong = harness
        .post(
            CREATE,
            json!({"filter": {"_typeName": "TaskFilterSpec", "state": ["done"]}}),
        )
        .await;
    assert_fault(&wrong, "InvalidArgument");

    let by_user = |system: bool, users: Value| json!({"userName": {"_typeName": "TaskFilterSpecByUsername", "systemUser": system, "userList": users}});
    assert_eq!(
        read_all(&harness, by_user(false, json!(["kim"])))
            .await
            .len(),
        2
    );
    assert_eq!(
        read_all(&harness, by_user(true, json!(["nobody"])))
            .await
            .len(),
        count(&|item| item["reason"]["_typeName"] == "TaskReasonSystem")
    );
    assert_eq!(
        read_all(&harness, by_user(true, json!([]))).await.len(),
        all_tasks.len()
    );

    let entity = &root["entity"];
    let by_entity = |entity: &Value, recursion: &str| json!({"entity": {"_typeName": "TaskFilterSpecByEntity", "entity": entity, "recursion": recursion}});
    let of_machine = count(&|item| item["entity"] == *entity);
    assert_eq!(
        read_all(&harness, by_entity(entity, "self")).await.len(),
        of_machine
    );
    let (_, content) = harness.get("ServiceInstance/ServiceInstance/content").await;
    let with_entity = count(&|item| item["entity"].is_object());
    assert_eq!(
        read_all(&harness, by_entity(&content["rootFolder"], "all"))
            .await
            .len(),
        with_entity
    );
    assert_eq!(
        read_all(&harness, by_entity(entity, "children"))
            .await
            .len(),
        0
    );
    assert_eq!(
        read_all(&harness, by_entity(&content["rootFolder"], "self"))
            .await
            .len(),
        0
    );

    let both = read_all(&harness, json!({"state": ["error"], "userName": {"_typeName": "TaskFilterSpecByUsername", "systemUser": false, "userList": ["ops"]}})).await;
    assert!(
        both.iter()
            .all(|item| item["state"] == "error" && item["reason"]["userName"] == "ops")
    );
    let canceled = both
        .iter()
        .filter(|item| item["error"]["_typeName"] == "RequestCanceled")
        .count();
    assert!(canceled > 5 && canceled < both.len() / 2);
}

#[tokio::test]
async fn history_filters_by_queue_start_and_completion_time() {
    let harness = start_harness().await;
    let all_tasks = read_all(&harness, json!({})).await;
    let count = |test: &dyn Fn(&Value) -> bool| all_tasks.iter().filter(|item| test(item)).count();
    let (begin, end) = ("2026-02-20T00:00:00Z", "2026-02-25T12:00:00+01:00");
    let bounds: (Timestamp, Timestamp) = (begin.parse().unwrap(), end.parse().unwrap());
    for (kind, field) in [
        ("queuedTime", "queueTime"),
        ("startedTime", "startTime"),
        ("completedTime", "completeTime"),
    ] {
        let filter = json!({"time": {"_typeName": "TaskFilterSpecByTime", "timeType": kind, "beginTime": begin, "endTime": end}});
        let inside = |item: &Value| {
            item[field].is_string()
                && time(&item[field]) >= bounds.0
                && time(&item[field]) <= bounds.1
        };
        let found = read_all(&harness, filter).await;
        assert!(!found.is_empty());
        assert_eq!(found.len(), count(&inside), "{kind}");
    }
}

#[tokio::test]
async fn an_empty_tag_selects_tasks_without_a_tag() {
    let harness = start_harness().await;
    let mut untagged = read_all(&harness, json!({})).await;
    untagged.retain(|item| item["changeTag"].is_null());
    let found = read_all(&harness, json!({"tag": [""]})).await;
    assert!(!found.is_empty() && keys(&found) == keys(&untagged));
}

#[tokio::test]
async fn expired_tasks_stay_in_the_history() {
    let harness = start_harness().await;
    harness.advance(1000);
    assert_fault(
        &harness.get("Task/task-1000/info").await,
        "ManagedObjectNotFound",
    );
    let found = read_all(&harness, json!({"tag": ["CHG7"]})).await;
    assert_eq!(found[0]["error"]["_typeName"], "FileNotFound");
}

#[tokio::test]
async fn history_lag_delays_finished_tasks() {
    let harness = start_harness().await;
    harness
        .control
        .change_behavior(|behavior| behavior.history_lag = Duration::from_secs(100));
    harness.advance(60);
    assert!(
        read_all(&harness, json!({"tag": ["CHG7"]}))
            .await
            .is_empty()
    );
    harness.advance(200);
    assert_eq!(read_all(&harness, json!({"tag": ["CHG7"]})).await.len(), 1);
}

#[tokio::test]
async fn info_filter_omits_results() {
    let harness = Harness::signed_in(THREE_TASKS).await;
    harness.advance(300);
    let (clone, relocate) = ("VirtualMachine.clone", "VirtualMachine.relocate");
    for (filter, has_result) in [
        (json!({}), true),
        (json!({"removeAll": true}), false),
        (json!({"descriptionIds": [clone]}), false),
        (json!({"descriptionIds": [relocate]}), true),
        (json!({"descriptionIds": [clone], "filterIn": true}), true),
        (
            json!({"descriptionIds": [relocate], "filterIn": true}),
            false,
        ),
    ] {
        let mut results = filter.clone();
        results["_typeName"] = json!("TaskInfoFilterSpecFilterTaskResults");
        let body = json!({
            "filter": {"_typeName": "TaskFilterSpec", "tag": ["CHG1"]},
            "infoFilter": {"_typeName": "TaskInfoFilterSpec", "filterTaskResults": results},
        });
        let call = "TaskManager/TaskManager/CreateCollectorWithInfoFilterForTasks";
        let (status, collector) = harness.post(call, body).await;
        assert_eq!(status, 200, "{collector}");
        let call = format!(
            "TaskHistoryCollector/{}/ReadNextTasks",
            collector["value"].as_str().unwrap()
        );
        let (_, page) = harness.post(&call, json!({"maxCount": 10})).await;
        assert_eq!(page[0]["descriptionId"], clone);
        assert_eq!(!page[0]["result"].is_null(), has_result, "{filter}");
    }
}

#[tokio::test]
async fn history_collectors_are_limited_and_can_be_denied() {
    let harness = start_harness().await;
    for _ in 0..32 {
        create(&harness, json!({})).await;
    }
    let create_collector =
        || harness.post(CREATE, json!({"filter": {"_typeName": "TaskFilterSpec"}}));
    assert_fault(&create_collector().await, "InvalidState");
    assert_eq!(harness.control.open_objects().histories, 32);
    harness
        .control
        .change_behavior(|behavior| behavior.history_permission = false);
    assert_fault(&create_collector().await, "NoPermission");
    harness
        .control
        .change_behavior(|behavior| behavior.history = false);
    assert_fault(&create_collector().await, "NotSupported");
    harness.control.kill_sessions();
    assert_eq!(harness.control.open_objects().histories, 0);
}

#[tokio::test]
async fn demo_history_is_consistent_with_current_tasks() {
    let mut harness = Harness::of(Options::new(Scenario::load("demo").unwrap()).manual()).await;
    harness.login().await;
    let items = read_all(&harness, json!({})).await;
    assert!(items.len() > 3000, "{}", items.len());
    assert!(items.is_sorted_by_key(|item| time(&item["queueTime"])));
    let seconds = |operation: &str| {
        let mut seconds: Vec<i64> = items
            .iter()
            .filter(|item| item["descriptionId"] == operation && item["state"] == "success")
            .filter(|item| item["startTime"].is_string() && item["completeTime"].is_string())
            .map(|item| {
                time(&item["completeTime"])
                    .duration_since(time(&item["startTime"]))
                    .as_secs()
            })
            .collect();
        seconds.sort_unstable();
        seconds
    };
    let relocations = seconds("VirtualMachine.relocate");
    assert!(relocations.len() >= 100, "{}", relocations.len());
    let median = relocations[relocations.len() / 2];
    assert!((15 * 60..=30 * 60).contains(&median), "{median}");
    assert!(seconds("VirtualMachine.consolidateDisks").len() >= 100);
}
