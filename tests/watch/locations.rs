//! Locations of the targets of tasks, read from the inventory.

use std::time::Duration;

use vtask::{
    simulator::{Options, Simulator, scenario::Scenario},
    task::LocationField,
    vim::types::EntityLocation,
    watch::{Command, FetchMode},
};

use crate::{
    inventory_support,
    support::{Harness, count, frozen::Frozen, watch_by},
};

const TASKS: &str = r#"
[[task]]
at = "-1m"
[task.what]
operation = "VirtualMachine.createSnapshot"
on = "web-01"
takes = "90s"
[[task]]
at = "-1m"
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
[[task]]
at = "-1m"
[task.what]
operation = "HostSystem.enterMaintenanceMode"
on = "esx-03"
takes = "1h"
[[task]]
at = "-1m"
[task.what]
operation = "ClusterComputeResource.reconfigureEx"
on = "prod-a"
takes = "1h"
[[task]]
at = "1m"
[task.what]
operation = "VirtualMachine.migrate"
on = "web-01"
takes = "20s"
"#;

const RETRIEVE: &str = "PropertyCollector/RetrievePropertiesEx";

fn options() -> Options {
    inventory_support::options(TASKS)
}

async fn start(options: Options) -> Frozen {
    let simulator = Simulator::start(options).await.unwrap();
    let watch = |options: &mut vtask::watch::WatchOptions| {
        options.fetch = FetchMode::Auto;
        options.discover_interval = Duration::from_secs(2);
    };
    let mut frozen = Frozen::start(simulator, watch).await;
    frozen.pass(Duration::from_secs(2)).await;
    frozen
}

/// Returns target, host, cluster, datacenter and folder of each task, sorted; `?` for an unreadable one.
fn places(harness: &Harness) -> Vec<String> {
    let of_task = |record: &vtask::task::Record| {
        let target = record.info.as_ref()?.entity_name.clone()?;
        let location = harness.store.location(record);
        let fields = match location {
            Some(EntityLocation::Unreadable(_)) => "?".to_owned(),
            None => "unread".to_owned(),
            location => LocationField::ALL
                .map(|field| field.of(location).unwrap_or("-"))
                .join(" "),
        };
        Some(format!("{target}: {fields}"))
    };
    let mut places: Vec<_> = harness
        .store
        .iter()
        .filter_map(|(_, record)| of_task(record))
        .collect();
    places.sort();
    places.dedup();
    places
}

#[tokio::test(start_paused = true)]
async fn locations_are_read_on_request_only() {
    let mut frozen = start(options()).await;
    let control = frozen.simulator.control();
    // New tasks are read by the same call.
    let at_start = count(&control, RETRIEVE);
    frozen.pass(Duration::from_secs(20)).await;
    assert_eq!(count(&control, RETRIEVE), at_start, "nothing needs them");
    assert!(
        places(&frozen.harness)
            .iter()
            .all(|place| place.ends_with("unread"))
    );
    frozen.harness.send(Command::ReadLocations(true));
    frozen.pass(Duration::from_secs(8)).await;
    assert_eq!(
        places(&frozen.harness),
        [
            "db-01: esx-03 prod-b dc-01 db",
            "esx-03: esx-03 prod-b dc-01 -",
            "prod-a: - prod-a dc-01 -",
            "web-01: esx-01 prod-a dc-01 web",
            "web-02: esx-02 prod-a dc-01 web",
        ]
    );
    // The machines, then one request per level: hosts and folders, clusters, folders, datacenter, root.
    let requests = count(&control, RETRIEVE);
    assert!(requests <= 7, "{requests}");
    frozen.pass(Duration::from_secs(60)).await;
    assert_eq!(count(&control, RETRIEVE), requests, "once");
    assert_eq!(control.open_objects().retrievals, 0);
    // Half an hour later they are read again, and nothing changed.
    let located = frozen.harness.located;
    tokio::time::advance(Duration::from_secs(1_800)).await;
    frozen.pass(Duration::from_secs(10)).await;
    assert!(count(&control, RETRIEVE) > requests);
    assert_eq!(frozen.harness.located, located, "only changes are sent");
    frozen.harness.send(Command::ReadLocations(false));
    let requests = count(&control, RETRIEVE);
    tokio::time::advance(Duration::from_secs(3_600)).await;
    frozen.pass(Duration::from_secs(10)).await;
    assert_eq!(count(&control, RETRIEVE), requests, "no longer wanted");
    frozen.stop().await;
}

