//! `vtask simulate`: serves the embedded vCenter to any client of the VI JSON API.

use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use color_eyre::Result;
use color_eyre::eyre::{WrapErr, bail};
use jiff::SignedDuration;

use super::record;
use crate::recording::{Entry, Reader, Source};
use crate::simulator::fault_injection::FaultPlan;
use crate::simulator::scenario::{LoadOptions, Scenario};
use crate::simulator::{ClockMode, Options, Recording, Simulator, SimulatorError};

/// Number of lines of a record in which each server has sent its time.
const FIRST_LINES: usize = 10_000;
/// Interval of looking for the end of a record.
const END_INTERVAL: Duration = Duration::from_millis(250);

/// Serve the embedded vCenter to any VI JSON client
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags of a command line")]
pub struct SimulateArgs {
    /// Listen address; port 0 selects a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8989")]
    pub listen: SocketAddr,

    /// Scenario: demo, load, quiet, empty, or the path of a scenario file
    #[arg(long, value_name = "NAME|FILE", default_value = "demo")]
    pub scenario: String,

    /// Serve a record instead of a scenario, from its beginning
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "tasks", "rate"])]
    pub from: Option<std::path::PathBuf>,

    /// With --from: vCenter of the record, by name, if there are several
    #[arg(hide_short_help = true, long, value_name = "NAME", requires = "from")]
    pub vcenter: Option<String>,

    /// With --from: restart when the record ends
    #[arg(long = "loop", requires = "from")]
    pub repeat: bool,

    /// Random seed: the same seed produces the same tasks at the same times
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Speed of the simulated clock relative to real time
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = parse_speed)]
    pub speed: f64,

    /// Serve HTTPS with a generated certificate
    #[arg(long)]
    pub tls: bool,

    /// Write the certificate to this file as PEM
    #[arg(hide_short_help = true, long, value_name = "FILE", requires = "tls")]
    pub certificate_file: Option<std::path::PathBuf>,

    /// Accept only this user (with --password); by default any non-empty user and password
    #[arg(hide_short_help = true, long, value_name = "NAME", requires = "password")]
    pub username: Option<String>,

    /// Password of --username. It only protects simulated tasks
    #[arg(hide_short_help = true, long, value_name = "TEXT", requires = "username")]
    pub password: Option<String>,

    /// Accept this Authorization header instead of a session
    #[arg(hide_short_help = true, long, value_name = "VALUE")]
    pub authorization: Option<String>,

    /// Load scenario: number of concurrent tasks, in groups of five related tasks
    #[arg(long, value_name = "N")]
    pub tasks: Option<usize>,

    /// Load scenario: progress changes per second over all tasks
    #[arg(hide_short_help = true, long, value_name = "R")]
    pub rate: Option<u64>,

    /// Load scenario: apply all changes of a second at once instead of evenly
    #[arg(hide_short_help = true, long)]
    pub at_once: bool,

    /// Load scenario: replace finished tasks by new ones instead of restarting them at 0 %
    #[arg(hide_short_help = true, long)]
    pub finish: bool,

    /// Maximum number of object updates per response, or `none`
    #[arg(hide_short_help = true, long, value_name = "N|none", default_value = "100", value_parser = parse_cap)]
    pub cap: Cap,

    /// Offset of the server's clock, such as 7m or -90s
    #[arg(
        hide_short_help = true,
        long,
        value_name = "SPAN",
        default_value = "0s",
        allow_hyphen_values = true
    )]
    pub clock_offset: SignedDuration,

    /// Idle time after which a session expires
    #[arg(hide_short_help = true, long, value_name = "SPAN", default_value = "30m")]
    pub session_timeout: SignedDuration,

    /// Behave like vCenter 8.0 U1: no release negotiation
    #[arg(hide_short_help = true, long)]
    pub release_8_0_1: bool,

    /// Do not compress responses
    #[arg(hide_short_help = true, long)]
    pub no_gzip: bool,

    /// Omit redundant type names
    #[arg(hide_short_help = true, long)]
    pub lean: bool,

    /// Inject the faults of this file: delays, broken connections, proxy responses, restarts and more
    #[arg(long, value_name = "FILE")]
    pub faults: Option<std::path::PathBuf>,

    /// Log each request to this file: seconds since start, status (0: no response), bytes, method, kind
    #[arg(hide_short_help = true, long, value_name = "FILE")]
    pub log: Option<std::path::PathBuf>,
}

/// A number, or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap(pub Option<usize>);

fn parse_cap(text: &str) -> Result<Cap, String> {
    if text == "none" {
        return Ok(Cap(None));
    }
    match text.parse() {
        Ok(0) | Err(_) => Err("expected a number above 0, or none".to_owned()),
        Ok(number) => Ok(Cap(Some(number))),
    }
}

pub(super) fn parse_speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok();
    speed
        .filter(|speed: &f64| speed.is_finite() && *speed > 0.0)
        .ok_or_else(|| "expected a number above 0".to_owned())
}

