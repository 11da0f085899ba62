//! HTTP transport: status, size limits, decompression and failures of a request, turned into JSON or an [`Error`].

use std::{
    error::Error as _,
    io, iter,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use reqwest::{
    Method, Response, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION,
    },
    redirect,
};
use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use serde_json::Value;
use vtask_metrics::RequestMetrics;
use vtask_text::without_user_info;

use super::{
    address::Address,
    error::{Error, ErrorKind},
    proxy::{proxy_of, with_proxy},
    request_trace::RequestTrace,
    response::{ApiResponse, MAX_BODY_BYTES, error_from_status, excerpt, gunzip},
    tls::{self, TrustPolicy},
    untrusted_certificate,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_IDLE_CONNECTIONS: usize = 8;

/// Describes the action of a request; evaluated only for an error message.
pub(super) type RequestLabel<'a> = &'a (dyn Fn() -> String + Sync);

/// A request to be sent.
pub(super) struct Request<'a> {
    /// Endpoint for metrics and traces, such as `Task/info`.
    pub(super) endpoint: &'static str,
    /// The action for error messages, such as `reading task-4711`.
    pub(super) action: RequestLabel<'a>,
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) query: Option<&'static str>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<&'a RequestBody>,
    /// True if the request changes nothing, so that it may be sent twice.
    pub(super) is_read: bool,
    pub(super) timeout: Duration,
}

/// Body of a request, always JSON.
pub(super) enum RequestBody {
    /// A body without secrets.
    Json(Value),
    /// A body with a password, wiped after sending.
    Secret(Bytes),
}

impl RequestBody {
    /// Serialises a body with secrets into memory that is wiped when the last reference is dropped. Copies made by
    /// the HTTP and TLS libraries cannot be wiped.
    pub(super) fn secret(content: &impl Serialize, maximum: usize) -> serde_json::Result<Self> {
        // Allocated at full size, because growing would leave copies of the secret behind.
        let mut text = Zeroizing::new(Vec::with_capacity(maximum));
        serde_json::to_writer(&mut *text, content)?;
        Ok(Self::Secret(Bytes::from_owner(text)))
    }

    fn to_bytes(&self) -> Bytes {
        match self {
            Self::Json(value) => value.to_string().into(),
            Self::Secret(bytes) => bytes.clone(),
        }
    }
}

impl From<Value> for RequestBody {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

/// Creates the HTTP client. Redirects are not followed, because credentials would be sent along.
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
        .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
        .tcp_nodelay(true)
        .tls_backend_preconfigured(config);
    with_proxy(builder, address).build()
}

/// Creates the HTTP client for a server whose certificate is verified by this policy.
///
/// # Errors
/// Fails if TLS cannot be set up.
pub fn verifying_client(address: &Address, trust: &TrustPolicy) -> Result<reqwest::Client, String> {
    http_client(address, tls_config(address, trust)?).map_err(|error| error.to_string())
}

fn tls_config(address: &Address, trust: &TrustPolicy) -> Result<rustls::ClientConfig, String> {
    // Loading the system's CAs takes time and is skipped for plain HTTP.
    let trust = if address.is_tls() {
        trust
    } else {
        &TrustPolicy::Insecure
    };
    trust.client_config(address.authority(), None)
}

/// Sends requests to one server.
#[derive(Debug)]
pub(super) struct Transport {
    http: RwLock<reqwest::Client>,
    tls: rustls::ClientConfig,
    address: Address,
    traffic: Arc<RequestMetrics>,
    /// True once anything has responded over the scheme of the address.
    has_answered: AtomicBool,
}

