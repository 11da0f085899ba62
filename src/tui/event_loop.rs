//! The event loop: waits for input, updates and timers, passes them to `update`, performs the effects and draws.
//!
//! Generic over the terminal backend, the host and the clock, so that tests run the real loop.

mod effects;
mod record;
mod updates;

use std::{collections::VecDeque, convert::Infallible, future::Future, io, pin::pin};

use crossterm::event::Event as Input;
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use jiff::{SignedDuration, Timestamp};
use ratatui::{Terminal, backend::Backend};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Duration, Instant, sleep_until, timeout, timeout_at},
};

use super::{
    background_job::{self, JobResult},
    background_query::{BackgroundQuery, EXIT_DRAIN, InterceptResult},
    playback::PlaybackController,
    signals::{Signal, StopSignal},
    state_files::StateFiles,
};
use crate::{
    app::{AppState, Event, ExitReason, Notifier, Options, Popup, Screen, Severity, next_redraw},
    metrics::{Metrics, MetricsReport},
    task::ServerId,
    ui::{self, Appearance},
    watch::{Command, Update},
};

/// Minimum time between two frames for updates; keys are drawn at once.
const MIN_FRAME_INTERVAL: Duration = Duration::from_millis(33);
/// Maximum number of waiting events to process before the next frame.
const INPUT_BATCH: usize = 64;
const UPDATE_BATCH: usize = 256;

/// Maximum time to wait for background jobs on exit.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// A watched server.
#[derive(Debug)]
pub struct WatchedServer {
    pub id: ServerId,
    /// Display name until the server reports its own.
    pub name: String,
    /// Rejects every request that changes something on the server.
    pub read_only: bool,
    /// Base URL, for curl commands.
    pub base_url: String,
    /// Command channel to the watcher; unbounded because user commands must not be dropped.
    pub commands: mpsc::UnboundedSender<Command>,
}

/// Inputs of the event loop.
pub struct EventSources {
    pub input: BoxStream<'static, io::Result<Input>>,
    /// The record that is played instead of watching servers.
    pub record: Option<PlaybackController>,
    /// Updates from the watchers.
    pub updates: mpsc::Receiver<(ServerId, Update)>,
    pub signals: BoxStream<'static, Signal>,
}

/// Terminal operations other than drawing.
pub trait TerminalHost {
    /// Restores the terminal, stops the process, and sets the terminal up again on resume. Returns false if there is
    /// no shell to return to.
    fn suspend(&mut self) -> io::Result<bool>;
    /// Sets the terminal up again after the process was stopped and continued from outside.
    fn resume(&mut self) -> io::Result<()>;
    /// Sends the background query; a reply arrives with the input.
    fn query_background(&mut self) -> io::Result<()>;
    /// Copies text to the clipboard.
    fn copy(&mut self, text: &str) -> io::Result<()>;
    fn files(&self) -> &StateFiles;
    /// Returns the notifier, if the user wants notifications.
    fn notifier(&mut self) -> Option<&mut dyn Notifier>;
    /// Completes when another thread has panicked.
    fn panicked(&self) -> impl Future<Output = ()>;
}

/// Runs the screen until it ends; returns the reason and the performance statistics. The caller sets the terminal up
/// before and signs out afterwards. Losing the terminal is not an error but [`ExitReason::TerminalLost`].
pub async fn run<B: Backend>(
    terminal: &mut Terminal<B>,
    mut sources: EventSources,
    servers: Vec<WatchedServer>,
    host: &mut impl TerminalHost,
    clock: impl Fn() -> Timestamp,
    options: Options,
    metrics: Metrics,
) -> (ExitReason, MetricsReport) {
    let appearance = Appearance::new(&options);
    let names = servers
        .iter()
        .map(|server| (server.id, server.name.clone()));
    let mut screen = Box::new(Screen::new(options, names));
    let state = &mut screen.state;
    for (server, watched) in state.servers.iter_mut().zip(&servers) {
        server.base_url.clone_from(&watched.base_url);
        server.read_only = watched.read_only;
    }
    let player = sources.record.take();
    state.playback = player.as_ref().map(PlaybackController::display);
    state.options.read_only |= servers.iter().all(|server| server.read_only);
    if let Ok(size) = terminal.size() {
        state.fit(size, clock());
    }
    state.begin_with_last_seen(clock());
    state.restore_progress_curves();
    report_config_warnings(state, clock());
    let query_background =
        state.options.query_background && state.options.themes.follow_background();
    let background_query = (query_background && host.query_background().is_ok())
        .then(|| BackgroundQuery::new(Instant::now()));
    let event_loop = EventLoop {
        background_query,
        jobs: JoinSet::new(),
        terminal,
        appearance,
        screen,
        servers,
        host,
        player,
        live: None,
        clock,
        metrics,
        woke_at: Instant::now(),
        input_since: Instant::now(),
        last_frame: None,
        wants_frame: true,
        was_resized: false,
    };
    event_loop.run(sources).await
}

