//! HTTP server: parses requests to calls and writes their responses. The calls are executed by `service`; `server`
//! keeps time and waits.

pub(super) mod listener;
pub(super) mod log;
pub(super) mod path;
pub(super) mod stream;
pub(super) mod tls;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use tower_http::compression::CompressionLayer;

use self::log::Size;
use self::path::{ObjectPath, Route};
use super::behavior::{ProxyResponse, ServerBehavior};
use super::fault::Fault;
use super::faults;
use super::server::ServerCore;
use super::service::{ApiCall, CallResponse};
use super::value::{self, MoRef};

const SESSION_HEADER: &str = "vmware-api-session-id";

/// Maximum size of a request body, large enough for a list view of 100,000 tasks.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Maximum number of releases in a `hello` request.
const MAX_RELEASES: usize = 128;

/// Response extension that disables compression.
#[derive(Clone, Copy)]
struct Uncompressed;

/// Returns the router for all requests.
pub(super) fn router(running: Arc<ServerCore>) -> Router {
    let wanted = |_: StatusCode,
                  _: axum::http::Version,
                  headers: &HeaderMap,
                  extensions: &axum::http::Extensions| {
        let length = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        extensions.get::<Uncompressed>().is_none() && length.is_none_or(|length| length >= 256)
    };
    Router::new()
        .fallback(answer)
        .layer(CompressionLayer::new().compress_when(wanted))
        .layer(axum::middleware::from_fn_with_state(
            running.clone(),
            faults::inject_faults,
        ))
        .with_state(running)
}

struct Outgoing {
    status: u16,
    body: Option<Value>,
    session: Option<String>,
}

impl Outgoing {
    fn fault(fault: Fault) -> Self {
        Self {
            status: 500,
            body: Some(fault.into_json()),
            session: None,
        }
    }
}

async fn answer(State(running): State<Arc<ServerCore>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let place = path::read(parts.uri.path());
    let (behavior, outage) =
        running.with(|core| (core.behavior.clone(), core.proxy_responses.pop_front()));
    let body = to_bytes(body, MAX_BODY_BYTES).await;
    if !behavior.latency.is_zero() {
        tokio::time::sleep(behavior.latency).await;
    }
    let mut response = match (outage, place, body) {
        (Some(outage), ..) => proxy_response(&outage),
        (None, Route::System, Ok(body)) => {
            hello(&behavior, &parts.method, parts.uri.query(), &body)
        }
        (None, Route::Member(member), Ok(body)) => {
            match call(&behavior, member, &parts.method, &parts.headers, &body) {
                Ok(call) => ask(&running, &behavior, &call).await,
                Err(refusal) => write(refusal, &behavior),
            }
        }
        (None, Route::Nowhere, Ok(_)) => proxy_response(&ProxyResponse::page(404, "404 Not Found")),
        (None, _, Err(_)) => proxy_response(&ProxyResponse::page(413, "413 Payload Too Large")),
    };
    let bytes = axum::body::HttpBody::size_hint(response.body())
        .exact()
        .unwrap_or(0);
    let size = Size(usize::try_from(bytes).unwrap_or(usize::MAX));
    if running.loses_response() {
        response = broken(response.status());
    } else if !behavior.gzip {
        response.extensions_mut().insert(Uncompressed);
    }
    response.extensions_mut().insert(size);
    response
}

