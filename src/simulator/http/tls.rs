//! HTTPS with a certificate made at the start.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};

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
    names: Vec<String>,
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
            names: names.to_vec(),
            config: Arc::new(config),
        })
    }

    /// Another certificate with another key for the same names.
    pub(crate) fn renewed(&self) -> Result<Self, TlsError> {
        Self::make(&self.names)
    }

    /// What a server needs to use it.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.config.clone()
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
