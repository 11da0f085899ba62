//! TLS of the web server: certificate, key and client certificates.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    version::{TLS12, TLS13},
};
use serde::Deserialize;

/// The section `tls_server_config`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsSection {
    cert_file: PathBuf,
    key_file: PathBuf,
    #[serde(default)]
    client_auth_type: ClientAuth,
    client_ca_file: Option<PathBuf>,
    #[serde(default = "TlsVersion::lowest")]
    min_version: TlsVersion,
    #[serde(default = "TlsVersion::highest")]
    max_version: TlsVersion,
}

/// Policies for client certificates. Those that accept a certificate without verifying it are not supported.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
enum ClientAuth {
    #[default]
    NoClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum TlsVersion {
    #[serde(rename = "TLS12")]
    Tls12,
    #[serde(rename = "TLS13")]
    Tls13,
}

impl TlsVersion {
    const ALL: [(Self, &SupportedProtocolVersion); 2] =
        [(Self::Tls12, &TLS12), (Self::Tls13, &TLS13)];

    fn lowest() -> Self {
        Self::Tls12
    }

    fn highest() -> Self {
        Self::Tls13
    }
}

/// Returns the configuration of a section. Relative paths are relative to `directory`.
pub(super) fn server_config(
    section: &TlsSection,
    directory: &Path,
) -> Result<ServerConfig, String> {
    let allowed = section.min_version..=section.max_version;
    let versions = TlsVersion::ALL.into_iter();
    let versions = versions.filter(|(version, _)| allowed.contains(version));
    let versions: Vec<_> = versions.map(|(_, version)| version).collect();
    if versions.is_empty() {
        return Err("min_version is later than max_version".to_owned());
    }
    let certificates = certificates("cert_file", &directory.join(&section.cert_file))?;
    let key_file = directory.join(&section.key_file);
    let key = PrivateKeyDer::from_pem_slice(&read("key_file", &key_file)?)
        .map_err(|_| format!("key_file: {} has no private key", key_file.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|error| error.to_string())?;
    let builder = match client_verifier(section, directory)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(certificates, key)
        .map_err(|error| format!("cert_file and key_file cannot be used: {error}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn client_verifier(
    section: &TlsSection,
    directory: &Path,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
    let authorities = match (section.client_auth_type, &section.client_ca_file) {
        (ClientAuth::NoClientCert, None) => return Ok(None),
        (ClientAuth::NoClientCert, Some(_)) => {
            return Err(
                "client_ca_file needs client_auth_type: RequireAndVerifyClientCert".to_owned(),
            );
        }
        (_, None) => return Err("client_auth_type needs client_ca_file".to_owned()),
        (_, Some(file)) => certificates("client_ca_file", &directory.join(file))?,
    };
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        let added = roots.add(authority);
        added.map_err(|error| format!("client_ca_file cannot be used: {error}"))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if section.client_auth_type == ClientAuth::VerifyClientCertIfGiven {
        builder.allow_unauthenticated()
    } else {
        builder
    };
    let verifier = builder.build().map_err(|error| error.to_string())?;
    Ok(Some(verifier))
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(key, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.unwrap_or_default();
    if found.is_empty() {
        return Err(format!("{key}: {} has no certificate", path.display()));
    }
    Ok(found)
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{key}: {} cannot be read: {error}", path.display()))
}
