//! Runs the built program in a pseudo-terminal.

use std::{
    io::{Read, Write},
    num::NonZero,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

pub const ESCAPE: &str = "\u{1b}";
/// Timeout of every wait.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// The program's output, as bytes and as a screen.
#[derive(Default)]
pub struct TerminalOutput {
    pub parser: vt100::Parser,
    pub bytes: Vec<u8>,
    pub has_ended: bool,
}

/// The program in a pseudo-terminal.
pub struct Session {
    pub child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    /// State directory of the program, unless the test has its own.
    _state: tempfile::TempDir,
    /// Initial terminal modes.
    settings: String,
    pub output: Arc<(Mutex<TerminalOutput>, Condvar)>,
}

impl TerminalOutput {
    /// True if focus reports are enabled; the parser does not track them.
    pub fn reports_focus(&self) -> bool {
        let last = |sequence: &[u8]| {
            let mut windows = self.bytes.windows(sequence.len());
            windows.rposition(|window| window == sequence)
        };
        last(b"\x1b[?1004h") > last(b"\x1b[?1004l")
    }

    /// Resizes the screen, limited because it is held in memory here as well.
    fn resize(&mut self, columns: u16, rows: u16) {
        // A size of 0 is drawn as 80×24.
        const MAX_CELLS: u16 = 1_000;
        let cells = |cells: u16, unknown| {
            NonZero::new(cells.min(MAX_CELLS)).unwrap_or(NonZero::new(unknown).unwrap())
        };
        let (rows, columns) = (cells(rows, 24), cells(columns, 80));
        self.parser.screen_mut().set_size(rows, columns);
    }
}

pub fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// Returns the terminal modes: echo, line editing, signals.
fn settings(master: &dyn MasterPty) -> String {
    let settings = master.get_termios().expect("the settings of a terminal");
    format!("{settings:?}")
}

impl Session {
    pub fn start(columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Self::start_in(columns, rows, arguments, &[])
    }

    /// Starts the built program with further environment variables.
    pub fn start_in(
        columns: u16,
        rows: u16,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let program = env!("CARGO_BIN_EXE_vtask");
        Self::of_program(program, columns, rows, arguments, environment)
    }

    /// Starts any program.
    pub fn of_program(
        program: &str,
        columns: u16,
        rows: u16,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let settings = settings(&*pair.master);
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        command.env_remove("LC_ALL");
        for name in ["COLORTERM", "COLORFGBG", "TMUX", "STY", "VTASK_THEME"] {
            command.env_remove(name);
        }
        command.env("XDG_CONFIG_HOME", "/nonexistent");
        let state = tempfile::tempdir().unwrap();
        command.env("XDG_STATE_HOME", state.path());
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let output = Arc::new((Mutex::new(TerminalOutput::default()), Condvar::new()));
        output.0.lock().unwrap().resize(columns, rows);
        let shared = output.clone();
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                let mut output = shared.0.lock().unwrap();
                output.parser.process(&buffer[..read]);
                output.bytes.extend_from_slice(&buffer[..read]);
                output.has_ended = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    break;
                }
            }
        });
        Self {
            child,
            writer: pair.master.take_writer().unwrap(),
            master: pair.master,
            _state: state,
            settings,
            output,
        }
    }

    /// Waits until the output satisfies a condition.
    pub fn until(&self, what: &str, condition: impl Fn(&TerminalOutput) -> bool) {
        let end = Instant::now() + TIMEOUT;
        let mut output = self.output.0.lock().unwrap();
        while !condition(&output) {
            let remaining = end.saturating_duration_since(Instant::now());
            assert!(
                !remaining.is_zero(),
                "timed out: {what}\n{}",
                output.parser.screen().contents()
            );
            output = self.output.1.wait_timeout(output, remaining).unwrap().0;
        }
    }

    /// Waits until the screen contains a text.
    pub fn shows(&self, text: &str) {
        self.until(text, |output| {
            output.parser.screen().contents().contains(text)
        });
    }

    /// Waits until the screen no longer contains a text.
    pub fn hides(&self, text: &str) {
        let what = format!("{text:?} no more");
        self.until(&what, |output| {
            !output.parser.screen().contents().contains(text)
        });
    }

    pub fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.output.0.lock().unwrap().resize(columns, rows);
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// True if the terminal modes differ from the initial ones.
    pub fn is_raw(&self) -> bool {
        settings(&*self.master) != self.settings
    }

    /// Returns the first line that contains a text.
    pub fn line(&self, text: &str) -> String {
        let output = self.output.0.lock().unwrap();
        let contents = output.parser.screen().contents();
        let line = contents.lines().find(|line| line.contains(text));
        line.unwrap_or_else(|| panic!("no {text:?} in\n{contents}"))
            .to_owned()
    }

    /// Waits until the program exits.
    pub fn wait_for_exit(&mut self) -> ExitStatus {
        let end = Instant::now() + TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "the program does not exit");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the program exits and checks that the terminal was restored.
    pub fn exits_cleanly(&mut self) -> ExitStatus {
        self.until("the end", |output| output.has_ended);
        let status = self.wait_for_exit();
        let output = self.output.0.lock().unwrap();
        let screen = output.parser.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is visible");
        assert!(!screen.bracketed_paste(), "bracketed paste is off");
        assert!(!output.reports_focus(), "focus reports are off");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(!self.is_raw(), "raw mode is off");
        let text = String::from_utf8_lossy(&output.bytes);
        assert!(
            text.contains("\u{1b}[2J\u{1b}[?1049l"),
            "the alternate screen is cleared"
        );
        status
    }

    /// Quits the screen with `q` and checks that the terminal was restored.
    pub fn quit(&mut self) {
        self.press("q");
        assert!(self.exits_cleanly().success());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
