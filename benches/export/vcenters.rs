//! The simulated vCenters. Their clock follows the real time until it is stopped.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use color_eyre::{Result, eyre::OptionExt};
use serde_json::Value;
use vtask::simulator::{Control, Options, Simulator, scenario::Scenario};

/// Tasks that run all the time are those of the load. Besides, short tasks start that end in each way. The objects of
/// some are gone before the services have restarted, but not within the interval at which new tasks are listed.
const SCENARIO: &str = r#"
about = "Load, and short tasks of which some fail."
first_task = 1000
[inventory]
datastores = ["ds"]
clusters = [{ name = "c", hosts = ["h1", "h2"] }]
machine_folders = [{ name = "f", cluster = "c", machines = ["a", "b", "d", "e"] }]
[load]
tasks = 200
rate = 200
root = "VirtualMachine.clone"
child = "vim.Task.copyDisk"

[[stream]]
at = "2s"
every = "1s"
jitter = "500ms"
choices = [
    { weight = 3, what = { operation = "VirtualMachine.createSnapshot", on = "a", takes = ["50ms", "9s"], error = { _typeName = "SnapshotFault", faultstring = "no" } } },
    { weight = 2, what = { operation = "VirtualMachine.reconfigure", on = "b", takes = ["50ms", "3s"] } },
    { weight = 2, what = { operation = "VirtualMachine.relocate", on = "d", takes = ["1s", "20s"], keep = "7s", error = { _typeName = "NoDiskSpace", faultstring = "full", datastore = "ds" } } },
    { weight = 1, what = { operation = "VirtualMachine.migrate", on = "e", takes = ["1s", "20s"], cancel = { after = "1s" }, cancel_requested = 50 } },
]
"#;
/// Interval of the clock.
const TICK: Duration = Duration::from_millis(50);

/// Finished tasks by name and address of the vCenter.
pub(crate) type FinishedTasks = BTreeMap<(String, String), Vec<FinishedTask>>;

/// A task that finished on a vCenter.
pub(crate) struct FinishedTask {
    pub(crate) mo_id: String,
    pub(crate) operation: String,
    pub(crate) outcome: &'static str,
}

/// The vCenters by name.
pub(crate) struct VCenters {
    simulators: Vec<(String, Simulator)>,
    is_stopped: Arc<AtomicBool>,
}

impl VCenters {
    pub(crate) async fn start(number: usize, tasks: usize, rate: u64) -> Result<Self> {
        let mut simulators = Vec::new();
        for index in 1..=number {
            let mut options = Options::new(Scenario::parse("export", SCENARIO)?).manual();
            options.load.tasks = Some(tasks);
            options.load.rate = Some(rate);
            options.seed = index as u64;
            simulators.push((format!("vc{index}"), Simulator::start(options).await?));
        }
        let is_stopped = Arc::new(AtomicBool::new(false));
        let controls: Vec<Control> = simulators
            .iter()
            .map(|(_, simulator)| simulator.control())
            .collect();
        let stopped = is_stopped.clone();
        tokio::spawn(async move {
            let mut before = Instant::now();
            while !stopped.load(Ordering::SeqCst) {
                tokio::time::sleep(TICK).await;
                let now = Instant::now();
                for control in &controls {
                    control.advance(now - before);
                }
                before = now;
            }
        });
        Ok(Self {
            simulators,
            is_stopped,
        })
    }

    /// Returns the config file with a profile for each.
    pub(crate) fn config(&self) -> String {
        let mut config = String::new();
        for (name, simulator) in &self.simulators {
            let url = simulator.url();
            // Writing to a string cannot fail.
            let _ = writeln!(
                config,
                "[profiles.{name}]\nurl = \"{url}\"\nusername = \"ops\""
            );
        }
        config
    }

    pub(crate) fn control(&self, index: usize) -> Result<Control> {
        let (_, simulator) = self.simulators.get(index).ok_or_eyre("no such vCenter")?;
        Ok(simulator.control())
    }

    /// Stops the clock, so that nothing changes any more.
    pub(crate) async fn stop_clock(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        tokio::time::sleep(2 * TICK).await;
    }

    pub(crate) fn requests(&self) -> u64 {
        let simulators = self.simulators.iter();
        simulators
            .map(|(_, simulator)| simulator.control().request_count())
            .sum()
    }

    pub(crate) fn len(&self) -> usize {
        self.simulators.len()
    }

    /// Returns all tasks that finished.
    pub(crate) fn finished(&self) -> FinishedTasks {
        let simulators = self.simulators.iter();
        simulators
            .map(|(name, simulator)| {
                let tasks = simulator.control().finished_tasks();
                let address = simulator.address().to_string();
                (
                    (name.clone(), address),
                    tasks.iter().map(FinishedTask::of).collect(),
                )
            })
            .collect()
    }
}

impl FinishedTask {
    fn of(info: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            mo_id: text(&info["task"]["value"]),
            operation: text(&info["descriptionId"]),
            outcome: if info["state"] == "success" {
                "success"
            } else if info["error"].to_string().contains("RequestCanceled") {
                "cancelled"
            } else {
                "failed"
            },
        }
    }
}
