//! HTTP server: parses requests to calls and writes their responses. The calls are executed by `service`; `server`
//! keeps time and waits.

pub(super) mod in_flight;
pub(super) mod listener;
pub(super) mod listener_control;
pub(super) mod log;
pub(super) mod path;
pub(super) mod stream;
pub(super) mod tls;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use tower_http::compression::CompressionLayer;

use self::log::BodySize;
use self::path::{ObjectPath, Route};
use super::fault_injection;
use super::method_fault::MethodFault;
use super::server::ServerCore;
use super::server_behavior::ServerBehavior;
use super::service::{ApiCall, CallResponse};
use super::value::{self, MoRef};

const SESSION_HEADER: &str = "vmware-api-session-id";

/// Maximum size of a request body, large enough for a list view of 100,000 tasks.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Maximum number of releases in a `hello` request.
const MAX_RELEASES: usize = 128;

/// Response extension that disables compression.
#[derive(Clone, Copy)]
struct NoCompression;

/// Returns the router for all requests.
pub(super) fn router(server: Arc<ServerCore>) -> Router {
    let should_compress = |_: StatusCode,
                           _: axum::http::Version,
                           headers: &HeaderMap,
                           extensions: &axum::http::Extensions| {
        let length = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        extensions.get::<NoCompression>().is_none() && length.is_none_or(|length| length >= 256)
    };
    Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CompressionLayer::new().compress_when(should_compress))
        .layer(axum::middleware::from_fn_with_state(
            server.clone(),
            fault_injection::inject_faults,
        ))
        .with_state(server)
}

/// Status and body of a response of the API.
type ApiResponse = (u16, Option<Value>);

async fn handle(
    State(server): State<Arc<ServerCore>>,
    parts: Parts,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let route = path::parse(parts.uri.path());
    let (behavior, instance_uuid) =
        server.with(|core| (core.behavior.clone(), core.instance_uuid.clone()));
    let mut response = match (route, body) {
        (Route::System, Ok(body)) => hello(
            &behavior,
            &instance_uuid,
            &parts.method,
            parts.uri.query(),
            &body,
        ),
        (Route::Member(member), Ok(body)) => {
            match call(&behavior, member, &parts.method, &parts.headers, &body) {
                Ok(call) => execute(&server, &behavior, &instance_uuid, &call).await,
                Err(error) => to_response(error, &behavior, &instance_uuid),
            }
        }
        (Route::Unknown, Ok(_)) => fault_injection::page(404),
        (_, Err(rejection)) => fault_injection::page(rejection.status().as_u16()),
    };
    let bytes = axum::body::HttpBody::size_hint(response.body())
        .exact()
        .unwrap_or(0);
    let size = BodySize(usize::try_from(bytes).unwrap_or(usize::MAX));
    if server.loses_response() {
        response = broken_response(response.status());
    } else if !behavior.gzip {
        response.extensions_mut().insert(NoCompression);
    }
    response.extensions_mut().insert(size);
    response
}

/// Converts a request to a call, or returns the error response.
fn call(
    behavior: &ServerBehavior,
    path: ObjectPath,
    method: &Method,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<ApiCall, ApiResponse> {
    let ObjectPath {
        release,
        kind,
        id,
        member,
    } = path;
    let object = MoRef::new(kind, id);
    let is_method = match *method {
        Method::GET => false,
        Method::POST => true,
        _ => return Err((405, None)),
    };
    if !behavior.releases.contains(&release) {
        let why = format!("Unsupported version of the API: {release}.");
        return Err((500, Some(MethodFault::invalid_request(why).into_json())));
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
        release,
        member,
        body: body.to_vec(),
        session,
        authorization,
        user_agent: text(header::USER_AGENT.as_str()).unwrap_or_default(),
    })
}

/// Executes a call. A wait that exceeds the proxy's limit ends with the proxy's response.
async fn execute(
    server: &ServerCore,
    behavior: &ServerBehavior,
    instance_uuid: &str,
    call: &ApiCall,
) -> Response {
    let limit = behavior
        .proxy_wait_limit
        .as_ref()
        .filter(|_| call.is_wait());
    let answered = match limit {
        None => server.answer(call).await,
        Some(limit) => match tokio::time::timeout(limit.after, server.answer(call)).await {
            Ok(answered) => answered,
            Err(_too_long) => {
                return limit
                    .status
                    .map_or_else(|| broken_response(StatusCode::OK), fault_injection::page);
            }
        },
    };
    // The behavior may have changed during a wait.
    let behavior = server.with(|core| core.behavior.clone());
    let session = match &answered {
        Ok(CallResponse::SignedIn(token, _)) => HeaderValue::from_str(token).ok(),
        _ => None,
    };
    let answer = match answered {
        Ok(answer) => answer.into_wire(&behavior),
        Err(fault) => (500, Some(fault.into_json())),
    };
    let mut response = to_response(answer, &behavior, instance_uuid);
    if let Some(session) = session {
        response.headers_mut().insert(SESSION_HEADER, session);
    }
    response
}

fn to_response(
    (status, body): ApiResponse,
    behavior: &ServerBehavior,
    instance_uuid: &str,
) -> Response {
    let mut response = match body {
        None => Response::new(Body::empty()),
        Some(mut value) => {
            value::finish_response(&mut value, behavior, instance_uuid);
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
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = HeaderValue::from_static("GET, POST");
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// Handles `POST /api/vcenter/system?action=hello`: returns the first of the client's releases that the server
/// supports.
fn hello(
    behavior: &ServerBehavior,
    instance_uuid: &str,
    method: &Method,
    query: Option<&str>,
    body: &Bytes,
) -> Response {
    let is_hello = query.is_some_and(|query| query.split('&').any(|part| part == "action=hello"));
    if !behavior.hello || !is_hello || *method != Method::POST {
        return fault_injection::page(404);
    }
    let requested: Option<Vec<String>> = serde_json::from_slice::<Value>(body)
        .ok()
        .and_then(|body| serde_json::from_value(body.get("api_releases")?.clone()).ok());
    let (status, value) = match requested {
        Some(requested) if requested.len() <= MAX_RELEASES => {
            let common = requested
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
    to_response((status, Some(value)), behavior, instance_uuid)
}

/// Returns a response with this status whose connection breaks within the body.
fn broken_response(status: StatusCode) -> Response {
    let body = futures_util::stream::once(async {
        Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    let mut response = Response::new(Body::from_stream(body));
    // A response with status 204 has no body to break within.
    *response.status_mut() = if status == StatusCode::NO_CONTENT {
        StatusCode::OK
    } else {
        status
    };
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from_static("1000000"));
    response.extensions_mut().insert(NoCompression);
    response
}
