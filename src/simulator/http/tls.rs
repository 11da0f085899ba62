//! HTTPS with a certificate made at the start.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// A client that does not finish its handshake by then is dropped.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be made.
    #[error("the certificate cannot be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The certificate is not accepted by the TLS library.
    #[error("TLS cannot be set up: {0}")]
    Config(#[from] rustls::Error),
}

/// A certificate and what a server needs to use it.
#[derive(Clone)]
pub(crate) struct Identity {
    /// The certificate as PEM.
    pub pem: String,
    /// SHA-256 of the certificate's DER form, colon-separated upper-case hex.
    pub fingerprint: String,
    config: Arc<ServerConfig>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// A new self-signed certificate for this machine's loopback names and `names`.
    pub(crate) fn make(names: &[String]) -> Result<Self, TlsError> {
        let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut all: Vec<String> = loopback.into_iter().chain(names.iter().cloned()).collect();
        all.sort_unstable();
        all.dedup();
        let made = rcgen::generate_simple_self_signed(all)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let digest = Sha256::digest(made.cert.der());
        let fingerprint = digest
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect::<Vec<_>>()
            .join(":");
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key)?;
        Ok(Self {
            pem: made.cert.pem(),
            fingerprint,
            config: Arc::new(config),
        })
    }
}

/// Accepts connections and shakes hands with each in a task of its own, so that a slow client holds up nobody.
#[derive(Debug)]
pub(crate) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Begins to accept.
    pub(crate) fn begin(
        listener: TcpListener,
        identity: &Identity,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(identity.config.clone());
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(async move {
            stop.run_until_cancelled(accept_all(listener, acceptor, sender))
                .await
        });
        Ok(Self { ready, address })
    }
}

async fn accept_all(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of descriptors, most likely: give the others time to close theirs.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            let _delay_is_only_slower = stream.set_nodelay(true);
            if let Ok(Ok(secured)) =
                tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await
            {
                // Fails only when the server is stopping.
                let _stopping = sender.send((secured, peer)).await;
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // No more connections will come; the server is about to end.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_has_a_fingerprint_of_32_bytes() {
        let identity = Identity::make(&["vc01.lab".to_owned()]).unwrap();
        assert_eq!(
            identity
                .fingerprint
                .split(':')
                .filter(|byte| byte.len() == 2)
                .count(),
            32
        );
        assert!(identity.pem.starts_with("-----BEGIN CERTIFICATE-----"));
    }
}
