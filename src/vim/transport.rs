//! One request, one answer: HTTP with its statuses, limits, compression and failures, turned into JSON or an
//! [`Error`].

use std::{
    error::Error as _,
    hash::{DefaultHasher, Hasher},
    io::{self, Read},
    iter,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use flate2::read::GzDecoder;
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::{
    Method, Response, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue,
        LOCATION, RETRY_AFTER,
    },
    redirect,
};
use secrecy::{SecretString, zeroize::Zeroizing};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use super::{
    distrust,
    error::{Error, ErrorKind},
    repair,
    tls::{self, Trust},
    traffic::Traffic,
    types::{Fault, type_name},
};

/// The largest body that is read, compressed or not.
const BODY_LIMIT: usize = 64 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_CONNECTIONS: usize = 8;

/// What stays as it is in a path segment; all else is encoded, the brackets of session-scoped moIds too.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where a server is: scheme, host, port, and perhaps a path in front of `/sdk` and `/api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

/// A `--url` that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is no address of a vCenter: {why}. Try https://vcenter.example.com")]
pub struct InvalidAddress {
    /// What was given, without what may be a password.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

impl Address {
    /// Reads an address; without a scheme it means https. A path `/sdk`, as other tools want it, is left out.
    /// A user and password in it are handed back beside it and are no part of it.
    ///
    /// # Errors
    /// When there is no host, or the scheme is neither http nor https.
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
            return Err(refuse("only http and https are spoken"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refuse("it names no host"));
        }
        let user = user_info(&url);
        // Both can only fail for URLs without a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/sdk").unwrap_or(path).to_owned();
        url.set_path(&path);
        Ok((Self(url), user))
    }

    /// Host and, where it is not the usual one, port: what people call the server.
    pub fn name(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Host and port, the usual one too: what a certificate is trusted for.
    pub fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        let port = self.0.port_or_known_default().unwrap_or_default();
        format!("{host}:{port}")
    }

    /// The whole of it, without user and password.
    pub fn base(&self) -> String {
        self.0.to_string()
    }

    /// Whether it is spoken to over TLS.
    pub fn is_tls(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether what is sent can be read on the way: plain HTTP to another machine.
    pub fn is_exposed(&self) -> bool {
        !self.is_tls() && !self.is_loopback()
    }

    fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// The URL of the server itself.
    pub(super) fn root(&self) -> Url {
        self.0.clone()
    }

    /// The URL of a path below this address. Segments are encoded.
    fn below(&self, segments: &[&str], query: Option<&str>) -> Result<Url, String> {
        let mut text = self.0.as_str().trim_end_matches('/').to_owned();
        for segment in segments {
            if segment.is_empty() || *segment == "." || *segment == ".." {
                return Err(format!(
                    "“{segment}” cannot stand in the path of a request."
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

/// User and password that stood in a URL.
type UserInfo = (String, Option<SecretString>);

fn user_info(url: &Url) -> Option<UserInfo> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = decoded(url.username());
    let password = url
        .password()
        .map(|password| SecretString::from(decoded(password)));
    (!user.is_empty()).then_some((user, password))
}

/// What is being done, in words; put together only when it is needed for an error.
pub(super) type Doing<'a> = &'a (dyn Fn() -> String + Sync);

/// What is to be sent.
pub(super) struct Request<'a> {
    /// For the figures, such as `Task/info`.
    pub(super) kind: &'static str,
    /// For people, such as `reading task-4711`.
    pub(super) doing: Doing<'a>,
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) query: Option<&'static str>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Body>,
    pub(super) timeout: Duration,
}

/// The body of a request, always JSON.
pub(super) enum Body {
    /// Anything.
    Json(Value),
    /// One with a password in it; wiped when it has been sent.
    Secret(Bytes),
}

impl Body {
    /// A body with secrets in it. It is written once, into memory that is wiped when the last of the request is gone.
    /// What the HTTP and TLS libraries copy on the way to the socket cannot be reached from here.
    pub(super) fn secret(content: &impl Serialize, most: usize) -> serde_json::Result<Self> {
        // All of it at once: memory that grows would leave what it held behind.
        let mut text = Zeroizing::new(Vec::with_capacity(most));
        serde_json::to_writer(&mut *text, content)?;
        Ok(Self::Secret(Bytes::from_owner(text)))
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Json(value) => value.to_string().into(),
            Self::Secret(bytes) => bytes,
        }
    }
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

/// What came back with success.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    pub(super) headers: HeaderMap,
}

impl Answer {
    /// The body as JSON; `null` for an empty one.
    pub(super) fn json(&self) -> Result<Value, ErrorKind> {
        parse(&self.body).map(Option::unwrap_or_default)
    }

    /// The body as something that is read from JSON directly; `None` for an empty one or `null`.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, ErrorKind> {
        parse::<Option<T>>(&self.body).map(Option::flatten)
    }

    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.body)
    }
}