impl Transport {
    pub(super) fn new(
        address: Address,
        trust: &TrustPolicy,
        traffic: Arc<RequestMetrics>,
    ) -> Result<Self, Error> {
        let unusable = |why: String| {
            let kind = ErrorKind::Unsupported(why);
            Error::new("preparing the connection", address.label(), kind)
        };
        let tls = tls_config(&address, trust).map_err(unusable)?;
        let http = http_client(&address, tls.clone());
        let http = http.map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            http: RwLock::new(http),
            tls,
            address,
            traffic,
            has_answered: AtomicBool::new(false),
        })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Uses new connections for the next requests. The present ones may be half open: nothing arrives, and nothing
    /// reports it.
    pub(super) fn renew_connections(&self) {
        if let Ok(http) = http_client(&self.address, self.tls.clone()) {
            *self.http.write().unwrap_or_else(PoisonError::into_inner) = http;
        }
    }

    fn http(&self) -> reqwest::Client {
        let http = self.http.read();
        http.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a request and reads the response.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<ApiResponse, Error> {
        let action = request.action;
        let timeout = request.timeout;
        let body = match request.body {
            Some(RequestBody::Json(body)) => Some(body),
            Some(RequestBody::Secret(_)) | None => None,
        };
        let trace = RequestTrace::new(&request.method, request.path, request.endpoint, body);
        let started = Instant::now();
        let unfinished = DroppedRequest {
            transport: self,
            action,
        };
        let exchanged: Result<ApiResponse, ErrorKind> = async {
            let url = self.address.below(request.path, request.query);
            let url = url.map_err(ErrorKind::Unsupported)?;
            let mut builder = self
                .http()
                .request(request.method, url)
                .headers(request.headers)
                .timeout(request.timeout);
            if let Some(body) = request.body {
                builder = builder
                    .header(CONTENT_TYPE, "application/json")
                    .body(body.to_bytes());
            }
            let again = request.is_read.then(|| builder.try_clone()).flatten();
            self.traffic.request(request.endpoint);
            let response = match (builder.send().await, again) {
                (Err(error), Some(again)) if was_closed(&error) => {
                    self.traffic.request(request.endpoint);
                    again.send().await
                }
                (response, _) => response,
            };
            let response = response.map_err(|error| self.unanswered(&error))?;
            self.has_answered.store(true, Ordering::Relaxed);
            let (status, headers) = (response.status(), response.headers().clone());
            if status.is_redirection() {
                let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
                let location = location.unwrap_or("nowhere");
                let (path, query) = location.split_at(location.find('?').unwrap_or(location.len()));
                return Err(ErrorKind::Redirected {
                    location: excerpt(&format!("{}{query}", without_user_info(path))),
                });
            }
            let body = self.read(response).await;
            let bytes = body.as_ref().map_or(0, Vec::len);
            trace.response(
                status.as_u16(),
                bytes,
                body.as_deref().ok(),
                started.elapsed(),
            );
            if !status.is_success() {
                // The status is reported even if the body cannot be read.
                let body = body.unwrap_or_default();
                if status == StatusCode::BAD_REQUEST && !self.address.is_tls() && names_https(&body)
                {
                    return Err(ErrorKind::TlsRequired);
                }
                if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
                    && let Some(url) = proxy_of(&self.address)
                {
                    return Err(credentials_required(url));
                }
                return Err(error_from_status(status, &headers, &body));
            }
            Ok(ApiResponse {
                body: body?,
                headers,
            })
        }
        .await;
        std::mem::forget(unfinished);
        if let Err(kind) = &exchanged {
            trace.failure(&kind.to_string(), started.elapsed());
        }
        exchanged.map_err(|kind| {
            let kind = match kind {
                ErrorKind::TimedOut(_) => ErrorKind::TimedOut(timeout),
                other => other,
            };
            Error::new(action(), self.address.label(), kind)
        })
    }

    /// Classifies a request without response. Before the first response the scheme of the address may be wrong.
    fn unanswered(&self, error: &reqwest::Error) -> ErrorKind {
        match classify_connection_error(error, &self.address) {
            kind if self.has_answered.load(Ordering::Relaxed) => kind,
            ErrorKind::Broken(_) if !self.address.is_tls() && is_not_http(error) => {
                ErrorKind::NotHttp
            }
            ErrorKind::Broken(why) => {
                let hint = if self.address.is_tls() && error.is_connect() {
                    "; if that port speaks plain HTTP, give http:// in --url"
                } else if self.address.is_tls() || error.is_connect() {
                    ""
                } else {
                    "; if that port speaks TLS, give https:// in --url"
                };
                ErrorKind::Broken(why + hint)
            }
            kind => kind,
        }
    }

    /// Reads the whole body, decompressed, up to the size limit.
    async fn read(&self, mut response: Response) -> Result<Vec<u8>, ErrorKind> {
        let encoding = response.headers().get(CONTENT_ENCODING);
        let is_gzip = encoding.is_some_and(|value| {
            let names: [&[u8]; 2] = [b"gzip", b"x-gzip"];
            names
                .iter()
                .any(|name| value.as_bytes().eq_ignore_ascii_case(name))
        });
        let mut raw = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| classify_error(&error))?
        {
            if raw.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(ErrorKind::TooLarge(MAX_BODY_BYTES));
            }
            raw.extend_from_slice(&chunk);
        }
        let raw_length = raw.len();
        // A 204 may be labelled as compressed and have no body.
        let body = if is_gzip && !raw.is_empty() {
            gunzip(&raw)?
        } else {
            raw
        };
        self.traffic.answer(raw_length, body.len());
        Ok(body)
    }
}

