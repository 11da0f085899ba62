//! The full screen: over a vCenter, or over the embedded one.

use std::{
    fs,
    io::{self, IsTerminal},
    path::Path,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::{
    CommandError, Outcome, connect,
    notify::{
        NotifyArgs,
        end_notifier::{self, EndNotifier, NotifierChannels},
        terminal::Terminal,
    },
    screen_args::{DemoArgs, ScreenArgs, WatchArgs},
    screen_options, targets,
    terminal_writer::TerminalWriter,
};
use crate::{
    app::{ExitReason, filter_history::FilterHistoryFile, saved_filter_file::SavedFilterFile},
    config::{self, ConfigFile},
    metrics::{Metrics, MetricsReport},
    simulator::{self, ClockMode, Simulator, scenario::Scenario},
    task::{EndpointId, TaskId},
    tui::{self, EventSources, SizedBackend, TerminalGuard},
    vim::{ConnectOptions, Credentials, TrustPolicy},
    watch::{Command, Tempo, Update, WatchOptions, Watcher},
};

/// How many updates may wait for the screen before the fetch loop does.
const UPDATES_AHEAD: usize = 256;

/// `vtask [TASK]...`: watches on the full screen.
///
/// # Errors
/// Without a terminal, and when the connection is not configured.
pub async fn watch(args: &WatchArgs) -> Result<Outcome, CommandError> {
    let environment = &config::process_environment;
    let stdin = || -> Box<dyn io::BufRead> { Box::new(io::stdin().lock()) };
    let targets = targets::with_tasks(&args.connection, &args.tasks, stdin, environment)?;
    needs_terminal()?;
    let file = config::file(&args.connection, environment)?;
    let warnings = targets::warnings(&targets);
    let mut watched = Vec::new();
    for target in targets {
        let connect = connect::connect(&target.connection, environment).await?;
        let name = target.name.unwrap_or_else(|| connect.address.name());
        let options = args.follow.options(connect, target.tasks, &file.defaults);
        watched.push((name, options));
    }
    let tell = args.tell.or(&file.defaults);
    show(
        watched,
        warnings,
        &args.screen,
        &file,
        tell,
        args.notify_all || args.tell_all,
    )
    .await
}

/// `vtask demo`: the same over the embedded vCenter.
///
/// # Errors
/// Without a terminal.
pub async fn demo(args: &DemoArgs) -> Result<Outcome, CommandError> {
    needs_terminal()?;
    let file = ConfigFile::load(args.config.as_deref(), &config::process_environment)?;
    let local = |error: color_eyre::Report| CommandError::Local(error);
    let mut simulators = Vec::new();
    let mut watched = Vec::new();
    for number in 0..args.vcenters {
        let scenario = Scenario::load("demo").map_err(|error| local(error.into()))?;
        let mut options = simulator::Options::new(scenario);
        // Each has a day of its own.
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
            },
            release: None,
            read_only: args.read_only || file.defaults.read_only,
            timeout: ConnectOptions::REQUEST_TIMEOUT,
            traffic: Arc::default(),
        };
        let name = if args.vcenters > 1 {
            format!("demo-{}", number + 1)
        } else {
            connect.address.name()
        };
        let mut options = WatchOptions::new(connect, Vec::new());
        options.tempo.clock = clock_interval(args.speed);
        watched.push((name, options));
        simulators.push(simulator);
    }
    let tell = NotifyArgs::default();
    let outcome = show(watched, Vec::new(), &args.screen, &file, tell, false).await;
    for simulator in simulators {
        simulator.stop().await;
    }
    outcome
}

/// How often to read a clock that goes so many times as fast as ours, to be wrong by a second at most.
fn clock_interval(speed: f64) -> Duration {
    const LEAST: Duration = Duration::from_millis(250);
    let usual = Tempo::default().clock;
    Duration::try_from_secs_f64((speed - 1.0).abs().recip())
        .map_or(usual, |interval| interval.clamp(LEAST, usual))
}

/// A screen needs a terminal to be drawn on and keys to be read from.
fn needs_terminal() -> Result<(), CommandError> {
    if io::stdout().is_terminal() {
        return Ok(());
    }
    let why = "standard output is no terminal, so there is no screen to draw on. \
               For scripts there are `vtask get TASK...` and `vtask wait TASK...`; try `vtask --help`.";
    Err(CommandError::Usage(why.to_owned()))
}

