//! The address of a server and URLs below it.

use std::{str::FromStr, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::SecretString;
use url::Url;

/// Characters kept as they are in a path segment; all others are percent-encoded, including the brackets of
/// session-scoped moIds.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// First path segments of the pages and interfaces of a vCenter, which are not part of its address.
const PAGES: [&str; 9] = [
    "ui",
    "sdk",
    "api",
    "rest",
    "mob",
    "websso",
    "vsphere-client",
    "vsphere-ui",
    "certs",
];

/// Address of a server: scheme, host, port, and an optional path in front of `/sdk` and `/api`.
#[derive(Debug, Clone)]
pub struct Address {
    url: Url,
    /// Profile of the config file that the address comes from, for messages.
    profile: Option<Arc<str>>,
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for Address {}

/// Error of parsing an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not a valid vCenter URL: {why}. Try https://vcenter.example.com")]
pub struct InvalidAddress {
    /// The text as given, without a possible password.
    pub text: String,
    /// Cause of the error.
    pub why: String,
}

impl Address {
    /// Parses an address; the default scheme is https. The path of a
    /// page or interface, such as `/ui/app/…` or `/sdk`, is removed. User name
    /// and password are returned separately and are not part of the address.
    ///
    /// # Errors
    /// Returns an error if there is no host, or the scheme is neither http nor https.
    pub fn parse(text: &str) -> Result<(Self, Option<UserInfo>), InvalidAddress> {
        let text = text.trim();
        let refuse = |why: &str| InvalidAddress {
            text: text.rsplit('@').next().unwrap_or_default().to_owned(),
            why: why.to_owned(),
        };
        let full = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let mut url = Url::parse(&full).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("the scheme must be http or https"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refuse("it has no host"));
        }
        if url.path().contains('@') {
            let why = "there is an @ after the host; in a password, write / as %2F, ? as %3F and @ as %40";
            return Err(refuse(why));
        }
        let user = user_info(&url);
        // These fail only for URLs without a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        // Copied from a browser or another tool, it may be the address of a page.
        let segments = url.path().split('/').skip(1);
        let before: Vec<&str> = segments
            .take_while(|segment| !PAGES.contains(segment))
            .collect();
        let path = before.join("/");
        url.set_path(path.trim_end_matches('/'));
        Ok((Self { url, profile: None }, user))
    }

    /// Returns the host, with the port unless it is the default one.
    pub fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Returns the address with the profile that it comes from.
    #[must_use]
    pub fn of_profile(self, name: &str) -> Self {
        Self {
            profile: Some(name.into()),
            ..self
        }
    }

    /// Returns the name for messages, with the profile if there is one: `vc01.lab, profile lab`.
    pub fn label(&self) -> String {
        let name = self.name();
        match &self.profile {
            Some(profile) => format!("{name}, profile {profile}"),
            None => name,
        }
    }

    /// Returns host and port, including the default one; certificates are trusted per authority.
    pub fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{host}:{port}")
    }

    /// Returns the whole URL, without user name and password.
    pub fn base(&self) -> String {
        self.url.to_string()
    }

    /// True if the server is reached over TLS.
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// True if requests can be read on the network: plain HTTP to another machine.
    pub fn is_exposed(&self) -> bool {
        !self.is_tls() && !self.is_loopback()
    }

    pub(super) fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Returns the URL of the server itself.
    pub(super) fn root(&self) -> Url {
        self.url.clone()
    }

    /// Returns the URL of a path below this address. Segments are encoded.
    pub(super) fn below(&self, segments: &[&str], query: Option<&str>) -> Result<Url, String> {
        let mut text = self.url.as_str().trim_end_matches('/').to_owned();
        for segment in segments {
            if segment.is_empty() || *segment == "." || *segment == ".." {
                return Err(format!(
                    "“{segment}” is not allowed in the path of a request."
                ));
            }
            text.push('/');
            text.extend(utf8_percent_encode(segment, SEGMENT));
        }
        let mut url = Url::parse(&text).map_err(|error| error.to_string())?;
        url.set_query(query);
        Ok(url)
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        Self::parse(text).map(|(address, _)| address)
    }
}

