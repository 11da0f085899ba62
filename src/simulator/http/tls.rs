//! HTTPS with a certificate made at the start.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
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
    /// The certificate as PEM, or that of the authority that signed it.
    pub pem: String,
    /// SHA-256 of the certificate's DER form, colon-separated upper-case hex.
    pub fingerprint: String,
    /// What it was made from.
    made_from: (TlsOptions, String),
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
    /// Marks a self-signed certificate as an authority (`CA:TRUE`), as many self-signed server certificates are.
    pub marked_as_authority: bool,
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
            if options.marked_as_authority {
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
            made_from: (options.clone(), listening.to_owned()),
            config: Arc::new(config),
        })
    }

    /// Another certificate of the same kind with another key.
    pub(crate) fn renewed(&self) -> Result<Self, TlsError> {
        Self::make(&self.made_from.0, &self.made_from.1)
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
