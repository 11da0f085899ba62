//! Ten vCenters on one screen: seven under load, one down, one slow, and one that refuses the account.

use std::{fmt::Write, fs, net::TcpListener, path::PathBuf, time::Duration};

use super::{Row, milliseconds, row};
use crate::terminal::{ARROWS, Server, base_directory, watch, watch_all};

const HEALTHY: usize = 7;
const LOAD: [&str; 6] = ["--scenario", "load", "--tasks", "10000", "--rate", "1000"];
const TIME: Duration = Duration::from_secs(60);

/// Every answer of the slow server takes three seconds.
const SLOW: &str = "[[rule]]\neffect = { delay = \"3s\" }\n";

/// Number of requests in a server's log.
fn requests(log: &PathBuf) -> f64 {
    fs::read_to_string(log).unwrap().lines().count() as f64
}

/// Starts a server under load that logs its requests.
fn start(name: &str, extra: &[&str]) -> (Server, PathBuf) {
    let log = base_directory().join(format!("{name}.tsv"));
    let arguments = [&LOAD, extra, &["--log", log.to_str().unwrap()]].concat();
    (Server::start(&arguments), log)
}

/// Writes a config file with a profile for each server; the password comes from the environment.
fn profiles<'a>(urls: impl Iterator<Item = &'a str>) -> PathBuf {
    let mut config = String::new();
    for (number, url) in urls.enumerate() {
        let number = number + 1;
        writeln!(
            config,
            "[profiles.vc{number}]\nurl = \"{url}\"\nusername = \"bench\""
        )
        .unwrap();
    }
    let path = base_directory().join("config.toml");
    fs::write(&path, config).unwrap();
    path
}

/// Ten vCenters of 10,000 tasks with 1,000 changes per second each, and continuous key presses.
pub(super) fn many_vcenters() -> Vec<Row> {
    fs::create_dir_all(base_directory()).unwrap();
    let (alone, log) = start("alone", &[]);
    drop(watch(&[], Some(&alone), TIME, &ARROWS));
    drop(alone);
    let requests_alone = requests(&log);

    let healthy: Vec<_> = (0..HEALTHY)
        .map(|number| start(&format!("vc{number}"), &[]))
        .collect();
    let faults = base_directory().join("slow.toml");
    fs::write(&faults, SLOW).unwrap();
    let (slow, _) = start("slow", &["--faults", faults.to_str().unwrap()]);
    let (refusing, _) = start("refusing", &["--username", "other", "--password", "other"]);
    // A free port.
    let down = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let down = format!("http://{down}");
    let urls = healthy.iter().map(|(server, _)| &*server.url);
    let config = profiles(urls.chain([&*slow.url, &*refusing.url, &*down]));
    let arguments = ["--config", config.to_str().unwrap(), "--profile", "vc*"];
    let servers: Vec<&Server> = healthy
        .iter()
        .map(|(server, _)| server)
        .chain([&slow, &refusing])
        .collect();
    let run = watch_all(&arguments, &servers, TIME, &ARROWS);
    drop(servers);
    let max_requests = healthy
        .iter()
        .map(|(_, log)| requests(log))
        .fold(0.0, f64::max);
    vec![
        row(
            "10 vCenters, 3 of them impaired, 60 s: CPU core",
            run.cpu_share(),
            "%",
            15.0,
        ),
        milliseconds("  key to frame max", &run, "/keyToFrame/max", 16.0),
        milliseconds("  key to frame p99", &run, "/keyToFrame/p99", 16.0),
        row(
            "  requests to the busiest endpoint",
            max_requests,
            "",
            (1.1 * requests_alone).round(),
        ),
        row(
            "  requests to one endpoint alone",
            requests_alone,
            "",
            f64::INFINITY,
        ),
        milliseconds(
            "  change to frame p99",
            &run,
            "/changeToFrame/p99",
            f64::INFINITY,
        ),
        row(
            "  changes applied (expected: about 7,000)",
            run.number("/changes") / run.number("/seconds"),
            "/s",
            f64::INFINITY,
        ),
        row(
            "  resident",
            run.number("/residentBytes") / 1e6,
            "MB",
            f64::INFINITY,
        ),
        row(
            "  simulators: CPU core",
            run.server_share(),
            "%",
            f64::INFINITY,
        ),
    ]
}
