//! Measures what reading the locations of targets costs: requests, bytes and time for many tasks on many machines.
//!
//! `cargo bench --bench locations -- --tasks 10000 --machines 5000`

use std::{
    collections::HashSet,
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use secrecy::SecretString;
use tokio::sync::mpsc;
use vtask::{
    simulator::{Options, RequestRecord, Simulator, scenario::Scenario},
    task::{ChangeSet, ServerId, TaskStore},
    vim::{ConnectOptions, Credentials, TrustPolicy},
    watch::{Command, Update, WatchOptions, Watcher},
};

const SERVER: ServerId = ServerId(0);
const HOSTS_PER_CLUSTER: usize = 20;
const MACHINES_PER_HOST: usize = 25;
/// Timeout of each step.
const LIMIT: Duration = Duration::from_secs(600);

/// Measure reading the locations of targets
#[derive(Parser, Debug)]
struct Arguments {
    /// Number of running tasks
    #[arg(long, default_value_t = 10_000)]
    tasks: usize,

    /// Number of virtual machines
    #[arg(long, default_value_t = 5_000)]
    machines: usize,

    /// Passed by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn scenario(arguments: &Arguments) -> Result<Scenario, Box<dyn std::error::Error>> {
    let machines_per_cluster = HOSTS_PER_CLUSTER * MACHINES_PER_HOST;
    let (mut clusters, mut folders) = (String::new(), String::new());
    for cluster in 0..arguments.machines.div_ceil(machines_per_cluster) {
        let hosts = (0..HOSTS_PER_CLUSTER).map(|host| format!("\"esx-{cluster:02}-{host:02}\""));
        let hosts: Vec<String> = hosts.collect();
        writeln!(
            clusters,
            "  {{ name = \"cluster-{cluster:02}\", hosts = [{}] }},",
            hosts.join(", ")
        )?;
        let first = cluster * machines_per_cluster;
        let last = (first + machines_per_cluster).min(arguments.machines);
        let machines: Vec<String> = (first..last)
            .map(|number| format!("\"vm-{number:05}\""))
            .collect();
        writeln!(
            folders,
            "  {{ name = \"folder-{cluster:02}\", cluster = \"cluster-{cluster:02}\", machines = [{}] }},",
            machines.join(", ")
        )?;
    }
    let text = format!(
        "about = \"many machines\"\nfirst_task = 100000\n[inventory]\ndatacenter = \"dc-01\"\ndatastores = [\"ds-01\"]\n\
         clusters = [\n{clusters}]\nmachine_folders = [\n{folders}]\n[load]\ntasks = {}\nrate = 0\n\
         root = \"VirtualMachine.clone\"\nchild = \"vim.Task.copyDisk\"\n",
        arguments.tasks
    );
    Ok(Scenario::parse("many machines", &text)?)
}

fn summary(requests: &[RequestRecord]) -> String {
    let bytes: usize = requests.iter().map(|request| request.bytes).sum();
    format!(
        "{} requests, {} KB received",
        requests.len(),
        bytes.div_ceil(1024)
    )
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let simulator = Simulator::start(Options::new(scenario(&arguments)?).manual()).await?;
    let control = simulator.control();
    let connect = ConnectOptions {
        address: simulator.url().parse()?,
        trust: TrustPolicy::System,
        credentials: Credentials::Password {
            user: "any".to_owned(),
            password: SecretString::from("any"),
            store: None,
        },
        release: None,
        read_only: true,
        timeout: ConnectOptions::REQUEST_TIMEOUT,
        traffic: Arc::default(),
    };
    let (sender, mut updates) = mpsc::channel(1024);
    let watcher = Watcher::spawn(SERVER, WatchOptions::new(connect, Vec::new()), sender);
    let mut store = TaskStore::new();
    let began = Instant::now();
    let mut requested_at: Option<Instant> = None;
    let mut applying = Duration::ZERO;
    loop {
        let (_, update) = tokio::time::timeout(LIMIT, updates.recv())
            .await?
            .ok_or("the loop ended")?;
        match update {
            Update::Tasks { changes, .. } => {
                for change in changes {
                    store.apply(SERVER, change, &mut ChangeSet::default())?;
                }
            }
            Update::Locations(locations) => {
                let before = Instant::now();
                store.set_locations(SERVER, locations, &mut ChangeSet::default());
                applying += before.elapsed();
            }
            _ => {}
        }
        if requested_at.is_none() && store.len() >= arguments.tasks {
            println!(
                "{} tasks watched after {:.1?}",
                store.len(),
                began.elapsed()
            );
            control.clear_requests();
            watcher.commands().send(Command::ReadLocations(true))?;
            requested_at = Some(Instant::now());
        }
        if let Some(requested_at) = requested_at
            && store
                .iter()
                .all(|(_, record)| store.location(record).is_some())
        {
            println!(
                "all located after {:.1?}, {applying:.1?} of it applying them",
                requested_at.elapsed()
            );
            break;
        }
    }
    let mut requests = control.requests();
    requests.retain(|request| request.kind.contains("RetrieveProperties"));
    let targets = store
        .iter()
        .filter_map(|(_, record)| record.info.as_ref()?.entity.clone());
    let targets: HashSet<_> = targets.collect();
    println!("{} machines: {}", targets.len(), summary(&requests));
    watcher.stop().await;
    Ok(())
}