/// Converts a request to a call, or returns the error response.
fn call(
    behavior: &ServerBehavior,
    place: ObjectPath,
    method: &Method,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<ApiCall, Outgoing> {
    let ObjectPath {
        release,
        kind,
        id,
        member,
    } = place;
    let object = MoRef::new(kind, id);
    let is_method = match *method {
        Method::GET => false,
        Method::POST => true,
        _ => {
            return Err(Outgoing {
                status: 405,
                body: None,
                session: None,
            });
        }
    };
    if !behavior.releases.contains(&release) {
        return Err(Outgoing::fault(Fault::invalid_request(format!(
            "Unsupported version of the API: {release}."
        ))));
    }
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let (session, authorization) = (text(SESSION_HEADER), text(header::AUTHORIZATION.as_str()));
    Ok(ApiCall {
        is_method,
        object,
        member,
        body: body.to_vec(),
        session,
        authorization,
        user_agent: text(header::USER_AGENT.as_str()).unwrap_or_default(),
    })
}

/// Executes a call. A wait that exceeds the proxy's limit ends with the proxy's response.
async fn ask(running: &ServerCore, behavior: &ServerBehavior, call: &ApiCall) -> Response {
    let cut = behavior
        .proxy_wait_limit
        .as_ref()
        .filter(|_| call.is_wait());
    let answered = match cut {
        None => running.answer(call).await,
        Some(cut) => match tokio::time::timeout(cut.after, running.answer(call)).await {
            Ok(answered) => answered,
            Err(_too_long) => {
                return cut
                    .response
                    .as_ref()
                    .map_or_else(|| broken(StatusCode::OK), proxy_response);
            }
        },
    };
    // The behavior may have changed during a wait.
    let behavior = running.with(|core| core.behavior.clone());
    let outgoing = match answered {
        Ok(answer) => {
            let session = match &answer {
                CallResponse::SignedIn(token, _) => Some(token.clone()),
                _ => None,
            };
            let (status, body) = answer.into_wire(&behavior);
            Outgoing {
                status,
                body,
                session,
            }
        }
        Err(fault) => Outgoing::fault(fault),
    };
    write(outgoing, &behavior)
}

fn write(outgoing: Outgoing, behavior: &ServerBehavior) -> Response {
    let Outgoing {
        status,
        body,
        session,
    } = outgoing;
    let mut response = match body {
        None => Response::new(Body::empty()),
        Some(mut value) => {
            value::finish_response(&mut value, behavior, super::service::INSTANCE);
            let mut response = Response::new(Body::from(value.to_string()));
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
            response
        }
    };
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(session) = session.and_then(|session| HeaderValue::from_str(&session).ok()) {
        response.headers_mut().insert(SESSION_HEADER, session);
    }
    response
}

/// Handles `POST /api/vcenter/system?action=hello`: returns the first of the client's releases that the server
/// supports.
fn hello(
    behavior: &ServerBehavior,
    method: &Method,
    query: Option<&str>,
    body: &Bytes,
) -> Response {
    if !behavior.hello || query != Some("action=hello") || *method != Method::POST {
        return proxy_response(&ProxyResponse::page(404, "404 Not Found"));
    }
    let asked: Option<Vec<String>> = serde_json::from_slice::<Value>(body)
        .ok()
        .and_then(|body| serde_json::from_value(body.get("api_releases")?.clone()).ok());
    let (status, value) = match asked {
        Some(asked) if asked.len() <= MAX_RELEASES => {
            let common = asked
                .iter()
                .find(|release| behavior.releases.contains(release));
            (
                200,
                json!({"api_release": common.map_or("", String::as_str)}),
            )
        }
        _ => (
            400,
            json!({
                "error_type": "INVALID_ARGUMENT",
                "messages": [{"args": [], "default_message": "api_releases must be a list of at most 128 releases.", "id": "vapi.data.structure.field.missing"}],
            }),
        ),
    };
    write(
        Outgoing {
            status,
            body: Some(value),
            session: None,
        },
        behavior,
    )
}

fn proxy_response(outage: &ProxyResponse) -> Response {
    let mut response = Response::new(Body::from(outage.body.clone()));
    *response.status_mut() =
        StatusCode::from_u16(outage.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    for (name, value) in &outage.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Returns a response with this status whose connection breaks within the body.
fn broken(status: StatusCode) -> Response {
    let nothing = futures_util::stream::once(async {
        Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    let mut response = Response::new(Body::from_stream(nothing));
    // A response with status 204 has no body to break within.
    *response.status_mut() = if status == StatusCode::NO_CONTENT {
        StatusCode::OK
    } else {
        status
    };
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from_static("1000000"));
    response.extensions_mut().insert(Uncompressed);
    response
}
