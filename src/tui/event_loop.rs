//! The run loop: awaits what happens, lets it change the state, does what is wanted, draws when something changed.
//!
//! It is generic over the terminal's backend, the input, the signals, the host and the clock, so that tests run
//! this very loop.

use std::{convert::Infallible, future::Future, io, pin::pin};

use crossterm::event::Event as Input;
use futures_util::{FutureExt, Stream, StreamExt};
use jiff::{SignedDuration, Timestamp};
use ratatui::{Terminal, backend::Backend};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Duration, Instant, sleep_until, timeout, timeout_at},
};

use super::{
    background_job::{self, JobResult},
    background_query::{BackgroundQuery, EXIT_DRAIN, Intercepted},
    signals::Signal,
};
use crate::{
    app::{
        AppState, Clipboard, Effect, Event, ExitReason, KeymapError, Options, Popup, Severity,
        next_redraw, update,
    },
    metrics::{Metrics, MetricsReport},
    task::EndpointId,
    ui::{self, Appearance},
    watch::{Command, Update},
};

/// The shortest time between two frames that are drawn for news; keys are answered at once.
const MIN_FRAME_INTERVAL: Duration = Duration::from_millis(33);
/// How much of what waits already is taken in before the next frame.
const INPUT_BATCH: usize = 64;
const UPDATE_BATCH: usize = 256;

/// How long leaving may take for the sake of errands.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// An endpoint as the screen needs it.
#[derive(Debug)]
pub struct Endpoint {
    /// Which one.
    pub id: EndpointId,
    /// What to call it until it says who it is.
    pub name: String,
    /// Refuses every request that changes something on the server.
    pub read_only: bool,
    /// Where it is, for what people take along.
    pub base: String,
    /// The fetch loop's ear. Unbounded, as commands come from a person's hand and none may be lost.
    pub commands: mpsc::UnboundedSender<Command>,
}

/// Everything that comes in.
#[derive(Debug)]
pub struct EventSources<I, S> {
    /// Keys, mouse, size.
    pub input: I,
    /// What the fetch loops tell.
    pub updates: mpsc::Receiver<(EndpointId, Update)>,
    /// What the system tells.
    pub signals: S,
}

/// What can be done with the terminal beside drawing.
pub trait TerminalHost {
    /// Gives the terminal back, stops the process, and takes the terminal again once it runs on. Answers whether
    /// that was possible.
    fn suspend(&mut self) -> io::Result<bool>;
    /// Takes the terminal again after the process was stopped and continued from outside.
    fn retake(&mut self) -> io::Result<()>;
    /// Asks the terminal for its background; the answer, if any, comes among the keys.
    fn ask_background(&mut self) -> io::Result<()>;
    /// Puts a text on the clipboard.
    fn copy(&mut self, text: &str) -> io::Result<()>;
    /// Remembers a filter for the next run.
    fn remember(&mut self, _filter: &str) {}
    /// Keeps a filter under a name for the next run, or forgets the one of that name.
    fn keep(&mut self, _name: &str, _filter: Option<&str>) -> io::Result<()> {
        Ok(())
    }
    /// Comes back when another thread panicked.
    fn panicked(&self) -> impl Future<Output = ()>;
}

/// This machine's clock.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
}

impl<F: Fn() -> Timestamp> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}

/// Why the screen could not start: what is built in does not read.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key map.
    #[error(transparent)]
    Keys(#[from] KeymapError),
}

