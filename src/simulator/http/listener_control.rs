//! Control of a running listener by tests and fault plans.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::tls::ServerCertificate;

/// Commands for a running listener: close, break connections, change the certificate.
#[derive(Debug)]
pub(crate) struct ListenerControl {
    certificate: Mutex<Option<ServerCertificate>>,
    /// Cancelled to break the open connections.
    connections: Mutex<CancellationToken>,
    /// Requested duration of a closed listener.
    close_request: Mutex<Option<Duration>>,
    close: Notify,
}

impl ListenerControl {
    /// Creates a control for a listener with this certificate, or for plain HTTP.
    pub(crate) fn new(certificate: Option<ServerCertificate>) -> Self {
        Self {
            certificate: Mutex::new(certificate),
            connections: Mutex::default(),
            close_request: Mutex::default(),
            close: Notify::new(),
        }
    }

    /// Breaks all connections and refuses new ones for `span`.
    pub(crate) fn close_for(&self, span: Duration) {
        *locked(&self.close_request) = Some(span);
        self.close.notify_one();
        self.break_connections();
    }

    pub(crate) fn break_connections(&self) {
        std::mem::take(&mut *locked(&self.connections)).cancel();
    }

    /// Uses another certificate for new connections.
    pub(crate) fn set_certificate(&self, certificate: ServerCertificate) {
        *locked(&self.certificate) = Some(certificate);
    }

    pub(crate) fn certificate(&self) -> Option<ServerCertificate> {
        locked(&self.certificate).clone()
    }

    /// Waits for a request to close the listener.
    pub(super) async fn close_requested(&self) -> Duration {
        loop {
            if let Some(span) = locked(&self.close_request).take() {
                return span;
            }
            self.close.notified().await;
        }
    }

    /// Returns the token that breaks a connection accepted now.
    pub(super) fn connection_token(&self) -> CancellationToken {
        locked(&self.connections).clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
