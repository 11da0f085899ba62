//! Signals that stop a command early, so that it can sign out and clean up the terminal.

/// Completes at the first SIGINT, SIGTERM or SIGHUP. From the first call on, these signals no longer end the process.
#[cfg(unix)]
pub(super) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let mut caught: Vec<_> = kinds
        .into_iter()
        .filter_map(|kind| signal(kind).ok())
        .collect();
    let any = std::future::poll_fn(|context| {
        let is_there = caught
            .iter_mut()
            .any(|signal| signal.poll_recv(context).is_ready());
        if is_there {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    });
    any.await;
}

/// Completes at the first Ctrl-C or Ctrl-Break, or when the window is closed or the user signs out. From the first call
/// on, these no longer end the process at once; after closing, Windows ends it within five seconds.
#[cfg(windows)]
pub(super) async fn interrupted() {
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
        _ = interrupt.recv() => {}
        _ = stop.recv() => {}
        _ = close.recv() => {}
        _ = logoff.recv() => {}
        _ = shutdown.recv() => {}
    }
}
