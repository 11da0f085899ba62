//! The run loop: awaits what happens, lets it change the state, does what is wanted, draws when something changed.
//!
//! It is generic over the terminal's backend, the input, the signals, the host and the clock, so that tests run
//! this very loop.

use std::{convert::Infallible, future::Future, io, pin::pin, sync::Arc};

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
    background::{Heard, Listener, ON_LEAVING},
    errand::{self, Said},
    event::{Effect, Event, Exit},
    keymap::KeymapError,
    notices::Gravity,
    options::{Clipboard, Options},
    signals::Signal,
    state::{Overlay, State},
    tick::next_tick,
    update::update,
};
use crate::{
    figures::{Figures, Report},
    task::EndpointId,
    ui::{self, Look},
    vim::Traffic,
    watch::{Command, Update},
};

/// The shortest time between two frames that are drawn for news; keys are answered at once.
const FRAME: Duration = Duration::from_millis(33);
/// How much of what waits already is taken in before the next frame.
const INPUT_BATCH: usize = 64;
const NEWS_BATCH: usize = 256;

/// How long leaving may take for the sake of errands.
const LAST_ERRANDS: Duration = Duration::from_secs(2);

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
    /// Where its requests and bytes are counted.
    pub traffic: Arc<Traffic>,
}

/// Everything that comes in.
#[derive(Debug)]
pub struct Inlets<I, S> {
    /// Keys, mouse, size.
    pub input: I,
    /// What the fetch loops tell.
    pub updates: mpsc::Receiver<(EndpointId, Update)>,
    /// What the system tells.
    pub signals: S,
}

/// What can be done with the terminal beside drawing.
pub trait Host {
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
/// When the built-in key map does not read. A lost terminal is no error but [`Exit::TerminalLost`].
pub async fn run<B, I, S>(
    terminal: &mut Terminal<B>,
    inlets: Inlets<I, S>,
    endpoints: Vec<Endpoint>,
    host: &mut impl Host,
    clock: impl Clock,
    options: Options,
) -> Result<(Exit, Report), StartError>
where
    B: Backend,
    I: Stream<Item = io::Result<Input>> + Unpin,
    S: Stream<Item = Signal> + Unpin,
{
    let look = Look::new(&options);
    let traffic = endpoints.iter().map(|endpoint| endpoint.traffic.clone());
    let figures = Figures::new(traffic.collect());
    let names = endpoints.iter().map(|e| (e.id, e.name.clone()));
    let mut state = State::new(options, names)?;
    for (server, endpoint) in state.servers.iter_mut().zip(&endpoints) {
        server.base.clone_from(&endpoint.base);
        server.read_only = endpoint.read_only;
    }
    state.options.read_only |= endpoints.iter().all(|endpoint| endpoint.read_only);
    if let Ok(size) = terminal.size() {
        state.fit(size, clock.now());
    }
    complain(&mut state, clock.now());
    let asks = state.options.may_ask_background && state.options.themes.go_by_background();
    let listener = (asks && host.ask_background().is_ok()).then(|| Listener::new(Instant::now()));
    let screen = Screen {
        listener,
        errands: JoinSet::new(),
        terminal,
        look,
        state,
        endpoints,
        host,
        clock,
        figures,
        drawn_at: None,
        wants_frame: true,
    };
    Ok(screen.run(inlets).await)
}

/// The loop's own things.
struct Screen<'a, B: Backend, H, C> {
    terminal: &'a mut Terminal<B>,
    look: Look,
    state: State,
    endpoints: Vec<Endpoint>,
    host: &'a mut H,
    clock: C,
    figures: Figures,
    /// Listens for the terminal's background, after it was asked for.
    listener: Option<Listener>,
    /// What is being done on this machine meanwhile.
    errands: JoinSet<Said>,
    drawn_at: Option<Instant>,
    wants_frame: bool,
}

/// What the loop was woken by.
enum Woken {
    Input(Option<io::Result<Input>>),
    Signal(Signal),
    News,
    Frame,
    Tick,
    Panicked,
    Errand(Said),
}

