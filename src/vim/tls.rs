//! Whom to trust: which certificate of a server is accepted.

use std::sync::{Arc, OnceLock};

use rustls::CertificateError;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, OtherError, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{
        CertificateDer, ServerName, UnixTime,
        pem::{self, PemObject},
    },
    server::ParsedCertificate,
};
use rustls_platform_verifier::Verifier;

use super::{
    certificate::Certificate,
    fingerprint::Fingerprint,
    untrusted_certificate::{PinSource, Reason, UntrustedCertificate, is_ca_as_server},
};

/// Which certificate of a server is accepted.
#[derive(Debug, Clone, Default)]
pub enum TrustPolicy {
    /// One that leads to an authority of this machine.
    #[default]
    System,
    /// One that leads to an authority of this machine or to one of these (PEM, one or more).
    Also(Vec<u8>),
    /// Exactly one of these, and nothing else counts: not its name, its issuer, nor its age.
    Pinned(Pin),
    /// Any: nothing is checked.
    Anything,
}

/// The certificates that a server may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Their fingerprints; never none.
    pub fingerprints: Vec<Fingerprint>,
    /// Who says so.
    pub by: PinSource,
}

/// What a look at a server's certificate brought.
#[derive(Debug, Clone)]
pub struct CertificateProbe {
    /// The certificate.
    pub certificate: Certificate,
    /// Why it would not be accepted, if so.
    pub distrust: Option<UntrustedCertificate>,
}

impl TrustPolicy {
    /// Whether nothing is checked.
    pub fn is_insecure(&self) -> bool {
        matches!(self, Self::Anything)
    }

    /// The TLS configuration that this trust in `host` amounts to. TLS 1.2 is the least.
    pub(super) fn client_config(&self, host: String) -> Result<ClientConfig, String> {
        self.configured(host, None)
    }

    /// One that breaks the handshake off as soon as the certificate was seen.
    pub(super) fn probe_config(
        &self,
        host: String,
        seen: Arc<OnceLock<CertificateProbe>>,
    ) -> Result<ClientConfig, String> {
        self.configured(host, Some(seen))
    }

    fn configured(
        &self,
        host: String,
        only_looks: Option<Arc<OnceLock<CertificateProbe>>>,
    ) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let check = match self {
            Self::System => VerifyMode::by_authorities(Vec::new(), &provider),
            Self::Also(pem) => VerifyMode::by_authorities(certificates(pem)?, &provider),
            Self::Pinned(pin) => VerifyMode::Pinned(pin.clone()),
            Self::Anything => VerifyMode::Nothing,
        };
        let judge = CertificateVerifier {
            host,
            check,
            provider: provider.clone(),
            only_looks,
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(judge))
            .with_no_client_auth())
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(pem).collect();
    let found =
        found.map_err(|error| format!("the file of --ca-file is not valid PEM ({error})"))?;
    if found.is_empty() {
        return Err(
            "the file of --ca-file holds no certificate (-----BEGIN CERTIFICATE-----)".to_owned(),
        );
    }
    Ok(found)
}

/// Judges the certificates of one server. Signatures of the handshake are checked whatever is accepted: who shows a
/// certificate has to hold its key.
#[derive(Debug)]
struct CertificateVerifier {
    host: String,
    check: VerifyMode,
    provider: Arc<CryptoProvider>,
    /// Where what was seen is put down, if that is all that is wanted.
    only_looks: Option<Arc<OnceLock<CertificateProbe>>>,
}

/// How certificates are judged.
#[derive(Debug)]
enum VerifyMode {
    /// By authorities, with one addition: a certificate that the user handed in is trusted as itself, too, from the
    /// host that it names. Self-signed server certificates are often marked as authorities, which a plain check
    /// refuses in a server.
    Authorities {
        verifier: Verifier,
        handed_in: Vec<CertificateDer<'static>>,
    },
    /// There are no authorities; why.
    NoAuthorities(String),
    Pinned(Pin),
    Nothing,
}

impl VerifyMode {
    fn by_authorities(
        handed_in: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Self {
        match Verifier::new_with_extra_roots(handed_in.clone(), provider.clone()) {
            Ok(verifier) => Self::Authorities {
                verifier,
                handed_in,
            },
            Err(error) => Self::NoAuthorities(error.to_string()),
        }
    }
}

impl CertificateVerifier {
    /// What is wrong with a certificate, if anything is.
    fn reject_reason(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Option<Reason> {
        match &self.check {
            VerifyMode::Authorities {
                verifier,
                handed_in,
            } => match verifier.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ) {
                Ok(_) => None,
                // The verifier reports this only for a certificate that is valid now; it has not compared the name yet.
                Err(TlsError::InvalidCertificate(problem))
                    if is_ca_as_server(&problem) && handed_in.contains(end_entity) =>
                {
                    wrong_name(end_entity, server_name)
                }
                Err(TlsError::InvalidCertificate(problem)) => Some(Reason::of(&problem)),
                Err(other) => Some(Reason::Unusable(other.to_string())),
            },
            VerifyMode::NoAuthorities(why) => Some(Reason::NoAuthorities(why.clone())),
            VerifyMode::Pinned(pin) => {
                let is_expected = pin.fingerprints.contains(&Fingerprint::of(end_entity));
                (!is_expected).then(|| Reason::another(pin))
            }
            VerifyMode::Nothing => None,
        }
    }
}

/// Compares the names in a certificate with the name of the server; `None` where one of them is that.
fn wrong_name(certificate: &CertificateDer<'_>, server_name: &ServerName<'_>) -> Option<Reason> {
    let compared = ParsedCertificate::try_from(certificate)
        .and_then(|certificate| verify_server_name(&certificate, server_name));
    match compared {
        Ok(()) => None,
        Err(TlsError::InvalidCertificate(problem)) => Some(Reason::of(&problem)),
        Err(other) => Some(Reason::Unusable(other.to_string())),
    }
}

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let why = self.reject_reason(end_entity, intermediates, server_name, ocsp_response, now);
        let distrust = why.map(|why| UntrustedCertificate {
            host: self.host.clone(),
            certificate: Certificate::read(end_entity),
            why,
        });
        if let Some(seen) = &self.only_looks {
            let certificate = Certificate::read(end_entity);
            // A second connection sees the same.
            let _ = seen.set(CertificateProbe {
                certificate,
                distrust,
            });
            return Err(TlsError::General("it was only looked at".to_owned()));
        }
        match distrust {
            None => Ok(ServerCertVerified::assertion()),
            Some(distrust) => {
                let distrust = OtherError(Arc::new(distrust));
                Err(CertificateError::Other(distrust).into())
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// Why the certificate was not accepted, if that is what a failure of TLS comes from.
pub(super) fn distrust(error: &TlsError) -> Option<&UntrustedCertificate> {
    match error {
        TlsError::InvalidCertificate(CertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}