struct EventLoop<'a, B: Backend, H, C> {
    terminal: &'a mut Terminal<B>,
    appearance: Appearance,
    screen: Box<Screen>,
    servers: Vec<WatchedServer>,
    host: &'a mut H,
    /// The record that is played, or the session so far.
    player: Option<PlaybackController>,
    /// The live screen, while the session so far is shown.
    live: Option<Box<Screen>>,
    clock: C,
    metrics: Metrics,
    /// Present while a reply to the background query is expected.
    background_query: Option<BackgroundQuery>,
    /// Running background jobs.
    jobs: JoinSet<JobResult>,
    /// End of the last wait.
    woke_at: Instant,
    /// Earliest time at which the input that is being handled may have arrived.
    input_since: Instant,
    last_frame: Option<Instant>,
    wants_frame: bool,
    /// True if the terminal was resized since the last frame, so that its content may be lost even if the size is the
    /// same again.
    was_resized: bool,
}

/// Reason why the loop woke up.
enum Wakeup {
    Input(Option<io::Result<Input>>),
    Signal(Signal),
    Updates,
    Record,
    Frame,
    Tick,
    Panicked,
    Job(JobResult),
}

impl<B: Backend, H: TerminalHost, C: Fn() -> Timestamp> EventLoop<'_, B, H, C> {
    async fn run(mut self, mut sources: EventSources) -> (ExitReason, MetricsReport) {
        let Err(exit) = self.run_until_exit(&mut sources).await;
        if self.player.is_none() || self.live.is_some() {
            let live = self.live.as_ref().unwrap_or(&self.screen);
            let seen = live.state.last_seen((self.clock)());
            let curves = live.state.learned_curves();
            // Failed writes are not worth a message on exit.
            let _ = self.host.files().last_seen.save(seen);
            let _ = self.host.files().progress_curves.save(curves);
        }
        if exit != ExitReason::TerminalLost {
            self.drain_terminal_replies(&mut sources.input).await;
            // Let a file that is being written complete, but do not wait for a job that hangs.
            let jobs = async { while self.jobs.join_next().await.is_some() {} };
            let _ = timeout(SHUTDOWN_TIMEOUT, jobs).await;
        }
        (exit, self.metrics.report())
    }

    /// Discards a late background reply so that it does not reach the shell.
    async fn drain_terminal_replies(&mut self, input: &mut BoxStream<'_, io::Result<Input>>) {
        let Some(background_query) = &mut self.background_query else {
            return;
        };
        let end = background_query.sent_at + EXIT_DRAIN;
        while let Ok(Some(Ok(input))) = timeout_at(end, input.next()).await {
            if matches!(
                background_query.intercept(input),
                InterceptResult::Detected(_)
            ) {
                break;
            }
        }
    }

    async fn run_until_exit(
        &mut self,
        sources: &mut EventSources,
    ) -> Result<Infallible, ExitReason> {
        let mut updates = VecDeque::new();
        let mut updates_open = true;
        self.draw()?;
        loop {
            let wakeup = self.wait(sources, &mut updates, &mut updates_open).await;
            self.woke_at = Instant::now();
            match wakeup {
                Wakeup::Input(first) => {
                    self.handle_input(first)?;
                    for _ in 1..INPUT_BATCH {
                        match sources.input.next().now_or_never() {
                            Some(more) => self.handle_input(more)?,
                            None => break,
                        }
                    }
                    if self.wants_frame {
                        self.draw()?;
                    } else {
                        self.metrics.discard_pending();
                    }
                }
                Wakeup::Signal(signal) => self.handle_signal(signal)?,
                Wakeup::Updates => self.handle_updates(&mut updates)?,
                Wakeup::Record => self.play()?,
                Wakeup::Tick => self.dispatch(Event::Tick, self.now())?,
                Wakeup::Job(result) => {
                    if let Some((severity, text)) = result {
                        self.notify(severity, text);
                    }
                }
                Wakeup::Frame => self.draw()?,
                Wakeup::Panicked => return Err(ExitReason::Panicked),
            }
        }
    }

    async fn wait(
        &mut self,
        sources: &mut EventSources,
        updates: &mut VecDeque<(ServerId, Update)>,
        updates_open: &mut bool,
    ) -> Wakeup {
        if let Some(input) = sources.input.next().now_or_never() {
            self.input_since = self.woke_at;
            return Wakeup::Input(input);
        }
        let mut received = Vec::new();
        let frame = self.frame_due();
        let tick = self.tick_due();
        let record = self.playback_due();
        let mut panicked = pin!(self.host.panicked());
        loop {
            tokio::select! {
                biased;
                () = &mut panicked => return Wakeup::Panicked,
                input = sources.input.next() => {
                    self.input_since = Instant::now();
                    return Wakeup::Input(input);
                }
                Some(signal) = sources.signals.next() => return Wakeup::Signal(signal),
                // A due frame takes precedence over further updates, so that a flood cannot block drawing.
                () = at(frame) => return Wakeup::Frame,
                () = std::future::ready(()), if !updates.is_empty() => return Wakeup::Updates,
                count = sources.updates.recv_many(&mut received, UPDATE_BATCH), if *updates_open => {
                    updates.extend(received.drain(..));
                    // After the last watcher has stopped, the screen keeps its content.
                    *updates_open = count > 0;
                    if *updates_open {
                        return Wakeup::Updates;
                    }
                }
                Some(done) = self.jobs.join_next(), if !self.jobs.is_empty() => {
                    return Wakeup::Job(done.ok().flatten());
                }
                () = at(record) => return Wakeup::Record,
                () = at(tick) => return Wakeup::Tick,
            }
        }
    }

    /// Earliest time of the next frame, if one is needed.
    fn frame_due(&self) -> Option<Instant> {
        let earliest = self
            .last_frame
            .map_or_else(Instant::now, |at| at + MIN_FRAME_INTERVAL);
        self.wants_frame.then_some(earliest)
    }

    fn tick_due(&self) -> Option<Instant> {
        if self.screen.state.view().row_model.is_outdated() {
            return Some(Instant::now());
        }
        let now = self.now();
        let next = next_redraw(&self.screen, now)?;
        let wait = next.duration_since(now).max(SignedDuration::ZERO);
        let wait = wait.unsigned_abs();
        let Some(player) = &self.player else {
            return Some(Instant::now() + wait);
        };
        let wait = wait.div_f64(player.clock_speed()?.max(1.0));
        Some(Instant::now() + wait.max(MIN_FRAME_INTERVAL))
    }

    fn handle_input(&mut self, input: Option<io::Result<Input>>) -> Result<(), ExitReason> {
        let Some(Ok(input)) = input else {
            return Err(ExitReason::TerminalLost);
        };
        let now = Instant::now();
        self.background_query = self.background_query.take().filter(|l| !l.is_expired(now));
        let inputs = match &mut self.background_query {
            None => vec![input],
            Some(background_query) => match background_query.intercept(input) {
                InterceptResult::Buffered => Vec::new(),
                InterceptResult::PassThrough(all) => all,
                InterceptResult::Detected(background) => {
                    self.background_query = None;
                    self.dispatch(Event::Background(background), self.now())?;
                    self.appearance = Appearance::new(&self.screen.state.options);
                    Vec::new()
                }
            },
        };
        for input in inputs {
            self.metrics.key(self.input_since.into_std());
            if let Some(live) = &mut self.live {
                live.state.note_input((self.clock)());
            }
            let event = match input {
                Input::Key(key) => Event::Key(key),
                Input::Paste(text) => Event::Paste(text),
                Input::Mouse(mouse) => Event::Mouse(mouse),
                // The event carries the reported size; the backend replaces unusable sizes.
                Input::Resize(..) => {
                    let size = self.terminal.size().map_err(|_| ExitReason::TerminalLost)?;
                    let (width, height) = (size.width, size.height);
                    self.was_resized = true;
                    Event::Resize { width, height }
                }
                Input::FocusGained => Event::FocusGained,
                Input::FocusLost => Event::FocusLost,
            };
            self.dispatch(event, self.now())?;
        }
        Ok(())
    }

    fn handle_signal(&mut self, signal: Signal) -> Result<(), ExitReason> {
        match signal {
            Signal::Stop(StopSignal::Interrupt) => Err(ExitReason::Interrupted),
            Signal::Stop(StopSignal::Terminate) => Err(ExitReason::Terminated),
            Signal::Stop(StopSignal::Hangup) => Err(ExitReason::TerminalLost),
            Signal::Suspend => self.suspend(),
            Signal::Resume => {
                self.host.resume().map_err(|_| ExitReason::TerminalLost)?;
                self.dispatch(Event::Resumed, self.now())
            }
        }
    }

    fn draw(&mut self) -> Result<(), ExitReason> {
        let (now, began) = (self.now(), Instant::now());
        if std::mem::take(&mut self.was_resized) {
            self.redraw()?;
        }
        // A resize before the signal handler was installed sends no event.
        if let Ok(size) = self.terminal.size()
            && size != self.screen.state.size
        {
            self.screen.state.fit(size, now);
            self.screen.state.sync_selection();
        }
        if matches!(self.screen.popup, Some(Popup::Metrics(_))) {
            self.screen.state.metrics = self.metrics.report();
        }
        self.screen.refresh_insights(now);
        let mut drawn = None;
        self.terminal
            .draw(|frame| drawn = Some(ui::draw(&self.screen, &self.appearance, frame, now)))
            .map_err(|_| ExitReason::TerminalLost)?;
        self.screen.state.frame = drawn.unwrap_or_default();
        self.wants_frame = false;
        let now = Instant::now();
        self.last_frame = Some(now);
        self.metrics.frame(now.duration_since(began));
        Ok(())
    }
}

/// Shows the problems of the config file: each as a notification, and their number if there are several.
fn report_config_warnings(state: &mut AppState, now: Timestamp) {
    let warnings = state.options.config_warnings.clone();
    for warning in &warnings {
        let text = format!("Config file: {warning}");
        state.notifications.push(Severity::Warning, text, now);
    }
    if warnings.len() > 1 {
        let text = format!(
            "{} problems in the config file; see the messages or run `vtask config check`.",
            warnings.len()
        );
        state.notifications.push(Severity::Warning, text, now);
    }
}

/// Sleeps until a time; forever if there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