impl<B: Backend, H: Host, C: Clock> Screen<'_, B, H, C> {
    async fn run<I, S>(mut self, mut inlets: Inlets<I, S>) -> (Exit, Report)
    where
        I: Stream<Item = io::Result<Input>> + Unpin,
        S: Stream<Item = Signal> + Unpin,
    {
        let Err(exit) = self.run_until_left(&mut inlets).await;
        if exit != Exit::TerminalLost {
            self.hear_out(&mut inlets.input).await;
            // A file that is being written is to be whole; whatever hangs is left behind.
            let errands = async { while self.errands.join_next().await.is_some() {} };
            let _ = timeout(LAST_ERRANDS, errands).await;
        }
        (exit, self.figures.report())
    }

    /// An answer that is on its way would be typed into the shell.
    async fn hear_out<I>(&mut self, input: &mut I)
    where
        I: Stream<Item = io::Result<Input>> + Unpin,
    {
        let Some(listener) = &mut self.listener else {
            return;
        };
        let end = listener.asked() + ON_LEAVING;
        while let Ok(Some(Ok(input))) = timeout_at(end, input.next()).await {
            if matches!(listener.take(input), Heard::Answer(_)) {
                break;
            }
        }
    }

    async fn run_until_left<I, S>(&mut self, inlets: &mut Inlets<I, S>) -> Result<Infallible, Exit>
    where
        I: Stream<Item = io::Result<Input>> + Unpin,
        S: Stream<Item = Signal> + Unpin,
    {
        let mut news = Vec::with_capacity(NEWS_BATCH);
        let mut fed = true;
        self.draw()?;
        loop {
            match self.wait(inlets, &mut news, &mut fed).await {
                Woken::Input(first) => {
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
                        self.figures.nothing_to_show();
                    }
                }
                Woken::Signal(signal) => self.take_signal(signal)?,
                Woken::News => {
                    for (endpoint, update) in news.drain(..) {
                        if let Update::Tasks { changes, since } = &update {
                            self.figures.changed(*since, changes.len());
                        }
                        self.take(Event::News(endpoint, update))?;
                    }
                    if !self.wants_frame {
                        self.figures.nothing_to_show();
                    }
                }
                Woken::Tick => self.take(Event::Tick)?,
                Woken::Errand(said) => {
                    if let Some((gravity, text)) = said {
                        let now = self.clock.now();
                        self.state.notices.say(gravity, text, now);
                        self.wants_frame = true;
                    }
                }
                Woken::Frame => self.draw()?,
                Woken::Panicked => return Err(Exit::Panicked),
            }
        }
    }

    async fn wait<I, S>(
        &mut self,
        inlets: &mut Inlets<I, S>,
        news: &mut Vec<(EndpointId, Update)>,
        fed: &mut bool,
    ) -> Woken
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
                () = &mut panicked => return Woken::Panicked,
                input = inlets.input.next() => return Woken::Input(input),
                Some(signal) = inlets.signals.next() => return Woken::Signal(signal),
                // A frame that is due goes before further news: a flood must not keep the screen from being drawn.
                () = at(frame) => return Woken::Frame,
                count = inlets.updates.recv_many(news, NEWS_BATCH), if *fed => {
                    // When the last fetch loop has ended, what is known stays on the screen.
                    *fed = count > 0;
                    if *fed {
                        return Woken::News;
                    }
                }
                Some(done) = self.errands.join_next(), if !self.errands.is_empty() => {
                    return Woken::Errand(done.ok().flatten());
                }
                () = at(tick) => return Woken::Tick,
            }
        }
    }

    /// When the frame that is wanted may be drawn.
    fn frame_due(&self) -> Option<Instant> {
        let earliest = self.drawn_at.map_or_else(Instant::now, |at| at + FRAME);
        self.wants_frame.then_some(earliest)
    }

    fn tick_due(&self) -> Option<Instant> {
        let now = self.clock.now();
        let next = next_tick(&self.state, now)?;
        let wait = next.duration_since(now).max(SignedDuration::ZERO);
        Some(Instant::now() + wait.unsigned_abs())
    }

    fn take_input(&mut self, input: Option<io::Result<Input>>) -> Result<(), Exit> {
        let Some(Ok(input)) = input else {
            return Err(Exit::TerminalLost);
        };
        let now = Instant::now();
        self.listener = self.listener.take().filter(|l| !l.is_over(now));
        let Some(listener) = &mut self.listener else {
            return self.take_event(input);
        };
        match listener.take(input) {
            Heard::Held => Ok(()),
            Heard::Input(all) => all.into_iter().try_for_each(|input| self.take_event(input)),
            Heard::Answer(background) => {
                self.listener = None;
                self.take(Event::Background(background))?;
                self.look = Look::new(&self.state.options);
                Ok(())
            }
        }
    }

    fn take_event(&mut self, input: Input) -> Result<(), Exit> {
        self.figures.key();
        let event = match input {
            Input::Key(key) => Event::Key(key),
            Input::Paste(text) => Event::Paste(text),
            Input::Mouse(mouse) => Event::Mouse(mouse),
            // The event carries the size as it is reported; the backend corrects what no terminal has.
            Input::Resize(..) => {
                let size = self.terminal.size().map_err(|_| Exit::TerminalLost)?;
                let (width, height) = (size.width, size.height);
                Event::Resize { width, height }
            }
            Input::FocusGained | Input::FocusLost => return Ok(()),
        };
        self.take(event)
    }

    fn take_signal(&mut self, signal: Signal) -> Result<(), Exit> {
        match signal {
            Signal::Interrupt => Err(Exit::Interrupted),
            Signal::Terminate => Err(Exit::Terminated),
            Signal::HangUp => Err(Exit::TerminalLost),
            Signal::Suspend => self.suspend(),
            Signal::Resume => {
                self.host.retake().map_err(|_| Exit::TerminalLost)?;
                self.take(Event::Resumed)
            }
        }
    }

    fn take(&mut self, event: Event) -> Result<(), Exit> {
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
                    self.errands.spawn(errand::save(path, text, what));
                }
                Effect::Suspend => self.suspend()?,
                Effect::Leave(exit) => return Err(exit),
            }
        }
        Ok(())
    }

    fn copy(&mut self, text: String) -> Result<(), Exit> {
        match self.state.options.clipboard.clone() {
            Clipboard::Terminal => self.host.copy(&text).map_err(|_| Exit::TerminalLost)?,
            Clipboard::Command(command) => {
                self.errands.spawn(errand::copy(command, text));
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
        self.state.notices.say(Gravity::Warning, text, now);
        self.wants_frame = true;
    }

    fn suspend(&mut self) -> Result<(), Exit> {
        match self.host.suspend() {
            Ok(true) => self.take(Event::Resumed),
            Ok(false) => {
                self.say("There is no shell to go back to");
                Ok(())
            }
            Err(_) => Err(Exit::TerminalLost),
        }
    }

    /// Forgets what is on the terminal, so that the next frame writes every cell.
    fn redraw(&mut self) -> Result<(), Exit> {
        let lost = |_| Exit::TerminalLost;
        self.state.size = self.terminal.size().map_err(lost)?;
        self.state.settle();
        self.terminal.backend_mut().clear().map_err(lost)?;
        self.terminal.swap_buffers();
        self.wants_frame = true;
        Ok(())
    }

    fn draw(&mut self) -> Result<(), Exit> {
        let (now, began) = (self.clock.now(), Instant::now());
        // A terminal that was resized before anybody listened is told of by its size only.
        if let Ok(size) = self.terminal.size()
            && size != self.state.size
        {
            self.state.fit(size, now);
            self.state.settle();
        }
        if matches!(self.state.overlay, Some(Overlay::Figures { .. })) {
            self.state.figures = self.figures.report();
        }
        self.state.look_ahead(self.state.moment(now));
        let mut drawn = None;
        self.terminal
            .draw(|frame| drawn = Some(ui::draw(&self.state, &self.look, frame, now)))
            .map_err(|_| Exit::TerminalLost)?;
        self.state.drawn = drawn.unwrap_or_default();
        self.wants_frame = false;
        let now = Instant::now();
        self.drawn_at = Some(now);
        self.figures.frame(now.duration_since(began));
        Ok(())
    }
}

/// Says what is wrong with the configuration: all of it in the log, and one line to be seen.
fn complain(state: &mut State, now: Timestamp) {
    let complaints = state.options.complaints.clone();
    for complaint in &complaints {
        let text = format!("Config file: {complaint}");
        state.notices.say(Gravity::Warning, text, now);
    }
    if complaints.len() > 1 {
        let text = format!(
            "{} things in the config file are wrong; the notices say which, as does `vtask config check`.",
            complaints.len()
        );
        state.notices.say(Gravity::Warning, text, now);
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
