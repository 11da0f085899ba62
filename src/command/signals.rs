//! The signals that end a command early: it then signs out, clears what it left on the terminal, and goes.

/// Ends at the first SIGINT, SIGTERM or SIGHUP. From then on none of them ends the process by itself.
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

/// Ends at the first Ctrl-C.
#[cfg(not(unix))]
pub(super) async fn interrupted() {
    // Where it cannot be caught it ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
