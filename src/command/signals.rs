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

/// Completes at the first Ctrl-C.
#[cfg(not(unix))]
pub(super) async fn interrupted() {
    // If Ctrl-C cannot be handled, it ends the process.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
