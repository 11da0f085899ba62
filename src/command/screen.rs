//! The full screen: over a vCenter, or over the embedded one.

use std::{
    fs,
    io::{self, IsTerminal},
    path::Path,
    sync::Arc,
};

use jiff::Timestamp;
use ratatui::backend::CrosstermBackend;
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::{
    CommandError, Outcome, looks,
    screen_out::ScreenOut,
    tasks,
    tell::{
        TellArgs,
        beside::{self, Beside, Pipes},
        terminal::Terminal,
    },
};
use crate::{
    app::{self, Exit, Inlets, terminal::Session},
    cli::{DemoArgs, ScreenArgs, WatchArgs},
    config::{self, ConfigFile},
    figures::Report,
    simulator::{self, ClockMode, Simulator, scenario::Scenario},
    task::EndpointId,
    vim::{ConnectOptions, Credentials, Trust},
    watch::{WatchOptions, Watcher},
};

/// How many updates may wait for the screen before the fetch loop does.
const UPDATES_AHEAD: usize = 256;

/// `vtask [TASK]...`: watches on the full screen.
///
/// # Errors
/// Without a terminal, and when the connection is not configured.
pub async fn watch(args: &WatchArgs) -> Result<Outcome, CommandError> {
    let tasks = tasks::read(&args.tasks, || Box::new(io::stdin().lock()))?;
    needs_terminal()?;
    let connect = config::resolve(&args.connection, &config::process_environment)?;
    let file = config::file(&args.connection, &config::process_environment)?;
    let options = args.follow.options(connect, tasks, &file.defaults);
    let tell = args.tell.or(&file.defaults);
    show(options, &args.screen, &file, tell, args.tell_all).await
}

/// `vtask demo`: the same over the embedded vCenter.
///
/// # Errors
/// Without a terminal.
pub async fn demo(args: &DemoArgs) -> Result<Outcome, CommandError> {
    needs_terminal()?;
    let file = ConfigFile::load(args.config.as_deref(), &config::process_environment)?;
    let local = |error: color_eyre::Report| CommandError::Local(error);
    let scenario = Scenario::load("demo").map_err(|error| local(error.into()))?;
    let mut options = simulator::Options::new(scenario);
    options.seed = args.seed;
    options.clock = ClockMode::Real { speed: args.speed };
    let simulator = Simulator::start(options)
        .await
        .map_err(|error| local(error.into()))?;
    let connect = ConnectOptions {
        address: simulator
            .url()
            .parse()
            .map_err(|error: crate::vim::InvalidAddress| local(error.into()))?,
        trust: Trust::System,
        credentials: Credentials::Password {
            user: "ops@demo.lab".to_owned(),
            password: SecretString::from("demo"),
        },
        release: None,
        traffic: Arc::default(),
    };
    let options = WatchOptions::new(connect, Vec::new());
    let outcome = show(options, &args.screen, &file, TellArgs::default(), false).await;
    simulator.stop().await;
    outcome
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

async fn show(
    watch: WatchOptions,
    args: &ScreenArgs,
    file: &ConfigFile,
    tell: TellArgs,
    tell_all: bool,
) -> Result<Outcome, CommandError> {
    let failed = |what: &str, error: io::Error| {
        CommandError::Usage(format!("{what}: {error}. Is this a terminal?"))
    };
    let id = EndpointId::default();
    let name = watch.connect.address.name();
    let base = watch.connect.address.base();
    let options = looks::options(args, file, &config::process_environment)
        .map_err(|error| CommandError::Local(error.into()))?;
    let signals = app::signals().map_err(|error| failed("listening for signals", error))?;
    let (sender, updates) = mpsc::channel(UPDATES_AHEAD);
    let traffic = watch.connect.traffic.clone();
    let beside = tell
        .is_any()
        .then(|| Beside::new(tell.clone(), tell_all, name.clone(), &watch.tasks));
    let watcher = Watcher::spawn(id, watch, sender);
    let out = ScreenOut::default();
    let terminal_kind = Terminal::from_environment(config::process_environment);
    let (updates, commands) = match beside {
        None => (updates, watcher.commands()),
        Some(beside) => {
            let (to_screen, passed_on) = mpsc::channel(UPDATES_AHEAD);
            let (commands, wishes) = mpsc::unbounded_channel();
            let pipes = Pipes {
                updates,
                to_screen,
                commands: wishes,
                to_loop: watcher.commands(),
            };
            tokio::spawn(beside::stand(beside, pipes, terminal_kind, out.clone()));
            (passed_on, commands)
        }
    };
    let endpoint = app::Endpoint {
        id,
        name,
        base,
        commands,
        traffic,
    };
    let shown = async {
        let mut session =
            Session::enter().map_err(|error| failed("taking the terminal over", error))?;
        let _title = tell.title.then(|| Title::begin(terminal_kind, &out));
        let backend = CrosstermBackend::new(out.clone());
        let mut terminal = ratatui::Terminal::new(backend)
            .map_err(|error| failed("taking the terminal over", error))?;
        let inlets = Inlets {
            input: app::input().map_err(|error| failed("reading the keys", error))?,
            updates,
            signals,
        };
        let endpoints = vec![endpoint];
        let clock = Timestamp::now;
        let left = app::run(
            &mut terminal,
            inlets,
            endpoints,
            &mut session,
            clock,
            options,
        );
        let left = left.await;
        if matches!(left, Ok((Exit::TerminalLost, _))) {
            // Its destructor would complain to a standard error that is gone, too.
            std::mem::forget(terminal);
        }
        left.map_err(|error| CommandError::Local(error.into()))
    };
    let exit = shown.await;
    watcher.stop().await;
    let (exit, figures) = exit?;
    if let Some(path) = &args.stats {
        write_figures(path, &figures)?;
    }
    match exit {
        Exit::Quit => Ok(Outcome::Success),
        Exit::Interrupted | Exit::Terminated | Exit::TerminalLost => Err(CommandError::Interrupted),
        Exit::Panicked => Err(CommandError::Panicked),
    }
}

/// The window's title while the screen is there; taken away on every way out.
struct Title<'a>(Terminal, &'a ScreenOut);

impl<'a> Title<'a> {
    fn begin(terminal: Terminal, out: &'a ScreenOut) -> Self {
        out.between_frames(&terminal.begin());
        Self(terminal, out)
    }
}

impl Drop for Title<'_> {
    fn drop(&mut self) {
        self.1.last(&self.0.end());
    }
}

fn write_figures(path: &Path, figures: &Report) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(figures).unwrap_or_default() + "\n";
    fs::write(path, text).map_err(|error| {
        CommandError::Usage(format!(
            "the file of --stats, {}, cannot be written: {error}.",
            path.display()
        ))
    })
}
