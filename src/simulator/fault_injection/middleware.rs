//! HTTP middleware that applies faults to requests and responses and logs each request.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use super::effect::{CloseMode, CutPoint, FaultEffect};
use super::{bodies, responses, texts, updates};
use crate::http::in_flight::InFlight;
use crate::http::path;
use crate::http::stream::Connection;
use crate::server::ServerCore;

/// Maximum size of a buffered response body.
const MAX_RESPONSE_BYTES: usize = 1 << 30;

/// Method that returns property updates.
const WAIT_METHOD: &str = "PropertyCollector/WaitForUpdatesEx";

/// Processes a request with the effects of the active faults and logs it.
pub(crate) async fn inject_faults(
    State(server): State<Arc<ServerCore>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let kind = path::endpoint_name(request.uri());
    let in_flight = InFlight::begin(&server, &request, kind);
    let effects = server
        .faults
        .effects_for(&in_flight.record.kind, in_flight.record.at);
    let response = apply(&server, &connection, &effects, request, next, &in_flight).await;
    in_flight.finish(response)
}

async fn apply(
    server: &Arc<ServerCore>,
    connection: &Connection,
    effects: &[FaultEffect],
    mut request: Request,
    next: Next,
    in_flight: &InFlight,
) -> Response {
    let mut effect = None;
    for each in effects {
        match each {
            FaultEffect::Delay(span) => tokio::time::sleep(server.faults.draw(*span)).await,
            other => effect = Some(other),
        }
    }
    let Some(effect) = effect else {
        return next.run(request).await;
    };
    match effect {
        // Applied in the loop above.
        FaultEffect::Delay(_) => next.run(request).await,
        FaultEffect::Cut { how, at } => cut(connection, *how, *at, request, next).await,
        FaultEffect::Stall { after, time } => {
            let (mut response, body) = buffered_response(request, next).await;
            let first = fraction_of(body.len(), *after);
            let span = time.map(|time| server.faults.draw(time));
            responses::set_length(&mut response, body.len());
            *response.body_mut() = bodies::stalling(&body, first, span);
            response
        }
        FaultEffect::Status {
            code,
            retry_after,
            as_date,
            reached,
        } => {
            if *reached {
                let _lost = buffered_response(request, next).await;
            }
            responses::status(*code, *retry_after, *as_date)
        }
        FaultEffect::Page => responses::page(200),
        FaultEffect::Truncated => {
            let truncate = |body: Bytes| body.slice(..fraction_of(body.len(), 0.6));
            with_body(request, next, truncate).await
        }
        FaultEffect::Malformed => {
            let damage = |body: Bytes| bodies::damaged(&body, &mut server.faults.fork_rng()).into();
            with_body(without_compression(request), next, damage).await
        }
        FaultEffect::ContentType(value) => {
            let mut response = next.run(request).await;
            responses::set_header(&mut response, &header::CONTENT_TYPE, value);
            response
        }
        FaultEffect::Huge {
            megabytes,
            compressed,
        } => {
            let takes_gzip = request
                .headers()
                .get(header::ACCEPT_ENCODING)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|value| value.contains("gzip"));
            responses::huge(*megabytes, *compressed && takes_gzip)
        }
        FaultEffect::Endless { bytes_per_second } => responses::endless(*bytes_per_second),
        FaultEffect::Redirect(to) => responses::redirect(to),
        FaultEffect::Updates { repeat, shuffle } => {
            request = without_compression(request);
            if in_flight.record.kind != WAIT_METHOD {
                return next.run(request).await;
            }
            let reorder = |body: Bytes| {
                updates::reordered(&body, *repeat, *shuffle, &mut server.faults.fork_rng()).into()
            };
            with_body(request, next, reorder).await
        }
        FaultEffect::Fault(name) => responses::fault(name),
        FaultEffect::Missing {
            object,
            fault,
            whole,
        } => {
            let replace =
                |body: Bytes| updates::with_missing(&body, object.as_deref(), fault, *whole).into();
            with_body(without_compression(request), next, replace).await
        }
        FaultEffect::Texts(list) => {
            let replace = |body: Bytes| texts::replaced(&body, list).into();
            with_body(without_compression(request), next, replace).await
        }
    }
}

/// Runs the request and replaces the response body.
async fn with_body(
    request: Request,
    next: Next,
    transform: impl FnOnce(Bytes) -> Bytes,
) -> Response {
    let (mut response, body) = buffered_response(request, next).await;
    let body = transform(body);
    responses::set_length(&mut response, body.len());
    *response.body_mut() = Body::from(body);
    response
}

async fn cut(
    connection: &Connection,
    how: CloseMode,
    at: CutPoint,
    request: Request,
    next: Next,
) -> Response {
    /// Less than the size of the headers of any response.
    const PARTIAL_HEADER_BYTES: u64 = 15;
    if at == CutPoint::Request {
        connection.cut(how, 0);
        return responses::dropped();
    }
    let (mut response, body) = buffered_response(request, next).await;
    match at {
        CutPoint::Body if !body.is_empty() => {
            responses::set_length(&mut response, body.len());
            let first = fraction_of(body.len(), 0.5);
            *response.body_mut() = bodies::breaking(&body.slice(..first), connection.clone(), how);
            response
        }
        CutPoint::Body | CutPoint::Headers => {
            connection.cut(how, PARTIAL_HEADER_BYTES);
            *response.body_mut() = Body::from(body);
            response
        }
        CutPoint::Request | CutPoint::Answer => {
            connection.cut(how, 0);
            responses::dropped()
        }
    }
}

/// Runs the request and collects the response body as transmitted.
async fn buffered_response(request: Request, next: Next) -> (Response, Bytes) {
    let (parts, body) = next.run(request).await.into_parts();
    // A response that already failed is treated as empty.
    let body = to_bytes(body, MAX_RESPONSE_BYTES).await.unwrap_or_default();
    (Response::from_parts(parts, Body::empty()), body)
}

/// Removes `Accept-Encoding` so that the response is not compressed.
fn without_compression(mut request: Request) -> Request {
    request.headers_mut().remove(header::ACCEPT_ENCODING);
    request
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a length is between 0 and the length"
)]
fn fraction_of(length: usize, share: f64) -> usize {
    ((length as f64 * share) as usize).min(length)
}