/// Tells whether two answers are the same, byte for byte. (It holds within one run of the program.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    fn of(body: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(body);
        Self(hasher.finish())
    }
}

/// What speaks HTTP with a server. Redirects are not followed: credentials would travel along.
pub(super) fn http_client(
    address: &Address,
    config: rustls::ClientConfig,
) -> Result<reqwest::Client, reqwest::Error> {
    let mut defaults = HeaderMap::new();
    defaults.insert(ACCEPT, HeaderValue::from_static("application/json"));
    defaults.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let builder = reqwest::Client::builder()
        .user_agent(concat!("vtask/", env!("CARGO_PKG_VERSION")))
        .default_headers(defaults)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .tcp_nodelay(true)
        .tls_backend_preconfigured(config);
    // A proxy would read what is meant for this machine alone.
    let builder = if address.is_loopback() {
        builder.no_proxy()
    } else {
        builder
    };
    builder.build()
}

/// Sends requests to one server.
#[derive(Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    address: Address,
    traffic: Arc<Traffic>,
}

impl Transport {
    pub(super) fn new(
        address: Address,
        trust: &Trust,
        traffic: Arc<Traffic>,
    ) -> Result<Self, Error> {
        let unusable = |why: String| Error {
            doing: "preparing the connection".to_owned(),
            server: address.name(),
            kind: ErrorKind::Unaskable(why),
        };
        // Reading the machine's authorities takes a while: only where they are needed.
        let trust = if address.is_tls() {
            trust
        } else {
            &Trust::Anything
        };
        let config = trust.client_config(address.authority()).map_err(unusable)?;
        let http = http_client(&address, config).map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            http,
            address,
            traffic,
        })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Sends a request and reads the answer.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<Answer, Error> {
        let doing = request.doing;
        let timeout = request.timeout;
        self.exchange(request).await.map_err(|kind| Error {
            doing: doing(),
            server: self.address.name(),
            kind: match kind {
                ErrorKind::TimedOut(_) => ErrorKind::TimedOut(timeout),
                other => other,
            },
        })
    }

    async fn exchange(&self, request: Request<'_>) -> Result<Answer, ErrorKind> {
        let url = self.address.below(request.path, request.query);
        let url = url.map_err(ErrorKind::Unaskable)?;
        self.traffic.request(request.kind);
        let mut builder = self
            .http
            .request(request.method, url)
            .headers(request.headers)
            .timeout(request.timeout);
        if let Some(body) = request.body {
            builder = builder
                .header(CONTENT_TYPE, "application/json")
                .body(body.into_bytes());
        }
        let response = builder.send().await.map_err(|error| trouble(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_redirection() {
            let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
            return Err(ErrorKind::Redirected {
                location: shortened(location.unwrap_or("nowhere")),
            });
        }
        let text = self.read(response).await?;
        if !status.is_success() {
            return Err(refusal(status, &headers, &text));
        }
        Ok(Answer {
            body: text,
            headers,
        })
    }

    /// The whole body, decompressed, up to the limit.
    async fn read(&self, mut response: Response) -> Result<Vec<u8>, ErrorKind> {
        let encoding = response.headers().get(CONTENT_ENCODING);
        let is_gzip = encoding.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"gzip"));
        let mut raw = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| trouble(&error))? {
            if raw.len() + chunk.len() > BODY_LIMIT {
                return Err(ErrorKind::TooLarge(BODY_LIMIT));
            }
            raw.extend_from_slice(&chunk);
        }
        let raw_length = raw.len();
        // A 204 may be labelled as compressed: of nothing, nothing is unpacked.
        let body = if is_gzip && !raw.is_empty() {
            unpacked(&raw)?
        } else {
            raw
        };
        self.traffic.answer(raw_length, body.len());
        Ok(body)
    }
}

fn unpacked(raw: &[u8]) -> Result<Vec<u8>, ErrorKind> {
    let mut body = Vec::with_capacity(raw.len() * 4);
    let mut limited = GzDecoder::new(raw).take(BODY_LIMIT as u64 + 1);
    limited
        .read_to_end(&mut body)
        .map_err(|error| ErrorKind::Damaged(format!("in its compression: {error}")))?;
    if body.len() > BODY_LIMIT {
        return Err(ErrorKind::TooLarge(BODY_LIMIT));
    }
    Ok(body)
}

