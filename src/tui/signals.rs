//! The signals that concern a full-screen program, as a stream.

use std::io;

use futures_util::stream::{self, Stream};

/// A signal that concerns the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: as Ctrl-C.
    Interrupt,
    /// SIGTERM, and SIGQUIT from outside.
    Terminate,
    /// SIGHUP: the terminal is gone.
    HangUp,
    /// SIGTSTP from outside: as Ctrl-Z.
    Suspend,
    /// SIGCONT: running again, perhaps over a screen that others wrote to.
    Resume,
}

/// The signals from now on. They no longer end the process by themselves.
///
/// # Errors
/// When the system does not let them be caught.
#[cfg(unix)]
pub fn signals() -> io::Result<impl Stream<Item = Signal> + Unpin> {
    use futures_util::{StreamExt, stream::BoxStream};
    use tokio::signal::unix::{SignalKind, signal};

    // Not named by tokio; the numbers are those of Linux, macOS and the BSDs respectively.
    let (stop, go_on) = if cfg!(any(target_os = "linux", target_os = "android")) {
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
        (SignalKind::from_raw(go_on), Signal::Resume),
    ];
    let mut all: Vec<BoxStream<'static, Signal>> = Vec::new();
    for (kind, meaning) in kinds {
        let caught = signal(kind)?;
        let stream = stream::unfold(caught, move |mut caught| async move {
            caught.recv().await.map(|()| (meaning, caught))
        });
        all.push(stream.boxed());
    }
    Ok(stream::select_all(all))
}

/// The signals from now on. They no longer end the process by themselves.
///
/// # Errors
/// Never; other systems may.
#[cfg(not(unix))]
pub fn signals() -> io::Result<impl Stream<Item = Signal> + Unpin> {
    Ok(Box::pin(stream::unfold((), |()| async {
        tokio::signal::ctrl_c().await.ok()?;
        Some((Signal::Interrupt, ()))
    })))
}