/// User name and password from a URL.
type UserInfo = (String, Option<SecretString>);

fn user_info(url: &Url) -> Option<UserInfo> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = decoded(url.username());
    let password = url
        .password()
        .map(|password| SecretString::from(decoded(password)));
    (!user.is_empty() || password.is_some()).then_some((user, password))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn an_address_without_scheme_is_https_and_loses_sdk() {
        for (text, name, url) in [
            ("vc01.lab", "vc01.lab", "https://vc01.lab/"),
            (
                "vc01.lab:8443/sdk",
                "vc01.lab:8443",
                "https://vc01.lab:8443/",
            ),
            (
                "http://127.0.0.1:8989/",
                "127.0.0.1:8989",
                "http://127.0.0.1:8989/",
            ),
            (
                "https://proxy.lab/vc/sdk/",
                "proxy.lab",
                "https://proxy.lab/vc",
            ),
            ("[::1]:8443", "[::1]:8443", "https://[::1]:8443/"),
            (
                "https://vc01.lab/ui/app/search?query=x&searchType=simple",
                "vc01.lab",
                "https://vc01.lab/",
            ),
            ("vc01.lab/ui/#/host", "vc01.lab", "https://vc01.lab/"),
            (
                "https://vc01.lab/sdk/vim25/8.0.3.0/Task/task-1/info",
                "vc01.lab",
                "https://vc01.lab/",
            ),
            (
                "https://proxy.lab/vc/api/session",
                "proxy.lab",
                "https://proxy.lab/vc",
            ),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.name().as_str(), address.url.as_str()), (name, url));
        }
    }

    #[test]
    fn the_profile_is_named_in_messages_only() {
        let plain: Address = "vc01.lab".parse().unwrap();
        let named = plain.clone().of_profile("lab");
        assert_eq!(named.label(), "vc01.lab, profile lab");
        assert_eq!((named.name(), &named), (plain.label(), &plain));
    }

    #[test]
    fn credentials_are_removed_from_the_address() {
        let (address, user) = Address::parse("https://ops%40lab:p%40ss@vc01.lab/sdk").unwrap();
        let (user, password) = user.unwrap();
        assert_eq!(user, "ops@lab");
        assert_eq!(password.unwrap().expose_secret(), "p@ss");
        assert!(!format!("{address:?}").contains("p%40ss"));
    }

    #[test]
    fn invalid_address_is_rejected_without_showing_its_password() {
        for text in [
            "",
            "ftp://ops:secret@vc01.lab",
            "https://",
            "http://ops:secret@[::1",
            "https://ops:443/secret@vc01.lab",
        ] {
            let refused = text.parse::<Address>().unwrap_err().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn plain_http_is_exposed_except_to_this_machine() {
        for (text, exposed) in [
            ("http://vc01.lab", true),
            ("https://vc01.lab", false),
            ("http://127.0.0.1:8989", false),
            ("http://[::1]:8989", false),
            ("http://localhost:8989", false),
            ("http://localhost.evil.example", true),
        ] {
            assert_eq!(
                text.parse::<Address>().unwrap().is_exposed(),
                exposed,
                "{text}"
            );
        }
    }

    #[test]
    fn path_segments_are_encoded_and_cannot_be_parent_references() {
        let address: Address = "http://127.0.0.1:1".parse().unwrap();
        let url = address.below(&["Task", "a/b?c[d] é"], None).unwrap();
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:1/Task/a%2Fb%3Fc%5Bd%5D%20%C3%A9"
        );
        assert!(address.below(&["Task", ".."], None).is_err());
        assert!(address.below(&["Task", ""], None).is_err());
    }
}
