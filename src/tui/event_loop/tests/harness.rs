//! An in-memory terminal that tests can inspect, and the inputs of the loop.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use futures_util::stream;
use ratatui::{
    backend::{Backend, ClearType, TestBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use tokio::{sync::Notify, task::JoinHandle};

use super::*;
use crate::task::{FinishedTask, StatusCounts};

/// An in-memory terminal shared with the test.
#[derive(Clone)]
pub(super) struct Screen(Arc<Inner>);

struct Inner {
    terminal: Mutex<TestBackend>,
    frames: AtomicUsize,
    broken: AtomicBool,
    drawn: Notify,
}

/// Error of a terminal that was closed.
#[derive(Debug)]
pub(super) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the terminal went away")
    }
}

impl std::error::Error for Broken {}

impl Screen {
    fn new(width: u16, height: u16) -> Self {
        Self(Arc::new(Inner {
            terminal: Mutex::new(TestBackend::new(width, height)),
            frames: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            drawn: Notify::new(),
        }))
    }

    fn terminal(&self) -> MutexGuard<'_, TestBackend> {
        self.0.terminal.lock().unwrap()
    }

    pub(super) fn text(&self) -> String {
        self.terminal().to_string()
    }

    /// True if any cell has this color as foreground or background.
    pub(super) fn has_color(&self, color: ratatui::style::Color) -> bool {
        let terminal = self.terminal();
        let mut cells = terminal.buffer().content.iter();
        cells.any(|cell| cell.fg == color || cell.bg == color)
    }

    /// Waits for the next frame.
    pub(super) async fn drawn(&self) {
        self.0.drawn.notified().await;
    }

    pub(super) fn frames(&self) -> usize {
        self.0.frames.load(Ordering::SeqCst)
    }

    pub(super) fn break_off(&self) {
        self.0.broken.store(true, Ordering::SeqCst);
    }

    pub(super) fn resize(&self, width: u16, height: u16) {
        self.terminal().resize(width, height);
    }

    /// Overwrites the screen as another program would while this one is suspended.
    pub(super) fn scribble(&self) {
        let mut terminal = self.terminal();
        let size = terminal.size().unwrap();
        let cells: Vec<_> = "scribble"
            .chars()
            .cycle()
            .map(String::from)
            .take(400)
            .collect();
        let cells: Vec<Cell> = cells
            .iter()
            .map(|symbol| {
                let mut cell = Cell::default();
                cell.set_symbol(symbol);
                cell
            })
            .collect();
        let cells_with_positions = cells
            .iter()
            .zip(0..)
            .map(|(cell, index): (_, u16)| (index % size.width, index / size.width, cell));
        terminal.draw(cells_with_positions).unwrap();
    }
}

type Outcome<T> = Result<T, Broken>;

impl Backend for Screen {
    type Error = Broken;

    fn draw<'a, I>(&mut self, content: I) -> Outcome<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        if self.0.broken.load(Ordering::SeqCst) {
            return Err(Broken);
        }
        self.terminal().draw(content).map_err(|_| Broken)
    }

    fn hide_cursor(&mut self) -> Outcome<()> {
        self.terminal().hide_cursor().map_err(|_| Broken)
    }

    fn show_cursor(&mut self) -> Outcome<()> {
        self.terminal().show_cursor().map_err(|_| Broken)
    }

    fn get_cursor_position(&mut self) -> Outcome<Position> {
        self.terminal().get_cursor_position().map_err(|_| Broken)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Outcome<()> {
        let position = position.into();
        self.terminal()
            .set_cursor_position(position)
            .map_err(|_| Broken)
    }

    fn clear(&mut self) -> Outcome<()> {
        self.terminal().clear().map_err(|_| Broken)
    }

    fn clear_region(&mut self, region: ClearType) -> Outcome<()> {
        self.terminal().clear_region(region).map_err(|_| Broken)
    }

    fn size(&self) -> Outcome<Size> {
        self.terminal().size().map_err(|_| Broken)
    }

    fn window_size(&mut self) -> Outcome<WindowSize> {
        self.terminal().window_size().map_err(|_| Broken)
    }

    fn flush(&mut self) -> Outcome<()> {
        self.0.frames.fetch_add(1, Ordering::SeqCst);
        self.0.drawn.notify_one();
        Ok(())
    }
}

type InputSender = mpsc::UnboundedSender<io::Result<Input>>;

/// Records the calls that the loop makes on its host.
#[derive(Debug, Clone, Default)]
pub(super) struct FakeHost {
    files: StateFiles,
    requests: Arc<AtomicUsize>,
    pub(super) panicked: Arc<Notify>,
    suspended: Arc<AtomicUsize>,
    no_shell: Arc<AtomicBool>,
    copied: Arc<Mutex<Vec<String>>>,
    /// Input that arrives when the counts of tasks change for the first time.
    on_counts: Arc<Mutex<Option<(InputSender, Input)>>>,
}

impl FakeHost {
    pub(super) fn suspended(&self) -> usize {
        self.suspended.load(Ordering::SeqCst)
    }

    pub(super) fn forbid_suspension(&self) {
        self.no_shell.store(true, Ordering::SeqCst);
    }

    /// Number of background queries.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(super) fn copied(&self) -> Vec<String> {
        self.copied.lock().unwrap().clone()
    }
}