/// Runs the screen until it is left; answers why, and the figures of the run. The terminal must be ready to be drawn on; signing out is the caller's.
///
/// # Errors
/// When the built-in key map does not read. A lost terminal is no error but [`ExitReason::TerminalLost`].
pub async fn run<B, I, S>(
    terminal: &mut Terminal<B>,
    inlets: EventSources<I, S>,
    endpoints: Vec<Endpoint>,
    host: &mut impl TerminalHost,
    clock: impl Clock,
    options: Options,
    metrics: Metrics,
) -> Result<(ExitReason, MetricsReport), StartError>
where
    B: Backend,
    I: Stream<Item = io::Result<Input>> + Unpin,
    S: Stream<Item = Signal> + Unpin,
{
    let look = Appearance::new(&options);
    let names = endpoints.iter().map(|e| (e.id, e.name.clone()));
    let mut state = AppState::new(options, names)?;
    for (server, endpoint) in state.servers.iter_mut().zip(&endpoints) {
        server.base.clone_from(&endpoint.base);
        server.read_only = endpoint.read_only;
    }
    state.options.read_only |= endpoints.iter().all(|endpoint| endpoint.read_only);
    if let Ok(size) = terminal.size() {
        state.fit(size, clock.now());
    }
    report_config_warnings(&mut state, clock.now());
    let asks = state.options.query_background && state.options.themes.follow_background();
    let listener =
        (asks && host.ask_background().is_ok()).then(|| BackgroundQuery::new(Instant::now()));
    let screen = EventLoop {
        listener,
        errands: JoinSet::new(),
        terminal,
        look,
        state,
        endpoints,
        host,
        clock,
        metrics,
        drawn_at: None,
        wants_frame: true,
    };
    Ok(screen.run(inlets).await)
}

/// The loop's own things.
struct EventLoop<'a, B: Backend, H, C> {
    terminal: &'a mut Terminal<B>,
    look: Appearance,
    state: AppState,
    endpoints: Vec<Endpoint>,
    host: &'a mut H,
    clock: C,
    metrics: Metrics,
    /// Listens for the terminal's background, after it was asked for.
    listener: Option<BackgroundQuery>,
    /// What is being done on this machine meanwhile.
    errands: JoinSet<JobResult>,
    drawn_at: Option<Instant>,
    wants_frame: bool,
}

/// What the loop was woken by.
enum Wakeup {
    Input(Option<io::Result<Input>>),
    Signal(Signal),
    News,
    Frame,
    Tick,
    Panicked,
    Errand(JobResult),
}