impl SimulateArgs {
    fn options(&self) -> Result<Options> {
        let mut options = match &self.from {
            None => Options::new(Scenario::load(&self.scenario)?),
            Some(path) => {
                let source = Source::File(path.clone());
                let mut reader = source.open()?;
                let header = reader.header();
                let at = header.started;
                let vc = record::vcenter_index(&header.vcenters, self.vcenter.as_deref())?;
                let mut options = record::empty_simulator_options()?;
                options.recording = Some(Recording {
                    clock_offset: first_clock_offset(&mut reader, vc),
                    source,
                    vc,
                    at,
                });
                options
            }
        };
        options.listen = self.listen;
        options.seed = self.seed;
        options.clock = ClockMode::Real { speed: self.speed };
        options.tls = self.tls;
        options.credentials = self.username.clone().zip(self.password.clone());
        options.authorization.clone_from(&self.authorization);
        options.clock_offset = self.clock_offset;
        options.load = LoadOptions {
            tasks: self.tasks,
            rate: self.rate,
            at_once: self.at_once,
            finish: self.finish,
        };
        let Some(timeout) = Duration::try_from(self.session_timeout)
            .ok()
            .filter(|span| !span.is_zero())
        else {
            bail!("--session-timeout must be greater than zero");
        };
        options.session_timeout = timeout;
        if self.release_8_0_1 {
            options.behavior = crate::simulator::server_behavior::ServerBehavior::release_8_0_1();
        }
        options.behavior.gzip = !self.no_gzip;
        options.behavior.omit_type_names = self.lean;
        options.behavior.update_cap = self.cap.0;
        if let Some(file) = &self.faults {
            options.faults = FaultPlan::load(file)?;
        }
        Ok(options)
    }
}

/// Returns the first known difference between the clocks of a vCenter and of the recording machine.
fn first_clock_offset(reader: &mut Reader, vc: u16) -> SignedDuration {
    let mut lines = reader.take(FIRST_LINES).filter(|line| line.vc == vc);
    let millis = lines.find_map(|line| match line.entry {
        Entry::ClockOffset(millis) => Some(millis),
        _ => None,
    });
    SignedDuration::from_millis(millis.unwrap_or_default())
}

/// Runs `vtask simulate` until SIGINT or SIGTERM.
pub async fn run(args: SimulateArgs) -> Result<()> {
    let mut options = args.options()?;
    let mut simulator = start(options.clone()).await?;
    // A restart serves the same address.
    options.listen = simulator.address();
    prepare(&args, &simulator)?;
    announce(&args, &simulator)?;
    loop {
        tokio::select! {
            interrupt = interrupted() => {
                interrupt?;
                break;
            }
            () = end_of_record(&simulator), if args.repeat => {}
        }
        simulator.stop().await;
        simulator = start(options.clone()).await?;
        prepare(&args, &simulator)?;
    }
    simulator.stop().await;
    Ok(())
}

/// Completes when the record has ended.
async fn end_of_record(simulator: &Simulator) {
    let control = simulator.control();
    while !control.has_played_all() {
        tokio::time::sleep(END_INTERVAL).await;
    }
}

async fn start(options: Options) -> Result<Simulator> {
    match Simulator::start(options).await {
        Err(error @ SimulatorError::Listen { .. }) => {
            bail!("{error}. Give another address with --listen; port 0 selects a free one.")
        }
        started => started.wrap_err("the simulator did not start"),
    }
}

/// Writes the certificate and opens the log.
fn prepare(args: &SimulateArgs, simulator: &Simulator) -> Result<()> {
    if let (Some(file), Some(pem)) = (&args.certificate_file, simulator.certificate_pem()) {
        std::fs::write(file, pem)
            .wrap_err_with(|| format!("cannot write the certificate to {}", file.display()))?;
    }
    if let Some(file) = &args.log {
        let log = std::fs::File::create(file)
            .wrap_err_with(|| format!("cannot write the log to {}", file.display()))?;
        simulator.control().log_to(log);
    }
    Ok(())
}

fn announce(args: &SimulateArgs, simulator: &Simulator) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "url {}", simulator.url())?;
    match &args.from {
        Some(path) => writeln!(out, "record {} speed {}", path.display(), args.speed)?,
        None => writeln!(
            out,
            "scenario {} seed {} speed {}",
            args.scenario, args.seed, args.speed
        )?,
    }
    match &args.username {
        Some(user) => writeln!(out, "accepts {user} with its password")?,
        None => writeln!(out, "accepts any user and password that are not empty")?,
    }
    if let Some(fingerprint) = simulator.fingerprint() {
        writeln!(out, "sha256 {fingerprint}")?;
    }
    out.flush()
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(windows)]
async fn interrupted() -> std::io::Result<()> {
    use futures_util::StreamExt as _;
    super::signals::stop_signals().next().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    fn read(line: &[&str]) -> Result<SimulateArgs, clap::Error> {
        Line::try_parse_from([&["simulate"], line].concat()).map(|line| line.args)
    }

    #[test]
    fn the_flags_become_options() {
        let line = [
            "--scenario",
            "load",
            "--tasks",
            "500",
            "--rate",
            "50",
            "--cap",
            "none",
            "--clock-offset",
            "-7m",
        ];
        let options = read(&line).unwrap().options().unwrap();
        assert_eq!(options.load.tasks, Some(500));
        assert_eq!(options.behavior.update_cap, None);
        assert_eq!(options.clock_offset, SignedDuration::from_mins(-7));
        assert_eq!(options.credentials, None);
    }

    #[test]
    fn mistakes_are_refused() {
        assert!(read(&["--cap", "0"]).is_err());
        for speed in [
            "--speed=0",
            "--speed=-1",
            "--speed=inf",
            "--speed=NaN",
            "--speed=x",
        ] {
            assert!(read(&[speed]).is_err(), "{speed}");
        }
        assert!(read(&["--username", "ops"]).is_err());
        assert!(read(&["--scenario", "dmeo"]).unwrap().options().is_err());
        assert!(
            read(&["--session-timeout", "0s"])
                .unwrap()
                .options()
                .is_err()
        );
    }
}