#[tokio::test(start_paused = true)]
async fn location_of_migrated_vm_is_read_again() {
    let mut frozen = start(options()).await;
    let control = frozen.simulator.control();
    frozen.harness.send(Command::ReadLocations(true));
    frozen.pass(Duration::from_secs(8)).await;
    let of_web = |harness: &Harness| {
        places(harness)
            .into_iter()
            .find(|place| place.starts_with("web-01"))
    };
    assert!(of_web(&frozen.harness).unwrap().contains("esx-01"));
    let requests = count(&control, RETRIEVE);
    control.advance(Duration::from_secs(61));
    frozen.pass(Duration::from_secs(8)).await;
    control.advance(Duration::from_secs(30));
    frozen.pass(Duration::from_secs(8)).await;
    assert!(
        of_web(&frozen.harness).unwrap().contains("esx-02"),
        "{:?}",
        places(&frozen.harness)
    );
    // The new task, and the ends of the snapshot and of the migration; the parents of the machine are known.
    let more = count(&control, RETRIEVE) - requests;
    assert!((2..=3).contains(&more), "{more}");
    frozen.stop().await;
}

#[tokio::test(start_paused = true)]
async fn forbidden_values_are_unknown() {
    let mut options = options();
    options.behavior.unreadable_types = vec!["HostSystem".to_owned()];
    let mut frozen = start(options).await;
    frozen.harness.send(Command::ReadLocations(true));
    frozen.pass(Duration::from_secs(12)).await;
    // The cluster of a machine is known by its resource pool.
    assert_eq!(
        places(&frozen.harness),
        [
            "db-01: - prod-b dc-01 db",
            "esx-03: ?",
            "prod-a: - prod-a dc-01 -",
            "web-01: - prod-a dc-01 web",
            "web-02: - prod-a dc-01 web",
        ]
    );
    let reason = frozen.harness.store.iter().find_map(|(_, record)| {
        match frozen.harness.store.location(record) {
            Some(EntityLocation::Unreadable(reason)) => Some(reason.to_string()),
            _ => None,
        }
    });
    assert!(reason.unwrap().contains("NoPermission"));
    frozen.stop().await;
}

#[tokio::test(start_paused = true)]
async fn lookups_renew_dead_session() {
    let mut frozen = start(options()).await;
    let control = frozen.simulator.control();
    control.kill_sessions();
    frozen.harness.send(Command::ReadLocations(true));
    frozen.pass(Duration::from_secs(15)).await;
    assert!(
        places(&frozen.harness)
            .iter()
            .all(|place| place.contains("dc-01")),
        "{:?}",
        places(&frozen.harness)
    );
    assert_eq!(control.session_count(), 1);
    frozen.stop().await;
}

/// Requests are for a hundred machines each, one a second after the first.
#[tokio::test(start_paused = true)]
async fn vm_locations_are_read_in_paced_batches() {
    let machines: Vec<String> = (0..450)
        .map(|number| format!("\"vm-{number:03}\""))
        .collect();
    let mut text = format!(
        "about = \"many\"\n[inventory]\nclusters = [{{ name = \"c\", hosts = [\"h-1\", \"h-2\"] }}]\n\
         machine_folders = [{{ name = \"f\", cluster = \"c\", machines = [{}] }}]\n",
        machines.join(", ")
    );
    text.push_str("[load]\ntasks = 450\nrate = 0\nroot = \"VirtualMachine.clone\"\nchild = \"vim.Task.copyDisk\"\n");
    let options = Options::new(Scenario::parse("many", &text).unwrap()).manual();
    let mut frozen = start(options).await;
    let control = frozen.simulator.control();
    let at_start = count(&control, RETRIEVE);
    frozen.harness.send(Command::ReadLocations(true));
    frozen.pass(Duration::from_millis(500)).await;
    assert_eq!(
        count(&control, RETRIEVE) - at_start,
        5,
        "the first batch, with all levels, at once"
    );
    let read = |harness: &Harness| {
        harness
            .store
            .iter()
            .filter(|(_, record)| harness.store.location(record).is_some())
            .count()
    };
    assert_eq!(read(&frozen.harness), 100);
    frozen.pass(Duration::from_secs(30)).await;
    assert_eq!(read(&frozen.harness), 450);
    assert_eq!(count(&control, RETRIEVE) - at_start, 5 + 4);
    frozen.stop().await;
}

#[tokio::test]
async fn unusable_inventory_is_isolated() {
    let simulator = Simulator::start(options()).await.unwrap();
    let control = simulator.control();
    control.change_behavior(|behavior| behavior.collectors_unauthenticated = true);
    let mut harness = Harness::start(watch_by(FetchMode::Poll, &simulator, &[]));
    harness.send(Command::ReadLocations(true));
    harness.until_synced("all tasks", &control).await;
    harness
        .until_seen("a refusal", |harness| {
            places(harness).iter().all(|place| place.ends_with('?'))
        })
        .await;
    harness.stop().await;
}