/// Records a request that is dropped before its response arrived.
struct DroppedRequest<'a> {
    transport: &'a Transport,
    action: RequestLabel<'a>,
}

impl Drop for DroppedRequest<'_> {
    fn drop(&mut self) {
        let Self { transport, action } = self;
        let server = transport.address.label();
        transport
            .traffic
            .given_up(|| format!("{} ({server})", action()));
    }
}

/// True if the body of a 400 response demands HTTPS, in the wording of Go, nginx or Apache.
fn names_https(body: &[u8]) -> bool {
    const SEARCHED: usize = 2_000;
    let start = &body[..body.len().min(SEARCHED)];
    start
        .windows(b"https".len())
        .any(|word| word.eq_ignore_ascii_case(b"https"))
}

/// True if the connection was closed before the response. An idle one may be closed by the server at any time.
fn was_closed(error: &reqwest::Error) -> bool {
    let is_closed = |cause: &io::Error| {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        matches!(
            cause.kind(),
            BrokenPipe | ConnectionAborted | ConnectionReset
        )
    };
    !error.is_connect()
        && causes(error).any(|cause| {
            let http = cause.downcast_ref::<hyper::Error>();
            http.is_some_and(hyper::Error::is_incomplete_message)
                || cause.downcast_ref().is_some_and(is_closed)
        })
}

/// True if the response could not be parsed as HTTP.
fn is_not_http(error: &reqwest::Error) -> bool {
    let mut parts = causes(error).filter_map(|cause| cause.downcast_ref::<hyper::Error>());
    parts.any(hyper::Error::is_parse)
}

/// Classifies a failed exchange with a server. A connection that was not made may have failed at the proxy.
pub(super) fn classify_connection_error(error: &reqwest::Error, address: &Address) -> ErrorKind {
    let kind = classify_error(error);
    let may_be_proxy = matches!(
        kind,
        ErrorKind::Refused | ErrorKind::UnknownHost | ErrorKind::TimedOut(_) | ErrorKind::Broken(_)
    );
    if may_be_proxy
        && error.is_connect()
        && let Some(url) = proxy_of(address)
    {
        // The type of this error is not public.
        return match kind {
            ErrorKind::Broken(why) if why.ends_with("proxy authorization required") => {
                credentials_required(url)
            }
            kind => ErrorKind::Proxy {
                url,
                cause: Box::new(kind),
            },
        };
    }
    kind
}

/// Returns the error for a proxy that requires credentials.
fn credentials_required(url: String) -> ErrorKind {
    let cause = Box::new(ErrorKind::Status {
        status: StatusCode::PROXY_AUTHENTICATION_REQUIRED.as_u16(),
        retry_after: None,
    });
    ErrorKind::Proxy { url, cause }
}

/// Classifies a failed exchange.
fn classify_error(error: &reqwest::Error) -> ErrorKind {
    let mut innermost = error.to_string();
    for cause in causes(error) {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return match tls::certificate_rejection(tls) {
                Some(rejection) => ErrorKind::Certificate(Box::new(rejection.clone())),
                None => ErrorKind::Handshake(untrusted_certificate::handshake(tls)),
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
    ErrorKind::Broken(excerpt(innermost.trim_end_matches('.')))
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = Cause<'_>> {
    iter::successors(error.source(), |cause| source_of(*cause))
}

/// Returns the cause of an error, including the inner error of an IO error, which its `source` skips.
fn source_of<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<Cause<'a>> {
    let inner = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match inner {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);