impl<B: Backend, H: TerminalHost, C: Clock> EventLoop<'_, B, H, C> {
    async fn run<I, S>(mut self, mut inlets: EventSources<I, S>) -> (ExitReason, MetricsReport)
    where
        I: Stream<Item = io::Result<Input>> + Unpin,
        S: Stream<Item = Signal> + Unpin,
    {
        let Err(exit) = self.run_until_left(&mut inlets).await;
        if exit != ExitReason::TerminalLost {
            self.drain_terminal_replies(&mut inlets.input).await;
            // A file that is being written is to be whole; whatever hangs is left behind.
            let errands = async { while self.errands.join_next().await.is_some() {} };
            let _ = timeout(SHUTDOWN_TIMEOUT, errands).await;
        }
        (exit, self.metrics.report())
    }

    /// An answer that is on its way would be typed into the shell.
    async fn drain_terminal_replies<I>(&mut self, input: &mut I)
    where
        I: Stream<Item = io::Result<Input>> + Unpin,
    {
        let Some(listener) = &mut self.listener else {
            return;
        };
        let end = listener.asked() + EXIT_DRAIN;
        while let Ok(Some(Ok(input))) = timeout_at(end, input.next()).await {
            if matches!(listener.take(input), Intercepted::Answer(_)) {
                break;
            }
        }
    }

    async fn run_until_left<I, S>(
        &mut self,
        inlets: &mut EventSources<I, S>,
    ) -> Result<Infallible, ExitReason>
    where
        I: Stream<Item = io::Result<Input>> + Unpin,
        S: Stream<Item = Signal> + Unpin,
    {
        let mut news = Vec::with_capacity(UPDATE_BATCH);
        let mut fed = true;
        self.draw()?;
        loop {
            match self.wait(inlets, &mut news, &mut fed).await {
                Wakeup::Input(first) => {
                    self.take_input(first)?;
                    for _ in 1..INPUT_BATCH {
                        match inlets.input.next().now_or_never() {
                            Some(more) => self.take_input(more)?,
                            None => break,
                        }
                    }
                    if self.wants_frame {
                        self.draw()?;
                    } else {
                        self.metrics.nothing_to_show();
                    }
                }
                Wakeup::Signal(signal) => self.take_signal(signal)?,
                Wakeup::News => {
                    for (endpoint, update) in news.drain(..) {
                        if let Update::Tasks { changes, since } = &update {
                            self.metrics.changed(*since, changes.len());
                        }
                        self.take(Event::News(endpoint, update))?;
                    }
                    if !self.wants_frame {
                        self.metrics.nothing_to_show();
                    }
                }
                Wakeup::Tick => self.take(Event::Tick)?,
                Wakeup::Errand(said) => {
                    if let Some((gravity, text)) = said {
                        let now = self.clock.now();
                        self.state.notifications.push(gravity, text, now);
                        self.wants_frame = true;
                    }
                }
                Wakeup::Frame => self.draw()?,
                Wakeup::Panicked => return Err(ExitReason::Panicked),
            }
        }
    }

    async fn wait<I, S>(
        &mut self,
        inlets: &mut EventSources<I, S>,
        news: &mut Vec<(EndpointId, Update)>,
        fed: &mut bool,
    ) -> Wakeup
    where
        I: Stream<Item = io::Result<Input>> + Unpin,
        S: Stream<Item = Signal> + Unpin,
    {
        let frame = self.frame_due();
        let tick = self.tick_due();
        let mut panicked = pin!(self.host.panicked());
        loop {
            tokio::select! {
                biased;
                () = &mut panicked => return Wakeup::Panicked,
                input = inlets.input.next() => return Wakeup::Input(input),
                Some(signal) = inlets.signals.next() => return Wakeup::Signal(signal),
                // A frame that is due goes before further news: a flood must not keep the screen from being drawn.
                () = at(frame) => return Wakeup::Frame,
                count = inlets.updates.recv_many(news, UPDATE_BATCH), if *fed => {
                    // When the last fetch loop has ended, what is known stays on the screen.
                    *fed = count > 0;
                    if *fed {
                        return Wakeup::News;
                    }
                }
                Some(done) = self.errands.join_next(), if !self.errands.is_empty() => {
                    return Wakeup::Errand(done.ok().flatten());
                }
                () = at(tick) => return Wakeup::Tick,
            }
        }
    }

    /// When the frame that is wanted may be drawn.
    fn frame_due(&self) -> Option<Instant> {
        let earliest = self
            .drawn_at
            .map_or_else(Instant::now, |at| at + MIN_FRAME_INTERVAL);
        self.wants_frame.then_some(earliest)
    }

    fn tick_due(&self) -> Option<Instant> {
        let now = self.clock.now();
        let next = next_redraw(&self.state, now)?;
        let wait = next.duration_since(now).max(SignedDuration::ZERO);
        Some(Instant::now() + wait.unsigned_abs())
    }

    fn take_input(&mut self, input: Option<io::Result<Input>>) -> Result<(), ExitReason> {
        let Some(Ok(input)) = input else {
            return Err(ExitReason::TerminalLost);
        };
        let now = Instant::now();
        self.listener = self.listener.take().filter(|l| !l.is_over(now));
        let Some(listener) = &mut self.listener else {
            return self.take_event(input);
        };
        match listener.take(input) {
            Intercepted::Held => Ok(()),
            Intercepted::Input(all) => all.into_iter().try_for_each(|input| self.take_event(input)),
            Intercepted::Answer(background) => {
                self.listener = None;
                self.take(Event::Background(background))?;
                self.look = Appearance::new(&self.state.options);
                Ok(())
            }
        }
    }

    fn take_event(&mut self, input: Input) -> Result<(), ExitReason> {
        self.metrics.key();
        let event = match input {
            Input::Key(key) => Event::Key(key),
            Input::Paste(text) => Event::Paste(text),
            Input::Mouse(mouse) => Event::Mouse(mouse),
            // The event carries the size as it is reported; the backend corrects what no terminal has.
            Input::Resize(..) => {
                let size = self.terminal.size().map_err(|_| ExitReason::TerminalLost)?;
                let (width, height) = (size.width, size.height);
                Event::Resize { width, height }
            }
            Input::FocusGained | Input::FocusLost => return Ok(()),
        };
        self.take(event)
    }

    fn take_signal(&mut self, signal: Signal) -> Result<(), ExitReason> {
        match signal {
            Signal::Interrupt => Err(ExitReason::Interrupted),
            Signal::Terminate => Err(ExitReason::Terminated),
            Signal::HangUp => Err(ExitReason::TerminalLost),
            Signal::Suspend => self.suspend(),
            Signal::Resume => {
                self.host.retake().map_err(|_| ExitReason::TerminalLost)?;
                self.take(Event::Resumed)
            }
        }
    }

    fn take(&mut self, event: Event) -> Result<(), ExitReason> {
        let now = self.clock.now();
        for effect in update(&mut self.state, event, now) {
            match effect {
                Effect::Draw => self.wants_frame = true,
                Effect::Redraw => self.redraw()?,
                Effect::Send(endpoint, command) => self.send(endpoint, command),
                Effect::Remember(filter) => self.host.remember(&filter),
                Effect::Keep { name, filter } => {
                    if let Err(error) = self.host.keep(&name, filter.as_deref()) {
                        self.say(format!("@{name} counts until vtask ends only: {error}"));
                    }
                }
                Effect::Copy(text) => self.copy(text)?,
                Effect::Save { path, text, what } => {
                    self.errands.spawn(background_job::save(path, text, what));
                }
                Effect::Suspend => self.suspend()?,
                Effect::Leave(exit) => return Err(exit),
            }
        }
        Ok(())
    }

    fn copy(&mut self, text: String) -> Result<(), ExitReason> {
        match self.state.options.clipboard.clone() {
            Clipboard::Terminal => self
                .host
                .copy(&text)
                .map_err(|_| ExitReason::TerminalLost)?,
            Clipboard::Command(command) => {
                self.errands.spawn(background_job::copy(command, text));
            }
        }
        Ok(())
    }

    fn send(&mut self, endpoint: EndpointId, command: Command) {
        let known = self.endpoints.iter().find(|known| known.id == endpoint);
        let Some(known) = known else { return };
        if known.commands.send(command).is_err() {
            let text = format!("{} is not connected any more", known.name);
            self.say(text);
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        let now = self.clock.now();
        self.state.notifications.push(Severity::Warning, text, now);
        self.wants_frame = true;
    }

    fn suspend(&mut self) -> Result<(), ExitReason> {
        match self.host.suspend() {
            Ok(true) => self.take(Event::Resumed),
            Ok(false) => {
                self.say("There is no shell to go back to");
                Ok(())
            }
            Err(_) => Err(ExitReason::TerminalLost),
        }
    }

    /// Forgets what is on the terminal, so that the next frame writes every cell.
    fn redraw(&mut self) -> Result<(), ExitReason> {
        let lost = |_| ExitReason::TerminalLost;
        self.state.size = self.terminal.size().map_err(lost)?;
        self.state.sync_selection();
        self.terminal.backend_mut().clear().map_err(lost)?;
        self.terminal.swap_buffers();
        self.wants_frame = true;
        Ok(())
    }

    fn draw(&mut self) -> Result<(), ExitReason> {
        let (now, began) = (self.clock.now(), Instant::now());
        // A terminal that was resized before anybody listened is told of by its size only.
        if let Ok(size) = self.terminal.size()
            && size != self.state.size
        {
            self.state.fit(size, now);
            self.state.sync_selection();
        }
        if matches!(self.state.popup, Some(Popup::Figures { .. })) {
            self.state.metrics = self.metrics.report();
        }
        self.state.refresh_insights(self.state.moment(now));
        let mut drawn = None;
        self.terminal
            .draw(|frame| drawn = Some(ui::draw(&self.state, &self.look, frame, now)))
            .map_err(|_| ExitReason::TerminalLost)?;
        self.state.frame = drawn.unwrap_or_default();
        self.wants_frame = false;
        let now = Instant::now();
        self.drawn_at = Some(now);
        self.metrics.frame(now.duration_since(began));
        Ok(())
    }
}

/// Says what is wrong with the configuration: all of it in the log, and one line to be seen.
fn report_config_warnings(state: &mut AppState, now: Timestamp) {
    let complaints = state.options.config_warnings.clone();
    for complaint in &complaints {
        let text = format!("Config file: {complaint}");
        state.notifications.push(Severity::Warning, text, now);
    }
    if complaints.len() > 1 {
        let text = format!(
            "{} things in the config file are wrong; the notices say which, as does `vtask config check`.",
            complaints.len()
        );
        state.notifications.push(Severity::Warning, text, now);
    }
}

/// Waits for a moment; for ever where there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
