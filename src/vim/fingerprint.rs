//! SHA-256 fingerprints of certificates, and pins.

use std::{fmt, path::PathBuf, str::FromStr};

use sha2::{Digest, Sha256};

/// SHA-256 of a certificate in DER form, displayed as `AB:CD:…` (32 bytes).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// Pinned certificates of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Fingerprints, at least one.
    pub fingerprints: Vec<Fingerprint>,
    /// Source of the pin.
    pub by: PinSource,
}

/// Source of a pinned certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinSource {
    /// `--thumbprint` or an equivalent setting.
    Thumbprint,
    /// The known-hosts file.
    KnownHosts(PathBuf),
    /// A known-hosts file of govc.
    Govc(PathBuf),
}

/// Error of parsing a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFingerprint {
    /// The text has the length of a SHA-1, which can be forged.
    #[error(
        "that is a SHA-1 fingerprint; give the SHA-256 one (openssl x509 -noout -fingerprint -sha256)"
    )]
    Sha1,
    /// Any other error.
    #[error("a SHA-256 fingerprint has 64 hexadecimal digits, with or without colons")]
    Other,
}

impl Fingerprint {
    /// Returns the fingerprint of a certificate in DER form.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    /// Parses hexadecimal digits in any case, with or without colons. A prefix `SHA256:` or as printed by `openssl`
    /// is skipped.
    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let text = text.trim();
        let text = match text.rsplit_once('=') {
            Some((_openssl, digits)) => digits,
            None => text,
        };
        let prefixes = ["SHA256:", "SHA-256:"];
        let has = |prefix: &&&str| {
            let start = text.get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let text = prefixes
            .iter()
            .find(has)
            .map_or(text, |prefix| &text[prefix.len()..]);
        let digits: Option<Vec<u8>> = text
            .chars()
            .filter(|character| *character != ':' && !character.is_whitespace())
            .map(|digit| {
                digit
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            })
            .collect();
        let digits = digits.ok_or(InvalidFingerprint::Other)?;
        if digits.len() == 40 {
            return Err(InvalidFingerprint::Sha1);
        }
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect();
        match <[u8; 32]>::try_from(bytes) {
            Ok(bytes) if digits.len() == 64 => Ok(Self(bytes)),
            _ => Err(InvalidFingerprint::Other),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";

    #[test]
    fn common_notations_are_parsed() {
        let fingerprint = Fingerprint::of(b"abc");
        assert_eq!(fingerprint.to_string(), ABC);
        let bare = ABC.replace(':', "");
        for text in [
            ABC.to_owned(),
            ABC.to_lowercase(),
            bare.clone(),
            bare.to_lowercase(),
            format!(" {ABC}\n"),
            format!("SHA256:{bare}"),
            format!("sha-256:{ABC}"),
            format!("sha256 Fingerprint={ABC}"),
        ] {
            assert_eq!(text.parse(), Ok(fingerprint), "{text}");
        }
    }

    #[test]
    fn invalid_fingerprints_are_rejected() {
        let sha1 = "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D";
        assert_eq!(sha1.parse::<Fingerprint>(), Err(InvalidFingerprint::Sha1));
        for text in [
            "",
            ":",
            "SHA256:",
            "xyz",
            &ABC[..94],
            &format!("{ABC}0"),
            &format!("{ABC}:00"),
            &ABC.replace('B', "é"),
        ] {
            let read = text.parse::<Fingerprint>();
            assert_eq!(read, Err(InvalidFingerprint::Other), "{text}");
        }
    }
}
