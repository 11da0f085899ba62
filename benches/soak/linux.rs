//! Test run and its report.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Parser;
use color_eyre::{Result, eyre::bail};

use crate::{
    observer::{Comparison, Observer},
    processes::{Log, ResourceUsage, Screen, Server},
};

/// Run vtask under load and faults and report its resource usage
#[derive(Parser, Debug)]
pub(crate) struct Arguments {
    /// Duration in minutes
    #[arg(long, default_value_t = 30)]
    minutes: u64,

    /// Seconds between two report lines
    #[arg(long, default_value_t = 60)]
    every: u64,

    /// Number of running tasks
    #[arg(long, default_value = "2000")]
    tasks: String,

    /// Progress changes per second
    #[arg(long, default_value = "1000")]
    rate: String,

    /// Fault plan
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/faults/soak.toml"))]
    faults: PathBuf,

    /// vtask binary
    #[arg(long, default_value = env!("CARGO_BIN_EXE_vtask"))]
    vtask: PathBuf,

    /// Passed by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

/// Interval between two comparisons of the store with the server.
const COMPARE_INTERVAL: Duration = Duration::from_secs(15);

/// Measurements of one report line.
struct Line {
    at: Duration,
    screen: ResourceUsage,
    server: ResourceUsage,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let vtask = &arguments.vtask;
    let directory = std::env::temp_dir().join(format!("vtask-soak-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let log_file = directory.join("requests.log");
    let load = [arguments.tasks.as_str(), arguments.rate.as_str()];
    let server = Server::start(vtask, &arguments.faults, &log_file, load)?;
    let screen = Screen::start(vtask, &server.url, directory.join("stats.json"))?;
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(watch(arguments, &server, screen, Log::new(log_file)));
    std::fs::remove_dir_all(&directory)?;
    result
}

async fn watch(
    arguments: &Arguments,
    server: &Server,
    mut screen: Screen,
    mut log: Log,
) -> Result<()> {
    let began = Instant::now();
    let end = began + Duration::from_secs(arguments.minutes * 60);
    let every = Duration::from_secs(arguments.every);
    let mut observer = Observer::start(&server.url)?;
    let mut lines: Vec<Line> = Vec::new();
    let mut next = began + every;
    println!(
        "   time │ vtask: memory  fds  threads │ server: memory  fds │ requests   peak/s  no answer  errors  sign-ins │ \
         board  outages │ compared  wrong  late  missing"
    );
    while Instant::now() < end {
        while Instant::now() < next.min(end) {
            let pause =
                COMPARE_INTERVAL.min(next.min(end).saturating_duration_since(Instant::now()));
            tokio::time::sleep(pause).await;
            observer.compare().await;
        }
        next += every;
        screen.press("j")?;
        log.read_new_lines()?;
        let line = Line {
            at: began.elapsed(),
            screen: ResourceUsage::of(screen.id())?,
            server: ResourceUsage::of(server.id())?,
        };
        let Comparison {
            compared,
            wrong,
            late,
            missing,
        } = observer.comparison;
        println!(
            "{:>4}:{:02} │ {:>9} KiB {:>4} {:>8} │ {:>10} KiB {:>4} │ {:>8} {:>8} {:>10} {:>7} {:>9} │ {:>5} {:>8} │ {:>8} {:>6} {:>5} {:>8}",
            line.at.as_secs() / 60,
            line.at.as_secs() % 60,
            line.screen.resident_kib,
            line.screen.descriptors,
            line.screen.threads,
            line.server.resident_kib,
            line.server.descriptors,
            log.requests,
            log.peak(),
            log.unanswered,
            log.errors,
            log.sign_ins,
            observer.tasks(),
            observer.outages(),
            compared,
            wrong,
            late,
            missing,
        );
        lines.push(line);
    }
    let comparison = observer.comparison;
    observer.stop().await;
    let written = screen.written();
    let (code, stats) = screen.quit()?;
    println!(
        "\nvtask ended with exit code {code}; {written} bytes written to the terminal; statistics:\n{stats}"
    );
    if let (Some(first), Some(last)) = (lines.first(), lines.last()) {
        for (what, line) in [("first", first), ("last", last)] {
            println!(
                "{what}: {} s: {} KiB, {} descriptors, {} threads",
                line.at.as_secs(),
                line.screen.resident_kib,
                line.screen.descriptors,
                line.screen.threads
            );
        }
    }
    println!(
        "compared {}: {} wrong, {} late, {} missing",
        comparison.compared, comparison.wrong, comparison.late, comparison.missing
    );
    if comparison.wrong + comparison.late + comparison.missing > 0 {
        bail!("updates were lost");
    }
    Ok(())
}
