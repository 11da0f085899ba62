//! Rejected certificates, with messages for users.

use std::fmt;

use jiff::Timestamp;
use rustls::{
    AlertDescription, CertificateError, Error as TlsError, InvalidMessage, PeerIncompatible,
};

use super::{
    certificate::Certificate,
    fingerprint::{Fingerprint, Pin, PinSource},
};

/// A rejected certificate. Nothing was sent to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntrustedCertificate {
    /// Host and port.
    pub host: String,
    /// Certificate of the server.
    pub certificate: Certificate,
    /// Reason for the rejection.
    pub why: RejectionReason,
}

/// Reason for rejecting a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RejectionReason {
    /// Unknown issuer.
    UnknownIssuer,
    /// No CAs are available; contains the cause.
    NoAuthorities(String),
    /// Expired.
    Expired,
    /// Not yet valid.
    NotValidYet,
    /// Issued for another name.
    NameMismatch,
    /// Revoked by its issuer.
    Revoked,
    /// Any other defect.
    Unusable(String),
    /// Differs from the pinned certificate.
    PinMismatch(Pin),
}

impl UntrustedCertificate {
    /// True if the user may accept it after comparing the fingerprint.
    pub fn can_accept(&self) -> bool {
        match self.why {
            RejectionReason::UnknownIssuer
            | RejectionReason::NoAuthorities(_)
            | RejectionReason::Expired
            | RejectionReason::NotValidYet
            | RejectionReason::NameMismatch => true,
            RejectionReason::Revoked
            | RejectionReason::Unusable(_)
            | RejectionReason::PinMismatch(_) => false,
        }
    }

    /// Returns the reason without advice.
    pub fn reason(&self) -> String {
        let details = self.certificate.details.as_ref();
        let on = |day: &dyn Fn() -> Option<Timestamp>| match day() {
            Some(day) => format!(" ({})", day.strftime("%Y-%m-%d %H:%M UTC")),
            None => String::new(),
        };
        match &self.why {
            RejectionReason::UnknownIssuer if self.certificate.is_self_signed() => {
                "it is self-signed".to_owned()
            }
            RejectionReason::UnknownIssuer => {
                "no authority that this machine trusts has signed it".to_owned()
            }
            RejectionReason::NoAuthorities(why) => {
                format!("no CA certificates are available on this machine ({why})")
            }
            RejectionReason::Expired => {
                format!(
                    "it has expired{}",
                    on(&|| details.map(|details| details.until))
                )
            }
            RejectionReason::NotValidYet => format!(
                "it is not valid yet{}; check this machine's clock",
                on(&|| details.map(|details| details.from))
            ),
            RejectionReason::NameMismatch => {
                let names = details.map(|details| details.names.join(", "));
                let names = names.filter(|names| !names.is_empty());
                let names = names.unwrap_or_else(|| "another name".to_owned());
                let names = vtask_text::sanitize(&names);
                format!("it is issued for {names}, not for the name in --url")
            }
            RejectionReason::Revoked => "its authority has revoked it".to_owned(),
            RejectionReason::Unusable(why) => why.clone(),
            RejectionReason::PinMismatch(_) => "it differs from the trusted one".to_owned(),
        }
    }
}

impl std::error::Error for UntrustedCertificate {}

impl fmt::Display for UntrustedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            certificate,
            why,
        } = self;
        let shown = certificate.fingerprint;
        match why {
            RejectionReason::PinMismatch(pin) => {
                let expected: Vec<_> = pin
                    .fingerprints
                    .iter()
                    .map(Fingerprint::to_string)
                    .collect();
                let expected = expected.join(" or ");
                match &pin.by {
                    PinSource::Thumbprint => write!(
                        f,
                        "its certificate is not the one that --thumbprint names: it has SHA-256 {shown}, expected \
                         is {expected}. Nothing was sent. If the server got a new certificate, compare it there and \
                         give its fingerprint; otherwise this may be a man-in-the-middle attack."
                    ),
                    PinSource::KnownHosts(path) => write!(
                        f,
                        "its certificate has changed: it has SHA-256 {shown}, but {expected} is trusted for {host} \
                         ({}). Nothing was sent. If the server got a new certificate, compare it there and run \
                         `vtask trust remove {host}`, then connect again; otherwise this may be a man-in-the-middle attack.",
                        path.display()
                    ),
                    PinSource::Govc(path) => write!(
                        f,
                        "its certificate has changed: it has SHA-256 {shown}, but GOVC_TLS_KNOWN_HOSTS ({}) has \
                         {expected} for {host}. Nothing was sent. If the server got a new certificate, compare it \
                         there and change that file; otherwise this may be a man-in-the-middle attack.",
                        path.display()
                    ),
                }
            }
            _ if self.can_accept() => write!(
                f,
                "its certificate is not trusted: {}. Its SHA-256 is {shown}. Once you have compared that with the \
                 server's own, `vtask trust add {host}` (or --thumbprint) accepts it; or give its authority with \
                 --ca-file (a vCenter offers its own at /certs/download.zip).",
                self.reason()
            ),
            _ => write!(
                f,
                "its certificate cannot be trusted: {}. Its SHA-256 is {shown}. Have it replaced on the server.",
                self.reason()
            ),
        }
    }
}

