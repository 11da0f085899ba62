//! The full screen: `vtask` and `vtask demo`.

use std::{
    fs,
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::{
    CommandError, Outcome, connect,
    global_args::{ColorChoice, GlobalArgs},
    notify::{NotifyArgs, screen_notifier::ScreenNotifier, terminal::Terminal},
    record::{self, ReplayArgs},
    screen_args::{DemoArgs, ScreenArgs, WatchArgs},
    screen_options, server_tasks,
    signals::StopSignal,
    watchers::UPDATE_CAPACITY,
};
use crate::{
    app::{
        self, ExitReason, FinishTracker, Notifier, filter_history::FilterHistoryFile,
        last_seen_times::LastSeenFile, progress_curve_file::ProgressCurveFile,
        saved_filter_file::SavedFilterFile,
    },
    config::{self, ConfigFile},
    metrics::{Metrics, MetricsReport},
    simulator::{self, ClockMode, Simulator, scenario::Scenario},
    task::{ServerId, TaskId},
    tui::{self, EventSources, PlaybackController, SizedBackend, StateFiles, TerminalGuard},
    vim::{ConnectOptions, Credentials, TrustPolicy},
    watch::{Intervals, Update, WatchOptions, Watcher},
};

/// Size of the output buffer in bytes: a whole frame is written at once.
const FRAME_BUFFER: usize = 256 * 1024;

/// Runs `vtask [TASK]...`.
///
/// # Errors
/// Fails if standard output is not a terminal or no connection is configured.
pub async fn watch(args: &WatchArgs, global: &GlobalArgs) -> Result<Outcome, CommandError> {
    let environment = &config::process_environment;
    let stdin = || -> Box<dyn io::BufRead> { Box::new(io::stdin().lock()) };
    let server_tasks =
        server_tasks::with_tasks(&global.connection, &args.tasks, stdin, environment)?;
    require_terminal()?;
    let file = config::load_config(&global.connection, environment)?;
    let warnings = server_tasks::warnings(&server_tasks);
    let mut watched = Vec::new();
    for server in server_tasks {
        let connect = connect::connect(&server.connection, environment).await?;
        let name = server.name.unwrap_or_else(|| connect.address.name());
        let options = global.fetch.options(connect, server.tasks, &file.defaults);
        watched.push((name, options));
    }
    let names = watched.iter().map(|(name, _)| name.clone()).collect();
    let recorder = record::start_if_configured(&args.record, &file.defaults, names)?;
    for (_, options) in &mut watched {
        options.recorder.clone_from(&recorder);
    }
    let notify = args.notify.or(&file.defaults);
    let shown = Box::pin(show(
        watched,
        warnings,
        (&args.screen, global.color),
        &file,
        notify,
        args.notify_all || args.tell_all,
        (
            LastSeenFile::from_environment(environment),
            ProgressCurveFile::from_environment(environment),
        ),
    ))
    .await;
    if let Some(Err(problem)) = recorder.map(|recorder| recorder.finish()) {
        let _ = writeln!(io::stderr(), "vtask: {problem}");
    }
    shown
}

/// Runs `vtask replay`: shows a record in the full-screen view.
///
/// # Errors
/// Fails if standard output is not a terminal or the record cannot be read.
pub async fn replay(args: &ReplayArgs, global: &GlobalArgs) -> Result<Outcome, CommandError> {
    let (names, player) = args.open()?;
    require_terminal()?;
    let file = config::load_config(&global.connection, &config::process_environment)?;
    let environment = |name: &str| global.color.variable(&config::process_environment, name);
    let options = screen_options::screen_options(&args.screen, &file, &environment);
    // No fetch loop sends updates or receives commands.
    let (commands, _) = mpsc::unbounded_channel();
    let servers = names.into_iter().map(|(id, name)| tui::WatchedServer {
        id,
        name,
        read_only: true,
        base_url: String::new(),
        commands: commands.clone(),
    });
    let (_, updates) = mpsc::channel(1);
    let sources = Sources {
        servers: servers.collect(),
        updates,
        record: Some(player),
    };
    let files = state_files(LastSeenFile::default(), ProgressCurveFile::default());
    let run = run_screen(sources, options, Metrics::new(Vec::new()), None, files);
    let (exit, metrics) = Box::pin(run).await?;
    screen_outcome(exit, &metrics, &args.screen)
}

/// Runs `vtask demo`: the full screen over embedded vCenters.
///
/// # Errors
/// Fails if standard output is not a terminal.
pub async fn demo(args: &DemoArgs, global: &GlobalArgs) -> Result<Outcome, CommandError> {
    require_terminal()?;
    let file = ConfigFile::load(
        global.connection.config.as_deref(),
        &config::process_environment,
    )?;
    let local = |error: color_eyre::Report| CommandError::Local(error);
    let mut simulators = Vec::new();
    let mut watched = Vec::new();
    for number in 0..args.vcenters {
        let scenario = Scenario::load("demo").map_err(|error| local(error.into()))?;
        let mut options = simulator::Options::new(scenario);
        // Different tasks on each server.
        options.seed = args.seed.wrapping_add(u64::from(number));
        options.clock = ClockMode::Real { speed: args.speed };
        let simulator = Simulator::start(options)
            .await
            .map_err(|error| local(error.into()))?;
        let connect = ConnectOptions {
            address: simulator
                .url()
                .parse()
                .map_err(|error: crate::vim::InvalidAddress| local(error.into()))?,
            trust: TrustPolicy::System,
            credentials: Credentials::Password {
                user: "ops@demo.lab".to_owned(),
                password: SecretString::from("demo"),
                store: None,
            },
            release: None,
            read_only: global.connection.read_only || file.defaults.read_only,
            timeout: ConnectOptions::REQUEST_TIMEOUT,
            traffic: Arc::default(),
        };
        let name = if args.vcenters > 1 {
            format!("demo-{}", number + 1)
        } else {
            connect.address.name()
        };
        let mut options = WatchOptions::new(connect, Vec::new());
        options.intervals.clock = clock_interval(args.speed);
        watched.push((name, options));
        simulators.push(simulator);
    }
    let screen = (&args.screen, global.color);
    let notify = NotifyArgs::default();
    // The embedded vCenters end with the program.
    let kept = <(LastSeenFile, ProgressCurveFile)>::default();
    let run = show(watched, Vec::new(), screen, &file, notify, false, kept);
    let outcome = Box::pin(run).await;
    for simulator in simulators {
        simulator.stop().await;
    }
    outcome
}

/// Returns the interval at which to read a clock of the given speed, so that it is off by at most one second.
fn clock_interval(speed: f64) -> Duration {
    const MIN: Duration = Duration::from_millis(250);
    let usual = Intervals::default().clock;
    Duration::try_from_secs_f64((speed - 1.0).abs().recip())
        .map_or(usual, |interval| interval.clamp(MIN, usual))
}

fn require_terminal() -> Result<(), CommandError> {
    if io::stdout().is_terminal() {
        return Ok(());
    }
    let why = "stdout is not a terminal. In scripts, use `vtask get TASK...` or `vtask wait TASK...`; \
               see `vtask --help`.";
    Err(CommandError::Usage(why.to_owned()))
}

/// Watches the servers, each with its display name, and shows them on the full screen.
async fn show(
    watched: Vec<(String, WatchOptions)>,
    warnings: Vec<String>,
    (args, color): (&ScreenArgs, ColorChoice),
    file: &ConfigFile,
    notify: NotifyArgs,
    notify_all: bool,
    (last_seen, progress_curves): (LastSeenFile, ProgressCurveFile),
) -> Result<Outcome, CommandError> {
    let environment = |name: &str| color.variable(&config::process_environment, name);
    let mut options = screen_options::screen_options(args, file, &environment);
    if notify.is_any() {
        options.finish_tracker = Some(finish_tracker(&watched, notify_all));
    }
    let (sender, updates) = mpsc::channel(UPDATE_CAPACITY);
    for warning in warnings {
        // The channel is new and has space; losing a warning would be harmless.
        let _ = sender.try_send((ServerId::default(), Update::Notice(warning.into())));
    }
    let mut servers = Vec::new();
    let mut traffic = Vec::new();
    let mut watchers = Vec::new();
    for (id, (name, mut options)) in (0..).map(ServerId).zip(watched) {
        options.typical = true;
        options.entity_states = true;
        let connect = options.connect.clone();
        let fetch_loop = Watcher::spawn(id, options, sender.clone());
        servers.push(tui::WatchedServer {
            id,
            name,
            read_only: connect.read_only,
            base_url: connect.address.base(),
            commands: fetch_loop.commands(),
        });
        traffic.push(connect.traffic);
        watchers.push(fetch_loop);
    }
    let notifier = notify.is_any().then(|| -> Box<dyn Notifier> {
        let terminal = Terminal::from_environment(config::process_environment);
        Box::new(ScreenNotifier::new(notify, terminal, sender.downgrade()))
    });
    // The channel must close when the last watcher ends.
    drop(sender);
    options.last_seen = last_seen.read();
    options.progress_curves = progress_curves.read();
    let metrics = Metrics::new(traffic);
    let sources = Sources {
        servers,
        updates,
        record: None,
    };
    let files = state_files(last_seen, progress_curves);
    let result = run_screen(sources, options, metrics, notifier, files).await;
    // Concurrently, so that one unresponsive server does not keep the other sessions open.
    futures_util::future::join_all(watchers.into_iter().map(Watcher::stop)).await;
    let (exit, metrics) = result?;
    screen_outcome(exit, &metrics, args)
}

/// Writes the statistics and returns the outcome of the screen.
fn screen_outcome(
    exit: ExitReason,
    metrics: &MetricsReport,
    args: &ScreenArgs,
) -> Result<Outcome, CommandError> {
    if let Some(path) = &args.stats {
        write_metrics(path, metrics)?;
    }
    match exit {
        ExitReason::Quit => Ok(Outcome::Success),
        ExitReason::Interrupted => Err(CommandError::Interrupted(StopSignal::Interrupt)),
        ExitReason::Terminated => Err(CommandError::Interrupted(StopSignal::Terminate)),
        ExitReason::TerminalLost => Err(CommandError::Interrupted(StopSignal::Hangup)),
        ExitReason::Panicked => Err(CommandError::Panicked),
    }
}

/// Tracks the tasks named on the command line and those pinned later, or all tasks.
fn finish_tracker(watched: &[(String, WatchOptions)], all: bool) -> FinishTracker {
    let ids = (0..).map(ServerId);
    let named = ids.clone().zip(watched).flat_map(|(id, (_, options))| {
        let tasks = options.tasks.iter();
        tasks.map(move |task| TaskId::new(id, task.clone()))
    });
    let servers = watched
        .iter()
        .map(|(_, options)| options.connect.address.name());
    FinishTracker::new(all, ids.zip(servers).collect(), named.collect())
}

/// Data sources of the screen.
struct Sources {
    servers: Vec<tui::WatchedServer>,
    updates: mpsc::Receiver<(ServerId, Update)>,
    record: Option<PlaybackController>,
}

/// Runs the screen in the terminal of the process, and restores the terminal at the end.
async fn run_screen(
    Sources {
        servers,
        updates,
        record,
    }: Sources,
    options: app::Options,
    metrics: Metrics,
    notifier: Option<Box<dyn Notifier>>,
    files: StateFiles,
) -> Result<(ExitReason, MetricsReport), CommandError> {
    let environment = config::process_environment;
    let signals = tui::signals().map_err(|error| failed("handle signals", &error))?;
    let mut host = TerminalGuard::enter(files, notifier)
        .map_err(|error| failed("set up the terminal", &error))?;
    let out = BufWriter::with_capacity(FRAME_BUFFER, io::stdout());
    let mut terminal = ratatui::Terminal::new(SizedBackend::new(out, environment))
        .map_err(|error| failed("set up the terminal", &error))?;
    let sources = EventSources {
        input: tui::input().map_err(|error| failed("read keys", &error))?,
        record,
        updates,
        signals,
    };
    let clock = Timestamp::now;
    let run = tui::run(
        &mut terminal,
        sources,
        servers,
        &mut host,
        clock,
        options,
        metrics,
    );
    let result = run.await;
    if result.0 == ExitReason::TerminalLost {
        // Its destructor would print an error to the lost terminal.
        std::mem::forget(terminal);
    }
    Ok(result)
}

/// Returns the files that are kept between runs.
fn state_files(last_seen: LastSeenFile, progress_curves: ProgressCurveFile) -> StateFiles {
    StateFiles {
        filter_history: FilterHistoryFile::from_environment(config::process_environment),
        saved_filters: SavedFilterFile::from_environment(config::process_environment),
        last_seen,
        progress_curves,
    }
}

fn failed(action: &str, error: &io::Error) -> CommandError {
    CommandError::Usage(format!("cannot {action}: {error}. Is this a terminal?"))
}

fn write_metrics(path: &Path, metrics: &MetricsReport) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(metrics).unwrap_or_default() + "\n";
    fs::write(path, text).map_err(|error| {
        CommandError::Usage(format!(
            "cannot write --stats file {}: {error}.",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_interval_keeps_the_error_below_one_second() {
        let seconds = Duration::from_secs_f64;
        let usual = Intervals::default().clock;
        for (speed, interval) in [
            (1.0, usual),
            (1.001, usual),
            (2.0, seconds(1.0)),
            (5.0, seconds(0.25)),
            (1e9, seconds(0.25)),
            (0.0, seconds(1.0)),
            (f64::NAN, usual),
        ] {
            assert_eq!(clock_interval(speed), interval, "{speed}");
        }
    }
}
