//! Signals of the full-screen program, as a stream.

use std::io;
#[cfg(windows)]
use std::task::Poll;

use futures_util::stream::{self, BoxStream};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, handled like Ctrl-C.
    Interrupt,
    /// SIGTERM or SIGQUIT; on Windows Ctrl-Break or the end of the user's session.
    Terminate,
    /// SIGHUP: the terminal is gone.
    HangUp,
    /// SIGTSTP, handled like Ctrl-Z.
    Suspend,
    /// SIGCONT: other programs may have written to the screen.
    Resume,
}

/// Installs the signal handlers; from then on the signals no longer end the process.
///
/// # Errors
/// If a handler cannot be installed.
#[cfg(unix)]
pub fn signals() -> io::Result<BoxStream<'static, Signal>> {
    use futures_util::StreamExt;
    use tokio::signal::unix::{SignalKind, signal};

    // tokio has no constants for SIGTSTP and SIGCONT; the numbers are those of Linux, and of macOS and the BSDs.
    let (stop, sigcont) = if cfg!(any(target_os = "linux", target_os = "android")) {
        (20, 18)
    } else {
        (18, 19)
    };
    let kinds = [
        (SignalKind::interrupt(), Signal::Interrupt),
        (SignalKind::terminate(), Signal::Terminate),
        (SignalKind::quit(), Signal::Terminate),
        (SignalKind::hangup(), Signal::HangUp),
        (SignalKind::from_raw(stop), Signal::Suspend),
        (SignalKind::from_raw(sigcont), Signal::Resume),
    ];
    let mut all: Vec<BoxStream<'static, Signal>> = Vec::new();
    for (kind, meaning) in kinds {
        let caught = signal(kind)?;
        let stream = stream::unfold(caught, move |mut caught| async move {
            caught.recv().await.map(|()| (meaning, caught))
        });
        all.push(stream.boxed());
    }
    Ok(Box::pin(stream::select_all(all)))
}

/// Installs the handlers of the console's events; from then on they no longer end the process.
///
/// # Errors
/// If a handler cannot be installed.
#[cfg(windows)]
pub fn signals() -> io::Result<BoxStream<'static, Signal>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    let (mut interrupt, mut stop) = (ctrl_c()?, ctrl_break()?);
    let (mut close, mut logoff, mut shutdown) = (ctrl_close()?, ctrl_logoff()?, ctrl_shutdown()?);
    Ok(Box::pin(stream::poll_fn(move |context| {
        let is_terminated = stop.poll_recv(context).is_ready()
            || logoff.poll_recv(context).is_ready()
            || shutdown.poll_recv(context).is_ready();
        if close.poll_recv(context).is_ready() {
            Poll::Ready(Some(Signal::HangUp))
        } else if is_terminated {
            Poll::Ready(Some(Signal::Terminate))
        } else {
            let interrupted = interrupt.poll_recv(context);
            interrupted.map(|_| Some(Signal::Interrupt))
        }
    })))
}
