//! The run and its report.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Parser;
use color_eyre::{
    Result,
    eyre::{bail, ensure},
};
use tokio::time::sleep;
use vtask::simulator::fault_injection::ServerEvent;

use crate::{
    comparison::{Difference, counts, of_counters},
    scraper::Scraper,
    service::Service,
    vcenters::{FinishedTasks, VCenters},
};

/// Run the exporter and the stream under load with restarts, and compare them with the vCenters
#[derive(Parser, Debug)]
pub(crate) struct Arguments {
    /// Duration in minutes
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,

    /// Number of vCenters
    #[arg(long, default_value_t = 5)]
    vcenters: usize,

    /// Number of running tasks of each vCenter
    #[arg(long, default_value_t = 2000)]
    tasks: usize,

    /// Progress changes per second of each vCenter
    #[arg(long, default_value_t = 200)]
    rate: u64,

    /// Seconds between two scrapes
    #[arg(long, default_value_t = 1.0)]
    scrape: f64,

    /// Seconds without changes, in which requests are counted
    #[arg(long, default_value_t = 60)]
    quiet: u64,

    /// vtask binary
    #[arg(long, default_value = env!("CARGO_BIN_EXE_vtask"))]
    vtask: PathBuf,

    /// Passed by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

/// Limit for the start and for catching up.
const LIMIT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(200);

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let directory = std::env::temp_dir().join(format!("vtask-export-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(Run::start(arguments, directory.clone()));
    let result = result.and_then(|run| runtime.block_on(run.complete(arguments)));
    if result.is_ok() {
        std::fs::remove_dir_all(&directory)?;
    } else {
        println!("logs and cursors are in {}", directory.display());
    }
    result
}

struct Run {
    vcenters: VCenters,
    exporter: Service,
    stream: Service,
    scraper: Scraper,
    began: Instant,
}

impl Run {
    async fn start(arguments: &Arguments, directory: PathBuf) -> Result<Self> {
        let vcenters = VCenters::start(arguments.vcenters, arguments.tasks, arguments.rate).await?;
        let path = |name: &str| directory.join(name).display().to_string();
        let config = path("config.toml");
        std::fs::write(&config, vcenters.config())?;
        // A restarted exporter must keep its address.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let listen = port.to_string();
        let common = ["--profile", "*", "--config", &config, "--cursor"];
        let cursor = path("exporter.cursor");
        let command_line = [&["exporter", "--listen", &listen], &common[..], &[&cursor]].concat();
        let exporter = Service::start(&arguments.vtask, &directory, &command_line)?;
        let cursor = path("stream.cursor");
        let command_line = [&["stream"], &common[..], &[&cursor]].concat();
        let stream = Service::start(&arguments.vtask, &directory, &command_line)?;
        let url = format!("http://{listen}/metrics");
        let scraper = Scraper::start(&url, Duration::from_secs_f64(arguments.scrape))?;
        Ok(Self {
            vcenters,
            exporter,
            stream,
            scraper,
            began: Instant::now(),
        })
    }

    async fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) -> Result<()> {
        let end = Instant::now() + LIMIT;
        while !condition(self) {
            if Instant::now() > end {
                let (exporter, stream) = (self.exporter.messages(), self.stream.messages());
                bail!("timed out: {what}\nexporter:\n{exporter}\nstream:\n{stream}");
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    fn log(&self, message: &str) {
        let seconds = self.began.elapsed().as_secs();
        println!("{:>3}:{:02} {message}", seconds / 60, seconds % 60);
    }

    /// Waits until this part of the duration has passed, and reports the memory of the services.
    async fn wait_for_part(&mut self, arguments: &Arguments, part: f64) -> Result<()> {
        let end = self.began + Duration::from_secs_f64(arguments.minutes * 60.0 * part);
        sleep(end.saturating_duration_since(Instant::now())).await;
        let (exporter, stream) = (self.exporter.measure()?, self.stream.measure()?);
        self.log(&format!("exporter {exporter} KiB, stream {stream} KiB"));
        Ok(())
    }

    async fn restart_services(&mut self, signal: &str, pause: Duration) -> Result<()> {
        self.log(&format!("SIG{signal} to both services"));
        self.exporter.terminate(signal)?;
        self.stream.terminate(signal)?;
        self.scraper.lock().handle_restart();
        sleep(pause).await;
        self.exporter.restart()?;
        self.stream.restart()
    }

    async fn complete(mut self, arguments: &Arguments) -> Result<()> {
        let all_up = |run: &Self| run.scraper.lock().up == run.vcenters.len();
        self.wait_until("all vCenters are connected", all_up)
            .await?;
        self.log("all vCenters are connected");
        let outage = |seconds| ServerEvent::Restart(Duration::from_secs(seconds).into());
        let last = self.vcenters.len() - 1;
        self.wait_for_part(arguments, 0.2).await?;
        self.restart_services("KILL", Duration::from_secs(3))
            .await?;
        self.wait_for_part(arguments, 0.35).await?;
        self.log("a vCenter restarts");
        self.vcenters.control(0)?.trigger(&outage(10));
        self.wait_for_part(arguments, 0.5).await?;
        self.restart_services("TERM", Duration::from_secs(10))
            .await?;
        self.wait_for_part(arguments, 0.65).await?;
        self.log("a vCenter restarts");
        self.vcenters.control(last)?.trigger(&outage(15));
        sleep(Duration::from_secs(3)).await;
        self.restart_services("KILL", Duration::from_secs(3))
            .await?;
        self.wait_for_part(arguments, 0.8).await?;
        self.log("the sessions of a vCenter end");
        self.vcenters.control(0)?.kill_sessions();
        self.wait_for_part(arguments, 1.0).await?;
        self.vcenters.stop_clock().await;
        let finished = self.vcenters.finished();
        let cpu = [self.exporter.cpu_seconds()?, self.stream.cpu_seconds()?];
        let seconds = self.began.elapsed().as_secs_f64();
        self.wait_until("all vCenters are connected", all_up)
            .await?;
        self.wait_until_caught_up(&finished).await;
        self.report(arguments, &finished, cpu.map(|used| used / seconds * 100.0))
            .await
    }

    /// Waits until the services have all tasks, at most for `LIMIT`.
    async fn wait_until_caught_up(&self, finished: &FinishedTasks) {
        let expected = counts(finished);
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            let lines = self.stream.lines().difference(finished, &ALL, false);
            if self.scraper.lock().total() == expected && lines.is_none() {
                return;
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    async fn report(
        mut self,
        arguments: &Arguments,
        finished: &FinishedTasks,
        cpu: [f64; 2],
    ) -> Result<()> {
        let before = (self.vcenters.requests(), self.scraper.lock().requests);
        sleep(Duration::from_secs(arguments.quiet)).await;
        let quiet = self.vcenters.requests() - before.0;
        let of_exporter = self.scraper.lock().requests.saturating_sub(before.1);
        let memory = [self.exporter.measure()?, self.stream.measure()?];
        let exit = [
            self.exporter.terminate("TERM")?,
            self.stream.terminate("TERM")?,
        ];
        let expected = counts(finished);
        let number = |outcome: &str| {
            let counts = expected.iter().filter(|(labels, _)| labels[2] == outcome);
            counts.map(|(_, count)| count).sum::<u64>()
        };
        println!(
            "\n{} vCenters × {} tasks × {} changes/s, {} minutes",
            self.vcenters.len(),
            arguments.tasks,
            arguments.rate,
            arguments.minutes
        );
        println!(
            "finished: {} failed, {} cancelled, {} success",
            number("failed"),
            number("cancelled"),
            number("success")
        );
        let names = ["exporter", "stream"];
        let peaks = [self.exporter.peak_kib(), self.stream.peak_kib()];
        for index in 0..2 {
            println!(
                "{}: {:.1} % CPU, {} KiB at the end, peak {} KiB, exit code {:?}",
                names[index], cpu[index], memory[index], peaks[index], exit[index]
            );
        }
        let scraped = self.scraper.lock();
        let millis = |quantile| Duration::from_micros(scraped.times.value_at_quantile(quantile));
        println!(
            "scrapes: {}, p50 {:?}, p99 {:?}, max {:?}, {} without answer (restarts); {} series, {} bytes",
            scraped.times.len(),
            millis(0.5),
            millis(0.99),
            Duration::from_micros(scraped.times.max()),
            scraped.failed,
            scraped.series,
            scraped.bytes
        );
        let lines = self.stream.lines();
        println!(
            "stream: {} lines, {} bytes, {} unreadable, {} repeated after a kill with the same event ID",
            lines.number,
            lines.bytes,
            lines.unreadable,
            lines.repeated()
        );
        println!(
            "requests when quiet: {:.1} per minute and vCenter to the exporter and the stream, {:.1} of the exporter",
            per_minute(quiet, arguments),
            per_minute(of_exporter, arguments)
        );
        let counted = scraped.total();
        let mut is_exact = lines.unreadable == 0;
        for (name, outcomes) in [("failures", &["failed"][..]), ("all finished tasks", &ALL)] {
            let exporter = of_counters(&expected, &counted, outcomes);
            let stream = lines.difference(finished, outcomes, true);
            for (service, Difference { missed, doubled }) in names.iter().zip([&exporter, &stream])
            {
                println!("{name}, {service}: {missed} missed, {doubled} doubled");
            }
            is_exact &= exporter.is_none() && stream.is_none();
        }
        ensure!(is_exact, "the services differ from the vCenters");
        Ok(())
    }
}

const ALL: [&str; 3] = ["success", "failed", "cancelled"];

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn per_minute(requests: u64, arguments: &Arguments) -> f64 {
    requests as f64 / (arguments.quiet as f64 / 60.0) / arguments.vcenters as f64
}