/// Shows the endpoints, each with what to call it.
#[expect(
    clippy::too_many_lines,
    reason = "the parts of a screen are put together in one place"
)]
async fn show(
    watched: Vec<(String, WatchOptions)>,
    warnings: Vec<String>,
    args: &ScreenArgs,
    file: &ConfigFile,
    tell: NotifyArgs,
    tell_all: bool,
) -> Result<Outcome, CommandError> {
    let failed = |what: &str, error: io::Error| {
        CommandError::Usage(format!("{what}: {error}. Is this a terminal?"))
    };
    let options = screen_options::screen_options(args, file, &config::process_environment)
        .map_err(|error| CommandError::Local(error.into()))?;
    let signals = tui::signals().map_err(|error| failed("listening for signals", error))?;
    let (sender, updates) = mpsc::channel(UPDATES_AHEAD);
    for warning in warnings {
        // The channel is new and has room; a warning more or less does not matter.
        let _ = sender.try_send((EndpointId::default(), Update::Notice(warning.into())));
    }
    let ids = (0..).map(EndpointId);
    let named = ids.clone().zip(&watched).flat_map(|(id, (_, options))| {
        let tasks = options.tasks.iter();
        tasks.map(move |task| TaskId::new(id, task.clone()))
    });
    let beside = tell.is_any().then(|| {
        let servers = watched.iter().map(|(_, o)| o.connect.address.name());
        EndNotifier::new(tell.clone(), tell_all, servers.collect(), named.collect())
    });
    let mut endpoints = Vec::new();
    let mut traffic = Vec::new();
    let mut loops = Vec::new();
    for (id, (name, mut options)) in ids.zip(watched) {
        options.typical = true;
        options.questions = true;
        let connect = options.connect.clone();
        let fetch = Watcher::spawn(id, options, sender.clone());
        endpoints.push(tui::Endpoint {
            id,
            name,
            read_only: connect.read_only,
            base: connect.address.base(),
            commands: fetch.commands(),
        });
        traffic.push(connect.traffic);
        loops.push(fetch);
    }
    // The screen hears that the loops have ended when none of them holds it any more.
    drop(sender);
    let out = TerminalWriter::default();
    let terminal_kind = Terminal::from_environment(config::process_environment);
    let updates = match beside {
        None => updates,
        Some(beside) => {
            let (to_screen, passed_on) = mpsc::channel(UPDATES_AHEAD);
            let (commands, wishes) = mpsc::unbounded_channel();
            let pipes = NotifierChannels {
                updates,
                to_screen,
                commands: wishes,
                to_loops: loops.iter().map(Watcher::commands).collect(),
            };
            for endpoint in &mut endpoints {
                endpoint.commands = marked(endpoint.id, commands.clone());
            }
            tokio::spawn(end_notifier::stand(
                beside,
                pipes,
                terminal_kind,
                out.clone(),
            ));
            passed_on
        }
    };
    let shown = async {
        let typed = FilterHistoryFile::from_environment(config::process_environment);
        let named = SavedFilterFile::from_environment(config::process_environment);
        let mut session = TerminalGuard::enter(typed, named)
            .map_err(|error| failed("taking the terminal over", error))?;
        let _title = tell.title.then(|| Title::begin(terminal_kind, &out));
        let backend = SizedBackend::new(out.clone(), config::process_environment);
        let mut terminal = ratatui::Terminal::new(backend)
            .map_err(|error| failed("taking the terminal over", error))?;
        let inlets = EventSources {
            input: tui::input().map_err(|error| failed("reading the keys", error))?,
            updates,
            signals,
        };
        let clock = Timestamp::now;
        let left = tui::run(
            &mut terminal,
            inlets,
            endpoints,
            &mut session,
            clock,
            options,
            Metrics::new(traffic),
        );
        let left = left.await;
        if matches!(left, Ok((ExitReason::TerminalLost, _))) {
            // Its destructor would complain to a standard error that is gone, too.
            std::mem::forget(terminal);
        }
        left.map_err(|error| CommandError::Local(error.into()))
    };
    let exit = shown.await;
    // All at once: one that hangs must not keep the others signed in.
    futures_util::future::join_all(loops.into_iter().map(Watcher::stop)).await;
    let (exit, figures) = exit?;
    if let Some(path) = &args.stats {
        write_figures(path, &figures)?;
    }
    match exit {
        ExitReason::Quit => Ok(Outcome::Success),
        ExitReason::Interrupted | ExitReason::Terminated | ExitReason::TerminalLost => {
            Err(CommandError::Interrupted)
        }
        ExitReason::Panicked => Err(CommandError::Panicked),
    }
}

/// An ear for the commands to one endpoint, which passes them on with its id.
fn marked(
    id: EndpointId,
    to: mpsc::UnboundedSender<(EndpointId, Command)>,
) -> mpsc::UnboundedSender<Command> {
    let (commands, mut wishes) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(command) = wishes.recv().await {
            if to.send((id, command)).is_err() {
                break;
            }
        }
    });
    commands
}

/// The window's title while the screen is there; taken away on every way out.
struct Title<'a>(Terminal, &'a TerminalWriter);

impl<'a> Title<'a> {
    fn begin(terminal: Terminal, out: &'a TerminalWriter) -> Self {
        out.write_between_frames(&terminal.begin());
        Self(terminal, out)
    }
}

impl Drop for Title<'_> {
    fn drop(&mut self) {
        self.1.last(&self.0.end());
    }
}

fn write_figures(path: &Path, figures: &MetricsReport) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(figures).unwrap_or_default() + "\n";
    fs::write(path, text).map_err(|error| {
        CommandError::Usage(format!(
            "the file of --stats, {}, cannot be written: {error}.",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_is_read_often_enough_to_be_wrong_by_a_second_at_most() {
        let seconds = Duration::from_secs_f64;
        let usual = Tempo::default().clock;
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
