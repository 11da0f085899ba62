//! A scenario with three hosts in two clusters, for tests of locations.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use vtask::simulator::{Options, scenario::Scenario};

const INVENTORY: &str = r#"
about = "locations"
[inventory]
datacenter = "dc-01"
datastores = ["ds-01"]
clusters = [{ name = "prod-a", hosts = ["esx-01", "esx-02"] }, { name = "prod-b", hosts = ["esx-03"] }]
machine_folders = [
  { name = "web", cluster = "prod-a", machines = ["web-01", "web-02"] },
  { name = "db", cluster = "prod-b", machines = ["db-01"] },
]
"#;

/// Returns the options of a simulator with this inventory, the tasks in `tasks` and a manual clock.
pub(crate) fn options(tasks: &str) -> Options {
    let scenario = format!("{INVENTORY}{tasks}");
    Options::new(Scenario::parse("locations", &scenario).unwrap()).manual()
}