impl TerminalHost for FakeHost {
    fn suspend(&mut self) -> io::Result<bool> {
        if self.no_shell.load(Ordering::SeqCst) {
            return Ok(false);
        }
        self.suspended.fetch_add(1, Ordering::SeqCst);
        Ok(true)
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn query_background(&mut self) -> io::Result<()> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.copied.lock().unwrap().push(text.to_owned());
        Ok(())
    }

    fn files(&self) -> &StateFiles {
        &self.files
    }

    fn notifier(&mut self) -> Option<&mut dyn Notifier> {
        Some(self)
    }

    async fn panicked(&self) {
        self.panicked.notified().await;
    }
}

impl Notifier for FakeHost {
    fn task_finished(&mut self, _: &FinishedTask) {}

    fn counts_changed(&mut self, _: &StatusCounts) {
        if let Some((sender, input)) = self.on_counts.lock().unwrap().take() {
            sender.send(Ok(input)).unwrap();
        }
    }
}

/// A running event loop with its inputs and outputs.
pub(super) struct Harness {
    pub(super) screen: Screen,
    pub(super) host: FakeHost,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    input: Option<InputSender>,
    signals: mpsc::UnboundedSender<Signal>,
    updates: Option<mpsc::Sender<(ServerId, Update)>>,
    start: Instant,
    running: Option<JoinHandle<(ExitReason, MetricsReport)>>,
}

impl Harness {
    /// Starts the loop on an 80×24 terminal with default options.
    pub(super) fn start() -> Self {
        Self::start_with(Options::default())
    }

    pub(super) fn start_with(options: Options) -> Self {
        Self::start_on(options, None)
    }

    /// Starts the loop over a record.
    pub(super) fn start_on(options: Options, record: Option<PlaybackController>) -> Self {
        let screen = Screen::new(80, 24);
        let host = FakeHost::default();
        let (to_input, input) = mpsc::unbounded_channel();
        let (to_signals, signals) = mpsc::unbounded_channel();
        let (to_updates, updates) = mpsc::channel(16);
        let (to_commands, commands) = mpsc::unbounded_channel();
        let start = Instant::now();
        let sources = EventSources {
            record,
            input: received(input),
            updates,
            signals: received(signals),
        };
        let servers = vec![WatchedServer {
            read_only: false,
            id: HERE,
            name: "vc01.lab".to_owned(),
            base_url: "https://vc01.lab/".to_owned(),
            commands: to_commands,
        }];
        let (backend, mut loop_host) = (screen.clone(), host.clone());
        let running = tokio::spawn(async move {
            let mut terminal = Terminal::new(backend).unwrap();
            let clock = move || at(3720) + start.elapsed();
            run(
                &mut terminal,
                sources,
                servers,
                &mut loop_host,
                clock,
                options,
                Metrics::new(Vec::new()),
            )
            .await
        });
        Self {
            screen,
            host,
            commands,
            input: Some(to_input),
            signals: to_signals,
            updates: Some(to_updates),
            start,
            running: Some(running),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        at(3720) + self.start.elapsed()
    }

    /// Waits until the screen contains a text.
    pub(super) async fn until(&self, text: &str) {
        let shown = async {
            while !self.screen.text().contains(text) {
                self.screen.0.drawn.notified().await;
            }
        };
        let bound = Duration::from_secs(30);
        let is_shown = tokio::time::timeout(bound, shown).await.is_ok();
        assert!(is_shown, "“{text}” did not come:\n{}", self.screen.text());
    }

    pub(super) async fn update(&self, update: Update) {
        let updates = self.updates.as_ref().unwrap();
        updates.send((HERE, update)).await.unwrap();
    }

    pub(super) fn input(&self, input: Input) {
        self.input.as_ref().unwrap().send(Ok(input)).unwrap();
    }

    pub(super) fn press(&self, character: char) {
        self.input(key(KeyCode::Char(character)));
    }

    /// Presses a key while the next update that changes the counts of tasks is handled.
    pub(super) fn press_during_update(&self, character: char) {
        let input = (self.input.clone().unwrap(), key(KeyCode::Char(character)));
        *self.host.on_counts.lock().unwrap() = Some(input);
    }

    pub(super) fn input_error(&self) {
        let error = io::Error::other("gone");
        self.input.as_ref().unwrap().send(Err(error)).unwrap();
    }

    pub(super) fn end_input(&mut self) {
        self.input = None;
    }

    pub(super) fn signal(&self, signal: Signal) {
        self.signals.send(signal).unwrap();
    }

    /// Closes the update and command channels, as a stopped watcher does.
    pub(super) fn end_updates(&mut self) {
        self.updates = None;
        self.commands.close();
    }

    /// Waits until the loop ends and returns the reason.
    pub(super) async fn exit(&mut self) -> ExitReason {
        self.exit_with_metrics().await.0
    }

    /// Waits until the loop ends.
    pub(super) async fn exit_with_metrics(&mut self) -> (ExitReason, MetricsReport) {
        let running = self.running.take().unwrap();
        running.await.unwrap()
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

fn received<T: Send + 'static>(receiver: mpsc::UnboundedReceiver<T>) -> BoxStream<'static, T> {
    Box::pin(stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|item| (item, receiver))
    }))
}

pub(super) fn key(code: KeyCode) -> Input {
    Input::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

pub(super) fn control(character: char) -> Input {
    Input::Key(KeyEvent::new(
        KeyCode::Char(character),
        KeyModifiers::CONTROL,
    ))
}