/// A body as JSON; `None` for an empty one.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<Option<T>, ErrorKind> {
    let start = body.trim_ascii_start();
    if start.is_empty() {
        return Ok(None);
    }
    let read = serde_json::from_slice(body).or_else(|error| match repair::repaired(body) {
        Some(body) => serde_json::from_slice(&body),
        None => Err(error),
    });
    read.map(Some).map_err(|error| {
        if matches!(start[0], b'{' | b'[') {
            ErrorKind::Damaged(error.to_string())
        } else {
            ErrorKind::NotJson(shortened(&String::from_utf8_lossy(start)))
        }
    })
}

/// What an unsuccessful status means: a fault where the body is one, else a proxy's word.
fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ErrorKind {
    match parse::<Value>(body) {
        Ok(Some(body)) if type_name(&body).is_some() => ErrorKind::Fault(Fault::new(body)),
        _ => ErrorKind::Status {
            status: status.as_u16(),
            retry_after: retry_after(headers, Timestamp::now()),
        },
    }
}

/// `Retry-After`: in seconds, or as a date by the clock of whoever sent it.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| DateTimeParser::new().parse_timestamp(text).ok();
    let sent = text(DATE).and_then(date).unwrap_or(now);
    // A time that has passed asks for nothing more.
    Some(Duration::try_from(date(asked)?.duration_since(sent)).unwrap_or_default())
}

/// What a failed exchange means.
pub(super) fn trouble(error: &reqwest::Error) -> ErrorKind {
    let mut innermost = error.to_string();
    for cause in iter::successors(error.source(), |cause| deeper(*cause)) {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return match tls::distrust(tls) {
                Some(distrust) => ErrorKind::Certificate(Box::new(distrust.clone())),
                None => ErrorKind::Handshake(distrust::handshake(tls)),
            };
        }
        let io = cause.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
            return ErrorKind::Refused;
        }
        innermost = cause.to_string();
    }
    if error.is_timeout() {
        return ErrorKind::TimedOut(CONNECT_TIMEOUT);
    }
    if error.is_dns() {
        return ErrorKind::UnknownHost;
    }
    ErrorKind::Broken(shortened(innermost.trim_end_matches('.')))
}

/// The cause below; what an IO error was made from counts, which its `source` passes over.
fn deeper<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<Cause<'a>> {
    let inner = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match inner {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// The beginning of a text that a stranger sent, on one line.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    let line: String = crate::text::sanitize(text.trim())
        .chars()
        .take(SHOWN)
        .collect();
    if line.len() < text.trim().len() {
        format!("{line}…")
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

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
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.name().as_str(), address.0.as_str()), (name, url));
        }
    }

    #[test]
    fn user_and_password_are_taken_out_of_the_address() {
        let (address, user) = Address::parse("https://ops%40lab:p%40ss@vc01.lab/sdk").unwrap();
        let (user, password) = user.unwrap();
        assert_eq!(user, "ops@lab");
        assert_eq!(password.unwrap().expose_secret(), "p@ss");
        assert!(!format!("{address:?}").contains("p%40ss"));
    }

    #[test]
    fn a_bad_address_is_refused_without_showing_its_password() {
        for text in [
            "",
            "ftp://ops:secret@vc01.lab",
            "https://",
            "http://ops:secret@[::1",
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
    fn segments_are_encoded_and_never_climb() {
        let address: Address = "http://127.0.0.1:1".parse().unwrap();
        let url = address.below(&["Task", "a/b?c[d] é"], None).unwrap();
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:1/Task/a%2Fb%3Fc%5Bd%5D%20%C3%A9"
        );
        assert!(address.below(&["Task", ".."], None).is_err());
        assert!(address.below(&["Task", ""], None).is_err());
    }

    #[test]
    fn a_server_asks_to_wait_by_seconds_or_by_its_own_clock() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (asked, sent, expected) in [
            ("30", None, Some(30)),
            (date, None, Some(37)),
            (date, Some("Sun, 06 Nov 1994 08:49:30 GMT"), Some(7)),
            (date, Some("Sun, 06 Nov 1994 09:49:30 GMT"), Some(0)),
            ("soon", None, None),
            ("-5", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(asked));
            if let Some(sent) = sent {
                headers.insert(DATE, HeaderValue::from_static(sent));
            }
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{asked}");
        }
    }

    #[test]
    fn bodies_are_json_nothing_or_trouble() {
        let parse = |body: &[u8]| parse::<Value>(body);
        assert_eq!(parse(b" ").unwrap(), None);
        assert_eq!(parse(b"{\"a\":1}").unwrap(), Some(json!({"a": 1})));
        assert!(matches!(parse(b"{\"a\":"), Err(ErrorKind::Damaged(_))));
        assert!(matches!(parse(b"<html>"), Err(ErrorKind::NotJson(_))));
        let deep = "[".repeat(100_000);
        assert!(matches!(parse(deep.as_bytes()), Err(ErrorKind::Damaged(_))));
    }
}
