//! HTTPS with a certificate made at the start.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
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
    /// The certificate as PEM, or that of the authority that signed it.
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

/// What kind of certificate a server shows. A new one is made at every start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// The names it is made out to; `None`: this machine's loopback names and the address that is listened on.
    pub names: Option<Vec<String>>,
    /// Its subject's common name; `None`: that of the library that makes it.
    pub common_name: Option<String>,
    /// When it is valid.
    pub age: Age,
    /// Whether an authority of its own signs it, instead of itself. The authority's certificate is the one that is
    /// handed out then.
    pub own_authority: bool,
    /// Whether only TLS 1.2 is spoken, as older releases do.
    pub only_1_2: bool,
}

/// When a certificate is valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Age {
    /// Now.
    #[default]
    Valid,
    /// Until 2001.
    Expired,
    /// From 4000 on.
    NotYetValid,
}

impl Identity {
    /// A new certificate, made out to this machine's loopback names and `listening` unless the options have others.
    pub(crate) fn make(options: &TlsOptions, listening: &str) -> Result<Self, TlsError> {
        let loopback = || {
            let names = ["localhost", "127.0.0.1", "::1", listening].map(str::to_owned);
            let mut names = names.to_vec();
            names.sort_unstable();
            names.dedup();
            names
        };
        let names = options.names.clone().unwrap_or_else(loopback);
        let mut params = CertificateParams::new(names)?;
        if let Some(name) = &options.common_name {
            params
                .distinguished_name
                .push(DnType::CommonName, name.as_str());
        }
        match options.age {
            Age::Valid => {}
            Age::Expired => {
                params.not_before = date_time_ymd(2000, 1, 1);
                params.not_after = date_time_ymd(2001, 1, 1);
            }
            Age::NotYetValid => params.not_before = date_time_ymd(4000, 1, 1),
        }
        let key = KeyPair::generate()?;
        let (certificate, pem) = if options.own_authority {
            let mut authority = CertificateParams::new(Vec::new())?;
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            authority
                .distinguished_name
                .push(DnType::CommonName, "Embedded vCenter CA");
            let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
            let signed = params.signed_by(&key, &authority)?;
            (signed, authority.pem())
        } else {
            let signed = params.self_signed(&key)?;
            let pem = signed.pem();
            (signed, pem)
        };
        let digest = Sha256::digest(certificate.der());
        let fingerprint = digest
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect::<Vec<_>>()
            .join(":");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let versions: &[&rustls::SupportedProtocolVersion] = if options.only_1_2 {
            &[&rustls::version::TLS12]
        } else {
            rustls::DEFAULT_VERSIONS
        };
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_protocol_versions(versions)?
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(Self {
            pem,
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
        let identity = Identity::make(&TlsOptions::default(), "vc01.lab").unwrap();
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
