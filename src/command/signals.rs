//! Signals that stop a command early, so that it can sign out and clean up the terminal.

use std::{pin::Pin, task::Poll};

use futures_util::stream::{Stream, poll_fn};

/// A signal that ends a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopSignal {
    /// SIGINT, usually Ctrl-C.
    Interrupt,
    /// SIGTERM; on Windows Ctrl-Break, which process managers send, or the end of the user's session.
    Terminate,
    /// SIGHUP: the terminal was closed.
    Hangup,
}

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
pub type StopSignals = Pin<Box<dyn Stream<Item = StopSignal>>>;

/// Returns the stream of SIGINT, SIGTERM and SIGHUP. From its first poll on, these signals no longer end the process.
#[cfg(unix)]
pub(super) fn stop_signals() -> StopSignals {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [
        (SignalKind::interrupt(), StopSignal::Interrupt),
        (SignalKind::terminate(), StopSignal::Terminate),
        (SignalKind::hangup(), StopSignal::Hangup),
    ];
    let mut caught = None;
    Box::pin(poll_fn(move |context| {
        let caught = caught.get_or_insert_with(|| {
            let caught = kinds.map(|(kind, meaning)| Some((signal(kind).ok()?, meaning)));
            caught.into_iter().flatten().collect::<Vec<_>>()
        });
        let received = caught
            .iter_mut()
            .find_map(|(signal, meaning)| signal.poll_recv(context).is_ready().then_some(*meaning));
        received.map_or(Poll::Pending, |signal| Poll::Ready(Some(signal)))
    }))
}

/// Returns the stream of Ctrl-C and Ctrl-Break, and of the end of the window and of the user's session. From its first
/// poll on, these no longer end the process at once; after closing, Windows ends it within five seconds.
#[cfg(windows)]
pub(super) fn stop_signals() -> StopSignals {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    let mut caught = None;
    Box::pin(poll_fn(move |context| {
        let caught = caught.get_or_insert_with(|| {
            // Without a console there are no such events.
            Some((
                ctrl_c().ok()?,
                ctrl_break().ok()?,
                ctrl_close().ok()?,
                ctrl_logoff().ok()?,
                ctrl_shutdown().ok()?,
            ))
        });
        let Some((interrupt, stop, close, logoff, shutdown)) = caught else {
            return Poll::Pending;
        };
        let signal = if interrupt.poll_recv(context).is_ready() {
            StopSignal::Interrupt
        } else if close.poll_recv(context).is_ready() {
            StopSignal::Hangup
        } else if stop.poll_recv(context).is_ready()
            || logoff.poll_recv(context).is_ready()
            || shutdown.poll_recv(context).is_ready()
        {
            StopSignal::Terminate
        } else {
            return Poll::Pending;
        };
        Poll::Ready(Some(signal))
    }))
}
