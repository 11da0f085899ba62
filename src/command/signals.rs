//! Signals that stop a command early, so that it can sign out and clean up the terminal.

/// A signal that ends a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGINT, usually Ctrl-C.
    Interrupt,
    /// SIGTERM.
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

/// Completes at the first SIGINT, SIGTERM or SIGHUP. From the first call on, these signals no longer end the process.
#[cfg(unix)]
pub(super) async fn interrupted() -> StopSignal {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [
        (SignalKind::interrupt(), StopSignal::Interrupt),
        (SignalKind::terminate(), StopSignal::Terminate),
        (SignalKind::hangup(), StopSignal::Hangup),
    ];
    let mut caught: Vec<_> = kinds
        .into_iter()
        .filter_map(|(kind, meaning)| Some((signal(kind).ok()?, meaning)))
        .collect();
    std::future::poll_fn(|context| {
        let mut caught = caught.iter_mut();
        let received = caught
            .find_map(|(signal, meaning)| signal.poll_recv(context).is_ready().then_some(*meaning));
        received.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
    })
    .await
}

/// Completes at the first Ctrl-C or Ctrl-Break, or when the window is closed or the user signs out. From the first call
/// on, these no longer end the process at once; after closing, Windows ends it within five seconds.
#[cfg(windows)]
pub(super) async fn interrupted() -> StopSignal {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    // Without a console there are no such events.
    let (Ok(mut interrupt), Ok(mut stop), Ok(mut close), Ok(mut logoff), Ok(mut shutdown)) = (
        ctrl_c(),
        ctrl_break(),
        ctrl_close(),
        ctrl_logoff(),
        ctrl_shutdown(),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => StopSignal::Interrupt,
        _ = stop.recv() => StopSignal::Interrupt,
        _ = close.recv() => StopSignal::Hangup,
        _ = logoff.recv() => StopSignal::Terminate,
        _ = shutdown.recv() => StopSignal::Terminate,
    }
}
