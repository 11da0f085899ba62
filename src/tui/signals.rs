//! Signals of the process, as streams.

use std::io;
#[cfg(windows)]
use std::task::Poll;

use futures_util::stream::{self, BoxStream, StreamExt};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

/// A signal that ends the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopSignal {
    /// SIGINT, usually Ctrl-C.
    Interrupt,
    /// SIGTERM; on Windows Ctrl-Break, which process managers send, or the end of the user's session.
    Terminate,
    /// SIGHUP: the terminal was closed.
    Hangup,
}

/// A signal that the full-screen program handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGQUIT counts as [`StopSignal::Terminate`].
    Stop(StopSignal),
    /// SIGTSTP, handled like Ctrl-Z.
    Suspend,
    /// SIGCONT: other programs may have written to the screen.
    Resume,
}

/// Installs the handlers of SIGINT, SIGTERM and SIGHUP; from then on these signals no longer end the process.
///
/// # Errors
/// If a handler cannot be installed.
#[cfg(unix)]
pub fn stop_signals() -> io::Result<BoxStream<'static, StopSignal>> {
    caught([
        (SignalKind::interrupt(), StopSignal::Interrupt),
        (SignalKind::terminate(), StopSignal::Terminate),
        (SignalKind::hangup(), StopSignal::Hangup),
    ])
}

/// Installs the handlers of all signals; from then on they no longer end the process.
///
/// # Errors
/// If a handler cannot be installed.
#[cfg(unix)]
pub fn signals() -> io::Result<BoxStream<'static, Signal>> {
    // tokio has no constants for SIGTSTP and SIGCONT; the numbers are those of Linux, and of macOS and the BSDs.
    let (sigtstp, sigcont) = if cfg!(any(target_os = "linux", target_os = "android")) {
        (20, 18)
    } else {
        (18, 19)
    };
    let others = caught([
        (SignalKind::quit(), Signal::Stop(StopSignal::Terminate)),
        (SignalKind::from_raw(sigtstp), Signal::Suspend),
        (SignalKind::from_raw(sigcont), Signal::Resume),
    ])?;
    Ok(stream::select(stop_signals()?.map(Signal::Stop), others).boxed())
}

#[cfg(unix)]
fn caught<S: Copy + Send + 'static, const N: usize>(
    kinds: [(SignalKind, S); N],
) -> io::Result<BoxStream<'static, S>> {
    let mut all = stream::SelectAll::new();
    for (kind, meaning) in kinds {
        let caught = signal(kind)?;
        let stream = stream::unfold(caught, move |mut caught| async move {
            caught.recv().await.map(|()| (meaning, caught))
        });
        all.push(stream.boxed());
    }
    Ok(all.boxed())
}

/// Installs the handlers of the console's events; from then on they no longer end the process at once. After the window
/// is closed, Windows ends it within five seconds.
///
/// # Errors
/// If a handler cannot be installed.
#[cfg(windows)]
pub fn stop_signals() -> io::Result<BoxStream<'static, StopSignal>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    let (mut interrupt, mut stop) = (ctrl_c()?, ctrl_break()?);
    let (mut close, mut logoff, mut shutdown) = (ctrl_close()?, ctrl_logoff()?, ctrl_shutdown()?);
    Ok(Box::pin(stream::poll_fn(move |context| {
        let is_terminated = stop.poll_recv(context).is_ready()
            || logoff.poll_recv(context).is_ready()
            || shutdown.poll_recv(context).is_ready();
        if close.poll_recv(context).is_ready() {
            Poll::Ready(Some(StopSignal::Hangup))
        } else if is_terminated {
            Poll::Ready(Some(StopSignal::Terminate))
        } else {
            let interrupted = interrupt.poll_recv(context);
            interrupted.map(|_| Some(StopSignal::Interrupt))
        }
    })))
}

/// Installs the handlers of the console's events; from then on they no longer end the process at once.
///
/// # Errors
/// If a handler cannot be installed.
#[cfg(windows)]
pub fn signals() -> io::Result<BoxStream<'static, Signal>> {
    Ok(stop_signals()?.map(Signal::Stop).boxed())
}
