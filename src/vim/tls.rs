//! Certificate verification.

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
    fingerprint::{Fingerprint, Pin},
    untrusted_certificate::{RejectionReason, UntrustedCertificate, is_ca_as_server},
};

/// Accepted server certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TrustPolicy {
    /// Certificates issued by a CA of this machine.
    #[default]
    System,
    /// Certificates issued by a CA of this machine or by one of these (PEM, one or more).
    AdditionalRoots(Vec<u8>),
    /// Exactly these certificates; name, issuer and validity are not checked.
    Pinned(Pin),
    /// Any certificate.
    Insecure,
}

/// Result of probing a server's certificate.
#[derive(Debug, Clone)]
pub struct CertificateProbe {
    /// The server's certificate.
    pub certificate: Certificate,
    /// Reason for rejecting it, if any.
    pub rejection: Option<UntrustedCertificate>,
}

impl TrustPolicy {
    /// Returns the policy for the CAs of a PEM file in addition to those of this machine.
    ///
    /// # Errors
    /// Returns an error if the file contains no certificate.
    pub fn of_authorities(pem: Vec<u8>) -> Result<Self, String> {
        certificates(&pem)?;
        Ok(Self::AdditionalRoots(pem))
    }

    /// True if certificates are not verified.
    pub fn is_insecure(&self) -> bool {
        matches!(self, Self::Insecure)
    }

    /// Returns the TLS configuration for `host`, with TLS 1.2 as the minimum. With a `probe`, the handshake is aborted
    /// once the certificate has been seen.
    pub(super) fn client_config(
        &self,
        host: String,
        probe: Option<Arc<OnceLock<CertificateProbe>>>,
    ) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let check = match self {
            Self::System => VerifyMode::by_authorities(Vec::new(), &provider),
            Self::AdditionalRoots(pem) => VerifyMode::by_authorities(certificates(pem)?, &provider),
            Self::Pinned(pin) => VerifyMode::Pinned(pin.clone()),
            Self::Insecure => VerifyMode::Nothing,
        };
        let verifier = CertificateVerifier {
            host,
            check,
            provider: provider.clone(),
            probe,
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth())
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| format!("it is not valid PEM ({error})"))?;
    if found.is_empty() {
        return Err("it contains no certificate (-----BEGIN CERTIFICATE-----)".to_owned());
    }
    Ok(found)
}

/// Verifies the certificates of one server. Handshake signatures are checked in every mode, so that the server has to
/// hold the key.
#[derive(Debug)]
struct CertificateVerifier {
    host: String,
    check: VerifyMode,
    provider: Arc<CryptoProvider>,
    /// Receives the probed certificate; set if the handshake is only a probe.
    probe: Option<Arc<OnceLock<CertificateProbe>>>,
}

/// Verification mode.
#[derive(Debug)]
enum VerifyMode {
    /// Verifies against CAs. In addition, a certificate given by the user is accepted as itself for the host that it
    /// names: self-signed server certificates are often marked as CAs, which the normal check rejects for a server.
    Authorities {
        verifier: Verifier,
        extra_roots: Vec<CertificateDer<'static>>,
    },
    /// No CAs are available; contains the cause.
    NoAuthorities(String),
    Pinned(Pin),
    Nothing,
}

impl VerifyMode {
    fn by_authorities(
        extra_roots: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Self {
        match Verifier::new_with_extra_roots(extra_roots.clone(), provider.clone()) {
            Ok(verifier) => Self::Authorities {
                verifier,
                extra_roots,
            },
            Err(error) => Self::NoAuthorities(error.to_string()),
        }
    }
}

impl CertificateVerifier {
    /// Returns the reason for rejecting a certificate, if any.
    fn reject_reason(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Option<RejectionReason> {
        match &self.check {
            VerifyMode::Authorities {
                verifier,
                extra_roots,
            } => match verifier.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ) {
                Ok(_) => None,
                // Reported only for a certificate that is currently valid; the name has not been checked yet.
                Err(TlsError::InvalidCertificate(problem))
                    if is_ca_as_server(&problem) && extra_roots.contains(end_entity) =>
                {
                    wrong_name(end_entity, server_name)
                }
                Err(TlsError::InvalidCertificate(problem)) => Some(RejectionReason::of(&problem)),
                Err(other) => Some(RejectionReason::Unusable(other.to_string())),
            },
            VerifyMode::NoAuthorities(why) => Some(RejectionReason::NoAuthorities(why.clone())),
            VerifyMode::Pinned(pin) => {
                let is_expected = pin.fingerprints.contains(&Fingerprint::of(end_entity));
                (!is_expected).then(|| RejectionReason::PinMismatch(pin.clone()))
            }
            VerifyMode::Nothing => None,
        }
    }
}

/// Checks the certificate's names against the server name; returns `None` if one matches.
fn wrong_name(
    certificate: &CertificateDer<'_>,
    server_name: &ServerName<'_>,
) -> Option<RejectionReason> {
    let compared = ParsedCertificate::try_from(certificate)
        .and_then(|certificate| verify_server_name(&certificate, server_name));
    match compared {
        Ok(()) => None,
        Err(TlsError::InvalidCertificate(problem)) => Some(RejectionReason::of(&problem)),
        Err(other) => Some(RejectionReason::Unusable(other.to_string())),
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
        let rejection = why.map(|why| UntrustedCertificate {
            host: self.host.clone(),
            certificate: Certificate::read(end_entity),
            why,
        });
        if let Some(seen) = &self.probe {
            let certificate = Certificate::read(end_entity);
            // A second connection sees the same certificate.
            let _ = seen.set(CertificateProbe {
                certificate,
                rejection,
            });
            return Err(TlsError::General(
                "the certificate was only read".to_owned(),
            ));
        }
        match rejection {
            None => Ok(ServerCertVerified::assertion()),
            Some(rejection) => {
                let rejection = OtherError(Arc::new(rejection));
                Err(CertificateError::Other(rejection).into())
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

/// Returns the certificate error behind a TLS error, if any.
pub(super) fn certificate_rejection(error: &TlsError) -> Option<&UntrustedCertificate> {
    match error {
        TlsError::InvalidCertificate(CertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}
