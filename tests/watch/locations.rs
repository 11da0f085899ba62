//! Locations of the targets of tasks, read from the inventory.

use std::time::Duration;

use vtask::{
    simulator::{Options, Simulator, scenario::Scenario},
    task::LocationField,
    vim::types::EntityLocation,
    watch::{Command, FetchMode},
};

use crate::{
    support::inventory,
    watch::support::{Harness, count, paused::PausedHarness, watch_by},
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
    inventory::options(TASKS)
}

async fn start(options: Options) -> PausedHarness {
    let simulator = Simulator::start(options).await.unwrap();
    let watch = |options: &mut vtask::watch::WatchOptions| {
        options.fetch = FetchMode::Auto;
        options.discover_interval = Duration::from_secs(2);
    };
    let mut paused = PausedHarness::start(simulator, watch).await;
    paused.advance(Duration::from_secs(2)).await;
    paused
}

/// Returns target, host, cluster, datacenter and folder of each task, sorted; `?` for an unreadable one.
fn locations(harness: &Harness) -> Vec<String> {
    let of_task = |record: &vtask::task::TaskRecord| {
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
    let mut locations: Vec<_> = harness
        .store
        .iter()
        .filter_map(|(_, record)| of_task(record))
        .collect();
    locations.sort();
    locations.dedup();
    locations
}

#[tokio::test(start_paused = true)]
async fn locations_are_read_on_request_only() {
    let mut paused = start(options()).await;
    let control = paused.simulator.control();
    // New tasks are read by the same call.
    let at_start = count(&control, RETRIEVE);
    paused.advance(Duration::from_secs(20)).await;
    assert_eq!(count(&control, RETRIEVE), at_start, "nothing needs them");
    assert!(
        locations(&paused.harness)
            .iter()
            .all(|location| location.ends_with("unread"))
    );
    paused.harness.send(Command::ReadLocations(true));
    paused.advance(Duration::from_secs(8)).await;
    assert_eq!(
        locations(&paused.harness),
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
    paused.advance(Duration::from_secs(60)).await;
    assert_eq!(count(&control, RETRIEVE), requests, "once");
    assert_eq!(control.open_objects().retrievals, 0);
    // Half an hour later they are read again, and nothing changed.
    let located = paused.harness.located;
    tokio::time::advance(Duration::from_secs(1_800)).await;
    paused.advance(Duration::from_secs(10)).await;
    assert!(count(&control, RETRIEVE) > requests);
    assert_eq!(paused.harness.located, located, "only changes are sent");
    paused.harness.send(Command::ReadLocations(false));
    let requests = count(&control, RETRIEVE);
    tokio::time::advance(Duration::from_secs(3_600)).await;
    paused.advance(Duration::from_secs(10)).await;
    assert_eq!(count(&control, RETRIEVE), requests, "no longer wanted");
    paused.stop().await;
}

#[tokio::test(start_paused = true)]
async fn location_of_migrated_vm_is_read_again() {
    let mut paused = start(options()).await;
    let control = paused.simulator.control();
    paused.harness.send(Command::ReadLocations(true));
    paused.advance(Duration::from_secs(8)).await;
    let web_location = |harness: &Harness| {
        locations(harness)
            .into_iter()
            .find(|location| location.starts_with("web-01"))
    };
    assert!(web_location(&paused.harness).unwrap().contains("esx-01"));
    let requests = count(&control, RETRIEVE);
    control.advance(Duration::from_secs(61));
    paused.advance(Duration::from_secs(8)).await;
    control.advance(Duration::from_secs(30));
    paused.advance(Duration::from_secs(8)).await;
    assert!(
        web_location(&paused.harness).unwrap().contains("esx-02"),
        "{:?}",
        locations(&paused.harness)
    );
    // The new task, and the ends of the snapshot and of the migration; the parents of the machine are known.
    let new_requests = count(&control, RETRIEVE) - requests;
    assert!((2..=3).contains(&new_requests), "{new_requests}");
    paused.stop().await;
}

#[tokio::test(start_paused = true)]
async fn forbidden_values_are_unknown() {
    let mut options = options();
    options.behavior.unreadable_types = vec!["HostSystem".to_owned()];
    let mut paused = start(options).await;
    paused.harness.send(Command::ReadLocations(true));
    paused.advance(Duration::from_secs(12)).await;
    // The cluster of a machine is known by its resource pool.
    assert_eq!(
        locations(&paused.harness),
        [
            "db-01: - prod-b dc-01 db",
            "esx-03: ?",
            "prod-a: - prod-a dc-01 -",
            "web-01: - prod-a dc-01 web",
            "web-02: - prod-a dc-01 web",
        ]
    );
    let reason = paused.harness.store.iter().find_map(|(_, record)| {
        match paused.harness.store.location(record) {
            Some(EntityLocation::Unreadable(reason)) => Some(reason.to_string()),
            _ => None,
        }
    });
    assert!(reason.unwrap().contains("NoPermission"));
    paused.stop().await;
}

#[tokio::test(start_paused = true)]
async fn lookups_renew_dead_session() {
    let mut paused = start(options()).await;
    let control = paused.simulator.control();
    control.kill_sessions();
    paused.harness.send(Command::ReadLocations(true));
    paused.advance(Duration::from_secs(15)).await;
    assert!(
        locations(&paused.harness)
            .iter()
            .all(|location| location.contains("dc-01")),
        "{:?}",
        locations(&paused.harness)
    );
    assert_eq!(control.session_count(), 1);
    paused.stop().await;
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
    let mut paused = start(options).await;
    let control = paused.simulator.control();
    let at_start = count(&control, RETRIEVE);
    paused.harness.send(Command::ReadLocations(true));
    paused.advance(Duration::from_millis(500)).await;
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
    assert_eq!(read(&paused.harness), 100);
    paused.advance(Duration::from_secs(30)).await;
    assert_eq!(read(&paused.harness), 450);
    assert_eq!(count(&control, RETRIEVE) - at_start, 5 + 4);
    paused.stop().await;
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
            locations(harness)
                .iter()
                .all(|location| location.ends_with('?'))
        })
        .await;
    harness.stop().await;
}
