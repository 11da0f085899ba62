//! TLS certificates, created at the server's start.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};

/// Error while creating a certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be created.
    #[error("cannot create the certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library rejects the certificate.
    #[error("cannot set up TLS: {0}")]
    Config(#[from] rustls::Error),
}

/// A certificate with its TLS configuration.
#[derive(Clone)]
pub(crate) struct ServerCertificate {
    /// PEM of the certificate, or of the authority that signed it.
    pub pem: String,
    /// SHA-256 of the certificate's DER form, as colon-separated upper-case hex.
    pub fingerprint: String,
    /// Arguments of [`ServerCertificate::create`].
    arguments: (TlsOptions, String),
    config: Arc<ServerConfig>,
}

impl std::fmt::Debug for ServerCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerCertificate")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// Options of a server certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Subject alternative names; by default the loopback names and the listening address.
    pub names: Option<Vec<String>>,
    /// Common name of the subject; by default that of the `rcgen` crate.
    pub common_name: Option<String>,
    /// Validity period.
    pub validity: CertificateValidity,
    /// Signs the certificate with an authority of its own, whose certificate is then exported instead.
    pub signed_by_ca: bool,
    /// Marks a self-signed certificate as an authority (`CA:TRUE`), as many self-signed server certificates are.
    pub self_signed_ca: bool,
    /// Supports TLS 1.2 only, as older releases do.
    pub tls12_only: bool,
}

/// Validity period of a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CertificateValidity {
    /// Valid now.
    #[default]
    Valid,
    /// Valid until 2001.
    Expired,
    /// Valid from the year 4000.
    NotYetValid,
}

impl ServerCertificate {
    /// Creates a certificate for `options.names`, by default the loopback names and `listening`.
    pub(crate) fn create(options: &TlsOptions, listening: &str) -> Result<Self, TlsError> {
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
        match options.validity {
            CertificateValidity::Valid => {}
            CertificateValidity::Expired => {
                params.not_before = date_time_ymd(2000, 1, 1);
                params.not_after = date_time_ymd(2001, 1, 1);
            }
            CertificateValidity::NotYetValid => params.not_before = date_time_ymd(4000, 1, 1),
        }
        let key = KeyPair::generate()?;
        let (certificate, pem) = if options.signed_by_ca {
            let mut authority = CertificateParams::new(Vec::new())?;
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            authority
                .distinguished_name
                .push(DnType::CommonName, "Embedded vCenter CA");
            let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
            let signed = params.signed_by(&key, &authority)?;
            (signed, authority.pem())
        } else {
            if options.self_signed_ca {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            }
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
        let versions: &[&rustls::SupportedProtocolVersion] = if options.tls12_only {
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
            arguments: (options.clone(), listening.to_owned()),
            config: Arc::new(config),
        })
    }

    /// Creates another certificate with the same options and a new key.
    pub(crate) fn renewed(&self) -> Result<Self, TlsError> {
        Self::create(&self.arguments.0, &self.arguments.1)
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.config.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_has_a_fingerprint_of_32_bytes() {
        let certificate = ServerCertificate::create(&TlsOptions::default(), "vc01.lab").unwrap();
        assert_eq!(
            certificate
                .fingerprint
                .split(':')
                .filter(|byte| byte.len() == 2)
                .count(),
            32
        );
        assert!(certificate.pem.starts_with("-----BEGIN CERTIFICATE-----"));
    }
}