impl RejectionReason {
    /// Converts an error of the CA-based verification.
    pub(super) fn of(problem: &CertificateError) -> Self {
        match problem {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotValidYet
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::NameMismatch
            }
            CertificateError::Revoked => Self::Revoked,
            CertificateError::BadEncoding => Self::Unusable("it is damaged".to_owned()),
            CertificateError::BadSignature => {
                Self::Unusable("the signature on it is wrong".to_owned())
            }
            // Self-signed server certificates are often marked as CAs, which the normal check rejects.
            _ if is_ca_as_server(problem) => Self::UnknownIssuer,
            other => Self::Unusable(other.to_string()),
        }
    }
}

/// True if a CA certificate was rejected as a server certificate.
pub(super) fn is_ca_as_server(problem: &CertificateError) -> bool {
    match problem {
        CertificateError::Other(other) => other.0.to_string().contains("CaUsedAsEndEntity"),
        _ => false,
    }
}

/// Returns the cause of a failed handshake other than a rejected certificate.
pub(super) fn handshake(error: &TlsError) -> String {
    use AlertDescription as Alert;

    let words = match error {
        TlsError::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => {
            "the port does not speak TLS; check the port in --url, or give http:// in it if plain HTTP is meant"
        }
        TlsError::AlertReceived(Alert::ProtocolVersion)
        | TlsError::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => "the server speaks neither TLS 1.2 nor 1.3, and older versions are not safe",
        TlsError::AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity)
        | TlsError::PeerIncompatible(_) => {
            "the server and vtask have no cipher in common; vtask takes those of TLS 1.3, and of TLS 1.2 those with \
             ECDHE and GCM or ChaCha20"
        }
        TlsError::AlertReceived(Alert::UnrecognisedName) => {
            "the server does not know the name in --url"
        }
        TlsError::AlertReceived(
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnknownCA
            | Alert::AccessDenied,
        ) => "the server requires a client certificate, which vtask does not support",
        TlsError::DecryptError
        | TlsError::AlertReceived(Alert::BadRecordMac | Alert::DecryptError) => {
            "the received data was modified on the way"
        }
        other => return vtask_text::sanitize(&other.to_string()).into_owned(),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(why: RejectionReason) -> UntrustedCertificate {
        UntrustedCertificate {
            host: "vc01.lab:443".to_owned(),
            certificate: Certificate::read(b"abc"),
            why,
        }
    }

    #[test]
    fn only_errors_settled_by_the_fingerprint_can_be_accepted() {
        for (problem, can_accept, word) in [
            (CertificateError::UnknownIssuer, true, "no authority"),
            (CertificateError::Expired, true, "expired"),
            (CertificateError::NotValidYet, true, "clock"),
            (CertificateError::NotValidForName, true, "another name"),
            (CertificateError::Revoked, false, "revoked"),
            (CertificateError::BadSignature, false, "signature"),
            (CertificateError::BadEncoding, false, "damaged"),
        ] {
            let rejection = rejection(RejectionReason::of(&problem));
            assert_eq!(rejection.can_accept(), can_accept, "{problem:?}");
            assert_eq!(
                rejection.to_string().contains("vtask trust add"),
                can_accept
            );
            assert!(rejection.reason().contains(word), "{}", rejection.reason());
        }
        let changed = rejection(RejectionReason::PinMismatch(Pin {
            fingerprints: vec![Fingerprint::of(b"x")],
            by: PinSource::Thumbprint,
        }));
        assert!(!changed.can_accept());
    }

    #[test]
    fn failed_handshakes_are_explained() {
        use AlertDescription as Alert;
        for (error, word) in [
            (
                TlsError::InvalidMessage(InvalidMessage::InvalidContentType),
                "does not speak TLS",
            ),
            (TlsError::AlertReceived(Alert::ProtocolVersion), "1.2"),
            (TlsError::AlertReceived(Alert::HandshakeFailure), "cipher"),
            (
                TlsError::AlertReceived(Alert::CertificateRequired),
                "client certificate",
            ),
            (
                TlsError::AlertReceived(Alert::UnrecognisedName),
                "the name in --url",
            ),
            (TlsError::DecryptError, "modified on the way"),
            (TlsError::General("\u{1b}[31mred".to_owned()), "red"),
        ] {
            let words = handshake(&error);
            assert!(words.contains(word) && !words.contains('\u{1b}'), "{words}");
        }
    }
}
