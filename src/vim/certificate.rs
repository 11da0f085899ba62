//! Fields of a server certificate for display.

use std::net::IpAddr;

use jiff::Timestamp;
use x509_cert::{
    certificate::{CertificateInner, Raw},
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
    time::Time,
};

use super::fingerprint::Fingerprint;

/// A server certificate. Its texts come from the server and are not safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 fingerprint.
    pub fingerprint: Fingerprint,
    /// Parsed fields; `None` if the certificate cannot be parsed.
    pub details: Option<CertificateFields>,
}

/// Fields of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFields {
    /// Subject, as `CN=vc01.lab,O=Lab`.
    pub subject: String,
    /// Issuer, in the same form.
    pub issuer: String,
    /// Host names and IP addresses of the subject alternative name.
    pub names: Vec<String>,
    /// Start of the validity.
    pub from: Timestamp,
    /// End of the validity.
    pub until: Timestamp,
}

impl Certificate {
    /// Parses a certificate in DER form.
    pub fn read(der: &[u8]) -> Self {
        Self {
            fingerprint: Fingerprint::of(der),
            details: details(der),
        }
    }

    /// True if subject and issuer are equal; the signature is not checked.
    pub fn is_self_signed(&self) -> bool {
        let details = self.details.as_ref();
        details.is_some_and(|details| details.subject == details.issuer)
    }
}

fn details(der: &[u8]) -> Option<CertificateFields> {
    let certificate = CertificateInner::<Raw>::from_der(der).ok()?;
    let content = certificate.tbs_certificate();
    let names = content.get_extension::<SubjectAltName>().ok().flatten();
    let names = names.map(|(_critical, SubjectAltName(names))| names);
    Some(CertificateFields {
        subject: content.subject().to_string(),
        issuer: content.issuer().to_string(),
        names: names.iter().flatten().filter_map(name).collect(),
        from: timestamp(content.validity().not_before)?,
        until: timestamp(content.validity().not_after)?,
    })
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            let sixteen = || <[u8; 16]>::try_from(bytes).map(IpAddr::from);
            four.or_else(|_| sixteen())
                .map(|address| address.to_string())
                .ok()
        }
        _ => None,
    }
}

fn timestamp(time: Time) -> Option<Timestamp> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn names_validity_and_fingerprint_are_read() {
        let names = ["vc01.lab".to_owned(), "10.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "vc01\u{1b}[31m");
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Lab");
        params.not_before = date_time_ymd(2025, 1, 2);
        params.not_after = date_time_ymd(2027, 1, 2);
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let certificate = Certificate::read(made.der());
        assert!(certificate.is_self_signed());
        let details = certificate.details.unwrap();
        assert!(details.subject.contains("O=Lab"), "{}", details.subject);
        assert_eq!(details.names, ["vc01.lab", "10.0.0.1"]);
        assert_eq!(details.from.to_string(), "2025-01-02T00:00:00Z");
        assert_eq!(details.until.to_string(), "2027-01-02T00:00:00Z");
    }

    #[test]
    fn invalid_certificate_has_a_fingerprint() {
        for bytes in [&b""[..], b"abc", &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]] {
            let certificate = Certificate::read(bytes);
            assert_eq!(certificate.details, None);
            assert!(!certificate.is_self_signed());
            assert_eq!(certificate.fingerprint, Fingerprint::of(bytes));
        }
    }
}
