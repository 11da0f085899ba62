//! Where a command stands: its outlets, its inlet, its environment, and what ends it early. Handed in, so that a
//! test can stand a command anywhere.

use std::{
    future::Future,
    io::{self, BufRead, IsTerminal, Write},
    pin::Pin,
};

use super::{
    CommandError,
    deadline::{self, Deadline, Ending},
};
use crate::{
    config::{self, Environment},
    text::sanitize,
    tui::terminal_size,
};

/// Width and height of a terminal, in cells.
pub type Size = (usize, usize);

/// An outlet: somewhere to write, and whether that is a terminal.
pub struct Output {
    /// Where to write.
    pub writer: Box<dyn Write>,
    /// How large the terminal is just now; `None` where it is none.
    pub size: Option<Box<dyn Fn() -> Size>>,
}

impl Output {
    /// An outlet that is no terminal.
    pub fn plain(writer: impl Write + 'static) -> Self {
        Self {
            writer: Box::new(writer),
            size: None,
        }
    }

    /// The terminal's width; `None` where there is no terminal.
    pub fn columns(&self) -> Option<usize> {
        self.size.as_ref().map(|size| size().0)
    }

    /// Whether this is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.size.is_some()
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outlet")
            .field("is_terminal", &self.is_terminal())
            .finish_non_exhaustive()
    }
}

/// Where a command stands.
pub struct CommandIo<'a> {
    /// Data.
    pub out: Output,
    /// Talk.
    pub err: Output,
    /// Opens standard input; answers whether it is a terminal.
    pub input: Box<dyn Fn() -> (Box<dyn BufRead>, bool)>,
    /// Environment variables.
    pub environment: &'a dyn Environment,
    /// Ends when the user, or the system, wants the command to end.
    pub interrupted: Pin<Box<dyn Future<Output = ()>>>,
    /// When the command gives up, if it has a `--timeout`.
    pub deadline: Option<Deadline>,
}

impl std::fmt::Debug for CommandIo<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage")
            .field("out", &self.out)
            .field("err", &self.err)
            .finish_non_exhaustive()
    }
}

impl CommandIo<'static> {
    /// The process's own.
    pub fn of_process() -> Self {
        fn outlet(writer: impl Write + IsTerminal + 'static) -> Output {
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
            out: outlet(io::stdout()),
            err: outlet(io::stderr()),
            input: Box::new(|| (Box::new(io::stdin().lock()), io::stdin().is_terminal())),
            environment: &config::process_environment,
            interrupted: Box::pin(super::signals::interrupted()),
            deadline: None,
        }
    }
}

impl CommandIo<'_> {
    /// Writes data to standard output.
    ///
    /// # Errors
    /// When it cannot be written: a full disk is told, a reader that has had enough ends the command quietly.
    pub fn print(&mut self, text: &str) -> Result<(), CommandError> {
        let out = &mut self.out.writer;
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|error| unwritable(&error))
    }

    /// Completes when the command is to end before its work is done.
    pub(super) async fn ending(&mut self) -> Ending {
        tokio::select! {
            () = &mut self.interrupted => Ending::Interrupted,
            Some(deadline) = async {
                deadline::passed(self.deadline).await;
                self.deadline
            } => Ending::TimedOut(deadline),
        }
    }

    /// Says a line on standard error; where nobody listens there is nothing to do about it.
    pub fn say(&mut self, line: &str) {
        let _ = writeln!(self.err.writer, "vtask: {}", sanitize(line));
    }
}

/// What it means that standard output cannot be written.
pub(super) fn unwritable(error: &io::Error) -> CommandError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        CommandError::NobodyReads
    } else {
        CommandError::Local(color_eyre::eyre::eyre!(
            "standard output cannot be written: {error}. Is the disk full?"
        ))
    }
}
