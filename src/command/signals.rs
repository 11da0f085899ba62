//! Signals that stop a command early, so that it can sign out and clean up the terminal.

use futures_util::stream::{self, LocalBoxStream, StreamExt};

use crate::tui;
pub use crate::tui::StopSignal;

impl StopSignal {
    /// Returns the exit code of a process that ends because of this signal.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Hangup => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// The signals that stop a command, as they arrive. Until the stream is first polled, they end the process.
pub type StopSignals = LocalBoxStream<'static, StopSignal>;

/// Returns the stream of [`tui::stop_signals`], which are caught from its first poll on.
pub(super) fn stop_signals() -> StopSignals {
    let caught = async { tui::stop_signals().unwrap_or_else(|_| stream::pending().boxed()) };
    stream::once(caught).flatten().boxed_local()
}
