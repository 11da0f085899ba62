//! Input, output, environment and cancellation of a command, injected so that tests can replace them.

use std::io::{self, BufRead, IsTerminal, Write};

use futures_util::StreamExt as _;
use secrecy::{SecretString, zeroize::Zeroize};
use tracing::Level;

use super::{
    CommandError,
    deadline::{self, Deadline, StopReason},
    fetch_args::FetchArgs,
    global_args::{ColorChoice, LogFormat},
    logging::message_line,
    signals::{self, StopSignals},
};
use crate::{
    config::{self, Environment},
    text::sanitize,
    tui::terminal_size,
};

/// Width and height of a terminal in cells.
pub type Size = (usize, usize);

/// An output stream.
pub struct Output {
    pub writer: Box<dyn Write>,
    /// Returns the size of the terminal; `None` if this is not a terminal.
    pub size: Option<Box<dyn Fn() -> Size>>,
}

impl Output {
    /// Creates an output that is not a terminal.
    pub fn plain(writer: impl Write + 'static) -> Self {
        Self {
            writer: Box::new(writer),
            size: None,
        }
    }

    /// Writes a text and flushes it.
    ///
    /// # Errors
    /// Returns an error if the write fails; a closed pipe ends the command without a message.
    pub fn print(&mut self, text: &str) -> Result<(), CommandError> {
        self.writer
            .write_all(text.as_bytes())
            .and_then(|()| self.writer.flush())
            .map_err(|error| unwritable(&error))
    }

    /// Returns the width of the terminal, if there is one.
    pub fn columns(&self) -> Option<usize> {
        self.size.as_ref().map(|size| size().0)
    }

    pub fn is_terminal(&self) -> bool {
        self.size.is_some()
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("is_terminal", &self.is_terminal())
            .finish_non_exhaustive()
    }
}

/// Input, output, environment and cancellation of a command.
pub struct CommandIo<'a> {
    /// Data output, usually standard output.
    pub out: Output,
    /// Messages, usually standard error.
    pub err: Output,
    /// Opens standard input; the flag is true if it is a terminal.
    pub input: Box<dyn Fn() -> (Box<dyn BufRead>, bool)>,
    pub environment: &'a dyn Environment,
    /// Yields when the user or the system interrupts the command.
    pub signals: StopSignals,
    pub color: ColorChoice,
    /// Form of the messages.
    pub log_format: LogFormat,
    /// How tasks are fetched.
    pub fetch: FetchArgs,
    /// The deadline set by `--timeout`.
    pub deadline: Option<Deadline>,
}

impl std::fmt::Debug for CommandIo<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommandIo")
            .field("out", &self.out)
            .field("err", &self.err)
            .finish_non_exhaustive()
    }
}

impl CommandIo<'static> {
    /// Uses the standard streams and the environment of the process.
    pub fn of_process() -> Self {
        // The console interprets escape sequences only if this is enabled.
        #[cfg(windows)]
        let _ = crossterm::ansi_support::supports_ansi();
        fn output(writer: impl Write + IsTerminal + 'static) -> Output {
            let size = writer.is_terminal().then(|| -> Box<dyn Fn() -> Size> {
                Box::new(|| {
                    let size = terminal_size(config::process_environment);
                    (usize::from(size.width), usize::from(size.height))
                })
            });
            Output {
                writer: Box::new(writer),
                size,
            }
        }
        Self {
            out: output(io::stdout()),
            err: output(io::stderr()),
            input: Box::new(|| (Box::new(io::stdin().lock()), io::stdin().is_terminal())),
            environment: &config::process_environment,
            signals: signals::stop_signals(),
            color: ColorChoice::Auto,
            log_format: LogFormat::Text,
            fetch: FetchArgs::default(),
            deadline: None,
        }
    }
}

impl CommandIo<'_> {
    /// Writes data to standard output.
    ///
    /// # Errors
    /// Same as [`Output::print`].
    pub fn print(&mut self, text: &str) -> Result<(), CommandError> {
        self.out.print(text)
    }

    /// Reads a secret from the first line of standard input.
    ///
    /// # Errors
    /// Returns an error if standard input cannot be read.
    pub(super) fn read_secret(&self) -> Result<SecretString, CommandError> {
        let mut line = String::new();
        let (mut input, _) = (self.input)();
        input.read_line(&mut line).map_err(|error| {
            CommandError::Usage(format!("standard input cannot be read: {error}."))
        })?;
        let secret = SecretString::from(line.trim_end_matches(['\r', '\n']));
        line.zeroize();
        Ok(secret)
    }

    /// Prints a question on standard error and reads the answer.
    ///
    /// # Errors
    /// Returns an error if there is no answer.
    pub(super) fn ask(&mut self, question: &str) -> io::Result<String> {
        self.err.writer.write_all(question.as_bytes())?;
        self.err.writer.flush()?;
        let mut answer = String::new();
        let (mut input, _) = (self.input)();
        input.read_line(&mut answer)?;
        Ok(answer.trim().to_lowercase())
    }

    /// Completes when the command must stop early.
    pub(super) async fn stop_requested(&mut self) -> StopReason {
        tokio::select! {
            Some(signal) = self.signals.next() => StopReason::Interrupted(signal),
            deadline = deadline::passed(self.deadline) => StopReason::TimedOut(deadline),
        }
    }

    /// Prints a message on standard error. Write errors are ignored.
    pub fn eprint(&mut self, message: &str) {
        let line = message_line(self.log_format, Level::INFO, &sanitize(message));
        let _ = writeln!(self.err.writer, "{line}");
    }
}

/// Converts a write error of standard output.
fn unwritable(error: &io::Error) -> CommandError {
    /// The reader of a named pipe has disconnected.
    const ERROR_PIPE_NOT_CONNECTED: i32 = 233;
    let is_disconnected = cfg!(windows) && error.raw_os_error() == Some(ERROR_PIPE_NOT_CONNECTED);
    if is_disconnected || error.kind() == io::ErrorKind::BrokenPipe {
        CommandError::OutputClosed
    } else {
        CommandError::Local(color_eyre::eyre::eyre!(
            "standard output cannot be written: {error}. Is the disk full?"
        ))
    }
}
